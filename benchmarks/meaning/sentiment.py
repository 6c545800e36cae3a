"""Sudden drops of mood: which of those planted are found, and which of those found were planted.

A day goes through the real topology. A planted drop is found if its contact has a `sentiment_drop` signal at the first
thing said in anger, or at the next thing that the customer said (then it was found late); each signal finds one drop at
most. What stands in the end counts: a signal that later words took back is none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console

from benchmarks.meaning.floor import DAY, followed, slices
from benchmarks.meaning.proportions import Share, table
from journeys.change import Change
from journeys.journey import Signal
from journeys.sentiment import is_customers
from journeys.touchpoint import Touchpoint
from producers.simulator import Drop, Need, simulate, truth
from streams import topics

KIND = "sentiment_drop"


class Outcome(NamedTuple):
    planted: int
    found: int
    late: int
    """Of those found, at the next thing said."""
    told: int
    """Signals, true or not."""
    contacts: int
    """In which the customer said anything."""


def score(seeds: Sequence[int], size: int, say: Callable[[Any], None]) -> None:
    """Print precision and recall over the days of ``seeds``, all of them and by channel."""
    progress = Console(stderr=True)
    total: dict[str, Outcome] = {}
    for seed in seeds:
        for channel, outcome in day(seed, size, progress.print).items():
            known = total.get(channel, Outcome(0, 0, 0, 0, 0))
            total[channel] = Outcome(*map(sum, zip(known, outcome, strict=True)))
    every = Outcome(*map(sum, zip(*total.values(), strict=True)))
    days = f"{len(seeds)} days of {size:,} needs, {every.contacts:,} contacts with sentiment"
    rows = [*shares("all", every), *(row for name, one in sorted(total.items()) for row in shares(name, one))]
    say(table(f"sudden drops of mood: {days}", rows))


def shares(name: str, outcome: Outcome) -> Iterable[Share]:
    if outcome.planted or outcome.told:
        yield Share(f"{name}: precision", outcome.found, outcome.told)
        yield Share(f"{name}: recall", outcome.found, outcome.planted)
        yield Share(f"{name}: recall at the first words", outcome.found - outcome.late, outcome.planted)


def day(seed: int, size: int, progress: Callable[[str], None]) -> Mapping[str, Outcome]:
    """What came of one day, by channel."""
    spoken: dict[str, list[Touchpoint]] = defaultdict(list)

    def heard() -> Iterable[Touchpoint]:
        for touchpoint in simulate(seed, DAY, size):
            attributes = touchpoint.attributes
            if ("text" in attributes or "sentiment" in attributes) and is_customers(attributes):
                spoken[touchpoint.contact_id].append(touchpoint)
            yield touchpoint

    newest: dict[str, Change[Signal]] = {}
    for piece in followed(slices(heard()), progress, f"seed {seed}"):
        for change in piece.changes(topics.SIGNALS, "signal", Signal):
            if change.id.startswith(KIND) and (change.id not in newest or newest[change.id].version < change.version):
                newest[change.id] = change
    told = [change.payload for change in newest.values() if change.payload is not None and not change.deleted]
    return outcomes(truth(seed, DAY, size), told, spoken)


def outcomes(
    needs: Iterable[Need], told: Sequence[Signal], spoken: Mapping[str, Sequence[Touchpoint]]
) -> dict[str, Outcome]:
    """By channel, of drops planted and signals ``told``; ``spoken``: what the customer said, by contact, in order."""
    channels = {contact_id: said[0].channel for contact_id, said in spoken.items()}
    signals: dict[str, set[int]] = defaultdict(set)
    for signal in told:
        signals[signal.contact_id].add(signal.at)
    counts: dict[str, Counter[str]] = {channel: Counter() for channel in channels.values()}
    for channel in channels.values():
        counts[channel]["contacts"] += 1
    for signal in told:
        counts[channels[signal.contact_id]]["told"] += 1
    for drop in (drop for need in needs for drop in need.drops):
        count = counts[channels[drop.contact_id]]
        count["planted"] += 1
        for late, at in enumerate(_moments(drop, spoken[drop.contact_id])):
            if at in signals[drop.contact_id]:
                signals[drop.contact_id].remove(at)
                count["found"] += 1
                count["late"] += late
                break
    return {channel: Outcome(*(count[name] for name in Outcome._fields)) for channel, count in counts.items()}


def _moments(drop: Drop, said: Sequence[Touchpoint]) -> list[int]:
    """When it may be found: at the first thing said in anger, or at the next."""
    return [touchpoint.at for touchpoint in said if touchpoint.at >= drop.at][:2]
