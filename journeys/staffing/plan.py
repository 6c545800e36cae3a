"""Puts forecast, need and moves together (M17 to M19): a situation in, what staffing says out.

A planner remembers what it has learned and recommended: profiles, forecasts whose interval is still to come, moves that
run and those that are cooling down. All of that is in ``Planner.memory``, as bytes, so that whoever keeps them can go
on elsewhere: the same memory and situation give the same plan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from journeys.settings import Settings
from journeys.staffing.bringing import beyond_usual
from journeys.staffing.figures import Accuracy, Move, Side, Staffing
from journeys.staffing.forecast import DAY_MS, Clock, Outlook, Profile, clock_of, learn, outlook, usual
from journeys.staffing.moves import STEPS, Chosen, Movable, choose
from journeys.staffing.need import Course, Crew, Pool, Terms, agents_required, course, split, terms_of
from journeys.staffing.required import to_schedule
from journeys.staffing.situation import Place, Schedule, Situation

Array: TypeAlias = NDArray[np.float64]

VERSION = 1
NEAR = 5
"""Intervals that every plan speaks of, the one under way among them; more where a move lasts longer."""
AHEAD_MS = 3_600_000
"""Forecasts are scored that were made so long before their interval."""
SETTLED_MS = 900_000
"""So long after a move its outcome is known: who came while it lasted has been answered, or has left."""
WEEK_MS = 7 * DAY_MS
DEFAULT_AHT_S = 300.0
"""Of a place where nobody was ever handled."""
USUAL_WEIGHT = 0.2
"""How much today counts in what journeys usually bring at that time of day."""
REACH = 6
"""What is over brings contacts within an hour and a quarter: so many intervals of a quarter of an hour."""
LEAST_BROUGHT = 0.3
"""Journeys take away no more than this part of what is usual."""
FINE = 100
"""Who is there is looked up for each of so many intervals,"""
COARSE = 4
"""and after that for every fourth."""
WITHDRAW = 0.5
"""A move stays recommended while it adds this part of the minimum gain."""

MISSING = "agents missing against the schedule"
ARRIVALS = "arrivals above forecast"
HANDLING = "handle time above usual"
JOURNEYS = "journeys bring more contacts"
PLANNED = "fewer agents planned than needed"
CAUSES = (MISSING, JOURNEYS, ARRIVALS, HANDLING, PLANNED)
"""Why agents are missing. Of two that are worth the same number of agents, the first."""


class Plan(NamedTuple):
    staffing: list[Staffing]
    """Of every place the next intervals; the rest of the day once in an interval; the whole horizon once a day."""
    moves: list[Move]
    """Those that are recommended or run, and once those that were withdrawn, or whose outcome is known."""
    accuracy: list[Accuracy]
    """Of days in which another interval is over."""


class Kept(msgspec.Struct, array_like=True):
    """Of one place."""

    profile: Profile
    foretold: dict[int, float] = {}
    """What was forecast an hour before intervals that are not over."""
    brought: dict[int, float] = {}
    """What journeys were said to bring in today's intervals."""
    accuracy: Accuracy | None = None
    told_from: int = 0
    """The interval in which the rest of the day was last told of."""


class Running(msgspec.Struct, array_like=True):
    """A move that is recommended, or runs, or whose outcome is awaited."""

    move: Move
    could: dict[str, tuple[str, ...]]
    """Agents who could be meant, and the queues that they took contacts from."""
    moved: list[str] = []
    """Those of them who were seen to."""
    losing: list[tuple[Place, float]] = []
    """Places that the agents are taken from, and how much of them."""
    over: bool = False


class Memory(msgspec.Struct, array_like=True):
    places: dict[Place, Kept] = {}
    usually_brought: dict[str, list[float]] = {}
    """By channel, for the intervals of the day (UTC)."""
    brought_until: int = 0
    running: list[Running] = []
    cooling: list[tuple[Place, Place, int]] = []
    """Pairs that no move is recommended between, in either direction, and until when."""


_decode = msgspec.msgpack.Decoder(Memory).decode
_encode = msgspec.msgpack.Encoder().encode


class Planner:
    """Plans by ``settings``; ``memory`` is that of a planner before it."""

    def __init__(self, settings: Settings, memory: bytes | None = None) -> None:
        self._settings = settings
        self._memory = Memory() if memory is None else _decode(memory)
        self._clocks: dict[str, Clock] = {}
        """By site."""

    @property
    def memory(self) -> bytes:
        return _encode(self._memory)

    def plan(self, situation: Situation) -> Plan:
        if not situation.floors:
            return Plan([], [], [])
        return _Planning(self._settings, self._memory, situation, self._clocks).plan()


class _Planning:
    """One plan in the making. Arrays are by place and interval; the first interval is the one under way."""

    def __init__(self, settings: Settings, memory: Memory, situation: Situation, clocks: dict[str, Clock]) -> None:
        self.settings, self.memory, self.situation = settings, memory, situation
        self.as_of = situation.as_of
        self.length = settings.interval_ms
        self.begun = self.as_of // self.length * self.length
        self.floors = sorted(situation.floors, key=lambda floor: (floor.queue, floor.channel))
        self.places: list[Place] = [(floor.queue, floor.channel) for floor in self.floors]
        self.number = {place: index for index, place in enumerate(self.places)}
        shifts = situation.schedule.shifts if situation.schedule else ()
        self.crew = Crew(situation.crew, shifts, self.places, self.as_of, settings)
        for one in memory.running:
            for name in one.moved:
                self.crew.returning[name] = one.move.until, one.could[name]
        self.terms: list[Terms] = [
            terms_of(floor, self.crew.slots(place), settings)
            for floor, place in zip(self.floors, self.places, strict=True)
        ]
        lasts = math.ceil(settings.staffing.move_time.ms / self.length) + 1
        self.near = max(NEAR, lasts)
        for site in {terms.site for terms in self.terms} - clocks.keys():
            clocks[site] = clock_of(settings, site)
        self.clocks = [clocks[terms.site] for terms in self.terms]

    def plan(self) -> Plan:
        far = self._learn()
        uploaded = _uploaded(self.situation.schedule, self.length)
        intervals = [self._intervals(index, far[index]) for index in range(len(self.places))]
        longest = max(intervals)
        starts = [self.begun + step * self.length for step in range(longest)]
        extra = self._brought(starts)
        looks = [self._look(index, starts[: intervals[index]], extra, uploaded) for index in range(len(self.places))]
        aht = self._handle_times(starts, intervals, uploaded)
        accuracy = self._score(looks, starts)

        expected = np.zeros((len(self.places), longest))
        for index, look in enumerate(looks):
            expected[index, : intervals[index]] = look.expected
        elapsed = self.as_of - self.begun
        left = 1 - elapsed / self.length
        rest = np.array([look.rest for look in looks])
        coming = expected.copy()
        coming[:, 0] = rest
        wanted = expected.copy()
        waiting = np.array([float(floor.waiting) for floor in self.floors])
        following = expected[:, 1] if longest > 1 else expected[:, 0]
        wanted[:, 0] = rest + (1 - left) * following + waiting
        required = self._required(wanted, aht)
        available, scheduled, parts = self._there(starts, required)
        lengths = np.full(longest, self.length / 1000)
        lengths[0] = max(1.0, left * self.length / 1000)

        near = slice(0, min(self.near, longest))
        levels = self._levels(coming[:, near], lengths[near], aht[:, near], available[:, near])
        if longest > self.near:
            later = self._levels(coming[:, self.near :], lengths[self.near :], aht[:, self.near :],
                                 available[:, self.near :], settled=True)  # fmt: skip
            levels = Course(*(np.hstack(both) for both in zip(levels, later, strict=True)))
        gap = required - available
        causes = self._causes(gap[:, near], required[:, near], wanted[:, near], looks, aht, available, scheduled, extra)
        floor_now = _Now(coming[:, near], lengths[near], aht[:, near], available[:, near], required[:, near], parts)
        moves = self._moves(floor_now, causes)

        rows = []
        for index, (floor, terms, look) in enumerate(zip(self.floors, self.terms, looks, strict=True)):
            to_hire = to_schedule(required[index], terms.shrinkage)
            for step in range(intervals[index]):
                planned = scheduled[index, step] if scheduled is not None else None
                rows.append(
                    Staffing(
                        queue=floor.queue,
                        channel=floor.channel,
                        starts_at=starts[step],
                        interval_s=self.length // 1000,
                        as_of=self.as_of,
                        site=terms.site,
                        expected=float(look.expected[step]),
                        low=float(look.low[step]),
                        high=float(look.high[step]),
                        from_journeys=max(0.0, float(extra[index, step])),
                        aht_s=float(aht[index, step]),
                        patience_s=None if math.isinf(terms.patience_s) else terms.patience_s,
                        required=float(required[index, step]),
                        to_schedule=float(to_hire[step]),
                        scheduled=None if planned is None else float(planned),
                        available=float(available[index, step]),
                        gap=float(gap[index, step]),
                        service_level=float(levels.service_level[index, step]),
                        target=terms.service_level,
                        target_s=terms.within_s,
                        asa_s=float(levels.asa_s[index, step]),
                        abandonment=float(levels.abandonment[index, step]),
                        occupancy=float(levels.occupancy[index, step]),
                        model=f"{self.settings.staffing.model}/{VERSION}",
                        cause=causes.get(index, "") if step < self.near and gap[index, step] > 0 else "",
                    )
                )
        return Plan(rows, moves, accuracy)

    # What is coming.

    def _learn(self) -> list[bool]:
        """Profiles, anew where a day has begun; which of them those are."""
        fresh = []
        for index, place in enumerate(self.places):
            clock = self.clocks[index]
            today = clock.slot(self.begun)[0]
            kept = self.memory.places.get(place)
            demand = self.situation.demand.get(place, {})
            new_day = kept is None or kept.profile.day != today or len(kept.profile.slots) != 7 * clock.a_day
            if kept is None:
                self.memory.places[place] = Kept(learn(demand, self.as_of, clock))
            elif new_day or (not kept.profile.days and kept.told_from != self.begun):
                kept.profile = learn(demand, self.as_of, clock)
            fresh.append(new_day)
        return fresh

    def _intervals(self, index: int, fresh: bool) -> int:
        """How many are told of this time."""
        kept = self.memory.places[self.places[index]]
        new = kept.told_from != self.begun
        kept.told_from = self.begun
        if fresh:
            return max(self.near, math.ceil(self.settings.staffing.horizon.ms / self.length))
        if new:
            return max(self.near, math.ceil((self.clocks[index].ends(self.as_of) - self.begun) / self.length))
        return self.near

    def _brought(self, starts: Sequence[int]) -> Array:
        """By place, what journeys bring beyond what is usual: a channel's part by what is usual of its places.

        What they bring beyond the average contact may be usual at that time of day; that is learned, by how far ahead
        it is, and is left to the profile.
        """
        memory = self.memory
        a_day = DAY_MS // self.length
        reach = min(len(starts), REACH)
        slots = [at // self.length % a_day for at in starts[:reach]]
        left = 1 - (self.as_of - self.begun) / self.length
        found = np.zeros((len(self.places), len(starts)))
        for channel, comes in beyond_usual(self.situation.bringing, starts[:reach], self.length, self.as_of).items():
            mean = memory.usually_brought.get(channel, [])
            if len(mean) != REACH * a_day:
                mean = [0.0] * (REACH * a_day)
            usually = np.array([mean[step * a_day + slot] for step, slot in enumerate(slots)])
            usually[0] *= left
            if memory.brought_until < self.begun and left > 0.5:  # once an interval
                for step, slot in enumerate(slots):
                    at = step * a_day + slot
                    mean[at] = round(mean[at] + USUAL_WEIGHT * (float(comes[step]) - mean[at]), 4)
                memory.usually_brought[channel] = mean
            own = [index for index, place in enumerate(self.places) if place[1] == channel]
            if own:
                base = np.array([self._usually(index, starts[: self.near]).sum() for index in own])
                share = base / base.sum() if base.sum() > 0 else np.full(len(own), 1 / len(own))
                least = -LEAST_BROUGHT * np.array([self._usually(index, starts[:reach]) for index in own])
                found[own, :reach] = np.maximum(share[:, None] * (comes - usually), least)
        memory.brought_until = self.begun
        return found

    def _usually(self, index: int, starts: Sequence[int]) -> Array:
        return usual(self.memory.places[self.places[index]].profile, starts, self.clocks[index])

    def _look(
        self, index: int, starts: Sequence[int], extra: Array, uploaded: Mapping[Place, dict[int, tuple[float, float]]]
    ) -> Outlook:
        place = self.places[index]
        kept = self.memory.places[place]
        own = extra[index, : len(starts)]
        given = {at: contacts for at, (contacts, _) in uploaded.get(place, {}).items()}
        look = outlook(
            kept.profile, self.situation.demand.get(place, {}), starts, self.as_of, self.clocks[index],
            own, kept.brought, given,
        )  # fmt: skip
        kept.brought = {at: one for at, one in kept.brought.items() if at > self.begun - DAY_MS}
        for at, one in zip(starts[:2], own.tolist(), strict=False):
            if at > self.as_of - self.length // 2 and one:
                kept.brought[at] = round(one, 3)
        return look

    def _handle_times(
        self, starts: Sequence[int], intervals: Sequence[int], uploaded: Mapping[Place, dict[int, tuple[float, float]]]
    ) -> Array:
        """As they are now for the rest of the day; then as they usually are."""
        found = np.zeros((len(self.places), len(starts)))
        for index, floor in enumerate(self.floors):
            profile = self.memory.places[self.places[index]].profile
            now = floor.aht_s or profile.aht_s or DEFAULT_AHT_S
            later = profile.aht_s or now
            ends = self.clocks[index].ends(self.as_of)
            given = uploaded.get(self.places[index], {})
            for step, at in enumerate(starts):
                found[index, step] = now if at < ends else given.get(at, (0.0, 0.0))[1] or later
        return found

    def _score(self, looks: Sequence[Outlook], starts: Sequence[int]) -> list[Accuracy]:
        """Keeps what is forecast an hour ahead, and scores it when its interval is over."""
        found: list[Accuracy] = []
        for place, look in zip(self.places, looks, strict=True):
            kept = self.memory.places[place]
            demand = self.situation.demand.get(place, {})
            first = min(demand, default=self.begun)
            told: dict[int, Accuracy] = {}
            for at in sorted(kept.foretold):
                if at + self.length > self.as_of:
                    break
                forecast = kept.foretold.pop(at)
                before = next((at - ago for ago in (WEEK_MS, DAY_MS) if at - ago >= first), None)
                if before is None:
                    continue
                day = at // DAY_MS
                sums = kept.accuracy
                if sums is None or sums.day != day:
                    sums = Accuracy(*place, day)
                came, naive = (one.fresh if (one := demand.get(when)) else 0 for when in (at, before))
                kept.accuracy = told[day] = msgspec.structs.replace(
                    sums,
                    intervals=sums.intervals + 1,
                    actual=sums.actual + came,
                    error=sums.error + abs(came - forecast),
                    error_naive=sums.error_naive + abs(came - naive),
                )
            found += told.values()
            for at, expected in zip(starts, look.expected.tolist(), strict=False):
                if at > self.as_of + AHEAD_MS:
                    break
                if at > self.as_of and at not in kept.foretold:
                    kept.foretold[at] = round(expected, 3)
        return found

    # Who is needed, and who is there.

    def _required(self, wanted: Array, aht: Array) -> Array:
        found = np.zeros_like(wanted)
        told = np.flatnonzero((wanted > 0).any(axis=1))
        if told.size:
            found[told] = agents_required([self.terms[at] for at in told], wanted[told], self.length / 1000, aht[told])
        return found

    def _there(self, starts: Sequence[int], required: Array) -> tuple[Array, Array | None, _Parts]:
        available = np.zeros_like(required)
        scheduled: Array | None = np.zeros_like(required) if self.crew.has_schedule else None
        pools = self.crew.pools(self.as_of)
        available[:, 0], parts = split(pools, required[:, 0])
        of_pool = {pool.places: part for pool, part in zip(pools, parts, strict=True)}
        last: tuple[list[Pool], list[Pool] | None] | None = None
        steady = self.crew.steady
        for step, at in enumerate(starts):
            ought = None
            if step:
                if last is None or (not steady and (step < FINE or step % COARSE == 0)):
                    middle = at + self.length // 2
                    last = self.crew.pools(middle), self.crew.scheduled(middle)
                available[:, step], _ = split(last[0], required[:, step])
                ought = last[1]
            else:
                ought = self.crew.scheduled(self.as_of)
            if scheduled is not None and ought is not None:
                scheduled[:, step], _ = split(ought, required[:, step])
        return available, scheduled, of_pool

    def _levels(self, coming: Array, lengths: Array, aht: Array, agents: Array, settled: bool = False) -> Course:
        in_system = None if settled else self._in_system(agents[:, 0])
        return course(self.terms, coming, lengths, aht, agents, in_system)

    def _in_system(self, agents: Array) -> Array:
        waiting = np.array([float(floor.waiting) for floor in self.floors])
        slots = np.array([one.slots for one in self.terms])
        connected = np.array([float(floor.connected) for floor in self.floors])
        served = np.minimum(connected, agents * slots)
        result: Array = np.where(waiting > 0, np.maximum(served, 0), served) + waiting
        return result

    def _causes(
        self, gap: Array, required: Array, wanted: Array, looks: Sequence[Outlook], aht: Array, available: Array,
        scheduled: Array | None, extra: Array,
    ) -> dict[int, str]:  # fmt: skip
        """Of places that are short, why: what the need would be without each of the reasons."""
        found = {}
        for index in np.flatnonzero((gap > 0).any(axis=1)).tolist():
            step = int(np.argmax(gap[index]))
            terms = [self.terms[index]]
            has = float(aht[index, step])
            usual_aht = self.memory.places[self.places[index]].profile.aht_s or has
            contacts = float(wanted[index, step])
            journeys = max(0.0, float(extra[index, step]))
            usually = min(contacts, float(looks[index].usual[step]))
            asked = np.array([[contacts, contacts - journeys, usually, contacts]])
            whole, without, usually_needed, quick = agents_required(
                terms, np.maximum(asked, 0), self.length / 1000, np.array([[has, has, has, min(has, usual_aht)]])
            )[0].tolist()
            missing = float(scheduled[index, step] - available[index, step]) if scheduled is not None else 0.0
            worth = {
                MISSING: missing,
                JOURNEYS: whole - without,
                ARRIVALS: without - usually_needed,
                HANDLING: whole - quick,
            }
            cause = max(CAUSES[:-1], key=lambda one: (worth[one], -CAUSES.index(one)))
            found[index] = cause if worth[cause] >= 0.5 else PLANNED
        return found

    # Whom to move.

    def _moves(self, now: _Now, causes: Mapping[int, str]) -> list[Move]:
        memory = self.memory
        memory.cooling = [one for one in memory.cooling if one[2] > self.as_of]
        told: list[Move] = []
        going: list[Running] = []
        pending = now.available.copy()
        for one in memory.running:
            if self.number.keys() >= {_giver(one.move), _taker(one.move)}:
                self._observe(one)
                if not one.over:
                    self._apply(one, pending)
        for one in memory.running:
            if not self.number.keys() >= {_giver(one.move), _taker(one.move)}:
                continue
            move = one.move
            if not one.over and self.as_of >= move.until:
                one.over = True
                self._cool(move)
            if one.over:
                if self.as_of < move.until + SETTLED_MS:
                    going.append(one)
                else:
                    told.append(self._measured(one))
                continue
            if self._holds(one, now, pending):
                going.append(one)
                told.append(move)
            else:
                told.append(msgspec.structs.replace(move, withdrawn=True, obeyed=len(one.moved) or None))
                self._cool(move)
                self._apply(one, pending, -1)
        new = self._choose(now, pending, going, causes)
        told += [one.move for one in new]
        memory.running = going + new
        return told

    def _cool(self, move: Move) -> None:
        until = self.as_of + self.settings.staffing.cool_down.ms
        self.memory.cooling.append((_giver(move), _taker(move), until))

    def _observe(self, one: Running) -> None:
        """Who of those who could be meant takes contacts from the taker now."""
        if one.over:
            return
        taker = self.number[_taker(one.move)]
        seen = set(one.moved)
        for agent in self.situation.crew:
            if agent.agent in one.could and agent.agent in self.crew.works_now and taker in self.crew.served(agent):
                seen.add(agent.agent)
        one.moved = sorted(seen)

    def _apply(self, one: Running, agents: Array, sign: int = 1) -> None:
        """As if those had moved who have not."""
        left = max(0, one.move.agents - len(one.moved))
        if not left:
            return
        lasts = self._during(one.move.until)
        agents[self.number[_taker(one.move)], lasts] += sign * left
        for place, part in one.losing:
            if place in self.number:
                agents[self.number[place], lasts] -= sign * part * left / one.move.agents

    def _during(self, until: int) -> slice:
        """The intervals up to ``until``, of the near ones; the first whatever is left of it."""
        return slice(0, max(1, min(self.near, math.ceil((until - self.begun) / self.length))))

    def _weights(self, contacts: Array, until: int) -> Array:
        """Contacts by interval, as far as they come before ``until``."""
        starts = self.begun + np.arange(contacts.shape[-1]) * self.length
        begin = np.maximum(starts, self.as_of)
        share = np.clip((until - begin) / np.maximum(starts + self.length - begin, 1), 0, 1)
        weights: Array = contacts * share
        return weights

    def _answered(self, now: _Now, index: int, agents: Array) -> Array:
        """By row of ``agents`` and interval, the service level of the place."""
        rows = agents.shape[0]
        terms = [self.terms[index]] * rows
        repeated = (np.repeat(each[index : index + 1], rows, axis=0) for each in (now.coming, now.aht))
        coming, aht = repeated
        base = self._in_system(now.available[:, 0])[index]
        return course(terms, coming, now.lengths, aht, agents, np.full(rows, base)).service_level

    def _holds(self, one: Running, now: _Now, pending: Array) -> bool:
        """Whether the move goes on being recommended."""
        move = one.move
        giver, taker = self.number[_giver(move)], self.number[_taker(move)]
        left = move.agents - len(one.moved)
        lasts = self._during(move.until)
        if not one.moved and self.as_of > move.deadline:
            return False
        with_it, without = pending.copy(), pending.copy()
        back = move.agents if one.moved else left
        without[taker, lasts] -= back
        for place, part in one.losing:
            if place in self.number:
                without[self.number[place], lasts] += part * back / move.agents
        gains = 0.0
        for index in (giver, taker):
            weights = self._weights(now.coming[index], move.until)
            level, level_without = self._answered(now, index, np.stack((with_it[index], without[index])))
            gains += float((weights * (level - level_without)).sum())
            if index == giver and weights.sum() > 0:
                kept = float((weights * level).sum() / weights.sum())
                if kept < self.terms[index].service_level and (not one.moved or gains < 0):
                    return False
        if one.moved:
            return True
        return gains >= WITHDRAW * self.settings.staffing.minimum_gain * self._left(move)

    def _left(self, move: Move) -> float:
        return max(0.0, (move.until - self.as_of) / max(1, move.until - move.starts_at))

    def _choose(self, now: _Now, pending: Array, going: Sequence[Running], causes: Mapping[int, str]) -> list[Running]:
        rule = self.settings.staffing
        until = self.as_of + rule.move_time.ms
        lasts = self._during(until)
        gap = (now.required - pending)[:, lasts]
        short = np.maximum(gap.max(axis=1), 0)
        spare = np.maximum((-gap).min(axis=1), 0)
        busy = {name for one in going if not one.over for name in one.could}
        engaged = [one.move for one in going if not one.over]
        for move in engaged:
            spare[self.number[_taker(move)]] = 0
            short[self.number[_giver(move)]] = 0
        short[short < 0.5] = 0
        if not short.any() or not spare.any():
            return []
        kinds = self._movable(now.parts, short, spare, busy, until)
        if not kinds:
            return []
        gained: dict[int, Array] = {}
        lost: dict[int, Array] = {}
        weights = self._weights(now.coming, until)
        takers = {taker for kind, _ in kinds for taker in kind.takers}
        givers = {place for kind, _ in kinds for place, _ in kind.loses}
        for index in sorted(takers | givers):
            most = short[index] if index in takers else spare[index]
            steps = [step for step in STEPS if step < most] + [next((s for s in STEPS if s >= most), STEPS[-1])]
            sign = 1 if index in takers else -1
            rows = np.maximum(pending[index] + sign * np.array(steps, float)[:, None], 0.0)
            answered = (self._answered(now, index, rows) * weights[index]).sum(axis=1)
            if index in takers:
                gained[index] = answered - answered[0]
            else:
                lost[index] = answered[0] - answered
        barred = {(self.number[one], self.number[other]) for giver, taker, _ in self.memory.cooling
                  for one, other in ((giver, taker), (taker, giver))
                  if one in self.number and other in self.number}  # fmt: skip
        barred |= {(self.number[_giver(move)], self.number[_taker(move)]) for move in engaged}
        chosen = choose([kind for kind, _ in kinds], spare, short, gained, lost, rule.minimum_gain, barred)
        return self._recommended(chosen, kinds, now, pending, until, causes)

    def _movable(
        self, parts: _Parts, short: Array, spare: Array, busy: set[str], until: int
    ) -> list[tuple[Movable, list[str]]]:
        """Agents by what they do and could do, and their names."""
        those: dict[tuple[tuple[int, ...], tuple[int, ...]], list[str]] = {}
        for agent in self.situation.crew:
            name = agent.agent
            if name in busy or name not in self.crew.works_now or not self.crew.stays(name, until):
                continue
            served = self.crew.served(agent)
            if not served or served not in parts:
                continue
            could = tuple(index for index in self.crew.could_serve(agent) if short[index] > 0 and index not in served)
            if could:
                those.setdefault((served, could), []).append(name)
        found = []
        for (served, could), names in sorted(those.items()):
            own = parts[served]
            loses = tuple((index, float(part)) for index, part in zip(served, own.tolist(), strict=True) if part > 0.01)
            giver = max(loses, key=lambda one: (one[1], -one[0]))[0]
            if all(spare[index] >= part for index, part in loses):
                found.append((Movable(giver, loses, could, len(names)), sorted(names)))
        return found

    def _recommended(
        self, chosen: Sequence[Chosen], kinds: Sequence[tuple[Movable, list[str]]], now: _Now, pending: Array,
        until: int, causes: Mapping[int, str],
    ) -> list[Running]:  # fmt: skip
        """What was chosen, judged by the model itself; the best first, each on top of those before it."""
        rule = self.settings.staffing
        lasts = self._during(until)
        agents = pending.copy()
        new = []
        for one in chosen:
            number = one.agents
            weights = {index: self._weights(now.coming[index], until) for index in (one.giver, one.taker)}
            while number:
                after = agents.copy()
                after[one.taker, lasts] += number
                for place, part in one.loses:
                    after[place, lasts] -= part * number / one.agents
                levels = {
                    index: self._answered(now, index, np.stack((agents[index], after[index])))
                    for index in {one.giver, one.taker, *(place for place, _ in one.loses)}
                }
                kept = all(
                    _mean(levels[place][1], self._weights(now.coming[place], until))
                    >= self.terms[place].service_level - 1e-9
                    for place, _ in one.loses
                )
                if kept:
                    break
                number -= 1
            if not number:
                continue
            by_interval = sum(
                (self._weights(now.coming[place], until) * (levels[place][1] - levels[place][0])) for place in levels
            )
            gain = float(np.sum(by_interval))
            if gain < rule.minimum_gain or gain < EPSILON:
                continue
            names = [
                name for kind, own in kinds if kind.giver == one.giver and one.taker in kind.takers for name in own
            ]
            move = Move(
                move_id=f"{'/'.join(self.places[one.giver])}>{'/'.join(self.places[one.taker])}@{self.as_of}",
                as_of=self.as_of,
                giver=self._side(one.giver, now, agents, after, levels, weights[one.giver], lasts),
                taker=self._side(one.taker, now, agents, after, levels, weights[one.taker], lasts),
                agents=number,
                starts_at=self.as_of,
                until=until,
                deadline=self._deadline(np.asarray(by_interval), until),
                gain=gain,
                cause=causes.get(one.taker, PLANNED),
            )
            queues = {agent.agent: agent.queues for agent in self.situation.crew}
            new.append(
                Running(
                    move,
                    {name: queues[name] for name in names},
                    losing=[(self.places[place], part * number / one.agents) for place, part in one.loses],
                )
            )
            agents = after
        return new

    def _side(
        self, index: int, now: _Now, before: Array, after: Array, levels: Mapping[int, Array], weights: Array,
        lasts: slice,
    ) -> Side:  # fmt: skip
        queue, channel = self.places[index]
        gap = now.required[index, lasts] - before[index, lasts]
        return Side(
            queue,
            channel,
            self.terms[index].site,
            float(before[index, 0]),
            float(after[index, 0]),
            _mean(levels[index][0], weights),
            _mean(levels[index][1], weights),
            float(gap.max()),
        )

    def _deadline(self, by_interval: Array, until: int) -> int:
        """The last moment from which the move still brings the minimum gain."""
        ends = [min(until, self.begun + (step + 1) * self.length) for step in range(len(by_interval))]
        starts = [self.as_of, *ends[:-1]]
        left = 0.0
        for start, end, gain in reversed(list(zip(starts, ends, by_interval.tolist(), strict=True))):
            if end <= start:
                continue
            if left + gain >= self.settings.staffing.minimum_gain and gain > 0:
                wanted = self.settings.staffing.minimum_gain - left
                return int(end - (end - start) * min(1.0, max(0.0, wanted / gain)))
            left += gain
        return self.as_of

    def _measured(self, one: Running) -> Move:
        """The move with what came of it."""
        move = one.move
        sides = []
        for side in (move.giver, move.taker):
            demand = self.situation.demand.get((side.queue, side.channel), {})
            sums = [0, 0]
            half = self.length // 2
            for at, interval in demand.items():
                if move.starts_at <= at + half < move.until:
                    sums[0] += interval.within
                    sums[1] += interval.answered + interval.abandoned - interval.abandoned_within
            sides.append(msgspec.structs.replace(side, service_level_came=sums[0] / sums[1] if sums[1] else None))
        return msgspec.structs.replace(
            move, giver=sides[0], taker=sides[1], obeyed=len(one.moved), measured_at=self.as_of
        )


EPSILON = 1e-9
_Parts: TypeAlias = dict[tuple[int, ...], Array]
"""By the places that agents take contacts from, the part of an agent that each of these has."""


class _Now(NamedTuple):
    """The near intervals."""

    coming: Array
    """Contacts that are still to come."""
    lengths: Array
    aht: Array
    available: Array
    required: Array
    parts: _Parts


def _giver(move: Move) -> Place:
    return move.giver.queue, move.giver.channel


def _taker(move: Move) -> Place:
    return move.taker.queue, move.taker.channel


def _mean(levels: Array, weights: Array) -> float:
    return float((levels * weights).sum() / weights.sum()) if weights.sum() > 0 else 1.0


def _uploaded(schedule: Schedule | None, length: int) -> dict[Place, dict[int, tuple[float, float]]]:
    """By place and interval, contacts and handle time that somebody foretold; a longer span is spread evenly."""
    found: dict[Place, dict[int, tuple[float, float]]] = {}
    for one in schedule.forecasts if schedule else ():
        own = found.setdefault((one.queue, one.channel), {})
        for at in range(one.starts_at // length * length, one.ends_at, length):
            part = (min(at + length, one.ends_at) - max(at, one.starts_at)) / (one.ends_at - one.starts_at)
            contacts, aht = own.get(at, (0.0, 0.0))
            own[at] = contacts + one.contacts * part, one.aht_s or aht
    return found
