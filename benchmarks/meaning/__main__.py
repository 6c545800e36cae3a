"""Score what the pipeline makes of simulated days; see the package's docstring."""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Protocol, cast

import typer
from rich.console import Console

from benchmarks.meaning.seeds import NUMBERS
from benchmarks.seeds import Seeds

Say = Callable[[Any], None]
"""Prints a line, or a rich table (benchmarks.meaning.proportions.table), of results."""


class Scorer(Protocol):
    """A module of this package that scores one thing: runs the days of ``seeds``, with ``size`` needs each, and says
    what came out, with intervals. How far it is goes to standard error (``floor.followed``).
    """

    def score(self, seeds: Sequence[int], size: int, say: Say) -> None: ...


class Only(StrEnum):
    CAUSES = "causes"
    QUIET = "quiet"
    NEXT = "next"
    SENTIMENT = "sentiment"


MODULES = {Only.CAUSES: "causes", Only.QUIET: "quiet_days", Only.NEXT: "next_step", Only.SENTIMENT: "sentiment"}


def main(
    only: Annotated[Only | None, typer.Option("--only", help="Score this alone; else all there is.")] = None,
    seeds: Annotated[Seeds, typer.Option("--seeds", help="Which: benchmarks/meaning/seeds.py.")] = Seeds.BUILDING,
    size: Annotated[int, typer.Option("--size", min=1, help="Customers' needs a day.")] = 20_000,
    first: Annotated[int | None, typer.Option("--first", min=1, help="Only the first so many of the seeds.")] = None,
) -> None:
    """Score root causes, next steps and drops of mood on simulated days whose truth is known.

    Seeds are the building ones unless asked otherwise: the scoring ones are for what is settled.

    Example: python -m benchmarks.meaning --only causes --seeds building --first 3 --size 20000
    """
    chosen = list(NUMBERS[seeds])[:first]
    console = Console(width=max(Console().width, 120))
    progress = Console(stderr=True)
    for which in Only if only is None else [only]:
        scorer = scorer_of(which)
        if scorer is None:
            progress.print(f"{which}: there is no scorer for it (benchmarks/meaning/{MODULES[which]}.py)")
            continue
        progress.print(f"{which}: {seeds} seeds {chosen[0]} to {chosen[-1]}, {size:,} needs a day")
        started = time.monotonic()
        scorer.score(chosen, size, console.print)
        progress.print(f"{which}: {time.monotonic() - started:.0f} s")


def scorer_of(which: Only) -> Scorer | None:
    name = f"benchmarks.meaning.{MODULES[which]}"
    if importlib.util.find_spec(name) is None:
        return None
    return cast(Scorer, importlib.import_module(name))


if __name__ == "__main__":
    typer.run(main)
