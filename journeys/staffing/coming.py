"""What is coming to each place, interval by interval: forecasts, contacts from journeys, handle times (M18).

Told of are the next intervals in every plan, the rest of the local day once in an interval, and the whole horizon once
a day, when profiles are learned anew: a few places in each plan, so that none takes long. Until its turn comes a place
keeps yesterday's profile, or a provisional one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from journeys.settings import Settings
from journeys.staffing.bringing import Comes, about_to_come
from journeys.staffing.figures import Accuracy, Floor
from journeys.staffing.forecast import DAY_MS, Clock, Outlook, Profile, learn, outlook, usual
from journeys.staffing.memory import Kept, Memory
from journeys.staffing.need import DEFERRED
from journeys.staffing.situation import Place, Schedule, Situation

Array: TypeAlias = NDArray[np.float64]
Told: TypeAlias = dict[int, tuple[float, float | None]]
"""By interval, contacts and handle time that somebody foretold."""

AHEAD_MS = 3_600_000
"""Forecasts are scored that were made so long before their interval."""
WEEK_MS = 7 * DAY_MS
DEFAULT_AHT_S = 300.0
"""Of a place where nobody was ever handled."""
REACH_MS = 75 * 60_000
"""What is over brings contacts within an hour, and counts by quarters of one."""
AT_ONCE = 2
"""Places that are learned anew in one plan, and told of to the horizon."""
USUAL_WEIGHT = 0.2
"""How much today counts in what journeys usually bring at that time of day."""
NOT_KNOWN = -1.0
"""Of a time of the day that was never looked at."""
LEAST_BROUGHT = 0.3
"""Journeys take away no more than this part of what is usual."""


class Coming(NamedTuple):
    """Arrays are by place and interval; a place that is told of fewer intervals has 0 in the others."""

    starts: list[int]
    told: list[int]
    """By place, how many intervals are."""
    looks: list[Outlook]
    expected: Array
    rest: Array
    """Of the interval under way, what is still to come."""
    from_journeys: Array
    """Of that, what journeys bring beyond what is usual."""
    aht_s: Array
    accuracy: list[Accuracy]

    def parts(self) -> list[tuple[list[int], int]]:
        """Places that are told of to the same interval, and how many intervals that are."""
        return [
            ([index for index, number in enumerate(self.told) if number == until], until)
            for until in sorted(set(self.told))
        ]


def coming(
    situation: Situation,
    floors: Sequence[Floor],
    clocks: Sequence[Clock],
    memory: Memory,
    settings: Settings,
    near: int,
) -> Coming:
    """Of ``floors`` in their order, at least ``near`` intervals. What is learned and told goes into ``memory``."""
    ahead = _Ahead(situation, floors, clocks, memory, settings)
    ahead.know()
    told = [ahead.told(index, near) for index in range(len(floors))]
    starts = [ahead.begun + step * ahead.length for step in range(max(told))]
    extra = ahead.from_journeys(starts, near)
    uploaded = _uploaded(situation.schedule, ahead.length)
    looks = [ahead.look(index, starts[:number], extra, uploaded) for index, number in enumerate(told)]
    expected = np.zeros((len(floors), len(starts)))
    for index, look in enumerate(looks):
        expected[index, : told[index]] = look.expected
    rest = np.array([look.rest for look in looks])
    aht = ahead.handle_times(starts, uploaded)
    return Coming(starts, told, looks, expected, rest, extra, aht, ahead.score(looks, starts))


def learn_brought(
    memory: Memory, comes_by: Mapping[Place, Comes], starts: Sequence[int], length: int, as_of: int
) -> None:
    """What journeys bring to places is added to what they usually do at that time of day, by how far ahead it is: once
    an interval, while most of it is to come."""
    if memory.brought_until < starts[0] and as_of - starts[0] < length / 2:
        for place, comes in comes_by.items():
            mean = _usually_brought(memory, place, starts, length).tolist()
            own = memory.usually_brought.setdefault(place, [NOT_KNOWN] * (_reach(length) * (DAY_MS // length)))
            for step, (at, was, now) in enumerate(zip(starts, mean, comes.all.tolist(), strict=True)):
                weight = 1.0 if was == NOT_KNOWN else USUAL_WEIGHT
                own[_place_in(step, at, length)] = round(was + weight * (now - was), 4)
    memory.brought_until = starts[0]


def _usually_brought(memory: Memory, place: Place, starts: Sequence[int], length: int) -> Array:
    known = memory.usually_brought.get(place, [])
    if len(known) != _reach(length) * (DAY_MS // length):  # intervals had another length
        memory.usually_brought.pop(place, None)
        return np.full(len(starts), NOT_KNOWN)
    return np.array([known[_place_in(step, at, length)] for step, at in enumerate(starts)])


def _reach(length: int) -> int:
    """Intervals ahead that contacts which are over bring others to."""
    return math.ceil(REACH_MS / length) + 1


def _place_in(step: int, at: int, length: int) -> int:
    a_day = DAY_MS // length
    return step * a_day + at // length % a_day


class _Ahead:
    def __init__(
        self, situation: Situation, floors: Sequence[Floor], clocks: Sequence[Clock], memory: Memory, settings: Settings
    ) -> None:
        self._situation, self._floors, self._clocks, self._memory = situation, floors, clocks, memory
        self._learned: set[int] = set()
        """Places whose profile was learned in this plan."""
        self._horizon = settings.staffing.horizon.ms
        self._as_of = situation.as_of
        self.length = settings.interval_ms
        self.begun = self._as_of // self.length * self.length
        self._places: list[Place] = [(floor.queue, floor.channel) for floor in floors]
        self._demand = [situation.demand.get(place, {}) for place in self._places]

    def _kept(self, index: int) -> Kept:
        return self._memory.places[self._places[index]]

    def _usually(self, index: int, starts: Sequence[int]) -> Array:
        return usual(self._kept(index).profile, starts, self._clocks[index])

    def know(self) -> None:
        """Sees to it that each place has a profile, and learns some anew: those that have none of this day, first those
        that only have a provisional one. On the first day what is usual is looked at in every interval."""
        due = []
        for index, clock in enumerate(self._clocks):
            kept = self._memory.places.get(self._places[index])
            if kept is None or len(kept.profile.slots) != 7 * clock.a_day:
                profile = self._learn(index, provisional=True)
                if kept is None:
                    kept = self._memory.places[self._places[index]] = Kept(profile)
                kept.profile = profile
            of_today = kept.profile.day == clock.slot(self.begun)[0]
            if of_today and not kept.profile.days and kept.told_from != self.begun:
                kept.profile = self._learn(index, kept.profile.provisional)
            if kept.profile.provisional or not of_today:
                due.append((not kept.profile.provisional, index))
        for _, index in sorted(due)[:AT_ONCE]:
            self._kept(index).profile = self._learn(index)
            self._learned.add(index)

    def _learn(self, index: int, provisional: bool = False) -> Profile:
        return learn(self._demand[index], self._as_of, self._clocks[index], provisional)

    def told(self, index: int, near: int) -> int:
        """How many intervals are told of this time."""
        kept = self._kept(index)
        new_interval = kept.told_from != self.begun
        kept.told_from = self.begun
        if index in self._learned:
            return max(near, math.ceil(self._horizon / self.length))
        if new_interval:
            return max(near, math.ceil((self._clocks[index].ends(self._as_of) - self.begun) / self.length))
        return near

    def from_journeys(self, starts: Sequence[int], near: int) -> Array:
        """By place, what journeys bring beyond what is usual; where only a channel is known, by what is usual of its
        places.

        What they usually bring at that time of day is learned, by how far ahead it is, and is left to the profile.
        """
        reach = min(len(starts), _reach(self.length))
        left = 1 - (self._as_of - self.begun) / self.length
        found = np.zeros((len(self._places), len(starts)))
        entered: dict[str, float] = {}
        for floor in self._floors:
            if floor.channel not in DEFERRED:  # of which those that end came hours ago
                entered[floor.channel] = entered.get(floor.channel, 0.0) + floor.offered_15m
        comes_by = about_to_come(self._situation.bringing, starts[:reach], self.length, self._as_of, entered)
        for (queue, channel), comes in comes_by.items():
            usually = _usually_brought(self._memory, (queue, channel), starts[:reach], self.length)
            known = usually != NOT_KNOWN
            usually[0] *= left
            usually = np.where(known, usually, comes.average)
            own = [index for index, place in enumerate(self._places) if place[1] == channel and queue in ("", place[0])]
            if own:
                base = np.array([self._usually(index, starts[:near]).sum() for index in own])
                share = base / base.sum() if base.sum() > 0 else np.full(len(own), 1 / len(own))
                found[own, :reach] += share[:, None] * (comes.all - usually)
        learn_brought(self._memory, comes_by, starts[:reach], self.length, self._as_of)
        for index in np.flatnonzero(found.any(axis=1)).tolist():
            least = -LEAST_BROUGHT * self._usually(index, starts[:reach])
            found[index, :reach] = np.maximum(found[index, :reach], least)
        return found

    def look(self, index: int, starts: Sequence[int], extra: Array, uploaded: Mapping[Place, Told]) -> Outlook:
        kept = self._kept(index)
        given = {at: contacts for at, (contacts, _) in uploaded.get(self._places[index], {}).items()}
        own = extra[index, : len(starts)]
        look = outlook(
            kept.profile, self._demand[index], starts, self._as_of, self._clocks[index], own, kept.brought, given
        )
        kept.brought = {at: one for at, one in kept.brought.items() if at > self.begun - DAY_MS}
        if own[1:2].any():  # of the next interval, until it begins
            kept.brought[starts[1]] = round(float(own[1]), 3)
        return look

    def handle_times(self, starts: Sequence[int], uploaded: Mapping[Place, Told]) -> Array:
        """As they are now for the rest of the day; then as somebody foretold, else as they usually are."""
        found = np.zeros((len(self._places), len(starts)))
        for index, floor in enumerate(self._floors):
            profile = self._kept(index).profile
            now = floor.aht_s or profile.aht_s or DEFAULT_AHT_S
            later = profile.aht_s or now
            ends = self._clocks[index].ends(self._as_of)
            given = uploaded.get(self._places[index], {})
            found[index] = [now if at < ends else given.get(at, (0.0, None))[1] or later for at in starts]
        return found

    def score(self, looks: Sequence[Outlook], starts: Sequence[int]) -> list[Accuracy]:
        """Keeps what is forecast an hour ahead, and scores it when its interval is over."""
        found: list[Accuracy] = []
        for index, look in enumerate(looks):
            kept, demand = self._kept(index), self._demand[index]
            told: dict[int, Accuracy] = {}
            over = [at for at in sorted(kept.foretold) if at + self.length <= self._as_of]
            first = min(demand, default=self.begun) if over else 0
            for at in over:
                forecast = kept.foretold.pop(at)
                before = next((at - ago for ago in (WEEK_MS, DAY_MS) if at - ago >= first), None)
                if before is None:
                    continue
                day = at // DAY_MS
                sums = kept.accuracy
                if sums is None or sums.day != day:
                    sums = Accuracy(*self._places[index], day)
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
                if at > self._as_of + AHEAD_MS:
                    break
                if at > self._as_of and at not in kept.foretold:
                    kept.foretold[at] = round(expected, 3)
        return found


def _uploaded(schedule: Schedule | None, length: int) -> dict[Place, Told]:
    """By place; a span is spread evenly over the intervals that it lies in."""
    found: dict[Place, Told] = {}
    for one in schedule.forecasts if schedule else ():
        own = found.setdefault((one.queue, one.channel), {})
        for at in range(one.starts_at // length * length, one.ends_at, length):
            part = (min(at + length, one.ends_at) - max(at, one.starts_at)) / (one.ends_at - one.starts_at)
            contacts, aht_s = own.get(at, (0.0, None))
            own[at] = contacts + one.contacts * part, one.aht_s or aht_s
    return found
