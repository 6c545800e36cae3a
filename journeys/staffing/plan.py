"""Puts forecast, need and moves together (M17 to M19): a situation in, what staffing says out.

A planner remembers what it has learned and recommended: profiles, forecasts whose interval is still to come, moves that
run and those that are cooling down. All of that is in ``Planner.memory``, as bytes, so that whoever keeps them can go
on elsewhere: the same memory and situation give the same plan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from journeys.settings import Settings
from journeys.staffing import backlog
from journeys.staffing.cause import cause
from journeys.staffing.coming import Coming, coming
from journeys.staffing.figures import Accuracy, Floor, Move, Staffing
from journeys.staffing.forecast import Clock, Outlook, clock_of, usual
from journeys.staffing.memory import Kept, Memory, decode, encode
from journeys.staffing.need import Course, Terms, agents_required, course, done_in_time, terms_of
from journeys.staffing.pools import Crew, Pool, split
from journeys.staffing.recommend import Now, Recommending, observe
from journeys.staffing.required import to_schedule
from journeys.staffing.situation import Place, Situation
from journeys.staffing.slots import handle_times

Array: TypeAlias = NDArray[np.float64]

VERSION = 1
PROVISIONAL = "/provisional"
"""After the model's name: contacts are forecast from plain means, for the queue's profile is not learned yet."""
NEAR = 5
"""Intervals that every plan speaks of, the one under way among them; more where a move lasts longer."""
MEASURED = 200
"""Intervals that handle times are a mean of, at the most; older ones fade."""
AGAIN = 0.5
"""Redials in an interval over those in the interval before, where all who call now are served."""
FINE, COARSE = 100, 4
"""Who is there is looked up for each of so many intervals, after that for every fourth."""


class Plan(NamedTuple):
    staffing: list[Staffing]
    """Of every place the next intervals; the rest of the day once in an interval; the whole horizon once a day, of
    a few places in each plan."""
    moves: list[Move]
    """Those that are recommended or run, and once those that were withdrawn, or whose outcome is known."""
    accuracy: list[Accuracy]
    """Of days in which another interval is over."""


class Planner:
    """Plans by ``settings``; ``memory`` is that of a planner before it."""

    def __init__(self, settings: Settings, memory: bytes | None = None) -> None:
        self._settings = settings
        self._memory = Memory() if memory is None else decode(memory)
        self._clocks: dict[str, Clock] = {}

    @property
    def memory(self) -> bytes:
        return encode(self._memory)

    def plan(self, situation: Situation) -> Plan:
        """Of what is the case as of ``situation.as_of``, which grows from plan to plan."""
        settings, memory = self._settings, self._memory
        floors = sorted(situation.floors, key=lambda floor: (floor.queue, floor.channel))
        if not floors:
            return Plan([], [], [])
        places: list[Place] = [(floor.queue, floor.channel) for floor in floors]
        crew = Crew(
            situation.crew, situation.schedule.shifts if situation.schedule else (), places, situation.as_of, settings
        )
        observe(memory.running, situation, crew, places)
        terms = [terms_of(floor, crew.slots(place), settings) for floor, place in zip(floors, places, strict=True)]
        clocks = [self._clock(one.site) for one in terms]
        near = max(NEAR, math.ceil(settings.staffing.move_time.ms / settings.interval_ms) + 1)
        ahead = coming(situation, floors, clocks, memory, settings, near)
        terms = [
            self._known(one, floor, memory.places[place], look, clock, ahead.starts[0], situation.as_of)
            for one, floor, place, look, clock in zip(terms, floors, places, ahead.looks, clocks, strict=True)
        ]

        elapsed = (situation.as_of - ahead.starts[0]) / settings.interval_ms
        lengths = np.full(len(ahead.starts), settings.interval_ms / 1000)
        lengths[0] = max(1.0, lengths[0] * (1 - elapsed))
        again = _again(situation, places, ahead.starts, elapsed)
        wanted = _wanted(ahead, again, floors, elapsed)
        required = np.zeros_like(wanted)
        for rows, until in ahead.parts():
            own = np.ix_(rows, range(until))
            required[own] = agents_required(
                [terms[row] for row in rows], wanted[own], settings.interval_ms / 1000, ahead.aht_s[own]
            )
        need = self._need(terms, required, ahead, clocks)
        there = _There(crew, ahead.starts, situation.as_of, settings.interval_ms, need)
        contacts = ahead.expected + again
        contacts[:, 0] = ahead.rest + again[:, 0] * (1 - elapsed)
        in_system = _in_system(floors, terms, there.available[:, 0])
        levels = Course(*(np.zeros_like(wanted) for _ in Course._fields))
        for rows, until in ahead.parts():
            own = np.ix_(rows, range(until))
            found = _levels(
                [terms[row] for row in rows], contacts[own], lengths[:until], ahead.aht_s[own], there.available[own],
                in_system[rows], near,
            )  # fmt: skip
            for all_of_it, part in zip(levels, found, strict=True):
                all_of_it[own] = part
        causes = self._causes(terms, places, wanted, required, ahead, there, near)
        soon = slice(0, near)
        asked = required[:, soon].copy()
        busier = [one._replace(occupancy=None) for one in terms]
        kept = agents_required(busier, wanted[:, soon], settings.interval_ms / 1000, ahead.aht_s[:, soon])
        if (asked > there.available[:, soon]).any():  # else nobody is asked to give
            for index in [index for index, one in enumerate(terms) if one.deferred]:
                aht_s = max(1.0, float(ahead.aht_s[index, 0]))
                few = self._put_off(terms[index], aht_s, there, index, clocks[index])
                if math.isfinite(few):
                    asked[index] = kept[index] = few
                else:  # it is late, or will be
                    kept[index] = np.maximum(kept[index], there.available[index, soon])
        now = Now(
            places, terms, contacts[:, soon], lengths[soon], ahead.aht_s[:, soon], there.available[:, soon],
            asked, kept, in_system, there.parts,
        )  # fmt: skip
        moves = Recommending(settings, memory, situation, crew, now, causes).moves()
        staffing = [
            row
            for index, floor in enumerate(floors)
            for row in self._rows(index, floor, terms[index], ahead, required, there, levels, causes, situation.as_of)
        ]
        return Plan(staffing, moves, ahead.accuracy)

    def _known(
        self, terms: Terms, floor: Floor, kept: Kept, look: Outlook, clock: Clock, begun: int, as_of: int
    ) -> Terms:
        """With what is known of handle times at several contacts at once, and of work that may wait."""
        if terms.deferred:
            length = self._settings.interval_ms
            number = max(len(look.expected), math.ceil(terms.due_s * 1000 / length) + 1)
            starts = range(begun, begun + number * length, length)
            later = usual(kept.profile, starts[len(look.expected) :], clock)
            first = begun if floor.oldest_entered_at is None else floor.oldest_entered_at
            entered = np.linspace(first, as_of, floor.waiting) if floor.waiting else np.empty(0)
            return terms._replace(
                open_due_s=tuple((terms.due_s - (as_of - entered) / 1000).tolist()),
                arriving=(look.rest, *look.expected[1:].tolist(), *later.tolist()),
                worked=tuple(clock.open(at) > 0 for at in starts),
            )
        if terms.slots > 1:
            rounded = math.ceil(terms.slots - 0.5)
            return terms._replace(handle_s=_measured(kept, floor, rounded, begun))
        return terms

    def _put_off(self, one: Terms, aht_s: float, there: _There, index: int, clock: Clock) -> float:
        """Of a place whose work may wait: agents who do for the time of a move, if all others are back after it. Looked
        at until what comes before all open work is due is due as well: what is put off is in its way."""
        settings = self._settings
        length = settings.interval_ms
        lasts = math.ceil(settings.staffing.move_time.ms / length) + 1  # and what is left of this interval
        number = len(one.arriving) + math.ceil(one.due_s * 1000 / length)
        later = range(there.begun + len(one.arriving) * length, there.begun + number * length, length)
        arriving = [*one.arriving, *usual(self._memory.places[one.place].profile, later, clock).tolist()]
        worked = [*one.worked, *(clock.open(at) > 0 for at in later)]
        agents = there.until(index, number)
        return backlog.least(
            agents, lasts, one.open_due_s, arriving, length / 1000, aht_s, one.due_s, one.occupancy or 1.0, worked
        )

    def _clock(self, site: str) -> Clock:
        if site not in self._clocks:
            self._clocks[site] = clock_of(self._settings, site)
        return self._clocks[site]

    def _need(self, terms: Sequence[Terms], required: Array, ahead: Coming, clocks: Sequence[Clock]) -> Array:
        """By which shared agents are split: those required, and of places that are not told of that far, about those
        whom their usual contacts keep busy."""
        need = required.copy()
        for index, (one, until) in enumerate(zip(terms, ahead.told, strict=True)):
            if later := ahead.starts[until:]:
                comes = usual(self._memory.places[one.place].profile, later, clocks[index])
                at_work_s = comes * ahead.aht_s[index, until:] / one.slots
                need[index, until:] = at_work_s / (one.occupancy or 1.0) / (self._settings.interval_ms / 1000)
        return need

    def _causes(
        self, terms: Sequence[Terms], places: Sequence[Place], wanted: Array, required: Array, ahead: Coming,
        there: _There, near: int,
    ) -> dict[int, str]:  # fmt: skip
        """Of places that are short in the next intervals, why: as it is in the worst of them."""
        found = {}
        gap = (required - there.available)[:, :near]
        for index in np.flatnonzero((gap > 0).any(axis=1)).tolist():
            step = int(np.argmax(gap[index]))
            missing = 0.0
            if there.scheduled is not None:
                missing = float(there.scheduled[index, step] - there.available[index, step])
            aht_s = float(ahead.aht_s[index, step])
            found[index] = cause(
                terms[index],
                self._settings.interval_ms / 1000,
                float(wanted[index, step]),
                float(ahead.looks[index].usual[step]),
                max(0.0, float(ahead.from_journeys[index, step])),
                aht_s,
                self._memory.places[places[index]].profile.aht_s or aht_s,
                missing,
            )
        return found

    def _rows(
        self, index: int, floor: Floor, terms: Terms, ahead: Coming, required: Array, there: _There, levels: Course,
        causes: dict[int, str], as_of: int,
    ) -> list[Staffing]:  # fmt: skip
        look = ahead.looks[index]
        scheduled = there.scheduled[index].tolist() if there.scheduled is not None else None
        kept = self._memory.places[floor.queue, floor.channel]
        model = f"{self._settings.staffing.model}/{VERSION}" + (PROVISIONAL if kept.profile.provisional else "")
        rostered = to_schedule(required[index], terms.shrinkage)
        found = []
        for step in range(ahead.told[index]):
            available = float(there.available[index, step])
            gap = float(required[index, step]) - available
            found.append(
                Staffing(
                    queue=floor.queue,
                    channel=floor.channel,
                    starts_at=ahead.starts[step],
                    interval_s=self._settings.interval_ms // 1000,
                    as_of=as_of,
                    site=terms.site,
                    expected=float(look.expected[step]),
                    low=float(look.low[step]),
                    high=float(look.high[step]),
                    from_journeys=max(0.0, float(ahead.from_journeys[index, step])),
                    aht_s=float(ahead.aht_s[index, step]),
                    patience_s=None if math.isinf(terms.patience_s) else terms.patience_s,
                    required=float(required[index, step]),
                    to_schedule=float(rostered[step]),
                    scheduled=None if scheduled is None else scheduled[step],
                    available=available,
                    gap=gap,
                    service_level=float(levels.service_level[index, step]),
                    target=terms.service_level,
                    target_s=terms.within_s,
                    asa_s=float(levels.asa_s[index, step]),
                    abandonment=float(levels.abandonment[index, step]),
                    occupancy=float(levels.occupancy[index, step]),
                    model=model,
                    cause=causes.get(index, "") if gap > 0 else "",
                )
            )
        return found


def _measured(kept: Kept, floor: Floor, at_once: int, begun: int) -> tuple[float, ...]:
    """Handle times by contacts at once, from what floors said; once an interval what this one says is added."""
    if floor.aht_s > 0 and floor.connected and kept.measured_at < begun:
        kept.measured_at = begun
        concurrency = max(1, round(floor.concurrency))
        intervals, mean = kept.handled.get(concurrency, (0.0, 0.0))
        intervals = min(intervals, MEASURED) + 1
        kept.handled[concurrency] = intervals, mean + (floor.aht_s - mean) / intervals
    times = [mean for _, mean in kept.handled.values()]
    return handle_times(times, list(kept.handled), at_once) if len(kept.handled) > 1 else ()


def _again(situation: Situation, places: Sequence[Place], starts: Sequence[int], elapsed: float) -> Array:
    """Redials, by place and interval. They are no demand, so none is forecast; but who gave up a while ago, and has not
    called again yet, is to be served. As many as came lately, fewer in each interval: were they all served from now on,
    nobody would give up any more."""
    found = np.zeros((len(places), len(starts)))
    for index, place in enumerate(places):
        demand = situation.demand.get(place, {})
        lately = [demand[at] for at in (starts[0], 2 * starts[0] - starts[1]) if at in demand]
        found[index] = sum(one.redials for one in lately) / (1 + elapsed) * AGAIN ** np.arange(len(starts))
    return found


def _wanted(ahead: Coming, again: Array, floors: Sequence[Floor], elapsed: float) -> Array:
    """Contacts that agents are needed for. For the interval under way that is a whole interval from now on, and who
    waits already: what is left of it may be seconds, in which no number of agents would do."""
    wanted = ahead.expected + again
    next_ = wanted[:, min(1, wanted.shape[1] - 1)]
    waiting = np.array([float(floor.waiting) for floor in floors])
    wanted[:, 0] = ahead.rest + again[:, 0] * (1 - elapsed) + elapsed * next_ + waiting
    return wanted


def _in_system(floors: Sequence[Floor], terms: Sequence[Terms], agents: Array) -> Array:
    served = [
        min(float(floor.connected), float(there) * one.slots)
        for floor, one, there in zip(floors, terms, agents, strict=True)
    ]
    found: Array = np.array(served) + np.array([float(floor.waiting) for floor in floors])
    return found


def _levels(
    terms: Sequence[Terms], contacts: Array, lengths: Array, aht: Array, agents: Array, in_system: Array, near: int
) -> Course:
    """The line is carried over for the next intervals; those after them stand for themselves."""
    soon, later = slice(0, near), slice(near, None)
    first = course(terms, contacts[:, soon], lengths[soon], aht[:, soon], agents[:, soon], in_system)
    if contacts.shape[1] <= near:
        return first
    then = course(terms, contacts[:, later], lengths[later], aht[:, later], agents[:, later], None)
    found = Course(*(np.hstack(both) for both in zip(first, then, strict=True)))
    for index, one in enumerate(terms):
        if one.deferred:  # what is left undone is there later
            done_in_time(one, found, index, agents[index], float(aht[index, 0]), float(lengths[-1]))
    return found


class _There:
    """Who is there, and who ought to be, by place and interval; shared agents are split by the ``need``."""

    def __init__(self, crew: Crew, starts: Sequence[int], as_of: int, length: int, need: Array) -> None:
        self.begun = starts[0]
        self._crew, self._length, self._need = crew, length, need
        self._later: dict[tuple[Pool, ...], Array] = {}
        """Agents by place beyond what is told of, by who is there."""
        self.available = np.zeros_like(need)
        self.scheduled: Array | None = np.zeros_like(need) if crew.has_schedule else None
        pools, ought = crew.pools(as_of), crew.scheduled(as_of)
        self.available[:, 0], parts = split(pools, need[:, 0])
        self.parts = {pool.places: part for pool, part in zip(pools, parts, strict=True)}
        # Intervals in which the same agents are there are split together.
        there: dict[tuple[Pool, ...], list[int]] = {}
        scheduled: dict[tuple[Pool, ...], list[int]] = {}
        for step in range(len(starts)):
            if step and not crew.steady and (step < FINE or step % COARSE == 0):
                at = starts[step] + length // 2
                pools, ought = crew.pools(at), crew.scheduled(at)
            if step:
                there.setdefault(tuple(pools), []).append(step)
            scheduled.setdefault(tuple(ought or ()), []).append(step)
        for those, steps in there.items():
            self.available[:, steps] = split(those, need[:, steps])[0]
        if self.scheduled is not None:
            for those, steps in scheduled.items():
                self.scheduled[:, steps] = split(those, need[:, steps])[0]

    def until(self, index: int, number: int) -> list[float]:
        """Agents of one place for so many intervals, though it is not told of that far; later ones by the hour."""
        found: list[float] = self.available[index, :number].tolist()
        while len(found) < number:
            if self._crew.steady:
                found.append(found[-1])
                continue
            those = tuple(self._crew.pools(self.begun + len(found) * self._length + self._length // 2))
            if those not in self._later:
                self._later[those], _ = split(those, self._need[:, -1])
            found += [float(self._later[those][index])] * min(COARSE, number - len(found))
        return found
