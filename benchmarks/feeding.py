"""Feeds a checkout's stages in memory, and tells what they took and wrote. Started by benchmarks.stages, with that
checkout first on the path: it uses nothing of this one, and of the other one only what every commit has.

    python benchmarks/feeding.py touchpoints.msgpack 1500 6000 > figures.json
"""

from __future__ import annotations

import gc
import sys
from collections import defaultdict
from pathlib import Path
from time import thread_time
from typing import Any, NamedTuple

import msgspec

from journeys.pseudonyms import Pseudonyms
from journeys.settings import DEFAULTS
from streams import topics
from streams.batch import Batch
from streams.processing import process
from streams.topology import build

PARTITIONS = 4
KEY = b"benchmarks.stages, and no secret"
_FED_AT = 4_102_444_800_000
"""When the broker had all of it: 2100, long after the events."""


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Took(msgspec.Struct):
    """What one stage did."""

    cpu_s: list[float] = []
    """By batch."""
    records: int = 0
    entries: int = 0
    """Of the changelog."""
    entry_bytes: int = 0


class Figures(msgspec.Struct):
    stages: dict[str, Took]
    topics: dict[str, tuple[int, int]]
    """Messages, and bytes of their values."""


class Feeder:
    """All stages and partitions, fed in turns with what is published and with what they tell each other."""

    def __init__(self, most: int, rate: float) -> None:
        self._most = most
        self._turn_s = PARTITIONS * most / rate
        self._topology = build(DEFAULTS, Pseudonyms([KEY], DEFAULTS), PARTITIONS)
        self._logs: dict[tuple[str, int], list[Record]] = defaultdict(list)
        self._read: dict[tuple[str, int], int] = defaultdict(int)
        self._states: dict[tuple[str, int], dict[bytes, bytes]] = defaultdict(dict)
        self._sequences: dict[tuple[str, int], int] = defaultdict(int)

    def feed(self, arrived: list[tuple[int, bytes, bytes]]) -> Figures:
        """``arrived``: partition, key and event. Each stage and partition takes its turn, with at most ``most``
        touchpoints of them, or with all that came of them; in as many turns as a stage lingers for at ``rate``
        touchpoints a second it takes one."""
        for partition, key, value in arrived:
            self._write(topics.TOUCHPOINTS, partition, key, value, None)
        stages = self._topology.stages
        figures = Figures({stage.name: Took() for stage in stages}, {})
        turn = 0
        while any(self._waits(stage, partition) for stage in stages for partition in range(PARTITIONS)):
            turn += 1
            for stage in stages:
                if turn % max(1, round(stage.linger_s / self._turn_s)) == 0:
                    for partition in range(PARTITIONS):
                        self._step(stage, partition, figures)
        return figures

    def _write(self, topic: str, partition: int, key: bytes | None, value: bytes | None, timestamp: int | None) -> None:
        log = self._logs[topic, partition]
        log.append(Record(topic, partition, len(log), timestamp or _FED_AT, key, value))

    def _waits(self, stage: Any, partition: int) -> bool:
        return any(self._read[topic, partition] < len(self._logs[topic, partition]) for topic in stage.inputs)

    def _take(self, stage: Any, partition: int) -> list[Any]:
        records: list[Any] = []
        for topic in stage.inputs:
            at = self._read[topic, partition]
            taken = self._logs[topic, partition][at : at + self._most if topic == topics.TOUCHPOINTS else None]
            self._read[topic, partition] += len(taken)
            records += taken
        return records

    def _step(self, stage: Any, partition: int, figures: Figures) -> None:
        records = self._take(stage, partition)
        if not records:
            return
        place = stage.name, partition
        state = self._states[place]
        batch = Batch(
            stage.name,
            partition,
            records,
            state,
            self._topology.partitions,
            partitions=PARTITIONS,
            dead_letters=self._topology.dead_letters,
            sequence=self._sequences[place],
        )
        began = thread_time()
        process(stage, batch)
        took = figures.stages[stage.name]
        took.cpu_s.append(thread_time() - began)
        took.records += len(records)
        took.entries += len(batch.writes)
        took.entry_bytes += sum(len(key) + len(value or b"") for key, value in batch.writes.items())
        self._sequences[place] = batch.sequence
        for entry, kept in batch.writes.items():
            if kept is None:
                state.pop(entry, None)
            else:
                state[entry] = kept
        for (topic, target), outputs in batch.outputs.items():
            count, size = figures.topics.get(topic, (0, 0))
            figures.topics[topic] = count + len(outputs), size + sum(len(output[1] or b"") for output in outputs)
            for output in outputs:
                self._write(topic, target, output[0], output[1], output[3])


def main() -> None:
    path, most, rate = sys.argv[1:]
    earlier, measured = msgspec.msgpack.decode(
        Path(path).read_bytes(), type=tuple[list[tuple[int, bytes, bytes]], list[tuple[int, bytes, bytes]]]
    )
    gc.disable()  # all that was ever written lies in our logs, and a worker has none of that to look through
    Feeder(int(most), float(rate)).feed(measured[: len(measured) // 5])  # what is imported when it is needed, is by now
    feeder = Feeder(int(most), float(rate))
    feeder.feed(earlier)
    sys.stdout.buffer.write(msgspec.json.encode(feeder.feed(measured)))


if __name__ == "__main__":
    main()
