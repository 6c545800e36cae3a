"""When a drain is done: offsets that are no records, transactions that are open or aborted, groups that are behind."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from touchpath.brokers import Brokers
from touchpath.drain import drain, lag
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.problem import Problem


@dataclass
class Scene:
    """Two topics of one partition, a group of workers that reads the first, a sink that reads the second."""

    brokers: Brokers
    admin: KafkaAdminClient
    name: str = field(default_factory=lambda: f"drain-{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.input, self.output = f"{self.name}.in", f"{self.name}.out"
        topics = {name: {"num_partitions": 1, "replication_factor": 1} for name in (self.input, self.output)}
        self.admin.create_topics(topics, wait_for_metadata=True)

    def write(self, topic: str, count: int, *, then: str = "commit") -> None:
        """``count`` records in a transaction that is committed, aborted, or left open."""
        asyncio.run(self._write(topic, count, then))

    async def _write(self, topic: str, count: int, then: str) -> None:
        async with asyncio.timeout(30):
            producer = AIOKafkaProducer(
                bootstrap_servers=self.brokers.bootstrap,
                transactional_id=f"{self.name}-{then}",
                transaction_timeout_ms=60_000,
            )
            await producer.start()  # fences, and so aborts, what was left open
            try:
                await producer.begin_transaction()
                for number in range(count):
                    await (await producer.send(topic, b"%d" % number))
                if then == "commit":
                    await producer.commit_transaction()
                elif then == "abort":
                    await producer.abort_transaction()
            finally:
                await producer.stop()

    def commit(self, group: str, topic: str, offset: int) -> None:
        self.admin.alter_group_offsets(group, {TopicPartition(topic, 0): OffsetAndMetadata(offset, "", -1)})

    def drain(self, patience_s: float = 0.6) -> None:
        """Fails with ``Problem`` where it would wait."""
        published = self.brokers.ends([self.input], 1)
        sinks = {f"{self.name}-sink": [self.output]}
        workers = f"{self.name}-workers"
        drain(self.brokers, 1, published, workers, sinks, patience_s=patience_s, stages=[[self.input]])


@pytest.fixture
def scene(kafka: EmbeddedKafka) -> Iterator[Scene]:
    with (
        Brokers(kafka.bootstrap) as brokers,
        KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin,
    ):
        yield Scene(brokers, admin)


def test_nothing_published_is_all_stored(scene: Scene) -> None:
    scene.drain()


def test_the_workers_then_the_sink(scene: Scene) -> None:
    workers, sink = f"{scene.name}-workers", f"{scene.name}-sink"
    scene.write(scene.input, 10)  # offsets 0 to 9, and the marker
    with pytest.raises(Problem, match=rf"workers: {scene.input}: 1[01] left in group {workers}"):
        scene.drain()
    scene.commit(workers, scene.input, 9)
    with pytest.raises(Problem, match=r"workers: .*: [12] left"):
        scene.drain()
    scene.commit(workers, scene.input, 10)  # only the marker is left
    scene.drain()

    scene.write(scene.output, 3)
    with pytest.raises(Problem, match=rf"sink: [34] left in group {sink}"):
        scene.drain()
    scene.commit(sink, scene.output, 3)
    scene.drain()
    assert lag(scene.brokers, 1, sink, [scene.output]) == {scene.output: 1}


def test_what_was_aborted_is_no_ones_to_store(scene: Scene) -> None:
    workers = f"{scene.name}-workers"
    scene.write(scene.input, 2)
    scene.commit(workers, scene.input, 3)
    scene.write(scene.input, 5, then="abort")
    scene.drain()


def test_an_open_transaction_is_waited_for(scene: Scene) -> None:
    workers = f"{scene.name}-workers"
    scene.write(scene.input, 5, then="open")
    with pytest.raises(Problem, match="nothing has moved"):
        scene.drain()
    scene.write(scene.input, 0, then="open")  # the same id again: the broker aborts what the first left open
    scene.drain()
    assert workers not in scene.admin.list_group_offsets([workers]) or not scene.brokers.committed(workers)


def test_it_returns_when_the_last_is_committed(scene: Scene) -> None:
    workers = f"{scene.name}-workers"
    scene.write(scene.input, 4)
    late = threading.Timer(1.0, scene.commit, (workers, scene.input, 5))
    late.start()
    try:
        scene.drain(patience_s=30)
        assert scene.brokers.committed(workers) == {TopicPartition(scene.input, 0): 5}
    finally:
        late.join()
