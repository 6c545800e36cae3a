"""Queue figures per interval, and the live state of a queue (M15), from queue visits.

A visit counts in the interval in which it entered. Figures are sums over the visits kept, never increments, so a
visit that changes or vanishes takes its old contribution with it. The sums are whole numbers (of milliseconds), so they
are the same in whatever groups they are added up.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import add

import msgspec

from journeys.contact import QueueVisit
from journeys.settings import Settings


class QueueInterval(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="interval"):
    """One queue and channel in one interval (``starts_at``, ms UTC). Durations are sums in seconds."""

    queue: str
    channel: str
    starts_at: int
    interval_s: int
    entered: int = 0
    answered: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    transferred: int = 0
    called_back: int = 0
    waiting: int = 0
    answered_within: int = 0
    """Answered within the queue's target."""
    abandoned_within: int = 0
    wait_answered_s: float = 0.0
    """Summed over the answered; divided by ``answered`` it is the ASA."""
    wait_abandoned_s: float = 0.0
    longest_wait_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_s: float = 0.0
    target_s: float = 20.0


class QueueNow(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="now"):
    """One queue and channel as its newest event (``as_of``, ms UTC) has it."""

    queue: str
    channel: str
    as_of: int
    waiting: int = 0
    oldest_entered_at: int | None = None
    """When the one that waits longest entered (ms UTC)."""
    connected: int = 0
    """In service."""


class Sums(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What some of the visits of an interval add up to. Durations in ms."""

    entered: int = 0
    answered: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    transferred: int = 0
    called_back: int = 0
    waiting: int = 0
    answered_within: int = 0
    abandoned_within: int = 0
    wait_answered: int = 0
    wait_abandoned: int = 0
    talk: int = 0
    hold: int = 0
    wrap: int = 0
    longest_wait: int = 0
    target: int = 0
    """The widest target of the visits: one, unless the settings changed meanwhile."""


_COUNTED = Sums.__struct_fields__[:9]
_ADDED = 14
"""So many of the fields add up; of the others the greatest counts."""


class Live(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A visit that is not over, as far as the live state of its queue needs it."""

    entered_at: int
    waiting: bool
    times_out_at: int


def live(visit: QueueVisit) -> Live | None:
    """``visit`` as the live state sees it; None if it is over."""
    if visit.ended_at is not None:
        return None
    return Live(visit.entered_at, visit.left_at is None, visit.times_out_at)


def now(queue: str, channel: str, as_of: int, visits: Iterable[Live]) -> QueueNow:
    """The live state made of those of ``visits`` that have not timed out by ``as_of``."""
    there = [visit for visit in visits if visit.times_out_at > as_of]
    waiting = [visit.entered_at for visit in there if visit.waiting]
    return QueueNow(queue, channel, as_of, len(waiting), min(waiting, default=None), len(there) - len(waiting))


def interval_of(visit: QueueVisit, settings: Settings) -> tuple[str, str, int]:
    """Queue, channel and start (ms UTC) of the interval in which ``visit`` counts: the one that it entered in."""
    length = settings.interval_ms
    return visit.queue, visit.channel, visit.entered_at // length * length


def figures(queue: str, channel: str, starts_at: int, interval_s: int, visits: Iterable[QueueVisit]) -> QueueInterval:
    """The figures of the visits that entered ``queue`` through ``channel`` in the interval."""
    return interval(queue, channel, starts_at, interval_s, [sums(visits)])


def sums(visits: Iterable[QueueVisit]) -> Sums:
    """What ``visits`` of one interval add up to."""
    entered = answered = abandoned = short = transferred = called_back = waiting = within = abandoned_within = 0
    wait_answered = wait_abandoned = longest = talk = hold = wrap = target = 0
    for visit in visits:
        entered += 1
        target = max(target, _ms(visit.target_s))
        wait_s = visit.wait_s or 0.0
        wait = _ms(wait_s)
        longest = max(longest, wait)
        talk += _ms(visit.talk_s)
        hold += _ms(visit.hold_s)
        wrap += _ms(visit.wrap_s)
        if visit.outcome == "answered":
            answered += 1
            wait_answered += wait
            within += wait_s <= visit.target_s
        elif visit.outcome == "abandoned":
            abandoned += 1
            wait_abandoned += wait
            short += wait_s <= visit.short_s
            abandoned_within += wait_s <= visit.target_s
        elif visit.outcome == "transferred":
            transferred += 1
        elif visit.outcome == "called_back":
            called_back += 1
        else:
            waiting += 1
    return Sums(
        entered,
        answered,
        abandoned,
        short,
        transferred,
        called_back,
        waiting,
        within,
        abandoned_within,
        wait_answered,
        wait_abandoned,
        talk,
        hold,
        wrap,
        longest,
        target,
    )


def interval(queue: str, channel: str, starts_at: int, interval_s: int, parts: Iterable[Sums]) -> QueueInterval:
    """The figures that the ``parts`` of an interval's visits make together."""
    added = [0] * _ADDED
    longest = target = 0
    for part in parts:
        fields = msgspec.structs.astuple(part)
        added = list(map(add, added, fields))
        longest, target = max(longest, part.longest_wait), max(target, part.target)
    counts = dict(zip(_COUNTED, added, strict=False))
    wait_answered, wait_abandoned, talk, hold, wrap = added[len(_COUNTED) :]
    return QueueInterval(
        queue,
        channel,
        starts_at,
        interval_s,
        **counts,
        wait_answered_s=wait_answered / 1000,
        wait_abandoned_s=wait_abandoned / 1000,
        longest_wait_s=longest / 1000,
        talk_s=talk / 1000,
        hold_s=hold / 1000,
        wrap_s=wrap / 1000,
        target_s=target / 1000,
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
