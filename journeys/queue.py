"""Queue figures per interval, and the live state of a queue (M15), from queue visits.

A visit counts in the interval in which it entered. Figures are sums over the visits kept, never increments, so a
visit that changes or vanishes takes its old contribution with it.
"""

from __future__ import annotations

from collections.abc import Iterable

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


def now(queue: str, channel: str, as_of: int, visits: Iterable[QueueVisit]) -> QueueNow:
    """The live state made of those of ``visits`` that are not over by ``as_of``."""
    live = [visit for visit in visits if visit.ended_at is None and visit.times_out_at > as_of]
    waiting = [visit.entered_at for visit in live if visit.left_at is None]
    return QueueNow(queue, channel, as_of, len(waiting), min(waiting, default=None), len(live) - len(waiting))


def interval_of(visit: QueueVisit, settings: Settings) -> tuple[str, str, int]:
    """Queue, channel and start (ms UTC) of the interval in which ``visit`` counts: the one that it entered in."""
    length = settings.interval_ms
    return visit.queue, visit.channel, visit.entered_at // length * length


def figures(queue: str, channel: str, starts_at: int, interval_s: int, visits: Iterable[QueueVisit]) -> QueueInterval:
    """The figures of the visits that entered ``queue`` through ``channel`` in the interval."""
    entered = answered = abandoned = short = transferred = called_back = waiting = within = abandoned_within = 0
    wait_answered = wait_abandoned = longest = talk = hold = wrap = 0.0
    target = 20.0
    for visit in sorted(visits, key=lambda visit: visit.visit_id):  # one order, so that float sums are reproducible
        entered += 1
        target = visit.target_s
        wait = visit.wait_s or 0.0
        if wait > longest:
            longest = wait
        talk += visit.talk_s
        hold += visit.hold_s
        wrap += visit.wrap_s
        if visit.outcome == "answered":
            answered += 1
            wait_answered += wait
            within += wait <= visit.target_s
        elif visit.outcome == "abandoned":
            abandoned += 1
            wait_abandoned += wait
            short += wait <= visit.short_s
            abandoned_within += wait <= visit.target_s
        elif visit.outcome == "transferred":
            transferred += 1
        elif visit.outcome == "called_back":
            called_back += 1
        else:
            waiting += 1
    return QueueInterval(
        queue,
        channel,
        starts_at,
        interval_s,
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
        longest,
        talk,
        hold,
        wrap,
        target,
    )
