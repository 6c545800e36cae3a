"""Whether planted causes are found, and none where none is: the pipeline's root causes against the simulator's truth.

Per seed two days: one with what is planted (a broken article, a bad node, a team that transfers too much) from ten
o'clock on, looked at one simulated hour later; and the same without, looked at after every slice until midnight. An
hour needs enough contacts for the rarest of the three, some 150 readers of one article: 60,000 needs a day have them.
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
    planted_found, top_three, emerged, false_beside = 0, 0, 0, 0
    quiet_days, silent_days = 0, 0
    for seed in seeds:
        scenario = planted(seed, FROM_HOUR)
        wanted = truth(scenario)
        pieces = slices(simulate(seed, DAY, size, scenario=scenario), every_s=EVERY_S)
        signalled: set[Cause] = set()
        rows: list[RootCause] = []
        in_time = takewhile(lambda piece: hour_of(piece) <= LOOKED_AT, pieces)
        for standing in standings(followed(in_time, progress, f"seed {seed}, planted")):
            rows = standing.rows
            signalled.update(Cause(str(one.details["dimension"]), one.cause) for one in standing.emerging)
        best = top(rows, len(wanted))
        found = wanted & {Cause(row.dimension, row.cause) for row in rows if row.significant}
        others = {Cause(row.dimension, row.cause) for row in rows if row.significant} - wanted
        planted_found += len(found & set(best))
        top_three += set(best) == wanted and found == wanted
        emerged += len(wanted & signalled)
        false_beside += bool(others)
        say(f"seed {seed}, planted: {named(wanted)}; top three: {named(best)}; others beyond chance: {named(others)}")

        whole = slices(simulate(seed, DAY, size), every_s=EVERY_S)
        false: dict[tuple[str, ...], float] = {}
        false_signals: list[str] = []
        for hour, rows, emerging in standings(followed(whole, progress, f"seed {seed}, nothing planted")):
            for row in rows:
                if row.significant:
                    false.setdefault((row.event, row.dimension, row.cause), hour)
            false_signals += [one.signal_id for one in emerging]
        quiet_days += not false
        silent_days += not false_signals
        say(f"seed {seed}, nothing planted: ever beyond chance: {false or 'none'}; signals: {false_signals or 'none'}")
    days = len(seeds)
    causes = 3 * days
    say(
        table(
            f"root causes, {size:,} needs a day",
            [
                Share("days whose top three are the planted ones, within the hour", top_three, days),
                Share("planted causes beyond chance and in the top three, within the hour", planted_found, causes),
                Share("planted causes signalled as emerging, within the hour", emerged, causes),
                Share("planted days with another cause beyond chance, within the hour", false_beside, days),
                Share("days without any that never had one beyond chance", quiet_days, days),
                Share("days without any that signalled none", silent_days, days),
            ],
        )
    )


def standings(pieces: Iterator[Slice]) -> Iterator[Standing]:
    """The root causes of the first day after every slice."""
    held: dict[str, RootCause] = {}
    for piece in pieces:
        changes: list[Change[RootCause]] = piece.changes(topics.CAUSES, RootCause)
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
