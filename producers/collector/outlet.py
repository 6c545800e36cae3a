"""Onto Kafka from within the event loop: records are gathered into batches, and each knows when it is acknowledged.

aiokafka's batches, as in ``producers.bulk`` and for the same reason (docs/decisions/two-publishers.md): there is no
object per record, so that one core has time left for HTTP and JSON.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from journeys.partition import partition_of
from producers.connection import secured
from producers.delivery import PublishError

log = logging.getLogger(__name__)

LINGER_S = 0.004
"""Batches of all partitions are sent when a multiple of it has passed, so that they share a request."""
_BATCH_BYTES = 256 * 1024
_OVERHEAD = 100
_REQUEST_MS = 10_000
"""What the broker has not answered by then is sent again; a stop waits for it."""
_RETRY_S = 1.0


class Record(NamedTuple):
    topic: str
    key: bytes
    """Its partition is the key's."""
    value: bytes
    headers: list[tuple[str, bytes]] | None = None


class Batch:
    """Records of one partition that are acknowledged together. Many may wait for it."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder
        self.began = time.monotonic()
        self.bytes = 0
        self._error: Exception | None = None
        self._told = asyncio.Event()
        self.timer: asyncio.TimerHandle | None = None

    async def acknowledged(self) -> Exception | None:
        """Wait for the broker, and say why it has not acknowledged, if so."""
        await self._told.wait()
        return self._error

    def tell(self, error: Exception | None) -> bool:
        """False if they were told before: that holds."""
        if self._told.is_set():
            return False
        self._error = error
        self._told.set()
        if self.timer is not None:
            self.timer.cancel()
        return True


class Outlet:
    """An idempotent Kafka producer for one event loop.

    Who waits for a batch is told after ``patience_s`` that it is not acknowledged (Segment's client waits 15 s for its
    answer); the batch goes on waiting for the
    broker, and is sent when that is back. So whoever puts records looks at ``waiting_bytes`` and ``oldest_s`` first.
    Where a batch fails for good, what waits with it fails too, and the producer is replaced.
    """

    def __init__(self, bootstrap: str, topics: Sequence[str], patience_s: float = 10.0) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self.patience_s = patience_s
        self._partitions: dict[str, int] = {}
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._renewing: asyncio.Task[None] | None = None
        self._stopped = False
        self.waiting_bytes = 0
        """Put, and not acknowledged."""
        self.late = 0
        """Batches that were told so for want of an answer, and have none yet: the broker is away."""

    async def start(self, timeout_s: float = 30.0) -> None:
        """Raises ``PublishError`` if the broker does not answer by then, or has not the topics."""
        try:
            async with asyncio.timeout(timeout_s):
                self.producer = await self._started()
        except (KafkaError, TimeoutError) as error:
            names = ", ".join(self._topics)
            raise PublishError(f"no Kafka broker with {names} answers at {self._bootstrap}: {error}") from error

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap, client_id="touchpath-collector", enable_idempotence=True, acks="all",
            max_batch_size=_BATCH_BYTES, max_request_size=8 * _BATCH_BYTES, retry_backoff_ms=200,
            request_timeout_ms=_REQUEST_MS, **secured(),
        )  # fmt: skip
        try:
            await producer.start()
            self._partitions = {topic: len(await producer.partitions_for(topic)) for topic in self._topics}
        except BaseException:
            await _stop(producer)
            raise
        return producer

    @property
    def up(self) -> bool:
        """Whether there is a producer that may be given records."""
        return self._renewing is None and not self._stopped

    def oldest_s(self) -> float:
        """For how long the record that waits longest has waited."""
        if not self.waiting_bytes:
            return 0.0
        began = [began for lane in self._lanes.values() if (began := lane.began)]
        return time.monotonic() - min(began) if began else 0.0

    def put(self, record: Record) -> Batch:
        """Into the batch of its partition."""
        topic, key, _, _ = record
        place = topic, partition_of(key, self._partitions[topic])
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = _Lane(self, *place)
        return lane.put(record)

    async def stop(self, timeout_s: float) -> int:
        """Wait for what was put, for so long; the bytes that were not acknowledged."""
        if self.up:
            waiting = [batch.acknowledged() for lane in self._lanes.values() for batch in lane.waiting()]
            await asyncio.wait([asyncio.gather(*waiting)], timeout=timeout_s)
        self._stopped = True
        if self._renewing is not None:
            self._renewing.cancel()
        left = self.waiting_bytes
        await _stop(self.producer)
        for lane in self._lanes.values():
            lane.give_up()
        return left

    def give_word(self, batch: Batch) -> None:
        """That the broker has not answered for it in time."""
        if batch.tell(PublishError(f"not acknowledged within {self.patience_s:g} s")):
            if not self.late:
                log.warning("no answer of the broker for %g s; what comes is refused until there is", self.patience_s)
            self.late += 1

    def settle(self, batch: Batch, error: Exception | None) -> None:
        self.waiting_bytes -= batch.bytes
        if not batch.tell(error):
            self.late -= 1
            if not self.late and error is None:
                log.warning("the broker answers again")
        if error is not None and self.up:
            log.warning("a batch was not taken, the producer is replaced: %r", error)
            self._renewing = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        await _stop(self.producer)
        for lane in self._lanes.values():
            lane.give_up()
        while True:
            try:
                self.producer = await self._started()
            except KafkaError as error:
                log.warning("no broker yet: %s", error)
                await asyncio.sleep(_RETRY_S)
            else:
                self._renewing = None
                return


class _Lane:
    """What is on its way to one partition, in its order: the last batch fills while those before it are sent."""

    def __init__(self, outlet: Outlet, topic: str, partition: int) -> None:
        self._outlet = outlet
        self._topic = topic
        self._partition = partition
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Batch] = deque()
        self._sent: deque[Batch] = deque()
        self._filling: Batch | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def began(self) -> float:
        """When the oldest batch was begun; 0: there is none."""
        oldest = self._sent or self._queue
        return oldest[0].began if oldest else 0.0

    def waiting(self) -> list[Batch]:
        return [*self._sent, *self._queue]

    def put(self, record: Record) -> Batch:
        _, key, value, headers = record
        now = time.time_ns() // 1_000_000
        batch = self._filling
        if batch is None or batch.builder.append(timestamp=now, key=key, value=value, headers=headers) is None:
            batch = Batch(self._outlet.producer.create_batch())
            batch.builder.append(timestamp=now, key=key, value=value, headers=headers)
            self._filling = batch
            self._queue.append(batch)
            batch.timer = self._loop.call_later(self._outlet.patience_s, self._outlet.give_word, batch)
            if self._task is None:
                self._task = self._loop.create_task(self._send_all())
        size = len(key) + len(value) + _OVERHEAD
        batch.bytes += size
        self._outlet.waiting_bytes += size
        return batch

    def give_up(self) -> None:
        """What is on its way has failed: its producer is gone."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._filling = None
        left = self.waiting()
        self._sent.clear()
        self._queue.clear()
        for batch in left:
            self._outlet.settle(batch, PublishError("not acknowledged before the producer was stopped"))

    async def _send_all(self) -> None:
        while self._queue:
            if len(self._queue) == 1:
                await asyncio.sleep(LINGER_S - time.monotonic() % LINGER_S)
            batch = self._queue[0]
            if batch is self._filling:
                self._filling = None
            batch.builder.close()
            try:
                future = await self._outlet.producer.send_batch(batch.builder, self._topic, partition=self._partition)
            except KafkaTimeoutError:
                continue
            except KafkaError as error:
                self._queue.popleft()
                self._outlet.settle(batch, error)
            else:
                self._sent.append(self._queue.popleft())
                future.add_done_callback(partial(self._settled, batch))
        self._task = None

    def _settled(self, batch: Batch, future: asyncio.Future[Any]) -> None:
        error = PublishError("the producer was stopped") if future.cancelled() else future.exception()
        if batch in self._sent:
            self._sent.remove(batch)
            self._outlet.settle(batch, error if isinstance(error, Exception) else None)


async def _stop(producer: AIOKafkaProducer) -> None:
    """It would wait for a dead broker for ever, so it gets a moment only."""
    stopping = asyncio.ensure_future(producer.stop())
    await asyncio.wait([stopping], timeout=2)
    if not stopping.done():
        stopping.cancel()
    elif error := stopping.exception():
        log.warning("the producer did not stop cleanly: %r", error)
