"""What the embedded broker's ahead-of-time cache saves: starts from it and without it, in turn, each on no data.

python -m benchmarks.broker --rounds 5
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from touchpath.embedded_kafka import EmbeddedKafka

_WAYS = {"without": "-XX:AOTMode=off", "from the cache": "-XX:AOTMode=auto"}
_JAVA = "JDK_JAVA_OPTIONS"


def main(rounds: Annotated[int, typer.Option(min=1, help="Starts of each; medians are compared.")] = 5) -> None:
    """Seconds until a new broker answers, and the CPU of its start and end, from the cache and without it.

    Example: python -m benchmarks.broker --rounds 5
    """
    _took()  # makes the cache, if need be
    runs: dict[str, list[tuple[float, float]]] = {way: [] for way in _WAYS}
    for _ in range(rounds):
        for way, option in _WAYS.items():
            os.environ[_JAVA] = option
            runs[way].append(_took())
    table = Table(title=f"a broker's start, median of {rounds}")
    for title in ("start", "seconds", "CPU seconds, start and end"):
        table.add_column(title)
    found = {way: (median(s for s, _ in those), median(cpu for _, cpu in those)) for way, those in runs.items()}
    for way, (seconds, cpu) in found.items():
        table.add_row(way, f"{seconds:.2f}", f"{cpu:.2f}")
    console = Console()
    console.print(table)
    (slow, much), (fast, little) = found.values()
    console.print(f"from the cache over without: seconds {fast / slow:.2f}, CPU {little / much:.2f}")


def _took() -> tuple[float, float]:
    before = _cpu_s()
    with tempfile.TemporaryDirectory(prefix="touchpath-broker-") as data:
        began = time.monotonic()
        with EmbeddedKafka(Path(data)):
            seconds = time.monotonic() - began
    return seconds, _cpu_s() - before


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    typer.run(main)
