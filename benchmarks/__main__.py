"""The benchmark's command line: one broker, one input topic, every contestant in turn."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import contestants, events, harness, whole_way
from benchmarks.harness import ContestantFailed, Result, Steady
from benchmarks.whole_way import ALL_STAGES, JOBS, STORED_ROWS, Latencies
from touchpath.embedded_kafka import EmbeddedKafka, EmbeddedKafkaError
from touchpath.maven_jars import JarsUnavailable

INPUT = "bench-input"
WORKERS = (1, 2)
WHOLE = 0.4  # of the events: the full job is some times the counting


def main(
    count: Annotated[int, typer.Option("--events", min=1000, help="Events for the fast contestants.")] = 1_000_000,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Contestants whose name contains this, or `whole` for the full job; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON instead of a table.")] = False,
) -> None:
    """Measure touchpath and its peers at the per-customer counting job, then touchpath's full job, on one broker.

    Example: python -m benchmarks --events 200000 --only Faust --only exactly
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that contestants are stopped, not left behind
    progress = Console(stderr=True)
    results: list[Result] = []
    latencies: Latencies | None = None
    failed = False
    try:
        with tempfile.TemporaryDirectory(prefix="touchpath-bench-") as directory:
            scratch = Path(directory)
            chosen = [
                contestant
                for contestant in contestants.contestants(count, scratch)
                if not only or any(part.lower() in contestant.name.lower() for part in only)
            ]
            with EmbeddedKafka(scratch / "kafka", heap="1g") as kafka:
                if chosen:
                    written = round(max(contestant.events for contestant in chosen) * (1 + harness.BACKLOG))
                    progress.print(f"writing {written:,} events")
                    events.fill(kafka.bootstrap, INPUT, written)
                for contestant in chosen:
                    progress.print(f"{contestant.name}: {contestant.events:,} events")
                    try:
                        results.append(harness.run(contestant, kafka.bootstrap, INPUT, scratch, kafka.pid))
                    except ContestantFailed as error:
                        failed = True
                        progress.print(f"[red]{error}")
                events.delete_topics(kafka.bootstrap, INPUT)
                if not only or "whole" in only:
                    whole = _whole(kafka, round(count * WHOLE), scratch, progress)
                    results.extend(whole.values())
                    try:
                        latencies = _latencies(kafka, whole, scratch, progress)
                    except ValueError as error:  # what was measured before is worth printing
                        failed = True
                        progress.print(f"[red]no latencies: {error}")
    except (EmbeddedKafkaError, JarsUnavailable) as error:
        progress.print(f"[red]{error}")
        raise typer.Exit(1) from None
    if as_json:
        printed = [{**asdict(result), "ratios": ratios(result, results)} for result in results]
        json.dump(
            {"results": printed, "with_identity": with_identity(results), "latencies": latencies and asdict(latencies)},
            sys.stdout,
            indent=2,
        )
        print()
    else:
        console = Console(width=max(Console().width, 170))
        console.print(table(results))
        for job, over in with_identity(results).items():
            console.print(f"{job}, identity on over off: events/s {over['events/s']:.2f}, CPU {over['CPU']:.2f}")
        if latencies:
            console.print(latency_table(latencies))
    if failed:
        raise typer.Exit(1)


Runs = dict[tuple[str, int, bool], Result]
"""By job, workers, and whether with identity."""


def _whole(kafka: EmbeddedKafka, count: int, scratch: Path, progress: Console) -> Runs:
    """The full job, at its fastest."""
    progress.print("the broker warms up")
    whole_way.run(kafka, ALL_STAGES, count // 4, WORKERS[-1], True, scratch / "warm-up")
    runs: Runs = {}
    for job in JOBS:
        for workers in WORKERS:
            for identity in (False, True):  # one after the other, since the machine may change in the course of a run
                progress.print(f"{whole_way.name_of(job, workers, identity)}: {count:,} touchpoints")
                runs[job, workers, identity] = whole_way.run(kafka, job, count, workers, identity, scratch)
    return runs


def _latencies(kafka: EmbeddedKafka, runs: Runs, scratch: Path, progress: Console) -> Latencies:
    """At half of the most that reaches rows. Raises ValueError if it was too much all the same."""
    workers = max(WORKERS, key=lambda number: runs[STORED_ROWS, number, True].steady.events_per_second)
    rate = runs[STORED_ROWS, workers, True].steady.events_per_second / 2
    progress.print(f"latencies at {rate:,.0f} touchpoints/s")
    return whole_way.latencies(kafka, rate, workers, scratch)


def with_identity(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    """By job, what identity leaves of the events per second, each the better of its runs, and what it takes of CPU in
    workers, sink and broker, an event, the least of its runs."""
    found = {}
    for job in JOBS:
        on, off = (
            [result.steady for result in results if result.name in names]
            for names in ([whole_way.name_of(job, workers, on) for workers in WORKERS] for on in (True, False))
        )
        if on and off:
            found[job] = {
                "events/s": max(one.events_per_second for one in on) / max(one.events_per_second for one in off),
                "CPU": min(map(_cpu_us, on)) / min(map(_cpu_us, off)),
            }
    return found


def _cpu_us(steady: Steady) -> float:
    return steady.cpu_us_per_event + steady.broker_cpu_us_per_event


def latency_table(latencies: Latencies) -> Table:
    """From when a touchpoint was due to be published, in ms."""
    printed = Table(title=f"latency at {latencies.rate:,.0f} touchpoints/s, half of the most that reaches rows")
    for title in ("to", "p50 ms", "p99 ms", "seen", "not seen", "touchpoints/s"):
        printed.add_column(title, justify="right" if title != "to" else "left")
    for name, found in (
        ("its signal", latencies.signal),
        ("its row", latencies.row),
        ("the visit joining its customer", latencies.join),
    ):
        printed.add_row(
            name, f"{found.p50_ms:.0f}", f"{found.p99_ms:.0f}", str(found.seen), str(found.unseen), f"{found.rate:,.0f}"
        )
    return printed


def ratios(result: Result, results: Sequence[Result]) -> dict[str, float]:
    """Events per second of `result` over those of the references that ran, each the better of its runs."""
    references = {
        "Kafka Streams exactly once": contestants.KAFKA_STREAMS_EXACTLY_ONCE,
        "Kafka Streams at least once": contestants.KAFKA_STREAMS_AT_LEAST_ONCE,
        "stock Faust": contestants.FAUST,
    }
    found = {}
    for label, names in references.items():
        best = max((other.steady.events_per_second for other in results if other.name in names), default=0.0)
        if best:
            found[label] = result.steady.events_per_second / best
    return found


def table(results: Sequence[Result]) -> Table:
    """The results as a table, ratios last."""
    printed = Table(title="per-customer counting, one broker, steady state")
    printed.add_column("contestant", no_wrap=True)
    for title in ("events/s", "CPU µs/event", "broker µs/event", "peak MB", "first output s", "wrong", "others' cores",
                  "over KS exactly once", "over KS at least once", "over Faust"):  # fmt: skip
        printed.add_column(title, justify="right", min_width=8)
    for result in results:
        over = ratios(result, results)
        printed.add_row(
            result.name,
            f"{result.steady.events_per_second:,.0f}",
            f"{result.steady.cpu_us_per_event:.1f}",
            f"{result.steady.broker_cpu_us_per_event:.1f}",
            f"{result.steady.peak_rss_mb:.0f}",
            f"{result.steady.first_output_s:.1f}",
            "-" if result.wrong_customers is None else str(result.wrong_customers),
            f"{result.steady.other_cores:.1f}",
            *(
                f"{over[label]:.2f}" if label in over else "-"
                for label in ("Kafka Streams exactly once", "Kafka Streams at least once", "stock Faust")
            ),
        )
    return printed


if __name__ == "__main__":
    typer.run(main)
