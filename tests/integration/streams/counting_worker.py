"""A worker process for the tests: counts events by customer, and misbehaves on request. Takes its options as JSON."""

from __future__ import annotations

import itertools
import json
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError

from streams.application import run_worker
from streams.batch import Batch
from streams.engine import Engine
from streams.inbox import Chunk
from streams.settings import EngineSettings, Topology
from touchpath.lifeline import tie


class Event(msgspec.Struct):
    customer: str
    bad: bool = False
    size: int = 0


@dataclass
class Counting:
    """State: customer -> count. Output: key customer, value `count version`, or `size` bytes if the event says so."""

    inputs: tuple[str, ...]
    output: str
    sleep_s: float = 0.0  # for each record
    slow_partition: int | None = None  # the sleep is for this one only
    schema: int = 1
    linger_s: float = 0.0
    fewest: int = 1
    name: str = "count"

    def process(self, batch: Batch) -> None:
        events = [msgspec.json.decode(record.value or b"", type=Event) for record in batch.records]
        if self.slow_partition in (None, batch.partition):
            time.sleep(self.sleep_s * len(events))
        kept = batch.load({event.customer.encode() for event in events})
        counts = {key: int(value.removeprefix(b"2:")) for key, value in kept.items()}
        for event in events:
            if event.bad:
                raise ZeroDivisionError("a bad event")
            key = event.customer.encode()
            counts[key] = counts.get(key, 0) + 1
            value = b"%d %d" % (counts[key], batch.next_version())
            batch.emit(self.output, key, value.ljust(event.size), batch.partition)
            batch.count("seen")
        for key, count in counts.items():
            batch.save(key, b"%d" % count if self.schema == 1 else b"2:%d" % count)

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        assert schema == 1
        return b"2:" + value


def lose_chunks(every: int) -> None:
    """Drop every n-th chunk between Faust and the partition, as a rebalance does."""
    deliver, count = Engine.deliver, itertools.count(1)

    async def lossy(engine: Engine, chunk: Chunk) -> None:
        if next(count) % every:
            await deliver(engine, chunk)

    Engine.deliver = lossy  # type: ignore[method-assign]


def answer_heartbeat_with_an_error(number: int) -> None:
    """As a restarted broker does that is still loading the group."""
    heartbeat, count = GroupCoordinator._do_heartbeat, itertools.count(1)

    async def failing(coordinator: GroupCoordinator) -> bool:
        if next(count) == number:
            raise KafkaError("Unexpected exception in heartbeat task: GroupLoadInProgressError()")
        return await heartbeat(coordinator)

    GroupCoordinator._do_heartbeat = failing


def main(options: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if "lose" in options:
        lose_chunks(options["lose"])
    if "fail_heartbeat" in options:
        answer_heartbeat_with_an_error(options["fail_heartbeat"])
    stage = Counting(tuple(options["inputs"]), options["output"], **options.get("stage", {}))
    changelog, dead_letters = options["changelog"], options["dead_letters"]
    topics = (*stage.inputs, stage.output, changelog, dead_letters)
    topology = Topology((stage,), dict.fromkeys(topics, options["partitions"]), {"count": changelog}, dead_letters)
    run_worker(
        topology,
        EngineSettings(
            options["bootstrap"], options["app"], Path(options["data"]), metrics_port=0, **options.get("settings", {})
        ),
    )


if __name__ == "__main__":
    tie()  # killed with the test run, whatever kills that
    main(json.loads(sys.argv[1]))
