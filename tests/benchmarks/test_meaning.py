"""The frame in which meaning is scored: a day slice by slice, shares with intervals, the seed rule, the command."""

from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter

import pytest
from rich.console import Console

from benchmarks.meaning.floor import DAY, Floor, followed, slices
from benchmarks.meaning.proportions import Share, table, wilson
from benchmarks.meaning.seeds import NUMBERS
from journeys.journey import Journey, Signal
from producers.simulator import simulate
from streams import topics
from tests.streams.pipeline import Pipeline

SIZE = 150


def test_a_day_in_slices_is_the_day_at_once() -> None:
    touchpoints = list(simulate(1, DAY, SIZE))
    at_once = Pipeline()
    for touchpoint in touchpoints:
        at_once.publish(touchpoint)
    at_once.drain()
    signals: dict[str, Signal] = {}
    journeys: dict[str, Journey] = {}
    for piece in slices(touchpoints):
        for change in piece.changes(topics.SIGNALS, "signal", Signal):
            if change.payload is None or change.deleted:
                signals.pop(change.id, None)
            else:
                signals[change.id] = change.payload
        for journey_change in piece.changes(topics.JOURNEYS, "journey", Journey):
            if journey_change.payload is None or journey_change.deleted:
                journeys.pop(journey_change.id, None)
            else:
                journeys[journey_change.id] = journey_change.payload
    assert signals == at_once.signals() != {}
    assert journeys == at_once.journeys() != {}


def test_a_slice_holds_what_happened_in_it_and_nothing_is_kept() -> None:
    touchpoints = list(simulate(1, DAY, SIZE))
    floor = Floor(partitions=2)
    pieces = list(slices(touchpoints, every_s=60, partitions=2, floor=floor))
    assert sum(piece.touchpoints for piece in pieces) == len(touchpoints)
    times = Counter(touchpoint.at // 60_000 * 60_000 for touchpoint in touchpoints)
    assert {piece.begins: piece.touchpoints for piece in pieces} == times
    for piece in pieces:
        for signal in piece.payloads(topics.SIGNALS, "signal", Signal):
            assert signal.at < piece.until
    assert not any(record.value for log in floor.log.values() for record in log)


def test_progress_is_told_by_the_hour() -> None:
    said: list[str] = []
    touchpoints = list(simulate(1, DAY, SIZE))
    hours = len({(touchpoint.at // 30_000 + 1) * 30_000 // 3_600_000 for touchpoint in touchpoints})
    assert list(followed(slices(touchpoints), said.append, "seed 1"))
    assert len(said) == hours
    assert said[-1].startswith("seed 1: ")


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (0, 10, 0.0, 0.2775), (0, 0, 0.0, 1.0)],
)
def test_wilsons_interval(hits: int, of: int, low: float, high: float) -> None:
    """The first is worked out in Newcombe (1998), Statistics in Medicine 17:857, table I, method 3."""
    assert wilson(hits, of) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_a_table_of_shares() -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(table("drops", [Share("precision", 81, 263), Share("recall", 0, 0)]))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "0.308" in printed
    assert "0.255 to 0.366" in printed
    assert "none" in printed


def test_no_seed_is_of_two_kinds() -> None:
    used = [number for numbers in NUMBERS.values() for number in numbers]
    assert len(used) == len(set(used))


def test_the_command_explains_itself() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.meaning", "--help"], capture_output=True, text=True, check=True
    )
    assert "Example: python -m benchmarks.meaning" in ran.stdout
    bad = subprocess.run([sys.executable, "-m", "benchmarks.meaning", "--seeds", "all"], capture_output=True, text=True)
    assert bad.returncode == 2
    assert "'all'" in bad.stderr
