"""The partitions that this worker owns, and the ways between them and Faust's consumer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.types import TP

from streams import metrics
from streams.cancellation import no_stray_cancellation
from streams.inbox import Chunk
from streams.partition import PartitionTask
from streams.partitioning import PartitionsAdded
from streams.settings import EngineSettings, Topology
from streams.store import Memory
from streams.transport import ChunkConsumer

log = logging.getLogger(__name__)

_WATCH_S = 1.0


class Engine:
    """Starts a PartitionTask for each assigned stage and partition, and stops them all when a rebalance begins.

    Faust rebalances eagerly: everything is revoked, then the new share is assigned. Reopening what stays costs a few
    tenths of a second, and keeps one single path through start and stop.
    """

    def __init__(
        self, topology: Topology, settings: EngineSettings, on_crash: Callable[[Exception], Awaitable[None]]
    ) -> None:
        self._topology = topology
        self._settings = settings
        self._on_crash = on_crash
        self._memory = Memory(settings.cache_bytes, settings.buffer_bytes)
        self._stages = {topic: stage for stage in topology.stages for topic in stage.inputs}
        self._tasks: dict[tuple[str, int], PartitionTask] = {}
        self._by_place: dict[tuple[str, int], PartitionTask] = {}
        self._assigned = False
        self.consumer: ChunkConsumer | None = None

    def attach(self, consumer: ChunkConsumer) -> None:
        self.consumer = consumer

    # Faust's side: what to fetch, and what was fetched.

    def wanted(self) -> set[TP]:
        return {TP(*place) for place, task in self._by_place.items() if task.inbox.wants(place[0])}

    def dispatched(self, tp: TP) -> None:
        task = self._by_place.get((tp.topic, tp.partition))
        if task is not None:
            task.inbox.dispatched(tp.topic)

    async def deliver(self, chunk: Chunk) -> None:
        """Hand the chunk to its partition, if we still own it."""
        task = self._by_place.get((chunk.topic, chunk.partition))
        if task is None or task.inbox.offer(chunk):
            return
        expected = task.inbox.expected(chunk.topic)
        if expected is not None:
            log.info("%s/%d: read again from %d, got %d", chunk.topic, chunk.partition, expected, chunk.start)
            await self.seek({TopicPartition(chunk.topic, chunk.partition): expected})

    # Rebalances.

    async def revoked(self, places: Iterable[TP]) -> None:
        """Stop all partitions; when this returns nothing of them is open. Takes little more than `stop_timeout_s`."""
        self._assigned = False
        tasks = list(self._tasks.values())
        self._tasks.clear()
        self._by_place.clear()
        await asyncio.gather(*(task.stop() for task in tasks))
        metrics.LAG.clear()
        metrics.NEWEST_EVENT.clear()
        self._report()

    async def assigned(self, places: Iterable[TP]) -> None:
        """Start the partitions, without waiting: aiokafka sends no heartbeats until this returns."""
        await self.revoked(())
        metrics.REBALANCES.inc()
        shares: dict[tuple[str, int], set[str]] = {}
        for tp in places:
            stage = self._stages.get(tp.topic)
            if stage is not None:
                if tp.partition >= (made_for := self._topology.partitions[tp.topic]):
                    error = PartitionsAdded(
                        f"{tp.topic} has a partition {tp.partition} now, but the state was made for {made_for}: "
                        "touchpath repartition gives all topics as many, and the state that belongs to them"
                    )
                    log.critical("%s", error)
                    await self._on_crash(error)
                    return
                shares.setdefault((stage.name, tp.partition), set()).add(tp.topic)
        for stage in self._topology.stages:
            for partition in range(self._topology.partitions[stage.inputs[0]]):
                topics = shares.get((stage.name, partition))
                if topics is None:
                    continue
                if topics != set(stage.inputs):
                    torn = RuntimeError(f"{stage.name}/{partition}: assigned {topics} of {stage.inputs}")
                    await self._on_crash(torn)
                    return
                task = PartitionTask(
                    stage, partition, self._topology, self._settings, self._memory, self, self._on_crash
                )
                self._tasks[stage.name, partition] = task
                for topic in stage.inputs:
                    self._by_place[topic, partition] = task
                task.start()
        self._assigned = True
        log.info("owns %s", sorted(f"{name}/{partition}" for name, partition in self._tasks) or "nothing")

    # The partitions' side: see streams.partition.Source.

    async def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        if self.consumer is not None:
            thread = self.consumer.chunk_thread
            await thread.run(thread.move(positions))

    async def is_member(self) -> bool:
        if self.consumer is None:
            return False
        thread = self.consumer.chunk_thread
        try:
            with no_stray_cancellation():
                return await thread.run(thread.heartbeat())
        except (KafkaError, TimeoutError, OSError):
            return False

    def position(self, place: TopicPartition) -> int | None:
        return None if self.consumer is None else self.consumer.chunk_thread.place(place)[0]

    # What others see.

    @property
    def ready(self) -> bool:
        """Whether there is an assignment and all of it is recovered."""
        return self._assigned and all(task.ready for task in self._tasks.values())

    async def watch(self) -> None:
        """Keep the gauges up to date and the group membership alive, until cancelled."""
        while True:
            self._report()
            thread = None if self.consumer is None else self.consumer.chunk_thread
            if thread is not None and thread.started_consumer:
                try:
                    await thread.run(thread.heal())
                except KafkaError as error:
                    await self._on_crash(error)
            await asyncio.sleep(_WATCH_S)

    def _report(self) -> None:
        metrics.READY.set(self.ready)
        for stage in self._topology.stages:
            metrics.PARTITIONS.labels(stage.name).set(sum(name == stage.name for name, _ in self._tasks))
        if self.consumer is None:
            return
        for (topic, partition), task in self._by_place.items():
            _, end = self.consumer.chunk_thread.place(TopicPartition(topic, partition))
            done = task.inbox.done(topic)
            if end is not None and done is not None:
                metrics.LAG.labels(topic, str(partition)).set(max(0, end - done))
