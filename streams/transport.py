"""Faust's consumer, reading chunks instead of records.

Stock Faust makes two tasks, a lock and several awaits of every record. Here one poll of one topic partition is one
Faust message whose value is a `Chunk`; everything else (group, assignor, rebalancing, agents) is Faust's. See
docs/decisions/batched-consumer.md. What is overridden is internal to Faust 0.15.3 and aiokafka 0.14, which are pinned.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from time import monotonic
from typing import Any, Protocol, TypeVar, cast

import aiokafka
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import ConsumerStoppedError, GroupAuthorizationFailedError, KafkaError
from faust.serializers.schemas import Schema
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from streams.inbox import Chunk

log = logging.getLogger(__name__)

T = TypeVar("T")

# How long a poll waits for data. A fetch is answered at once when there is some, but the broker serves one fetch at a
# time, so this is also how long a partition with data may wait for the fetch of idle ones to end.
_WAIT_S = 0.05
_CHUNK_RECORDS = 4_000
_FOREVER_MS = 2**31 - 1


class Demand(Protocol):
    """Who wants chunks."""

    def attach(self, consumer: ChunkConsumer) -> None:
        """This consumer will bring them."""

    def wanted(self) -> set[TP]:
        """Partitions for which a chunk should be fetched now."""

    def dispatched(self, tp: TP) -> None:
        """A chunk of the partition is on its way."""


class PassThrough(Schema):  # type: ignore[misc]
    """Keys and values as they are."""

    def loads_key(self, app: Any, message: Any, **options: Any) -> Any:
        return message.key

    def loads_value(self, app: Any, message: Any, **options: Any) -> Any:
        return message.value


class ChunkThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The thread in which aiokafka's consumer lives, heartbeats included."""

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        """As Faust's, but read_committed, in short fetches, and with Faust's own assignor.

        Without tables stock Faust takes aiokafka's round-robin, which would tear the inputs of a stage apart.
        """
        conf = self.app.conf
        self._assignor = self.app.assignor
        return aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            # No limit: after a long outage aiokafka would wait for a poll before it rejoins, and Faust for the rejoin.
            max_poll_interval_ms=_FOREVER_MS,
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=int(_WAIT_S * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            **transport.security,
        )

    @property
    def started_consumer(self) -> bool:
        return self._consumer is not None

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run in the thread; unlike `call_thread` it does not queue behind a fetch."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.thread_loop))

    async def take(self, wanted: set[TP], wait_s: float) -> dict[TP, Chunk]:
        """In the thread: what is fetched already of the wanted partitions, or what comes within `wait_s`.

        aiokafka's `getmany` does not tell from which offset it read, nor that it read past markers only.
        """
        consumer = self._ensure_consumer()
        fetcher = consumer._fetcher
        subscriptions = fetcher._subscriptions
        deadline = monotonic() + wait_s
        with subscriptions.fetch_context():
            while True:
                if consumer._closed or fetcher._closed:
                    raise ConsumerStoppedError
                subscription = subscriptions.subscription
                if not (
                    subscription is None or subscription.assignment is None or subscriptions.reassignment_in_progress
                ):
                    chunks = self._taken(fetcher, subscription.assignment, wanted)
                    if chunks:
                        return chunks
                left = deadline - monotonic()
                if left <= 0:
                    return {}
                waiter = fetcher._create_fetch_waiter()
                await asyncio.wait([waiter], timeout=left)
                if not waiter.done():
                    waiter.cancel()
                elif waiter.exception() is not None:  # the coordinator's trouble, which is for `heal`
                    return {}

    @staticmethod
    def _taken(fetcher: Any, assignment: Any, wanted: set[TP]) -> dict[TP, Chunk]:
        chunks: dict[TP, Chunk] = {}
        for place, result in list(fetcher._records.items()):
            if place not in wanted:
                continue
            state = assignment.state_value(place)
            start = None if state is None else state._position
            if not isinstance(result, FetchResult):
                del fetcher._records[place]
                fetcher._notify(fetcher._wait_consume_future)
                result.check_raise()
                continue
            records = result.getall(_CHUNK_RECORDS)
            if not result.has_more():
                del fetcher._records[place]
                fetcher._notify(fetcher._wait_consume_future)
            end = None if state is None else state._position
            if start is not None and end is not None and end > start:
                chunks[TP(place.topic, place.partition)] = Chunk(place.topic, place.partition, start, end, records)
        return chunks

    async def move(self, positions: Mapping[aiokafka.TopicPartition, int]) -> None:
        """In the thread: seek, where assigned."""
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        for place, offset in positions.items():
            if place in assigned:
                consumer.seek(place, offset)

    async def heal(self) -> None:
        """In the thread: join the group again after an answer of the coordinator that aiokafka does not know.

        For instance to a heartbeat while a restarted broker loads the group. aiokafka then stops coordinating until its
        caller takes note of the error, which Faust, going past its API, never does. Raises KafkaError where joining
        again is no use.
        """
        coordinator = self._ensure_consumer()._coordinator
        try:
            coordinator.check_errors()
        except GroupAuthorizationFailedError:
            raise
        except KafkaError as error:
            if coordinator._coordination_task.done():
                raise
            log.warning("group %s: %s; joining again", coordinator.group_id, error)
            coordinator.request_rejoin()

    async def heartbeat(self) -> bool:
        """In the thread: whether the coordinator confirms our membership and wants no rebalance."""
        coordinator = self._ensure_consumer()._coordinator
        if coordinator.coordinator_id is None or coordinator.generation <= 0:
            return False
        confirmed = await coordinator._do_heartbeat()
        return bool(confirmed) and not coordinator._rejoin_needed_fut.done()

    def place(self, place: aiokafka.TopicPartition) -> tuple[int | None, int | None]:
        """The next offset to fetch and the end of what is readable, as last heard. From any thread."""
        consumer = self._consumer
        subscription = consumer._subscription.subscription if consumer is not None else None
        assignment = subscription.assignment if subscription is not None else None
        state = assignment.state_value(place) if assignment is not None else None
        if state is None:
            return None, None
        return state._position, state.lso if state.lso is not None else state.highwater


class ChunkConsumer(driver.Consumer):  # type: ignore[misc]
    """Yields one message a partition and poll, and commits nothing: offsets travel in our transactions."""

    demand: Demand

    def _new_consumer_thread(self) -> ChunkThread:
        return ChunkThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def chunk_thread(self) -> ChunkThread:
        return cast(ChunkThread, self._thread)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        if self.should_stop:
            return
        wanted = self._get_active_partitions() & self.demand.wanted()
        if not wanted:
            await self.sleep(_WAIT_S / 5)
            return
        generation = self.app.consumer_generation_id
        chunks = await self.chunk_thread.run(self.chunk_thread.take(wanted, _WAIT_S))
        for tp, chunk in chunks.items():
            # What is dropped here and on the way to the stage is noticed by the inbox, and read again.
            if not self.flow_active or self.should_stop or generation != self.app.consumer_generation_id:
                return
            self._read_offset[tp] = None  # Faust would drop what lies before it; the inbox knows better
            self.demand.dispatched(tp)
            yield tp, self._message(tp, chunk)

    def _message(self, tp: TP, chunk: Chunk) -> ConsumerMessage:
        generation = self.app.consumer_generation_id
        now = asyncio.get_running_loop().time()
        return ConsumerMessage(
            *(tp.topic, tp.partition, chunk.start, now, 0, [], None, chunk, None, 0, 0, tp), generation_id=generation
        )

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        return False

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's watch over records per partition means nothing here; the engine has metrics of its own."""


class ChunkTransport(driver.Transport):  # type: ignore[misc]
    """A Faust transport with the consumer above."""

    Consumer = ChunkConsumer

    def __init__(self, url: Any, app: Any, demand: Demand, security: Mapping[str, Any]) -> None:
        super().__init__(url, app)
        self.security = security
        self._demand = demand

    def create_consumer(self, callback: Any, **options: Any) -> ChunkConsumer:
        consumer = cast(ChunkConsumer, super().create_consumer(callback, **options))
        consumer.demand = self._demand
        self._demand.attach(consumer)
        return consumer
