"""Runs one contestant of the counting job and measures it from outside, by what it writes to its output topic."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil
from confluent_kafka import Consumer, TopicPartition

from benchmarks.events import PARTITIONS, create_topic, delete_topics

WARM_UP = 0.1  # share of the outputs that pass before the clock starts: start-up, JIT, empty caches


@dataclass(frozen=True)
class Contestant:
    """A program that does the counting job; `argv` gets --bootstrap, --app-id, --data, --input, --output appended."""

    name: str
    argv: tuple[str, ...]
    events: int  # how many outputs to wait for; what lies in the input topic beyond them is left
    env: dict[str, str] = field(default_factory=dict)
    timeout_s: float = 300.0


@dataclass(frozen=True)
class Result:
    """What one run showed; rates and CPU are of the steady state, after WARM_UP."""

    name: str
    events: int
    events_per_second: float
    cpu_us_per_event: float  # of the contestant's process tree, user and system
    broker_cpu_us_per_event: float
    peak_rss_mb: float  # of the contestant's process tree
    first_output_s: float  # from the start of the process
    wrong_customers: int  # whose highest count is not the number of their outputs


class ContestantFailed(RuntimeError):
    """The contestant ended early or was too slow; one line."""


class _Ended(Exception):
    """The contestant's process is no more."""


class _Count(msgspec.Struct):
    customer: str
    count: int


def run(contestant: Contestant, bootstrap: str, input_topic: str, scratch: Path, broker_pid: int | None) -> Result:
    """Start `contestant` with a fresh application id, state directory and output topic, and measure it.

    Steady state is from WARM_UP x events outputs seen by a read_committed reader to `events` seen. Raises
    ContestantFailed.
    """
    app_id = f"bench-{uuid.uuid4().hex[:8]}"
    output = f"{app_id}-output"
    data = scratch / app_id
    data.mkdir(parents=True)
    log_file = scratch / f"{app_id}.log"
    create_topic(bootstrap, output)
    started = time.monotonic()
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [*contestant.argv, "--bootstrap", bootstrap, "--app-id", app_id, "--data", str(data),
             "--input", input_topic, "--output", output],
            env={**os.environ, **contestant.env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        result = _measure(contestant, process, bootstrap, output, started, broker_pid)
    except (_Ended, psutil.NoSuchProcess):
        lines = log_file.read_text(errors="replace").strip().splitlines() or ["no output"]
        raise ContestantFailed(f"{contestant.name} ended early: {lines[-1]}") from None
    finally:
        _stop(process)
        delete_topics(bootstrap, app_id)
    return result


def _measure(
    contestant: Contestant,
    child: subprocess.Popen[bytes],
    bootstrap: str,
    output: str,
    started: float,
    broker_pid: int | None,
) -> Result:
    process = psutil.Process(child.pid)
    broker = psutil.Process(broker_pid) if broker_pid else None
    outputs: list[bytes] = []
    peak, sampled, first, begin = 0, 0.0, 0.0, 0.0
    begin_seen, begin_cpu, begin_broker_cpu = 0, 0.0, 0.0
    reader = _reader(bootstrap, output)
    try:
        while len(outputs) < contestant.events:
            outputs += _read(reader)
            if child.poll() is not None:
                raise _Ended
            now = time.monotonic()
            if outputs and not first:
                first = now
            if not begin and len(outputs) >= WARM_UP * contestant.events:
                begin, begin_seen = now, len(outputs)
                begin_cpu, begin_broker_cpu = _cpu_s(process), _cpu_s(broker)
            if now - sampled > 0.2:
                sampled = now
                peak = max(peak, sum(member.memory_info().rss for member in _tree(process)))
            if now - started > contestant.timeout_s:
                raise ContestantFailed(
                    f"{contestant.name}: {len(outputs)} of {contestant.events} outputs in {contestant.timeout_s:.0f} s"
                )
        end, cpu, broker_cpu = time.monotonic(), _cpu_s(process), _cpu_s(broker)
    finally:
        reader.close()
    measured = len(outputs) - begin_seen
    return Result(
        name=contestant.name,
        events=measured,
        events_per_second=measured / (end - begin),
        cpu_us_per_event=(cpu - begin_cpu) / measured * 1e6,
        broker_cpu_us_per_event=(broker_cpu - begin_broker_cpu) / measured * 1e6,
        peak_rss_mb=peak / 2**20,
        first_output_s=first - started,
        wrong_customers=wrong_customers(outputs),
    )


def wrong_customers(outputs: Sequence[bytes]) -> int:
    """Customers whose highest count is not the number of their outputs: state lost events or counted some twice."""
    decode = msgspec.json.Decoder(_Count).decode
    highest: dict[str, int] = {}
    written: Counter[str] = Counter()
    for value in outputs:
        output = decode(value)
        written[output.customer] += 1
        highest[output.customer] = max(output.count, highest.get(output.customer, 0))
    return sum(count != highest[customer] for customer, count in written.items())


def _reader(bootstrap: str, topic: str) -> Consumer:
    """A consumer of all of `topic`, in large fetches so that it takes little from the contestant."""
    reader = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False,
         "isolation.level": "read_committed", "fetch.min.bytes": 1_000_000, "fetch.wait.max.ms": 100}
    )  # fmt: skip
    reader.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    return reader


def _read(reader: Consumer) -> list[bytes]:
    values = []
    for message in reader.consume(50_000, timeout=0.1):
        if error := message.error():
            raise RuntimeError(f"reading the output failed: {error}")
        values.append(message.value())
    return values


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _cpu_s(process: psutil.Process | None) -> float:
    if process is None:
        return 0.0
    times = [member.cpu_times() for member in _tree(process)]
    return float(sum(t.user + t.system for t in times))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the contestant's whole process group."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
