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


def feed(arrived: list[tuple[int, bytes, bytes]], most: int, rate: float) -> Figures:
    """``arrived``: partition, key and event. Each stage and partition takes its turn, with at most ``most`` touchpoints
    of them, or with all that came of them; in as many turns as a stage lingers for at ``rate`` touchpoints a second it
    takes one."""
    topology = build(DEFAULTS, Pseudonyms([KEY], DEFAULTS), PARTITIONS)
    logs: dict[tuple[str, int], list[Record]] = defaultdict(list)
    read: dict[tuple[str, int], int] = defaultdict(int)
    states: dict[tuple[str, int], dict[bytes, bytes]] = defaultdict(dict)
    sequences: dict[tuple[str, int], int] = defaultdict(int)
    stages = {stage.name: Took() for stage in topology.stages}
    told: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for partition, key, value in arrived:
        log = logs[topics.TOUCHPOINTS, partition]
        log.append(Record(topics.TOUCHPOINTS, partition, len(log), _FED_AT, key, value))
    gc.disable()  # all that was ever written lies in our logs, and a worker has none of that to look through
    turn_s = PARTITIONS * most / rate
    turn = 0
    busy = True
    while busy:
        busy = False
        turn += 1
        for stage in topology.stages:
            if turn % max(1, round(stage.linger_s / turn_s)):
                busy = busy or any(
                    read[topic, partition] < len(logs[topic, partition])
                    for topic in stage.inputs
                    for partition in range(PARTITIONS)
                )
                continue
            for partition in range(PARTITIONS):
                records: list[Any] = []
                for topic in stage.inputs:
                    at = read[topic, partition]
                    taken = logs[topic, partition][at : at + most if topic == topics.TOUCHPOINTS else None]
                    read[topic, partition] += len(taken)
                    records += taken
                if not records:
                    continue
                busy = True
                place = stage.name, partition
                state = states[place]
                batch = Batch(
                    stage.name,
                    partition,
                    records,
                    state,
                    topology.partitions,
                    partitions=PARTITIONS,
                    dead_letters=topology.dead_letters,
                    sequence=sequences[place],
                )
                began = thread_time()
                process(stage, batch)
                took = stages[stage.name]
                took.cpu_s.append(thread_time() - began)
                took.records += len(records)
                took.entries += len(batch.writes)
                took.entry_bytes += sum(len(key) + len(value or b"") for key, value in batch.writes.items())
                sequences[place] = batch.sequence
                for entry, kept in batch.writes.items():
                    if kept is None:
                        state.pop(entry, None)
                    else:
                        state[entry] = kept
                for (topic, target), outputs in batch.outputs.items():
                    log = logs[topic, target]
                    count, size = told[topic]
                    told[topic] = count + len(outputs), size + sum(len(output[1] or b"") for output in outputs)
                    log += [
                        Record(topic, target, len(log) + number, output[3] or _FED_AT, output[0], output[1])
                        for number, output in enumerate(outputs)
                    ]
    return Figures(stages, dict(told))


def main() -> None:
    path, most, rate = sys.argv[1:]
    arrived = msgspec.msgpack.decode(Path(path).read_bytes(), type=list[tuple[int, bytes, bytes]])
    feed(arrived[: len(arrived) // 5], int(most), float(rate))  # what is imported when it is needed, is by now
    sys.stdout.buffer.write(msgspec.json.encode(feed(arrived, int(most), float(rate))))


if __name__ == "__main__":
    main()
