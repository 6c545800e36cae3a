"""The live state of a queue and channel, from its visits: what waits, what came lately, how long it takes (M17).

All of it is sums over the visits as they are last known, in whole numbers, so that neither the order in which they come
nor how often changes a figure. Sums are kept by interval of entry, which is demand, and by slots of ten seconds, of
which the last minutes are made: a window of five minutes begins at the full slot before it.

Redials (M9) are told apart: someone who abandons and comes back is offered twice and is one customer to be served.
Staffing that keeps its target has few who abandon, so what is planned for is what is offered less the redials.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from journeys.contact import QueueVisit
from journeys.queue import Live
from journeys.settings import Settings
from journeys.staffing.figures import Floor
from journeys.staffing.situation import Demand

MINUTE_MS = 60_000
DAY_MS = 86_400_000
SLOT_MS = 10_000
LATELY_MS = 30 * MINUTE_MS
"""Slots are kept for so long; handle times lean on those of earlier days as far as few ended in it."""
DEMAND_DAYS = 35
"""Five weeks: the lateness within which visits may change, and enough for a forecast by the hour of the week."""
USUAL_MS = 7 * DAY_MS
"""What is usual is what was in so long."""
LEAN_HANDLED, LEAN_ABANDONED = 100, 20
"""What is usual weighs as much as so many contacts handled, or abandonments. Handle times spread by about as much as
they last: the mean of 100 is a tenth off by chance, which is agents, and seldom changes by as much within a day."""


class Stay(NamedTuple):
    """A visit, as far as staffing needs it. Times and durations in ms."""

    entered_at: int
    left_at: int | None
    ended_at: int | None
    outcome: str
    wait: int
    handle: int
    target: int


class Redial(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A contact that redialled, and where it entered the queue."""

    contact_id: str
    queue: str
    channel: str
    entered_at: int


class Slot(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What happened in ten seconds."""

    offered: int = 0
    redials: int = 0
    counted: int = 0
    """Answered, or abandoned after more than the target: what the service level is of."""
    within: int = 0
    """Of these, answered within it."""
    handled: int = 0
    """Services that ended, and the time that they took."""
    handle_ms: int = 0


_SLOT = len(Slot.__struct_fields__)
_DEMAND = len(Demand.__struct_fields__)


def stay(visit: QueueVisit) -> Stay:
    return Stay(
        visit.entered_at,
        visit.left_at,
        visit.ended_at,
        visit.outcome,
        round((visit.wait_s or 0.0) * 1000),
        round((visit.talk_s + visit.hold_s + visit.wrap_s) * 1000),
        round(visit.target_s * 1000),
    )


class Book:
    """Sums by slot and by interval, to which stays and redials are added, or from which they are taken."""

    def __init__(self, interval_ms: int) -> None:
        self.slots: dict[int, list[int]] = {}
        """By their number since the epoch; the fields of ``Slot``."""
        self.demand: dict[int, list[int]] = {}
        """By the interval's start (ms); the fields of ``Demand``."""
        self._length = interval_ms

    def count(self, one: Stay, sign: int = 1) -> None:
        demand = self._interval(one.entered_at)
        self._slot(one.entered_at)[0] += sign
        demand[0] += sign
        if one.outcome == "answered":
            in_time = one.wait <= one.target
            demand[2] += sign
            demand[8] += sign * one.wait
            if in_time:
                demand[3] += sign
            if one.left_at is not None:
                slot = self._slot(one.left_at)
                slot[2] += sign
                if in_time:
                    slot[3] += sign
            if one.ended_at is not None:
                slot = self._slot(one.ended_at)
                slot[4] += sign
                slot[5] += sign * one.handle
                demand[6] += sign
                demand[7] += sign * one.handle
        elif one.outcome == "abandoned":
            demand[4] += sign
            demand[9] += sign * one.wait
            if one.wait <= one.target:
                demand[5] += sign
            elif one.left_at is not None:
                self._slot(one.left_at)[2] += sign

    def redial(self, one: Redial, sign: int = 1) -> None:
        self._interval(one.entered_at)[1] += sign
        self._slot(one.entered_at)[1] += sign

    def _slot(self, at: int) -> list[int]:
        return self.slots.setdefault(at // SLOT_MS, [0] * _SLOT)

    def _interval(self, at: int) -> list[int]:
        return self.demand.setdefault(at // self._length * self._length, [0] * _DEMAND)


class Present(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Those who are in the queue or in service."""

    waiting: int = 0
    oldest_entered_at: int | None = None
    connected: int = 0
    times_out_at: int = 0
    """When the last of them counts as over though no event said so."""


def present(stays: Iterable[Live], as_of: int) -> Present:
    there = [one for one in stays if one.times_out_at > as_of]
    waiting = [one.entered_at for one in there if one.waiting]
    return Present(
        len(waiting),
        min(waiting, default=None),
        len(there) - len(waiting),
        max([one.times_out_at for one in there], default=0),
    )


class Seen(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="seen"):
    """What changed of one queue and channel: slots and intervals as they are now, all of the others stand."""

    queue: str
    channel: str
    as_of: int
    there: Present = Present()
    slots: dict[int, Slot] = {}
    demand: dict[int, Demand] = {}


def floor(
    queue: str,
    channel: str,
    as_of: int,
    there: Present,
    slots: Mapping[int, Slot],
    demand: Mapping[int, Demand],
    settings: Settings,
) -> Floor:
    """The figures of one queue and channel as of ``as_of``, but for those of its agents (journeys/staffing/crew.py)."""
    lately = Lately(slots, as_of)
    usual = _usual(demand, as_of)
    if there.times_out_at <= as_of:
        there = Present()
    under_way = demand.get(as_of // settings.interval_ms * settings.interval_ms, Demand())
    return Floor(
        queue,
        channel,
        as_of,
        site=settings.site_of(queue),
        waiting=there.waiting,
        oldest_entered_at=there.oldest_entered_at,
        connected=there.connected,
        offered_5m=lately.sum("offered", 5),
        offered_15m=lately.sum("offered", 15),
        redials_15m=lately.sum("redials", 15),
        service_level_5m=_share(lately.sum("within", 5), lately.sum("counted", 5)),
        service_level_15m=_share(lately.sum("within", 15), lately.sum("counted", 15)),
        aht_s=_aht_s(lately, usual),
        patience_s=_patience_s(demand, usual, as_of),
        arrived=under_way.offered,
    )


class Lately:
    """Sums of the minutes before a moment."""

    def __init__(self, slots: Mapping[int, Slot], as_of: int) -> None:
        self._last = as_of // SLOT_MS
        self._slots = slots

    def sum(self, field: str, minutes: int) -> int:
        first = self._last - minutes * MINUTE_MS // SLOT_MS
        return sum([getattr(slot, field) for number, slot in self._slots.items() if first <= number <= self._last])


def _usual(demand: Mapping[int, Demand], as_of: int) -> Demand:
    return _together([one for at, one in demand.items() if as_of - USUAL_MS <= at <= as_of])


def _together(those: Iterable[Demand]) -> Demand:
    return Demand(*map(sum, zip(*map(msgspec.structs.astuple, those), strict=True)))


def _aht_s(lately: Lately, usual: Demand) -> float:
    """Of those served in the last half hour, with the usual one weighing as much as ``LEAN_HANDLED`` of them; 0 if
    there is neither."""
    handled = lately.sum("handled", LATELY_MS // MINUTE_MS)
    took = lately.sum("handle_ms", LATELY_MS // MINUTE_MS) / 1000
    leaning = usual.aht_s
    if leaning is None:
        return took / handled if handled else 0.0
    return (took + LEAN_HANDLED * leaning) / (handled + LEAN_HANDLED)


def _patience_s(demand: Mapping[int, Demand], usual: Demand, as_of: int) -> float | None:
    """Mean patience, as if it were exponential: all who waited, over those who lost patience. Who was answered would
    have waited longer: censored, they count with the time that they waited, and as no abandonment."""
    if not usual.abandoned:
        return None
    waited = (usual.wait_answered_ms + usual.wait_abandoned_ms) / 1000
    day = _together([one for at, one in demand.items() if as_of - DAY_MS <= at <= as_of])
    waited_today = (day.wait_answered_ms + day.wait_abandoned_ms) / 1000
    return (waited_today + LEAN_ABANDONED * waited / usual.abandoned) / (day.abandoned + LEAN_ABANDONED)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
