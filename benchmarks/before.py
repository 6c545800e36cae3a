"""The full job as another checkout does it, such as one of an earlier commit, and as this one does, side by side.

    git worktree add ../before <commit>
    python -m benchmarks.before ../before --events 100000
    python -m benchmarks.before ../before --events 100000 --workload live

The same touchpoints, from this checkout's simulator, go to both in turn, each on a broker of its own, so that neither
meets what the other left. A checkout is driven by its own commands (migrate, worker, sink): any that has these will do.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Annotated, NamedTuple

import typer
from kafka import TopicPartition
from rich.console import Console
from rich.table import Table

from benchmarks.harness import WARM_UP, cpu_s
from benchmarks.whole_way import JOBS, PARTITIONS, STORED_ROWS, TOUCHPATH, environment, fill, running
from benchmarks.workloads import Traffic, Workload, traffic
from streams import topics
from touchpath.brokers import Brokers, Offsets
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.problem import Problem
from touchpath.worker import APP_ID

_QUIET_S = 3.0
"""Nothing was committed for as long: all is done, and was when the last commit came."""
_GROUPS = "touchpath"


class Run(NamedTuple):
    events_per_second: float
    cpu_us_per_event: float
    """Of workers and sink; the broker not included."""


def main(
    before: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The other checkout's directory.")],
    events: Annotated[int, typer.Option(min=1000, help="Touchpoints a run.")] = 100_000,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each; medians are compared.")] = 3,
    workers: Annotated[int, typer.Option(min=1)] = 1,
    workload: Annotated[Workload, typer.Option(help="What is taken: benchmarks/workloads.py.")] = Workload.DAY,
    only: Annotated[str, typer.Option(help=f"One job of these: {', '.join(JOBS)}.")] = "",
) -> None:
    """Measure the full job in another checkout and in this one, in turn, and print the ratios.

    Example: python -m benchmarks.before ../before --events 100000 --rounds 3
    """
    if only and only not in JOBS:
        raise typer.BadParameter(f"--only: there are {', '.join(JOBS)} (got {only!r})")
    jobs = (only,) if only else JOBS
    progress = Console(stderr=True)
    progress.print(f"{events:,} touchpoints of the workload {workload} are made")
    made = traffic(workload, events)
    checkouts = {"before": before.resolve(), "now": Path.cwd()}
    runs: dict[tuple[str, str], list[Run]] = {(job, name): [] for job in jobs for name in checkouts}
    for number in range(rounds):
        # The order changes from round to round: the machine may be another at its end.
        order = list(checkouts.items())[:: 1 if number % 2 == 0 else -1]
        for job in jobs:
            for name, directory in order:
                found = _run(directory, job, made, workers)
                runs[job, name].append(found)
                progress.print(f"round {number + 1}, {job}, {name}: {found.events_per_second:,.0f} touchpoints/s")
    _print(runs, workload, events)


def _print(runs: dict[tuple[str, str], list[Run]], workload: Workload, events: int) -> None:
    table = Table(title=f"{workload}: {events:,} touchpoints, medians")
    for title in ("job", "checkout", "touchpoints/s", "CPU µs/touchpoint", "runs"):
        table.add_column(title)
    for (job, name), those in runs.items():
        rates = ", ".join(f"{run.events_per_second:,.0f}" for run in those)
        table.add_row(job, name, f"{_rate(those):,.0f}", f"{_cpu(those):.0f}", rates)
    console = Console(width=max(Console().width, 120))
    console.print(table)
    for job in dict.fromkeys(job for job, _ in runs):
        then, now = runs[job, "before"], runs[job, "now"]
        console.print(
            f"{job}, now over before: touchpoints/s {_rate(now) / _rate(then):.2f}, CPU {_cpu(now) / _cpu(then):.2f}"
        )


def _rate(runs: Sequence[Run]) -> float:
    return median(run.events_per_second for run in runs)


def _cpu(runs: Sequence[Run]) -> float:
    return median(run.cpu_us_per_event for run in runs)


def _run(checkout: Path, job: str, made: Traffic, workers: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="touchpath-before-") as scratch:
        data = Path(scratch) / "data"
        with EmbeddedKafka(Path(scratch) / "kafka", heap="1g") as kafka, Brokers(kafka.bootstrap) as brokers:
            here = ["--bootstrap", kafka.bootstrap, "--data", str(data)]
            migrate = [*TOUCHPATH, "migrate", *here, "--partitions", str(PARTITIONS)]
            subprocess.run(migrate, cwd=checkout, env=environment(), check=True, stdout=subprocess.DEVNULL)
            commands = [[*TOUCHPATH, "worker", *here, "--name", f"worker-{number}"] for number in range(1, workers + 1)]
            if job == STORED_ROWS:
                commands.append([*TOUCHPATH, "sink", *here])
            if made.earlier:
                fill(kafka.bootstrap, made.earlier)
                with running(commands, checkout) as process:
                    _measure(brokers, process, 0, len(made.earlier))
            fill(kafka.bootstrap, made.measured)
            with running(commands, checkout) as process:
                return _measure(brokers, process, len(made.earlier), len(made.measured))


def _measure(brokers: Brokers, process: subprocess.Popen[bytes], before: int, events: int) -> Run:
    """Of the ``events`` after those ``before``: from a tenth of them, when everything has started, to the last commit
    of any group."""
    inputs = [TopicPartition(topics.TOUCHPOINTS, partition) for partition in range(PARTITIONS)]
    committed: dict[str, Offsets] = {}
    begun = began_with = cpu = 0.0
    changed_at = time.monotonic()
    while True:
        if process.poll() is not None:
            raise RuntimeError(f"ended early with status {process.returncode}")
        found = _committed(brokers)
        now = time.monotonic()
        if found != committed:
            committed, changed_at = found, now
        done = sum(committed.get(APP_ID, {}).get(place, 0) for place in inputs) - before
        if not begun and done >= WARM_UP * events:
            begun, began_with, cpu = now, done, cpu_s(process.pid)
        if done >= events and now - changed_at > _QUIET_S:
            break
        if now - changed_at > 120:
            raise RuntimeError(f"nothing has moved for 120 s: {done} of {events} taken")
        time.sleep(0.05)
    measured = events - began_with
    return Run(measured / (changed_at - begun), (cpu_s(process.pid) - cpu) / measured * 1e6)


def _committed(brokers: Brokers) -> dict[str, Offsets]:
    try:
        return {group: brokers.committed(group) for group in brokers.groups() if group.startswith(_GROUPS)}
    except Problem:  # a broker just started has no group coordinator yet
        return {}


if __name__ == "__main__":
    typer.run(main)
