"""Hands events on at the pace at which they happened, or a multiple of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from producers.delivery import Event, Outlet

_TICK_S = 0.05
_FLUSH_S = 0.1
_PROGRESS_S = 0.2


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    published: int
    at: int
    """Time of the newest event published (ms UTC; 0: none yet)."""
    total: int | None = None
    """How many there will be, as far as that can be told; none: there is no end."""


OnProgress = Callable[[Progress], None]
Stop = Callable[[], bool]
Due = Callable[[int], float]
"""When, on the wall clock (seconds since the epoch), an event that happened at a time (ms) is to be published."""
Played = TypeVar("Played", bound=Event)


def play(
    events: Iterable[Played],
    outlet: Outlet[Played],
    due: Due | None = None,
    on_progress: OnProgress | None = None,
    stop: Stop = lambda: False,
) -> int:
    """Publish ``events`` (sorted by time) and return how many; ends early when ``stop()`` turns true.

    due: none: each at once. ``on_progress`` is called a few times a second and at the end.
    """
    published = at = 0
    reported = flushed = time.monotonic()
    for event in events:
        if due is not None:
            delay = due(event.at) - time.time()
            if delay > 0:
                if time.monotonic() - flushed > _FLUSH_S:
                    outlet.flush()
                    flushed = time.monotonic()
                while delay > 0 and not stop():
                    time.sleep(min(delay, _TICK_S))
                    delay = due(event.at) - time.time()
        if stop():
            break
        outlet.publish(event)
        published += 1
        at = event.at
        if on_progress and time.monotonic() - reported >= _PROGRESS_S:
            reported = time.monotonic()
            on_progress(Progress(published, at))
    outlet.flush()
    if on_progress:
        on_progress(Progress(published, at))
    return published
