"""What each stage takes of the processor and writes, in memory: no broker, no disk.

    python -m benchmarks.stages --events 100000
    python -m benchmarks.stages --events 100000 --before ../before --workload live

The touchpoints are those of benchmarks.before. Stages are fed in turns as by a worker with a backlog, so that what is
printed says where a worker's time goes but for what transactions, RocksDB and the broker take.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.feeding import KEY, PARTITIONS, Figures, Took
from benchmarks.workloads import Workload, traffic
from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms
from journeys.renewal import Edge
from journeys.sentiment import Scorer
from journeys.settings import DEFAULTS
from journeys.touchpoint import Touchpoint, encode


def main(
    events: Annotated[int, typer.Option(min=1000, help="Touchpoints.")] = 100_000,
    before: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Another checkout, measured beside this one.")
    ] = None,
    workload: Annotated[Workload, typer.Option(help="What is taken: benchmarks/workloads.py.")] = Workload.DAY,
    most: Annotated[int, typer.Option(min=1, help="Touchpoints a batch.")] = 1_500,
    rate: Annotated[float, typer.Option(min=1, help="Touchpoints a second, by which stages linger.")] = 6_000,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each, in turn; of each batch the least time counts.")] = 1,
) -> None:
    """CPU µs a touchpoint by stage, with its changelog's entries and bytes, and the messages and bytes by topic.

    Example: python -m benchmarks.stages --events 100000 --before ../before
    """
    checkouts = {"now": Path.cwd()} if before is None else {"before": before.resolve(), "now": Path.cwd()}
    found: dict[str, list[Figures]] = {name: [] for name in checkouts}
    with tempfile.TemporaryDirectory(prefix="touchpath-stages-") as scratch:
        path = Path(scratch) / "touchpoints.msgpack"
        made = traffic(workload, events)
        edge = Edge(Pseudonyms([KEY], DEFAULTS), Scorer(DEFAULTS))
        parts = [_arrived(edge, part) for part in made]
        path.write_bytes(msgspec.msgpack.encode(parts))
        for number in range(rounds):
            for name, directory in list(checkouts.items())[:: 1 if number % 2 == 0 else -1]:
                found[name].append(_fed(directory, path, most, rate))
    _print({name: _least(runs) for name, runs in found.items()}, workload, events)


def _arrived(edge: Edge, touchpoints: list[Touchpoint]) -> list[tuple[int, bytes, bytes]]:
    """Partition, key and event of each, as a publisher leaves them."""
    found: list[tuple[int, bytes, bytes]] = []
    for touchpoint in touchpoints:
        renewing, hidden = edge.hidden(touchpoint)
        found += [_record(one) for one in (*renewing, hidden)]
    return found


def _record(touchpoint: Touchpoint) -> tuple[int, bytes, bytes]:
    key = touchpoint.contact_id.encode()
    return partition_of(key, PARTITIONS), key, encode(touchpoint)


def _fed(checkout: Path, path: Path, most: int, rate: float) -> Figures:
    feeding = Path(__file__).with_name("feeding.py")
    argv = [sys.executable, str(feeding), str(path), str(most), str(rate)]
    env = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONHASHSEED": "0"}
    done = subprocess.run(argv, cwd=checkout, env=env, check=True, stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout, type=Figures)


def _least(runs: list[Figures]) -> Figures:
    """What was written is the same in each; of the time that each batch took, the least: the machine may be busy."""
    first = runs[0]
    for name, took in first.stages.items():
        took.cpu_s = list(map(min, zip(*(run.stages[name].cpu_s for run in runs), strict=True)))
    return first


def _print(found: dict[str, Figures], workload: Workload, events: int) -> None:
    console = Console(width=max(Console().width, 120))
    stages = Table(title=f"{workload}: {events:,} touchpoints; of each")
    for title in ("stage", "checkout", "CPU µs", "records in", "entries kept", "bytes kept", "batches in all"):
        stages.add_column(title, justify="left" if title in ("stage", "checkout") else "right")
    for stage in dict.fromkeys(stage for figures in found.values() for stage in figures.stages):
        for name, figures in found.items():
            if stage in figures.stages:
                stages.add_row(stage, name, *_row(figures.stages[stage], events))
    for name, figures in found.items():
        total = Took()
        for took in figures.stages.values():
            for field in Took.__struct_fields__:
                setattr(total, field, getattr(total, field) + getattr(took, field))
        stages.add_row("all", name, *_row(total, events), style="bold")
    console.print(stages)
    told = Table(title="written to topics, of each touchpoint")
    for title in ("topic", *(f"{what}, {name}" for name in found for what in ("messages", "bytes"))):
        told.add_column(title, justify="left" if title == "topic" else "right")
    for topic in sorted({topic for figures in found.values() for topic in figures.topics}):
        told.add_row(topic, *_told([figures.topics.get(topic, (0, 0)) for figures in found.values()], events))
    sums = [tuple(map(sum, zip(*figures.topics.values(), strict=True))) for figures in found.values()]
    told.add_row("all", *_told([(count, size) for count, size in sums], events), style="bold")
    console.print(told)


def _row(took: Took, events: int) -> tuple[str, ...]:
    figures = (sum(took.cpu_s) * 1e6, took.records, took.entries, took.entry_bytes)
    return (*(f"{figure / events:,.2f}" for figure in figures), f"{len(took.cpu_s):,}")


def _told(figures: list[tuple[int, int]], events: int) -> list[str]:
    return [f"{figure / events:,.3f}" if not number else f"{figure / events:,.0f}"
            for pair in figures for number, figure in enumerate(pair)]  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
