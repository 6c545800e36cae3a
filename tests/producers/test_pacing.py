from __future__ import annotations

import time

from journeys.touchpoint import Touchpoint
from producers.delivery import Report
from producers.pacing import Progress, play

START = 1_700_000_000_000


class Kept:
    """An outlet that notes when it got what."""

    def __init__(self) -> None:
        self.got: list[tuple[float, str]] = []
        self.flushed = 0

    def publish(self, touchpoint: Touchpoint, /) -> str:
        self.got.append((time.time(), touchpoint.id))
        self.flushed = 0
        return touchpoint.id

    def flush(self, timeout_s: float | None = None) -> bool:
        self.flushed = len(self.got)
        return True

    def report(self) -> Report:
        return Report(len(self.got), self.flushed, 0, ())


def events(*seconds: float) -> list[Touchpoint]:
    return [Touchpoint(START + int(s * 1000), f"e{n}", "queued", "voice", "c1") for n, s in enumerate(seconds)]


def test_events_are_published_when_they_are_due() -> None:
    outlet, began = Kept(), time.time()
    progress: list[Progress] = []
    published = play(events(0, 3, 6, 6), outlet, lambda at: began + (at - START) / 10_000, progress.append)
    assert published == outlet.flushed == 4
    delays = [moment - began for moment, _ in outlet.got]
    for delay, due in zip(delays, (0, 0.3, 0.6, 0.6), strict=True):
        assert due - 0.001 <= delay
    assert delays[-1] < 5
    assert progress[-1] == Progress(4, START + 6000)


def test_without_a_pace_nothing_waits() -> None:
    outlet = Kept()
    assert play(events(0, 1e6), outlet) == outlet.flushed == 2


def test_it_stops_even_while_it_waits_for_an_event_far_off() -> None:
    outlet, began = Kept(), time.time()
    stop = lambda: time.time() - began > 0.2  # noqa: E731
    assert play(events(0, 3600), outlet, lambda at: began + (at - START) / 1000, stop=stop) == 1
    assert time.time() - began < 10
    assert outlet.flushed == 1
