"""Whether planted causes are found: the pipeline's root causes against the simulator's truth.

Per seed one day with what is planted (a broken article, a bad node, a team that transfers too much) from ten o'clock
on, looked at one simulated hour later. An hour needs enough contacts for the rarest of the three, some 150 readers of
one article: 60,000 needs a day have them. Days without any: quiet_days.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from rich.console import Console

from benchmarks.meaning.floor import DAY, Slice, followed, slices
from benchmarks.meaning.proportions import Share, table
from journeys.causes import HOUR_MS, HOURS_A_DAY, RootCause
from journeys.change import Change
from journeys.journey import Signal
from producers.simulator import simulate
from producers.simulator.scenarios import Scenario, planted
from streams import topics

FROM_HOUR = 10.0
LOOKED_AT = 11.0
EVERY_S = 120.0

Say = Callable[[Any], None]


class Cause(NamedTuple):
    dimension: str
    value: str


class Standing(NamedTuple):
    """The root causes at a moment."""

    hour: float
    """Since midnight."""
    rows: list[RootCause]
    """In the order of their rank."""
    emerging: list[Signal]
    """That were new."""


def score(seeds: Sequence[int], size: int, say: Say) -> None:
    progress = Console(stderr=True).print
    days, wanted = len(seeds), 0
    top_three = found = emerged = beside = 0
    for seed in seeds:
        scenario = planted(seed, FROM_HOUR)
        causes = truth(scenario)
        pieces = slices(simulate(seed, DAY, size, scenario=scenario), every_s=EVERY_S)
        in_time = takewhile(lambda piece: hour_of(piece) <= LOOKED_AT, pieces)
        signalled: set[Cause] = set()
        rows: list[RootCause] = []
        for standing in standings(followed(in_time, progress, f"seed {seed}, planted")):
            rows = standing.rows
            signalled.update(Cause(str(one.details["dimension"]), one.cause) for one in standing.emerging)
        best = top(rows, len(causes))
        significant = {Cause(row.dimension, row.cause) for row in rows if row.significant}
        wanted += len(causes)
        top_three += set(best) == causes and causes <= significant
        found += len(causes & significant & set(best))
        emerged += len(causes & signalled)
        beside += bool(significant - causes)
        say(f"seed {seed}, planted: {named(causes)}; top three: {named(best)}")
        say(f"    beyond chance: {named(significant & causes)}; others beyond chance: {named(significant - causes)}")

    say(
        table(
            f"root causes, {size:,} needs a day",
            [
                Share("days whose top three are the planted ones, within the hour", top_three, days),
                Share("planted causes beyond chance and in the top three, within the hour", found, wanted),
                Share("planted causes signalled as emerging, within the hour", emerged, wanted),
                Share("planted days with another cause beyond chance, within the hour", beside, days),
            ],
        )
    )


def standings(pieces: Iterator[Slice]) -> Iterator[Standing]:
    """The root causes of the first day after every slice."""
    held: dict[str, RootCause] = {}
    for piece in pieces:
        changes: list[Change[RootCause]] = piece.changes(topics.CAUSES, "cause", RootCause)
        for change in changes:
            if change.payload is None:
                held.pop(change.id, None)
            elif change.payload.day == midnight():
                held[change.id] = change.payload
        signals = piece.payloads(topics.SIGNALS, "signal", Signal)
        emerging = [signal for signal in signals if signal.kind == "emerging_cause"]
        yield Standing(hour_of(piece), sorted(held.values(), key=lambda row: row.rank), emerging)


def midnight() -> int:
    return (DAY.toordinal() - EPOCH) * HOURS_A_DAY * HOUR_MS


EPOCH = 719_163
"""1 January 1970, as ``date.toordinal`` counts."""


def hour_of(piece: Slice) -> float:
    return (piece.until - midnight()) / HOUR_MS


def truth(scenario: Scenario) -> set[Cause]:
    return {
        Cause("article", scenario.broken_article),
        Cause("node", scenario.bad_node),
        Cause("team", scenario.transferring_team),
    }


def top(rows: Sequence[RootCause], count: int) -> list[Cause]:
    """The first so many causes, each once, whatever the events."""
    return list(dict.fromkeys(Cause(row.dimension, row.cause) for row in rows))[:count]


def named(causes: set[Cause] | list[Cause]) -> str:
    return ", ".join(f"{dimension} {value}" for dimension, value in causes) or "none"
