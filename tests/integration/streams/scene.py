"""Workers as processes, and what is sent to them and comes of it, on a real broker."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic, OffsetSpec
from kafka.errors import KafkaError

from journeys.partition import partition_of
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.lifeline import tied

ROOT = Path(__file__).parents[3]


def eventually(what: str, check: Callable[[], bool], within_s: float = 60.0, every_s: float = 0.1) -> float:
    """Wait until `check` holds; the seconds that it took. Fails naming `what`."""
    started = time.monotonic()
    while not check():
        if time.monotonic() - started > within_s:
            pytest.fail(f"not within {within_s:.0f} s: {what}")
        time.sleep(every_s)
    return time.monotonic() - started


class Worker:
    """A worker process; its log is `log`."""

    def __init__(self, options: dict[str, Any], log: Path) -> None:
        self.log_file = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("counting_worker.py")), json.dumps(options)],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env=tied({**os.environ, "PYTHONPATH": str(ROOT)}),
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def _url(self) -> str | None:
        found = re.findall(r"readiness on (\S+)", self.log)
        return found[-1] if found else None

    @property
    def ready(self) -> bool:
        url = self._url()
        if url is None:
            return False
        try:
            with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def metric(self, name: str) -> float:
        """The sum over all labels."""
        url = self._url()
        if url is None:
            return 0.0
        with urllib.request.urlopen(f"{url}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(name + r"(\{| )", line))

    def wait_ready(self, within_s: float = 60.0) -> float:
        def up() -> bool:
            assert self.process.poll() is None, self.log[-3000:]
            return self.ready

        return eventually(f"worker ready: {self.log_file}", up, within_s)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """SIGTERM; fails if it does not end well."""
        self.process.terminate()
        assert self.process.wait(20) == 0, self.log[-3000:]


class Scene:
    """Topics of one test, the events sent to them, and the workers that count them."""

    def __init__(self, broker: EmbeddedKafka, directory: Path, partitions: int = 4) -> None:
        self.broker = broker
        self.directory = directory
        self.partitions = partitions
        self.app = f"test-{uuid.uuid4().hex[:8]}"
        self.input, self.second = f"{self.app}.in", f"{self.app}.second"
        self.output, self.changelog = f"{self.app}.out", f"{self.app}.changelog"
        self.dead_letters = f"{self.app}.dead"
        self.sent: Counter[str] = Counter()
        self.workers: list[Worker] = []
        compacted = {"cleanup.policy": "compact", "segment.ms": "500", "min.cleanable.dirty.ratio": "0.01"}
        topics = [
            NewTopic(name, partitions, 1, topic_configs=compacted if name == self.changelog else {})
            for name in (self.input, self.second, self.output, self.changelog, self.dead_letters)
        ]
        self.admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        self.admin.create_topics(topics)
        self.producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", linger_ms=5, retries=100)

    def close(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.send_signal(signal.SIGCONT)
                worker.kill()
        self.producer.close(timeout=2)
        self.admin.close()

    # Events.

    def send(self, count: int, customers: int = 50, topic: str | None = None, **fields: Any) -> None:
        """`count` events of as many customers; returns when acknowledged."""
        for number in range(count):
            self.send_one(f"c{number % customers}", topic, **fields)
        self.producer.flush(30)

    def send_one(self, customer: str, topic: str | None = None, **fields: Any) -> None:
        self.sent[customer] += not fields.get("bad")
        value = json.dumps({"customer": customer, **fields}).encode()
        self.send_raw(customer.encode(), value, topic)

    def send_raw(self, key: bytes, value: bytes | None, topic: str | None = None) -> None:
        self.producer.send(topic or self.input, value, key=key, partition=partition_of(key, self.partitions))

    # Workers.

    def start(self, data: str = "worker", **options: Any) -> Worker:
        """A worker with its own data directory. `stage` and `settings` are passed on."""
        complete = {
            "bootstrap": self.broker.bootstrap,
            "app": self.app,
            "inputs": [self.input, self.second],
            "output": self.output,
            "changelog": self.changelog,
            "dead_letters": self.dead_letters,
            "partitions": self.partitions,
            "data": str(self.directory / data),
            **options,
        }
        worker = Worker(complete, self.directory / f"{data}-{len(self.workers)}.log")
        self.workers.append(worker)
        return worker

    def wipe(self, data: str = "worker") -> None:
        shutil.rmtree(self.directory / data)

    # What came of it.

    def read(self, topic: str) -> list[Any]:
        """All committed records of a topic, in the order of their offsets by partition."""
        places = [TopicPartition(topic, partition) for partition in range(self.partitions)]
        consumer = KafkaConsumer(
            bootstrap_servers=self.broker.bootstrap,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        try:
            consumer.assign(places)
            ends = consumer.end_offsets(places)
            records: list[Any] = []
            quiet = 0
            while quiet < 2 and any(consumer.position(place) < ends[place] for place in places):
                fetched = [record for some in consumer.poll(timeout_ms=200).values() for record in some]
                quiet = 0 if fetched else quiet + 1
                records += fetched
            return records
        finally:
            consumer.close()

    def counts(self) -> dict[str, list[int]]:
        """Of each customer the counts that were put out, sorted."""
        found: dict[str, list[int]] = {}
        for record in self.read(self.output):
            found.setdefault(record.key.decode(), []).append(int(record.value.split()[0]))
        return {customer: sorted(counts) for customer, counts in found.items()}

    def lag(self, *partitions: int) -> int:
        """Offsets of the inputs (of these partitions) that are not yet committed; 1 if the broker does not tell."""
        numbers = partitions or range(self.partitions)
        places = [TopicPartition(topic, n) for topic in (self.input, self.second) for n in numbers]
        try:
            committed = self.admin.list_group_offsets([self.app]).get(self.app, {})
            ends = self.admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
        except KafkaError:
            return 1
        return sum(
            ends[place].offset - max(0, committed[place].offset if place in committed else 0) for place in places
        )

    def wait_drained(self, within_s: float = 120.0) -> float:
        """Until all that was sent is committed."""

        def drained() -> bool:
            for worker in self.workers:
                assert worker.process.poll() in (None, 0, -9), worker.log[-3000:]
            return self.lag() == 0

        return eventually(f"lag 0; {self.workers[-1].log[-2000:]}", drained, within_s)

    def assert_exactly_once(self) -> None:
        """Every customer's counts are 1, 2, 3 … n: nothing lost, nothing twice, and the state never fell back."""
        expected = {customer: list(range(1, n + 1)) for customer, n in self.sent.items() if n}
        assert self.counts() == expected

    def assert_versions_grow(self) -> None:
        versions: dict[int, list[int]] = {}
        for record in self.read(self.output):
            versions.setdefault(record.partition, []).append(int(record.value.split()[1]))
        for partition, given in versions.items():
            assert given == sorted(set(given)), f"partition {partition}"
