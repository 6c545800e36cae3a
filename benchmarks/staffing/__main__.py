"""Judge staffing on simulated days with planted surges; see the package's docstring."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from benchmarks.seeds import Seeds
from benchmarks.staffing.score import EVERY_S, TOUCHPATH, Judged, Score, again, score
from benchmarks.staffing.seeds import NUMBERS
from benchmarks.staffing.tables import tables
from benchmarks.staffing.world import World
from producers.simulator.floor.centre import CENTRE
from producers.simulator.floor.surges import Kind

Job = tuple[Kind, int, bool]
"""Scenario, seed, and whether journeys bring contacts."""


def main(
    seeds: Annotated[Seeds, typer.Option("--seeds", help="Which: benchmarks/staffing/seeds.py.")] = Seeds.BUILDING,
    first: Annotated[int | None, typer.Option("--first", min=1, help="Only the first so many of the seeds.")] = None,
    only: Annotated[list[Kind] | None, typer.Option("--only", help="Only these scenarios; repeatable.")] = None,
    without_journeys: Annotated[
        bool, typer.Option("--without-journeys/--with-journeys-only", help="Also days on which journeys bring nothing.")
    ] = True,
    judged: Annotated[Judged, typer.Option("--judged", help="Pages alone take a fifth of the time.")] = Judged.ALL,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 1,
    kept: Annotated[
        Path | None,
        typer.Option("--kept", help="Keeps days' scores: they are not run again. Of one state of the program."),
    ] = None,
    anew: Annotated[
        bool,
        typer.Option("--touchpath-anew", help="Of days that --kept has, live touchpath's way again, the others not."),
    ] = False,
    every: Annotated[
        float, typer.Option("--every", min=60, help="Seconds: how often touchpath is asked for moves.")
    ] = EVERY_S,
) -> None:
    """Score pages, lead times and the closed loop on simulated days whose truth is known; a day takes minutes.

    Seeds are the building ones unless asked otherwise: the scoring ones are for what is settled.

    Example: python -m benchmarks.staffing --seeds building --first 3 --only incident --kept /tmp/scores.jsonl
    """
    chosen = list(NUMBERS[seeds])[:first]
    kinds = only or list(Kind)
    jobs: list[Job] = [
        (kind, seed, journeys)
        for seed in chosen
        for journeys in ((True, False) if without_journeys and judged != Judged.PAGES else (True,))
        for kind in kinds
    ]
    if anew and kept is None:
        raise typer.BadParameter("expected --kept with the days' other ways", param_hint="--touchpath-anew")
    progress = Console(stderr=True)
    progress.print(f"{seeds} seeds {chosen[0]} to {chosen[-1]}, {', '.join(kinds)}: {len(jobs)} days")
    scores = []
    for number, one in enumerate(_scores(jobs, workers, kept, judged, anew, every), 1):
        scores.append(one)
        told = f"{one.scenario} of seed {one.seed}{'' if one.journeys else ', without journeys'}"
        progress.print(f"{time.strftime('%H:%M:%S')} {number} of {len(jobs)}: {told}")
    scores.sort(key=lambda one: (one.scenario, one.seed))
    console = Console(width=max(Console().width, 160))
    for table in tables(scores):
        console.print(table)


def _scores(
    jobs: list[Job], workers: int, kept: Path | None, judged: Judged, anew: bool, every_s: float
) -> Iterator[Score]:
    """Those that are known first, then as they come; of known ones, ``anew``, touchpath's way again."""
    known = {job: one for job, one in _known(kept).items() if judged == Judged.PAGES or TOUCHPATH in one.answered}
    if not anew:
        yield from (known[job] for job in jobs if job in known)
    with ProcessPoolExecutor(workers) as pool:
        found = [pool.submit(_again, known[job], every_s) for job in jobs if job in known] if anew else []
        new = {pool.submit(_run, *job, judged, every_s) for job in jobs if job not in known}
        for future in as_completed([*found, *new]):
            one = future.result()
            if kept is not None and future in new:
                with kept.open("ab") as file:
                    file.write(msgspec.json.encode(one) + b"\n")
            yield one


def _known(kept: Path | None) -> dict[Job, Score]:
    if kept is None or not kept.exists():
        return {}
    scores = [msgspec.json.decode(line, type=Score) for line in kept.read_bytes().splitlines()]
    return {(one.scenario, one.seed, one.journeys): one for one in scores}


def _run(kind: Kind, seed: int, journeys: bool, judged: Judged, every_s: float) -> Score:
    return score(_world(journeys), kind, seed, journeys, judged, every_s)


def _again(known: Score, every_s: float) -> Score:
    return again(_world(known.journeys), known, every_s)


@lru_cache(maxsize=2)
def _world(journeys: bool) -> World:
    return World(CENTRE if journeys else replace(CENTRE, after_unresolved={}))


if __name__ == "__main__":
    typer.run(main)
