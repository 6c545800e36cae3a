"""Whether planted causes are found, and none where none is: the pipeline's root causes against the simulator's truth.

Per seed two days: one with what is planted (a broken article, a bad node, a team that transfers too much) from ten
o'clock on, looked at one simulated hour later; and the same without, looked at after every slice of the whole day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from rich.console import Console

from benchmarks.meaning.floor import DAY, Slice, followed, slices
from benchmarks.meaning.proportions import Share, table
from journeys.causes import HOUR_MS, RootCause
from journeys.change import Change
from journeys.journey import Signal
from producers.simulator import simulate
from producers.simulator.scenarios import Scenario, planted
from streams import topics

FROM_HOUR = 10.0
WITHIN_HOURS = 1.0
EVERY_S = 60.0

Say = object


class Cause(NamedTuple):
    dimension: str
    value: str


class Standing(NamedTuple):
    """The root causes at a moment."""

    until: int
    rows: list[RootCause]
    """In the order of their rank."""
    emerging: list[Signal]
    """That were new."""


def standings(pieces: Iterator[Slice]) -> Iterator[Standing]:
    """The root causes of the first day after every slice."""
    held: dict[str, Change[RootCause]] = {}
    first = None
    for piece in pieces:
        if first is None:
            first = piece.begins // (24 * HOUR_MS) * 24 * HOUR_MS
        for change in piece.changes(topics.CAUSES, RootCause):
            held[change.id] = change
        rows = [change.payload for change in held.values() if change.payload is not None]
        rows = sorted((row for row in rows if row.day == first), key=lambda row: row.rank)
        signals = piece.payloads(topics.SIGNALS, "signal", Signal)
        yield Standing(piece.until, rows, [signal for signal in signals if signal.kind == "emerging_cause"])


def truth(scenario: Scenario) -> set[Cause]:
    return {
        Cause("article", scenario.broken_article),
        Cause("node", scenario.bad_node),
        Cause("team", scenario.transferring_team),
    }


def top(rows: Sequence[RootCause], count: int) -> list[Cause]:
    """The first so many causes, each once, whatever the events."""
    return list(dict.fromkeys(Cause(row.dimension, row.cause) for row in rows))[:count]
