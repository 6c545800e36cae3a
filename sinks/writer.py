"""The sink: from the topics into a store's tables, each row in the end exactly once.

What is read is kept as one block a table, cut by rows, bytes or age, stored in a thread while the next one is read,
and its offsets are committed only after that. A block is of one topic, so one that is too small to be worth an insert
waits for more while others are stored. An insert that fails is sent again as the identical block, for as long as it
takes; meanwhile at most one more batch is read, so memory is bounded and Kafka keeps the rest. A process that dies
between insert and commit stores rows again: they collapse by identity and version (docs/decisions/sinks.md).
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import signal
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from sinks import tables
from sinks.catalogue import SinkMetrics
from sinks.rows import READERS, DeadLetterRows, Rows
from sinks.store import MAX_ROWS, Columns, Store, StoreError

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

_FETCH_BYTES = 512 * 1024
_POLL_INTERVAL_MS = 24 * 3600 * 1000
"""While the store is down nothing is polled, which is no reason to leave the group."""


class Limits(msgspec.Struct, frozen=True):
    """When what was read is stored: all of it at ``rows`` or ``bytes``, and each block when it is old enough."""

    rows: int = 40_000
    bytes: int = 32 * 1024 * 1024
    age_s: float = 1.0
    block: int = 2_000
    """So many rows are worth an insert of their own: one costs about as much CPU for none as for these."""
    patience: int = 3
    """A smaller block waits so many times ``age_s``."""
    poll_records: int = 2_000
    """The most records taken at once, hence by how many a batch may overshoot."""
    backoff_s: tuple[float, float] = (0.1, 15.0)
    """After a failed insert: the shortest and the longest pause, doubling in between, with jitter."""
    grace_s: float = 10.0
    """How long a stop waits for what is being stored; what is not stored then is read again at the next start."""


class Progress(msgspec.Struct, frozen=True):
    """Where a sink is. ``rows``: stored since its start, by table; ``backlog``: messages not stored yet."""

    rows: dict[str, int]
    backlog: int
    buffered: int
    """Rows that wait to be stored, in at most two batches."""
    last_insert_s: float
    retries: int
    store_up: bool
    stored_messages: int


class Block:
    """What was read of one topic since its last cut."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.offsets: dict[TopicPartition, int] = {}
        self.bytes = 0
        self.messages = 0
        self.since = time.monotonic()

    def due_at(self, limits: Limits) -> float:
        return self.since + limits.age_s * (1 if len(self.rows) >= limits.block else limits.patience)


class Batch:
    """The blocks that wait, or are being stored, by topic."""

    def __init__(self) -> None:
        self.blocks: dict[str, Block] = {}
        self.unreadable = DeadLetterRows()

    def __len__(self) -> int:
        return sum(len(block.rows) for block in self.blocks.values()) + len(self.unreadable)

    @property
    def bytes(self) -> int:
        return sum(block.bytes for block in self.blocks.values())

    def forget_offset(self, partition: TopicPartition) -> None:
        if block := self.blocks.get(partition.topic):
            block.offsets.pop(partition, None)

    def cut(self, topics: Iterable[str]) -> Batch:
        """The blocks of ``topics``, and what was unreadable in any: it is stored before its offset is committed."""
        taken = Batch()
        taken.blocks = {topic: self.blocks.pop(topic) for topic in topics}
        taken.unreadable, self.unreadable = self.unreadable, taken.unreadable
        return taken


class Writer(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads ``readers``' topics as ``group`` and writes to ``store`` until ``stop`` is called."""

    def __init__(
        self,
        store: Store,
        bootstrap: str,
        group: str,
        metrics: SinkMetrics,
        limits: Limits = Limits(),  # noqa: B008 (it is frozen)
        readers: Mapping[str, Callable[[], Rows]] = READERS,
        security: Mapping[str, Any] | None = None,
    ) -> None:
        """``security``: what Kafka's clients are given beside the address (producers/connection.py)."""
        self._security = security or {}
        self._store = store
        self._bootstrap = bootstrap
        self._group = group
        self._metrics = metrics
        self._limits = limits
        self._readers = readers
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sink")
        self._stopping = asyncio.Event()
        self._run_id = uuid.uuid4().hex
        self._cut = 0
        self._batch = Batch()
        self._storing: tuple[asyncio.Task[None], Batch] | None = None
        self._committed: dict[TopicPartition, int] = {}
        self._settled_at = 0.0
        self._consumer: AIOKafkaConsumer
        self._progress = Progress({}, 0, 0, 0.0, 0, True, 0)

    def stop(self) -> None:
        """Store and commit what was read, then end ``run``."""
        self._stopping.set()

    @property
    def progress(self) -> Progress:
        return self._progress

    async def run(self) -> None:
        """Raises ``KafkaError`` if the brokers cannot be reached at the start."""
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            client_id=self._group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # Rows may be a second late, so fetches may gather.
            fetch_min_bytes=_FETCH_BYTES,
            fetch_max_wait_ms=250,
            max_poll_interval_ms=_POLL_INTERVAL_MS,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
            metadata_max_age_ms=30_000,
            **self._security,
        )
        await self._consumer.start()
        try:
            if await self._topics_exist():
                self._consumer.subscribe(list(self._readers), listener=self)
                while not self._stopping.is_set():
                    await self._step()
                await self._drain()
        finally:
            if self._storing is not None:
                self._storing[0].cancel()
            await self._consumer.stop()
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Hand over cleanly: what is being stored is committed first; what is not is the next owner's to read."""
        if self._storing is not None:
            await asyncio.wait({self._storing[0]}, timeout=self._limits.grace_s / 2)
        for batch in (self._batch, *((self._storing[1],) if self._storing else ())):
            for partition in revoked:
                batch.forget_offset(partition)
        for partition in revoked:
            self._committed.pop(partition, None)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        pass

    async def _topics_exist(self) -> bool:
        """Wait until the topics are there; whoever owns them creates them. False if stopped meanwhile."""
        while missing := set(self._readers) - await self._consumer.topics():
            log.info("waiting for topics: %s", ", ".join(sorted(missing)))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1)
                return False
        return True

    async def _step(self) -> None:
        """Read once, and hand over what is due."""
        await asyncio.sleep(0)  # records at hand are given without giving way
        limits, batch = self._limits, self._batch
        if len(batch) >= limits.rows or batch.bytes >= limits.bytes:
            if self._storing is None:
                self._hand_over(list(batch.blocks))
            else:  # one batch is being stored and one is full: that is all the memory there is
                await self._wait_for_store()
            return
        now = time.monotonic()
        left = min((block.due_at(limits) - now for block in batch.blocks.values()), default=limits.age_s)
        # Never 0: with nothing to read that would give way to nobody, the store's task included.
        timeout_ms = max(10, int(min(left, 0.25) * 1000))
        found = await self._consumer.getmany(timeout_ms=timeout_ms, max_records=limits.poll_records)
        if not found:  # with its broker gone aiokafka may answer at once, over and over
            await asyncio.sleep(0.01)
        for partition, records in found.items():
            block = self._take(partition, records)
            with suppress(IllegalStateError):  # lost meanwhile
                # Not the last record's offset: markers of transactions lie behind it.
                block.offsets[partition] = await self._consumer.position(partition)
        self._settle()
        if self._storing is None:
            now = time.monotonic()
            if due := [topic for topic, block in batch.blocks.items() if block.due_at(limits) <= now]:
                self._hand_over(due)
            elif now - self._settled_at >= limits.age_s:
                await self._commit_positions()
        self._observe()

    def _take(self, partition: TopicPartition, records: list[ConsumerRecord]) -> Block:
        batch = self._batch
        block = batch.blocks.get(partition.topic)
        if block is None:
            block = batch.blocks[partition.topic] = Block(self._readers[partition.topic]())
        for record in records:
            for found in block.rows.take(record):
                log.error("%s/%d@%d: unreadable: %s", *partition, found.record.offset, found.message)
                batch.unreadable.add(found)
                self._metrics.unreadable(partition.topic)
            block.bytes += len(record.value or b"")
        block.messages += len(records)
        return block

    def _hand_over(self, topics: Iterable[str]) -> None:
        batch = self._batch.cut(topics)
        self._storing = asyncio.create_task(self._put(batch)), batch

    async def _wait_for_store(self) -> None:
        assert self._storing is not None
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({self._storing[0], stopping}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self._settle()
        self._observe()

    def _settle(self) -> None:
        """Take note of a batch that has been stored; raises what is no matter of the store's."""
        if self._storing is not None and self._storing[0].done():
            task, self._storing = self._storing[0], None
            task.result()

    async def _put(self, batch: Batch) -> None:
        """Store ``batch``, however long it takes, and commit its offsets."""
        self._cut += 1
        every = [rows for block in batch.blocks.values() for rows in block.rows.parts()]
        for number, rows in enumerate([*every, batch.unreadable]):
            for statement in rows.erasures():
                await self._until_done(rows.table, partial(self._store.execute, statement))
            if len(rows):
                columns = await self._in_thread(rows.columns)
                for start in range(0, len(columns[0]), MAX_ROWS):
                    block = [values[start : start + MAX_ROWS] for values in columns]
                    # Of this run, and not of the offsets: a topic made anew would bring the same ones for other rows.
                    token = f"{self._run_id}-{self._cut}-{number}-{start}"
                    await self._insert(rows.table, block, token)
        blocks = batch.blocks.values()
        await self._commit({place: offset for block in blocks for place, offset in block.offsets.items()})
        stored = self._progress.stored_messages + sum(block.messages for block in blocks)
        self._progress = msgspec.structs.replace(self._progress, stored_messages=stored)

    async def _insert(self, table: tables.Table, columns: Columns, token: str) -> None:
        seconds = await self._until_done(table, partial(self._store.insert, table, columns, token))
        self._stored(table, columns, seconds)

    async def _until_done(self, table: tables.Table, work: Callable[[], None]) -> float:
        """Do ``work`` on the store over and over until it succeeds; how many seconds that took in the end."""
        shortest, longest = self._limits.backoff_s
        pause = shortest
        while True:
            started = time.monotonic()
            try:
                await self._in_thread(work)
            except StoreError as error:
                self._failed(table, error)
                await asyncio.sleep(random.uniform(pause / 2, pause))
                pause = min(pause * 2, longest)
            else:
                return time.monotonic() - started

    def _failed(self, table: tables.Table, error: StoreError) -> None:
        if self._progress.store_up:
            log.warning("%s: not stored, will be sent again: %s", table.name, error)
        self._metrics.retried(table.name)
        self._metrics.up.set(0)
        self._progress = msgspec.structs.replace(self._progress, retries=self._progress.retries + 1, store_up=False)

    def _stored(self, table: tables.Table, columns: Columns, seconds: float) -> None:
        if not self._progress.store_up:
            log.warning("%s: stored again", table.name)
        count = len(columns[0])
        self._metrics.stored(table.name, count, seconds)
        self._metrics.up.set(1)
        self._metrics.stored_at.set_to_current_time()
        if table is tables.TOUCHPOINTS:
            self._metrics.newest_event.set(max(columns[1]) / 1000)
        rows = self._progress.rows | {table.name: self._progress.rows.get(table.name, 0) + count}
        self._progress = msgspec.structs.replace(self._progress, rows=rows, last_insert_s=seconds, store_up=True)

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _commit_positions(self) -> None:
        """Where nothing is left to store: what holds no records (a transaction's marker) is done with as well."""
        self._settled_at = time.monotonic()
        offsets = {}
        with suppress(IllegalStateError, TimeoutError):  # lost meanwhile, or not known yet
            async with asyncio.timeout(2):
                for partition in self._consumer.assignment():
                    if partition.topic in self._batch.blocks:
                        continue
                    position = await self._consumer.position(partition)
                    if position != self._committed.get(partition):
                        offsets[partition] = position
        if offsets:
            await self._commit(offsets)

    async def _commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        mine = {partition: offsets[partition] for partition in self._consumer.assignment() & offsets.keys()}
        if not mine:
            return
        try:
            await self._consumer.commit(mine)
        except (CommitFailedError, IllegalStateError, KafkaError) as error:
            # Stored all the same: whoever reads it again stores rows that collapse.
            log.warning("offsets not committed: %s", error)
        else:
            self._committed.update(mine)

    async def _drain(self) -> None:
        """At a stop: store and commit what was read, if that can be done within the grace."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.grace_s):
                if self._storing is not None:
                    await self._storing[0]
                    self._storing = None
                if self._batch.blocks:
                    await self._put(self._batch)
                await self._commit_positions()
                return
        log.warning("stopped with messages not stored; they are read again at the next start")

    def _observe(self) -> None:
        backlog = 0
        for partition in self._consumer.assignment():
            with suppress(IllegalStateError):
                end = self._consumer.last_stable_offset(partition)
                done = self._committed.get(partition)
                if end is not None and done is not None:
                    backlog += max(0, end - done)
        batches = (self._batch, *((self._storing[1],) if self._storing else ()))
        self._metrics.backlog.set(backlog)
        self._metrics.buffered.set(sum(batch.bytes for batch in batches))
        buffered = sum(len(batch) for batch in batches)
        self._progress = msgspec.structs.replace(self._progress, backlog=backlog, buffered=buffered)


async def run_until_signal(writer: Writer) -> None:
    """``writer.run()``, stopped by SIGTERM or SIGINT: what was read is stored and committed first.

    Takes the process for its own: rows wait by the ten thousand, none of them in a cycle, and with Python's own
    thresholds the collector walks over them again and again.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, writer.stop)
    try:
        await writer.run()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
