"""Runs one contestant of the counting job and measures it from outside, by what it writes to its output topic."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil
from confluent_kafka import Consumer, TopicPartition

from benchmarks.events import PARTITIONS, create_topic, delete_topics

WARM_UP = 0.1  # share of the outputs that pass before the clock starts: start-up, JIT, empty caches
BACKLOG = 0.1  # share of input beyond the measured: at both ends of the measurement as much is under way, uncommitted


@dataclass(frozen=True)
class Contestant:
    """A program that does the counting job; `argv` gets --bootstrap, --app-id, --data, --input, --output appended."""

    name: str
    argv: tuple[str, ...]
    events: int  # how many outputs to wait for; the input holds more
    env: dict[str, str] = field(default_factory=dict)
    timeout_s: float = 180.0


@dataclass(frozen=True)
class Steady:
    """What was measured of a program at work, from WARM_UP x events done to all of them done."""

    events: int
    events_per_second: float
    cpu_us_per_event: float  # of the program's process tree, user and system
    broker_cpu_us_per_event: float
    peak_rss_mb: float  # of the program's process tree, start-up included
    first_output_s: float  # from the start of the measurement
    other_cores: float  # busy with neither program, broker nor harness: a disturbed measurement shows here


@dataclass(frozen=True)
class Result:
    """What one contestant's run showed."""

    name: str
    steady: Steady
    wrong_customers: int | None  # whose highest count is not the number of their outputs; none of another job


class ContestantFailed(RuntimeError):
    """The contestant ended early or was too slow; one line."""


class _Count(msgspec.Struct):
    customer: str
    count: int


def run(contestant: Contestant, bootstrap: str, input_topic: str, scratch: Path, broker_pid: int | None) -> Result:
    """Start `contestant` with a fresh application id, state directory and output topic, and measure it.

    An event is done when a read_committed reader has seen its output. Raises ContestantFailed.
    """
    app_id = f"bench-{uuid.uuid4().hex[:8]}"
    output = f"{app_id}-output"
    data = scratch / app_id
    data.mkdir(parents=True)
    log_file = scratch / f"{app_id}.log"
    create_topic(bootstrap, output)
    outputs: list[bytes] = []
    reader = _reader(bootstrap, output)
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [*contestant.argv, "--bootstrap", bootstrap, "--app-id", app_id, "--data", str(data),
             "--input", input_topic, "--output", output],
            env={**os.environ, **contestant.env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip

    def done() -> int:
        outputs.extend(_read(reader))
        return len(outputs)

    try:
        steady = steady_state(process, done, contestant.events, contestant.timeout_s, broker_pid)
    except ContestantFailed as error:
        lines = log_file.read_text(errors="replace").strip().splitlines() or ["no output"]
        raise ContestantFailed(f"{contestant.name} {error}; its last line: {lines[-1]}") from None
    finally:
        reader.close()
        stop(process)
        delete_topics(bootstrap, app_id)
    return Result(contestant.name, steady, wrong_customers(outputs))


def steady_state(
    process: subprocess.Popen[bytes],
    done: Callable[[], int],
    events: int,
    timeout_s: float = 180.0,
    broker_pid: int | None = None,
) -> Steady:
    """Measure `process` until `done` (the count of finished events so far; may wait up to 0.1 s) reaches `events`.

    Give it more input than `events`, as BACKLOG says. Raises ContestantFailed.
    """
    started = time.monotonic()
    count, peak, sampled, first, begin = 0, 0, 0.0, 0.0, 0.0
    begin_count, begin_cpu, begin_broker_cpu, begin_machine = 0, 0.0, 0.0, 0.0
    while count < events:
        count = done()
        now = time.monotonic()
        if process.poll() is not None:
            raise ContestantFailed(f"ended early with status {process.returncode}")
        if now - started > timeout_s:
            raise ContestantFailed(f"did {count} of {events} events in {timeout_s:.0f} s")
        if count and not first:
            first = now
        if not begin and count >= WARM_UP * events:
            begin, begin_count = now, count
            begin_cpu, begin_broker_cpu, begin_machine = cpu_s(process.pid), cpu_s(broker_pid), _others_cpu_s()
        if now - sampled > 0.2:
            sampled = now
            peak = max(peak, _rss(process.pid))
    took, measured = time.monotonic() - begin, count - begin_count
    cpu, broker_cpu = cpu_s(process.pid) - begin_cpu, cpu_s(broker_pid) - begin_broker_cpu
    return Steady(
        events=measured,
        events_per_second=measured / took,
        cpu_us_per_event=cpu / measured * 1e6,
        broker_cpu_us_per_event=broker_cpu / measured * 1e6,
        peak_rss_mb=peak / 2**20,
        first_output_s=first - started,
        other_cores=max(0.0, _others_cpu_s() - begin_machine - cpu - broker_cpu) / took,
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
         "isolation.level": "read_committed", "log_level": 3, "fetch.min.bytes": 1_000_000, "fetch.wait.max.ms": 100}
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


def _tree(pid: int) -> Iterator[psutil.Process]:
    process = psutil.Process(pid)
    yield process
    yield from process.children(recursive=True)


def _rss(pid: int) -> int:
    total = 0
    for member in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += member.memory_info().rss
    return total


def cpu_s(pid: int | None) -> float:
    total = 0.0
    for member in _tree(pid) if pid else ():
        with suppress(psutil.NoSuchProcess):
            times = member.cpu_times()
            total += times.user + times.system
    return total


def _others_cpu_s() -> float:
    """CPU seconds of the whole machine but for this process."""
    machine, own = psutil.cpu_times(), time.process_time()
    return float(sum(machine) - machine.idle - machine.iowait - machine.guest - machine.guest_nice - own)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process politely, then its whole process group."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
