"""Whether no root cause is found on a day that has none: looked at after every slice of it until midnight."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from benchmarks.meaning.causes import EVERY_S, Say, standings
from benchmarks.meaning.floor import DAY, followed, slices
from benchmarks.meaning.proportions import Share, table
from producers.simulator import simulate


def score(seeds: Sequence[int], size: int, say: Say) -> None:
    progress = Console(stderr=True).print
    days = len(seeds)
    quiet = silent = 0
    for seed in seeds:
        pieces = slices(simulate(seed, DAY, size), every_s=EVERY_S)
        named_at: dict[str, float] = {}
        signals: list[str] = []
        for standing in standings(followed(pieces, progress, f"seed {seed}, nothing planted")):
            for row in standing.rows:
                if row.significant:
                    named_at.setdefault(f"{row.event} after {row.dimension} {row.cause}", round(standing.hour, 2))
            signals += [one.signal_id for one in standing.emerging]
        quiet += not named_at
        silent += not signals
        say(f"seed {seed}, nothing planted: ever beyond chance: {named_at or 'none'}; signals: {signals or 'none'}")
    say(
        table(
            f"days without planted causes, {size:,} needs a day",
            [
                Share("days that never had a root cause beyond chance", quiet, days),
                Share("days that signalled none", silent, days),
            ],
        )
    )
