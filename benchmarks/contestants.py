"""Who takes part in the counting job."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.harness import Contestant
from benchmarks.peers import kafka_streams

TOUCHPATH = "touchpath engine, exactly once"
FAUST = ("stock Faust, table in RocksDB", "stock Faust, table in memory")
KAFKA_STREAMS_EXACTLY_ONCE = ("Kafka Streams exactly once, 1 thread", "Kafka Streams exactly once, 2 threads")
KAFKA_STREAMS_AT_LEAST_ONCE = ("Kafka Streams at least once, 1 thread", "Kafka Streams at least once, 2 threads")


def contestants(events: int, scratch: Path) -> list[Contestant]:
    """All of them; the slow ones stop after a part of the `events`. Raises JarsUnavailable."""
    kafka_streams_runs = [
        (KAFKA_STREAMS_AT_LEAST_ONCE[0], 1, False),
        (KAFKA_STREAMS_AT_LEAST_ONCE[1], 2, False),
        (KAFKA_STREAMS_EXACTLY_ONCE[0], 1, True),
        (KAFKA_STREAMS_EXACTLY_ONCE[1], 2, True),
    ]
    classes = scratch / "classes"
    return [
        Contestant(TOUCHPATH, (sys.executable, "-m", "benchmarks.counting"), events),
        *(
            Contestant(name, kafka_streams.command(classes, threads=threads, exactly_once=exactly_once), events)
            for name, threads, exactly_once in kafka_streams_runs
        ),
        Contestant("Quix Streams", (sys.executable, "-m", "benchmarks.peers.quix_streams"), min(events, 200_000)),
        *(
            Contestant(
                name, (sys.executable, "-m", "benchmarks.peers.stock_faust"), min(events, 30_000), {"STORE": store}
            )
            for name, store in zip(FAUST, ("rocksdb://", "memory://"), strict=True)
        ),
    ]
