"""What one collector takes on one core, beside what kafka-python sends on it: `python -m benchmarks.collector`."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import quantiles
from typing import Annotated, Self

import typer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from rich.console import Console
from rich.table import Table

from benchmarks.harness import cpu_s
from journeys.partition import partition_of
from journeys.touchpoint import Touchpoint, encode
from producers.adapters.registry import vendors
from producers.delivery import TOPIC
from producers.simulator import simulate
from touchpath.brokers import Brokers
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.lifeline import tied
from touchpath.loopback import answers, port_for

PARTITIONS = 4
CONNECTIONS = 64
BATCH, CALLS = 500, 100
KEY = "a-write-key-of-the-benchmark"


@dataclass
class Measured:
    name: str
    events: int
    seconds: float
    cpu_s: float
    waits_s: Sequence[float] = ()
    """Per request, from its sending to its answer."""

    def row(self) -> list[str]:
        found = quantiles(self.waits_s, n=100) if len(self.waits_s) > 1 else []
        return [
            self.name, f"{self.events:,}", f"{self.events / self.seconds:,.0f}",
            f"{self.events / self.cpu_s:,.0f}", f"{self.cpu_s / self.seconds:.2f}",
            *([f"{found[49] * 1000:.1f}", f"{found[98] * 1000:.1f}"] if found else ["-", "-"]),
        ]  # fmt: skip


def main(
    events: Annotated[int, typer.Option(min=2000, help="In batches; a fifth of that one by one.")] = 200_000,
    connections: Annotated[int, typer.Option(min=1, max=500, help="Each has one request under way.")] = CONNECTIONS,
) -> None:
    """Send events to a collector that has a core to itself, until all are answered, and count what reached the topic.

    Broker and sender share the other core, so that they may be what is measured where there are but two. A CPU
    second: events for a second of the process's CPU time, which says much the same whatever else the machine does.

    Example: python -m benchmarks.collector --events 50000
    """
    cores = sorted(os.sched_getaffinity(0))
    theirs, ours = {cores[-1]}, set(cores[:-1]) or {cores[0]}
    touchpoints = list(itertools.islice(simulate(3, date(2026, 3, 2), 20_000, days=30), events))
    os.sched_setaffinity(0, ours)
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="touchpath-bench-") as directory, EmbeddedKafka(Path(directory)) as kafka:
        with Brokers(kafka.bootstrap) as brokers:
            brokers.create_topics(PARTITIONS)
        with Running(Path(directory), kafka.bootstrap, theirs) as collector:
            single = [post("/v1/touchpoints", encode(one)) for one in touchpoints[: events // 5]]
            whole = [post("/v1/touchpoints", array(map(encode, some))) for some in chunks(touchpoints, BATCH)]
            contestants = [("one by one", single, len(single)), (f"batches of {BATCH}", whole, len(touchpoints))]
            if "segment" in vendors():
                told = touchpoints[: events // 5]
                batches = [post("/v1/batch", batch(some)) for some in chunks(told, CALLS)]
                contestants.append((f"Segment's calls, {CALLS} a batch", batches, len(told)))
            asyncio.run(flood(collector.port, whole, connections))  # broker and collector warm up
            for name, requests, count in contestants:
                before = ends(kafka.bootstrap)
                began, used = time.monotonic(), cpu_s(collector.pid)
                waits = asyncio.run(flood(collector.port, requests, connections))
                found.append(Measured(name, count, time.monotonic() - began, cpu_s(collector.pid) - used, waits))
                if (stored := ends(kafka.bootstrap) - before) != count:
                    raise RuntimeError(f"{name}: {stored} records on the topic of {count} events answered with 200")
        found.append(kafka_python(kafka.bootstrap, list(map(encode, touchpoints[: events // 5])), theirs))
    printed = Table(title="one collector on one core, every event acknowledged by the broker")
    for title in ("", "events", "events/s", "a CPU second", "cores used", "p50 ms", "p99 ms"):
        printed.add_column(title, justify="right" if title else "left", no_wrap=True)
    for one in found:
        printed.add_row(*one.row())
    Console(width=120).print(printed)


class Running:
    """`touchpath collect` as a process of its own, on the cores that it may use."""

    def __init__(self, directory: Path, bootstrap: str, cores: set[int]) -> None:
        self.port = port_for(0)
        environment = {
            **os.environ,
            "TOUCHPATH_PRIVACY_KEYS": b64encode(random.Random(1).randbytes(32), altchars=b"-_").decode(),
            "TOUCHPATH_WRITE_KEY_BENCH": KEY,
        }
        arguments = ["collect", "--bootstrap", bootstrap, "--data", str(directory / "data"), "--port", str(self.port)]
        self._process = subprocess.Popen([sys.executable, "-m", "touchpath", *arguments], env=tied(environment))
        self.pid = self._process.pid
        os.sched_setaffinity(self.pid, cores)

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 60
        while not answers(f"http://127.0.0.1:{self.port}/ready"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the collector did not start")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)


def post(path: str, body: bytes) -> bytes:
    key = b64encode(f"{KEY}:".encode()).decode()
    head = f"POST {path} HTTP/1.1\r\nHost: collector\r\nAuthorization: Basic {key}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def array(events: Iterator[bytes]) -> bytes:
    return b"[" + b",".join(events) + b"]"


def batch(touchpoints: Sequence[Touchpoint]) -> bytes:
    """As Segment's Python client would tell of them."""
    sent_at = datetime.now(UTC).isoformat()
    calls = [
        {
            "type": "track", "event": one.type, "messageId": one.id, "userId": one.contact_id,
            "anonymousId": f"a-{one.contact_id}",
            "timestamp": datetime.fromtimestamp(one.at / 1000, UTC).isoformat(timespec="milliseconds"),
            "properties": {"queue": one.queue, "channel": one.channel}, "integrations": {},
            "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
        }
        for one in touchpoints
    ]  # fmt: skip
    return json.dumps({"batch": calls, "sentAt": sent_at, "writeKey": KEY}).encode()


def chunks(touchpoints: Sequence[Touchpoint], size: int) -> Iterator[Sequence[Touchpoint]]:
    return (touchpoints[place : place + size] for place in range(0, len(touchpoints), size))


class _Sender(asyncio.Protocol):
    """Sends the next request when the one before is answered. What is not answered with 200 ends it all."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None], waits_s: list[float]) -> None:
        self._requests = requests
        self._done = done
        self._waits_s = waits_s
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < int(re.search(rb"Content-Length: (\d+)", head)[1]):  # type: ignore[index]
            return
        if not self._answer.startswith(b"HTTP/1.1 200"):
            if not self._done.done():
                self._done.set_exception(RuntimeError(self._answer.decode(errors="replace")[:500]))
            return
        self._waits_s.append(time.monotonic() - self._began)
        self._answer = b""
        self._next()

    def _next(self) -> None:
        self._began = time.monotonic()
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


async def flood(port: int, requests: Sequence[bytes], connections: int) -> list[float]:
    """The waits for the answers to all of ``requests``."""
    loop = asyncio.get_running_loop()
    left, waits = iter(requests), list[float]()
    done = [loop.create_future() for _ in range(connections)]
    for one in done:
        sender: Callable[[], _Sender] = lambda one=one: _Sender(left, one, waits)  # type: ignore[misc]  # noqa: E731
        await loop.create_connection(sender, "127.0.0.1", port)
    await asyncio.gather(*done)
    return waits


def ends(bootstrap: str) -> int:
    """How many records there are on the topic."""
    with KafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        return sum(consumer.end_offsets([TopicPartition(TOPIC, number) for number in range(PARTITIONS)]).values())


def kafka_python(bootstrap: str, events: Sequence[bytes], cores: set[int]) -> Measured:
    """The same events, encoded before, with nothing but `send` and a look at every future; on the same one core."""
    os.sched_setaffinity(0, cores)
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, acks="all", linger_ms=5, batch_size=64 * 1024
    )
    for raw in events[: len(events) // 10]:
        producer.send(TOPIC, raw, partition=0)
    producer.flush(60)
    began, used = time.monotonic(), time.process_time()
    futures = [
        producer.send(TOPIC, raw, partition=partition_of(b"%d" % number, PARTITIONS))
        for number, raw in enumerate(events)
    ]
    producer.flush(60)
    for future in futures:
        future.get(1)
    found = Measured("kafka-python alone", len(events), time.monotonic() - began, time.process_time() - used)
    producer.close()
    return found


if __name__ == "__main__":
    typer.run(main)
