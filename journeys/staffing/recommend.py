"""Which moves to recommend now, which to keep and which to withdraw, and what came of those that are over (M19).

A move stays recommended while it helps: it is withdrawn when it would leave the giver below target, when it brings less
than half of what a new one must, or when its deadline passed and nobody moved. Once agents have moved, they are called
back early only if the giver needs them more. A pair of places has at most one move that is not obeyed yet. For the
cool-down nobody is moved the other way after one that was obeyed, nor the same way after one that nobody obeyed in
time, unless more agents are missing by then. Who gives does not get, and the other way round; what comes of a move that
is obeyed is part of what a place has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from journeys.settings import Settings
from journeys.staffing.figures import Move, Side
from journeys.staffing.memory import Memory, Resting, Running
from journeys.staffing.moves import STEPS, Chosen, Movable, choose
from journeys.staffing.need import Terms, course
from journeys.staffing.pools import Crew
from journeys.staffing.situation import Place, Situation

Array: TypeAlias = NDArray[np.float64]

SETTLED_MS = 900_000
"""So long after a move its outcome is known: who came while it lasted has been answered, or has left."""
WITHDRAW = 0.5
"""A move stays recommended while it adds this part of the minimum gain."""
ROUNDS = 5
SHORT = 0.5
"""Agents; who misses fewer is not short."""
_SLIGHT = 1e-9


class Now(NamedTuple):
    """The next intervals. Arrays are by place and interval; the first is what is left of the one under way."""

    places: list[Place]
    terms: list[Terms]
    contacts: Array
    lengths_s: Array
    aht_s: Array
    available: Array
    required: Array
    kept: Array
    """Agents whom a giver keeps: those required, though they be busier than the occupancy cap says; of work that may
    wait, as few as will do if it is put off, and then no more are ``required``."""
    in_system: Array
    """By place, contacts that wait or are served."""
    parts: dict[tuple[int, ...], Array]
    """By the places that agents take contacts from, the part of an agent that each of these has."""


def observe(running: Sequence[Running], situation: Situation, crew: Crew, places: Sequence[Place]) -> None:
    """Who of those who could be meant takes contacts from the taker now, as many as were asked for and each for one
    move; and has ``crew`` foresee that they go back."""
    number = {place: index for index, place in enumerate(places)}
    there = {agent.agent: agent for agent in situation.crew if agent.agent in crew.works_now}
    moved = {name for one in running if not one.over for name in one.moved}
    for one in running:
        taker = number.get(_taker(one.move))
        if one.over or taker is None:
            continue
        seen = [name for name in sorted(one.could.keys() - moved) if name in there]
        seen = [name for name in seen if taker in crew.served(there[name])][: one.awaited]
        moved.update(seen)
        one.moved = sorted([*one.moved, *seen])
        for name in one.moved:
            crew.returning[name] = one.move.until, one.could[name]


class Recommending:
    """One plan's moves."""

    def __init__(
        self, settings: Settings, memory: Memory, situation: Situation, crew: Crew, now: Now, causes: Mapping[int, str]
    ) -> None:
        self._rule, self._memory, self._situation = settings.staffing, memory, situation
        self._crew, self._now, self._causes = crew, now, causes
        self._as_of = situation.as_of
        self._length = settings.interval_ms
        self._begun = self._as_of // self._length * self._length
        self._number = {place: index for index, place in enumerate(now.places)}
        self._agents = now.available.copy()
        """As if all who were recommended to move had done so."""

    def moves(self) -> list[Move]:
        """All that are recommended or run, and once those that were withdrawn, or whose outcome is known."""
        memory = self._memory
        memory.cooling = [one for one in memory.cooling if one.until > self._as_of]
        known = [one for one in memory.running if {_giver(one.move), _taker(one.move)} <= self._number.keys()]
        told: list[Move] = []
        awaited: list[Running] = []
        lasting: list[Running] = []
        for one in known:
            if not one.over and self._as_of >= one.move.until:
                one.over = True
                self._rest(one)
            if not one.over:
                self._apply(one)
                lasting.append(one)
            elif self._as_of < one.move.until + SETTLED_MS:
                awaited.append(one)
            else:
                told.append(self._measured(one))
        kept = []
        for one, holds in zip(lasting, self._hold(lasting), strict=True):
            if holds:
                kept.append(one)
                told.append(one.move)
            else:
                told.append(msgspec.structs.replace(one.move, withdrawn=True, obeyed=len(one.moved)))
                self._rest(one)
                self._apply(one, -1)
        new: list[Running] = []
        for _ in range(ROUNDS):  # what was chosen may make others worth while: an agent alone can be too few to help
            more = self._choose(kept + new)
            if not more:
                break
            for one in more:
                self._apply(one)
            new += more
        memory.running = awaited + kept + new
        return told + [one.move for one in new]

    def _rest(self, one: Running) -> None:
        """Nobody is sent back where they came from so soon, nor asked anew for what they did not do in time."""
        until = self._as_of + self._rule.cool_down.ms
        if one.moved:
            self._memory.cooling.append(Resting(_taker(one.move), _giver(one.move), until))
        elif self._as_of > one.move.deadline:
            known = one.move.taker.gap + SHORT
            self._memory.cooling.append(Resting(_giver(one.move), _taker(one.move), until, known))

    def _apply(self, one: Running, sign: int = 1) -> None:
        """As if those had moved who have not."""
        self._shift(self._agents, one, sign * one.awaited)

    def _shift(self, agents: Array, one: Running, number: int) -> None:
        lasts = self._during(one.move.until)
        agents[self._number[_taker(one.move)], lasts] += number
        for place, part in one.losing:
            if place in self._number:
                agents[self._number[place], lasts] -= part * number / one.move.agents

    def _during(self, until: int) -> slice:
        """The intervals that begin before ``until``."""
        return slice(0, max(1, math.ceil((until - self._begun) / self._length)))

    def _weights(self, index: int, until: int) -> Array:
        """Contacts of a place by interval, as far as they come before ``until``."""
        contacts = self._now.contacts[index]
        starts = self._begun + np.arange(len(contacts)) * self._length
        begin = np.maximum(starts, self._as_of)
        share = np.clip((until - begin) / np.maximum(starts + self._length - begin, 1), 0, 1)
        weights: Array = contacts * share
        return weights

    def _levels(self, asked: Sequence[tuple[int, Array]]) -> list[Array]:
        """For each place and its agents by interval, the service levels."""
        if not asked:
            return []
        now = self._now
        those = [index for index, _ in asked]
        agents = np.maximum(np.array([row for _, row in asked]), 0.0)
        terms = [now.terms[index] for index in those]
        found = course(terms, now.contacts[those], now.lengths_s, now.aht_s[those], agents, now.in_system[those])
        return list(found.service_level)

    def _hold(self, lasting: Sequence[Running]) -> list[bool]:
        """Whether each move goes on being recommended."""
        asked: list[tuple[int, Array]] = []
        for one in lasting:
            without = self._agents.copy()
            self._shift(without, one, -max(one.move.agents, len(one.moved)))
            for place in (_giver(one.move), _taker(one.move)):
                index = self._number[place]
                asked += [(index, self._agents[index]), (index, without[index])]
        levels = iter(self._levels(asked))
        return [self._holds(one, [next(levels) for _ in range(4)]) for one in lasting]

    def _holds(self, one: Running, levels: Sequence[Array]) -> bool:
        move = one.move
        giver, taker = self._number[_giver(move)], self._number[_taker(move)]
        of_giver, of_taker = self._weights(giver, move.until), self._weights(taker, move.until)
        gain = float((of_giver * (levels[0] - levels[1])).sum() + (of_taker * (levels[2] - levels[3])).sum())
        below = _mean(levels[0], of_giver) < self._now.terms[giver].service_level
        if one.moved:
            return not (below and gain < 0)
        left = (move.until - self._as_of) / max(1, move.until - move.starts_at)
        return not below and self._as_of <= move.deadline and gain >= WITHDRAW * self._rule.minimum_gain * left

    def _choose(self, going: Sequence[Running]) -> list[Running]:
        until = self._as_of + self._rule.move_time.ms
        lasts = self._during(until)
        short = np.maximum((self._now.required - self._agents)[:, lasts].max(axis=1), 0)
        spare = np.maximum((self._agents - self._now.kept)[:, lasts].min(axis=1), 0)
        short[short < SHORT] = 0
        spare[short > 0] = 0  # who gives does not get
        for one in going:
            if one.awaited:  # and what is on its way is not passed on
                spare[self._number[_taker(one.move)]] = 0
                short[self._number[_giver(one.move)]] = 0
        if not short.any() or not spare.any():
            return []
        kinds = self._movable(short, spare, {name for one in going for name in one.busy()}, until)
        if not kinds:
            return []
        barred = [
            (one.giver, one.taker)
            for one in self._memory.cooling
            if one.taker in self._number and short[self._number[one.taker]] <= one.unless_short_of
        ]
        for one in going:
            barred.append((_taker(one.move), _giver(one.move)))
            if one.awaited:  # else it is done, and more may follow
                barred.append((_giver(one.move), _taker(one.move)))
        pairs = {
            (self._number[giver], self._number[taker])
            for giver, taker in barred
            if {giver, taker} <= self._number.keys()
        }
        gained, lost = self._worth([kind for kind, _ in kinds], short, spare, until)
        chosen = choose([kind for kind, _ in kinds], spare, short, gained, lost, self._rule.minimum_gain, pairs)
        return self._kept_promises(chosen, kinds, until)

    def _movable(self, short: Array, spare: Array, busy: set[str], until: int) -> list[tuple[Movable, list[str]]]:
        """Agents by what they do and what they could do, and their names."""
        those: dict[tuple[tuple[int, ...], tuple[int, ...]], list[str]] = {}
        for agent in self._situation.crew:
            name = agent.agent
            if name in busy or name not in self._crew.works_now or not self._crew.stays(name, until):
                continue
            served = self._crew.served(agent)
            could = tuple(index for index in self._crew.could_serve(agent) if short[index] > 0 and index not in served)
            if served in self._now.parts and could:
                those.setdefault((served, could), []).append(name)
        found = []
        for (served, could), names in sorted(those.items()):
            parts = zip(served, self._now.parts[served].tolist(), strict=True)
            loses = tuple((index, part) for index, part in parts if part > _SLIGHT)
            giver = max(loses, key=lambda one: (one[1], -one[0]))[0]
            found.append((Movable(giver, loses, could, len(names)), sorted(names)))
        return found

    def _worth(
        self, kinds: Sequence[Movable], short: Array, spare: Array, until: int
    ) -> tuple[dict[int, Array], dict[int, Array]]:
        """Contacts within target that takers gain and givers lose, with as many agents as ``STEPS`` says."""
        takers = {taker for kind in kinds for taker in kind.takers}
        givers = {place for kind in kinds for place, _ in kind.loses}
        asked: list[tuple[int, Array]] = []
        for index in sorted(takers | givers):
            most = (short if index in takers else spare)[index]
            steps = [step for step, before in zip(STEPS, (-1, *STEPS), strict=False) if before < most]
            asked += [(index, self._agents[index] + step * (1 if index in takers else -1)) for step in steps]
        by_place: dict[int, list[float]] = {}
        for (index, _), level in zip(asked, self._levels(asked), strict=True):
            by_place.setdefault(index, []).append(float((level * self._weights(index, until)).sum()))
        answered = {index: np.array(sums) for index, sums in by_place.items()}
        gained = {index: answered[index] - answered[index][0] for index in takers}
        return gained, {index: answered[index][0] - answered[index] for index in givers - takers}

    def _kept_promises(
        self, chosen: Sequence[Chosen], kinds: Sequence[tuple[Movable, list[str]]], until: int
    ) -> list[Running]:
        """Those that, all of them carried out, leave no giver below target and bring the minimum gain each. While one
        does not, it is made smaller or dropped."""
        moves = list(chosen)
        while moves:
            after = self._agents.copy()
            lasts = self._during(until)
            for one in moves:
                after[one.taker, lasts] += one.agents
                for place, part in one.loses:
                    after[place, lasts] -= part
            touched = sorted({place for one in moves for place in (one.taker, *(place for place, _ in one.loses))})
            levels = iter(self._levels([(index, row[index]) for index in touched for row in (self._agents, after)]))
            both = {index: (next(levels), next(levels)) for index in touched}
            gains = [self._gain(one, moves, both, until) for one in moves]
            faulty = self._faulty(moves, gains, both, until)
            if faulty is None:
                return [
                    self._recommended(one, gain, both, after, kinds, until)
                    for one, gain in zip(moves, gains, strict=True)
                ]
            one = moves.pop(faulty)
            if one.agents > 1 and gains[faulty].sum() >= self._rule.minimum_gain:
                fewer = one.agents - 1
                loses = tuple((place, part * fewer / one.agents) for place, part in one.loses)
                moves.insert(faulty, one._replace(agents=fewer, loses=loses))
        return []

    def _gain(self, one: Chosen, moves: Iterable[Chosen], both: Mapping[int, tuple[Array, Array]], until: int) -> Array:
        """By interval. Of several moves that a place is part of, each has its part by agents."""
        together = sum(other.agents for other in moves if other.taker == one.taker)
        before, after = both[one.taker]
        gain: Array = self._weights(one.taker, until) * (after - before) * one.agents / together
        for place, part in one.loses:
            whole = sum(lost for other in moves for at, lost in other.loses if at == place)
            before, after = both[place]
            gain = gain + self._weights(place, until) * (after - before) * part / whole
        return gain

    def _faulty(
        self, moves: Sequence[Chosen], gains: Sequence[Array], both: Mapping[int, tuple[Array, Array]], until: int
    ) -> int | None:
        """The worst of those that do not keep what they promise."""
        worst = []
        for at, (one, gain) in enumerate(zip(moves, gains, strict=True)):
            below = any(
                _mean(both[place][1], self._weights(place, until)) < self._now.terms[place].service_level - _SLIGHT
                for place, _ in one.loses
            )
            if below or gain.sum() < max(self._rule.minimum_gain, _SLIGHT):
                worst.append((float(gain.sum()), at))
        return min(worst)[1] if worst else None

    def _recommended(
        self, one: Chosen, gain: Array, both: Mapping[int, tuple[Array, Array]], after: Array,
        kinds: Sequence[tuple[Movable, list[str]]], until: int,
    ) -> Running:  # fmt: skip
        places = self._now.places
        names = {name for kind, own in kinds if kind.giver == one.giver and one.taker in kind.takers for name in own}
        move = Move(
            move_id=f"{'/'.join(places[one.giver])}>{'/'.join(places[one.taker])}@{self._as_of}",
            as_of=self._as_of,
            giver=self._side(one.giver, both[one.giver], after, until),
            taker=self._side(one.taker, both[one.taker], after, until),
            agents=one.agents,
            starts_at=self._as_of,
            until=until,
            deadline=self._deadline(gain, until),
            gain=float(gain.sum()),
            cause=self._causes.get(one.taker, ""),
        )
        queues = {agent.agent: agent.queues for agent in self._situation.crew if agent.agent in names}
        return Running(move, queues, losing=[(places[place], part) for place, part in one.loses])

    def _side(self, index: int, levels: tuple[Array, Array], after: Array, until: int) -> Side:
        queue, channel = self._now.places[index]
        weights = self._weights(index, until)
        gap = (self._now.required - self._agents)[index, self._during(until)]
        return Side(
            queue,
            channel,
            self._now.terms[index].site,
            float(self._agents[index, 0]),
            float(after[index, 0]),
            _mean(levels[0], weights),
            _mean(levels[1], weights),
            float(gap.max()),
        )

    def _deadline(self, gain: Array, until: int) -> int:
        """The last moment from which the move still brings the minimum gain."""
        ends = [min(until, self._begun + (step + 1) * self._length) for step in range(len(gain))]
        starts = [self._as_of, *ends[:-1]]
        wanted = self._rule.minimum_gain
        for start, end, more in reversed(list(zip(starts, ends, gain.tolist(), strict=True))):
            if more > 0 and more >= wanted and end > start:
                return int(end - (end - start) * max(0.0, wanted) / more)
            wanted -= more
        return self._as_of

    def _measured(self, one: Running) -> Move:
        """The move, with what came of it: the levels of the intervals of which it had the middle."""
        move = one.move
        sides = []
        for side in (move.giver, move.taker):
            demand = self._situation.demand.get((side.queue, side.channel), {})
            those = [each for at, each in demand.items() if move.starts_at <= at + self._length // 2 < move.until]
            within = sum(each.within for each in those)
            counted = sum(each.answered + each.abandoned - each.abandoned_within for each in those)
            sides.append(msgspec.structs.replace(side, service_level_came=within / counted if counted else None))
        giver, taker = sides
        return msgspec.structs.replace(move, giver=giver, taker=taker, obeyed=len(one.moved), measured_at=self._as_of)


def _giver(move: Move) -> Place:
    return move.giver.queue, move.giver.channel


def _taker(move: Move) -> Place:
    return move.taker.queue, move.taker.channel


def _mean(levels: Array, weights: Array) -> float:
    """Where nothing comes, nobody waits."""
    return float((levels * weights).sum() / weights.sum()) if weights.sum() > 0 else 1.0
