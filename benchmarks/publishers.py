"""The two publishers side by side on one broker: `python -m benchmarks.publishers`."""

from __future__ import annotations

import itertools
import secrets
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from journeys.pseudonyms import KEY_BYTES, Pseudonyms
from journeys.settings import DEFAULTS
from journeys.touchpoint import Touchpoint
from producers.bulk import BulkPublisher
from producers.publisher import Publisher
from producers.simulator import simulate
from touchpath.brokers import Brokers
from touchpath.embedded_kafka import EmbeddedKafka

PARTITIONS = 4


def main(
    events: Annotated[
        int, typer.Option(min=1000, help="Touchpoints for the bulk publisher; a tenth for the other.")
    ] = 300_000,
) -> None:
    """Publish a simulated day's touchpoints through each publisher, until the broker has acknowledged all.

    Example: python -m benchmarks.publishers --events 100000
    """
    touchpoints = list(itertools.islice(simulate(3, date(2026, 3, 2), 20_000, days=30), events))
    printed = Table(title="publishers, one broker")
    for title in ("publisher", "events", "events/s", "CPU µs/event"):
        printed.add_column(title, justify="left" if title == "publisher" else "right")
    with tempfile.TemporaryDirectory(prefix="touchpath-bench-") as directory, EmbeddedKafka(Path(directory)) as kafka:
        with Brokers(kafka.bootstrap) as brokers:
            brokers.create_topics(PARTITIONS)
        for publisher, count in ((Publisher, events // 10), (BulkPublisher, events)):
            rate, cpu_us = _measure(publisher, kafka.bootstrap, touchpoints[:count])
            printed.add_row(publisher.__name__, f"{count:,}", f"{rate:,.0f}", f"{cpu_us:.1f}")
    Console().print(printed)


def _measure(
    publisher: type[Publisher | BulkPublisher], bootstrap: str, touchpoints: list[Touchpoint]
) -> tuple[float, float]:
    """Events per second of wall-clock time, and CPU microseconds of this process an event."""
    with publisher(bootstrap, pseudonyms=Pseudonyms([secrets.token_bytes(KEY_BYTES)], DEFAULTS)) as opened:
        started, cpu = time.monotonic(), time.process_time()
        for touchpoint in touchpoints:
            opened.publish(touchpoint)
        opened.flush(120)
        took, used = time.monotonic() - started, time.process_time() - cpu
        report = opened.report()
    if report.acknowledged != len(touchpoints):
        raise RuntimeError(f"{report.acknowledged} of {len(touchpoints)} events were acknowledged")
    return len(touchpoints) / took, used / len(touchpoints) * 1e6


if __name__ == "__main__":
    typer.run(main)
