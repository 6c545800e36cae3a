"""One stage and partition: fence, recover, then process batch after batch, each in a transaction.

The order at the start is what makes it exactly-once; docs/decisions/assignment-and-recovery.md has the reasons.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from time import monotonic, perf_counter
from typing import Protocol

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, ProducerFenced

from streams import metrics
from streams.batch import Batch, Fields, Output
from streams.cancellation import no_stray_cancellation
from streams.inbox import Inbox, Slice
from streams.processing import process
from streams.recovery import ChangelogReplaced, Position, Reader
from streams.settings import EngineSettings, Topology
from streams.stage import Stage
from streams.store import META, Memory, Store, StoreCorrupt, StoreLocked
from streams.transaction import Transactions

log = logging.getLogger(__name__)

_WATCH_S = 1.0
_MARKERS_S = 0.5
_TIDY_S = 3600.0
_FIRST_BACKOFF_S, _LAST_BACKOFF_S = 0.2, 5.0
_LOCK_WAIT_S = 3.0  # a predecessor of ours may still be closing its state
_STEP_S = 0.4  # a batch should not hold the event loop longer than this
_REST, _LONGEST_REST_S = 20, 10.0
_SMALLEST_RECORD_LIMIT = 10_000


class StateTooNew(RuntimeError):
    """The state was written by a newer version of the stage or of the partition layout."""


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """The engine's entry in state and changelog: versions given so far, and the schema of the entries.

    During a migration `schema` is the old one and `migrated` the last key that is in the new form.
    """

    schema: int
    sequence: int = 0
    epoch: int = 0
    migrated: bytes | None = None


class Source(Protocol):
    """The consumer side, as far as a partition needs it."""

    async def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read on from these offsets, where still assigned."""

    async def is_member(self) -> bool:
        """Ask the group coordinator whether we are a member of the current generation, with no rebalance due."""

    def position(self, place: TopicPartition) -> int | None:
        """The next offset that would be fetched."""


class PartitionTask:
    """Owns the producer, the store and the inbox of one stage and partition from `start` to `stop`."""

    def __init__(
        self,
        stage: Stage,
        partition: int,
        topology: Topology,
        settings: EngineSettings,
        memory: Memory,
        source: Source,
        on_crash: Callable[[Exception], Awaitable[None]],
    ) -> None:
        self.stage = stage
        self.partition = partition
        self.ready = False
        self.inbox = Inbox(stage.inputs, capacity=settings.max_batch)
        self.inputs = {topic: TopicPartition(topic, partition) for topic in stage.inputs}
        self._topology = topology
        self._settings = settings
        self._memory = memory
        self._source = source
        self._on_crash = on_crash
        self._changelog = TopicPartition(topology.changelogs[stage.name], partition)
        self._directory: Path = settings.data / "state" / stage.name / str(partition)
        self._transactions: Transactions | None = None
        self._store: Store | None = None
        self._meta = Meta(stage.schema)
        self._meta_kept = False
        self._limit = settings.max_batch
        self._batch_bytes = settings.batch_bytes
        self._record_bytes = settings.max_record_bytes
        self._behind: dict[TopicPartition, int] = {}
        self._began = 0.0
        self._rest_s = 0.0
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._name = f"{stage.name}/{partition}"

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"partition {self._name}")

    async def stop(self) -> None:
        """Finish the transaction at hand, or leave it to the next owner after `stop_timeout_s`; close all."""
        self._stopping.set()
        self.inbox.wake()
        task = self._task
        if task is None:
            return
        _, pending = await asyncio.wait([task], timeout=self._settings.stop_timeout_s)
        if pending:
            log.warning("partition %s: the transaction at hand is left open, its next owner settles it", self._name)
            task.cancel()
            await asyncio.wait([task])

    # The life of it.

    async def _run(self) -> None:
        backoff = _FIRST_BACKOFF_S
        try:
            while not self._stopping.is_set():
                try:
                    with no_stray_cancellation():
                        await self._open()
                        backoff = _FIRST_BACKOFF_S
                        await self._work()
                except ProducerFenced:
                    metrics.FENCED.labels(self.stage.name).inc()
                    log.warning("partition %s: fenced, nothing of the batch was committed", self._name)
                    await self._close_transactions()
                    await self._until_member()
                except ChangelogReplaced as error:
                    log.error("partition %s: %s; the state is built anew", self._name, error)
                    self._drop_store()
                except StoreCorrupt as error:
                    log.error("partition %s: %s; it is built anew from the changelog", self._name, error)
                    self._drop_store()
                except MessageSizeTooLargeError as error:
                    self._shrink(error)
                except (KafkaError, TimeoutError, OSError) as error:
                    metrics.BROKER_ERRORS.labels(self.stage.name).inc()
                    log.warning(
                        "partition %s: %s: %s; starting over from what was committed, in %.1f s",
                        *(self._name, type(error).__name__, error, backoff),
                    )
                    await self._pause(backoff)
                    backoff = min(2 * backoff, _LAST_BACKOFF_S)
                finally:
                    self.ready = False
                    self.inbox.close()
                    await self._close_transactions()
        except Exception as error:
            log.critical("partition %s: %s: %s", self._name, type(error).__name__, error)
            await self._on_crash(error)
        finally:
            self.ready = False
            self.inbox.close()
            try:
                await self._close_transactions()
            finally:
                self._close_store()

    async def _open(self) -> None:
        """Take over: each step relies on the ones before it."""
        started = perf_counter()
        settings = self._settings
        # 1. Fence the former owner and settle his open transaction: from here on nobody else writes here.
        self._transactions = Transactions(
            settings.bootstrap,
            f"{settings.app_id}-{self.stage.name}-{self.partition}",
            timeout_s=settings.transaction_timeout_s,
            batch_bytes=self._batch_bytes,
            security=settings.security,
        )
        await self._transactions.start()
        await self._open_store()
        async with Reader(settings.bootstrap, settings.app_id, settings.security) as reader:
            # 2. Where the last committed batch ended. Read before, it could miss what step 1 settled.
            positions = {
                place.topic: _resume(place, position)
                for place, position in (await reader.positions(self.inputs.values())).items()
            }
            # 3. The state that belongs to exactly these positions.
            recovered = await reader.replay(self._changelog, self._open_state)
        self._read_meta()
        await self._migrate()
        # 4. Process.
        self.inbox.open(positions)
        await self._source.seek({self.inputs[topic]: position for topic, position in positions.items()})
        self.ready = True
        seconds = perf_counter() - started
        metrics.RECOVERIES.labels(self.stage.name).inc()
        metrics.RECOVERED_RECORDS.labels(self.stage.name).inc(recovered)
        metrics.RECOVERY_SECONDS.labels(self.stage.name).observe(seconds)
        log.info(
            "partition %s: ready in %.2f s, %d changelog records, from %s", self._name, seconds, recovered, positions
        )

    async def _work(self) -> None:
        looked = tidied = monotonic()
        while not self._stopping.is_set():
            if await self.inbox.arrival(_WATCH_S):
                await self._linger()
                part = self.inbox.take(self._limit)
                if part is not None and not self._stopping.is_set():
                    await self._transact(part)
            if monotonic() - looked >= _WATCH_S:
                looked = monotonic()
                await self._look_for_lost_chunks()
            if monotonic() - tidied >= _TIDY_S:
                tidied = monotonic()
                if await asyncio.to_thread(self._open_state.tidy):
                    log.info("partition %s: what was deleted is out of the state's files", self._name)

    async def _linger(self) -> None:
        """Unless a whole batch waits, let it gather for a moment since the last one: a transaction costs the broker
        as much for ten records as for ten thousand. Markers of transactions alone can wait for longer."""
        while self.inbox.waiting < self._limit and not self._stopping.is_set():
            linger_s = self.stage.linger_s if self.inbox.waiting else _MARKERS_S
            left_s = self._began + max(linger_s, self._rest_s) - perf_counter()
            if left_s <= 0:
                return
            await self.inbox.more(left_s)

    async def _transact(self, part: Slice) -> None:
        stage, settings, store = self.stage, self._settings, self._open_state
        started = self._began = perf_counter()
        batch = Batch(
            stage.name,
            self.partition,
            part.records,
            store,
            self._topology.partitions,
            partitions=self._topology.partitions[self._changelog.topic],
            dead_letters=self._topology.dead_letters,
            sequence=self._meta.sequence,
            epoch=settings.epoch,
            max_record_bytes=self._record_bytes,
            seal=self._topology.seal,
        )
        process(stage, batch)
        processed = perf_counter()
        if part.records:
            pace = len(part.records) / max(processed - started, 1e-6)
            self._limit = min(settings.max_batch, max(stage.fewest, int(pace * _STEP_S)))
            self._rest_s = rest_s(stage, processed - started)
        await asyncio.sleep(0)
        meta = Meta(stage.schema, batch.sequence, settings.epoch)
        if meta != self._meta or (batch.writes and not self._meta_kept):
            batch.writes[META] = msgspec.json.encode(meta)
        outputs = [(TopicPartition(*place), records) for place, records in batch.outputs.items()]
        await self._commit(batch.writes, outputs, {self.inputs[topic]: at for topic, at in part.positions.items()})
        self._meta = meta
        self.inbox.committed(part.positions)
        self._count(part, batch, processed - started, perf_counter() - processed)

    async def _commit(
        self,
        writes: Mapping[bytes, bytes | None],
        outputs: list[tuple[TopicPartition, list[Output]]],
        offsets: Mapping[TopicPartition, int],
    ) -> None:
        """Commit, and only then change the store."""
        assert self._transactions is not None
        places: list[tuple[TopicPartition, Iterable[Fields]]] = list(outputs)
        if writes:
            places.append((self._changelog, ((key, value, (), None) for key, value in writes.items())))
        ends = await self._transactions.commit(places, offsets, self._settings.app_id)
        if writes:
            if self._changelog not in ends:
                raise KafkaError("committed, but the broker did not tell where")  # the state is read back
            self._open_state.apply(writes, ends[self._changelog])
            self._meta_kept = self._meta_kept or META in writes

    def _count(self, part: Slice, batch: Batch, process_s: float, commit_s: float) -> None:
        name = self.stage.name
        records = len(part.records)
        metrics.BATCH_SECONDS.labels(name, "process").observe(process_s)
        metrics.BATCH_SECONDS.labels(name, "commit").observe(commit_s)
        if records:
            metrics.BATCH_RECORDS.labels(name).observe(records)
            metrics.RECORDS.labels(name).inc(records)
            newest_at = batch.newest_at if batch.newest_at is not None else part.records[-1].timestamp
            metrics.NEWEST_EVENT.labels(name, str(self.partition)).set(newest_at / 1000)
        for reason, n in batch.rejected.items():
            metrics.DEAD_LETTERS.labels(name, reason).inc(n)
        for event, n in batch.counts.items():
            metrics.STAGE_EVENTS.labels(name, event).inc(n)

    async def _look_for_lost_chunks(self) -> None:
        """Is the consumer further than what came, and nothing came since the last look? Then Faust dropped a chunk."""
        behind: dict[TopicPartition, int] = {}
        for topic, place in self.inputs.items():
            expected, position = self.inbox.expected(topic), self._source.position(place)
            if expected is not None and position is not None and position > expected:
                behind[place] = expected
        # A chunk may lie between the consumer's thread and us; the next one then starts elsewhere.
        lost = {place: expected for place, expected in behind.items() if self._behind.get(place) == expected}
        self._behind = behind
        if lost:
            log.info("partition %s: reading again what was dropped on the way, from %s", self._name, lost)
            self._behind = {}
            await self._source.seek(lost)

    # State.

    @property
    def _open_state(self) -> Store:
        assert self._store is not None
        return self._store

    async def _open_store(self) -> None:
        if self._store is not None:
            return
        deadline = perf_counter() + _LOCK_WAIT_S
        while True:
            try:
                self._store = await asyncio.to_thread(Store, self._directory, self._memory)
            except StoreLocked:
                if perf_counter() > deadline or self._stopping.is_set():
                    raise
                await self._pause(0.2)
            else:
                return

    def _close_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _drop_store(self) -> None:
        self._close_store()
        Store.wipe(self._directory)

    def _read_meta(self) -> None:
        raw = self._open_state.meta
        self._meta_kept = raw is not None
        self._meta = Meta(self.stage.schema) if raw is None else msgspec.json.decode(raw, type=Meta)
        if self._meta.schema > self.stage.schema:
            raise StateTooNew(
                f"state of {self._name} has schema {self._meta.schema}, this program knows {self.stage.schema}"
            )
        if self._meta.epoch > self._settings.epoch:
            raise StateTooNew(
                f"state of {self._name} is of epoch {self._meta.epoch}, the settings say {self._settings.epoch}"
            )

    async def _migrate(self) -> None:
        """Bring entries of an older schema to today's: in the order of keys, a transaction for some thousands.

        Each transaction notes how far it came, so that no entry is migrated twice however often we are killed.
        """
        meta = self._meta
        if meta.schema == self.stage.schema:
            return
        log.info("partition %s: migrating state from schema %d to %d", self._name, meta.schema, self.stage.schema)
        migrated = 0
        while True:
            writes: dict[bytes, bytes | None] = {}
            last = meta.migrated
            more = False
            for key, value in self._open_state.items(after=last):
                if len(writes) >= self._settings.max_batch:
                    more = True
                    break
                writes[key] = self.stage.migrate(key, value, meta.schema)
                last = key
            migrated += len(writes)
            done = Meta(self.stage.schema, meta.sequence, meta.epoch)
            meta = Meta(meta.schema, meta.sequence, meta.epoch, last) if more else done
            writes[META] = msgspec.json.encode(meta)
            await self._commit(writes, [], {})
            self._meta = meta
            if not more:
                break
            await asyncio.sleep(0)
        log.info("partition %s: migrated %d entries", self._name, migrated)

    # Trouble.

    async def _close_transactions(self) -> None:
        transactions, self._transactions = self._transactions, None
        if transactions is not None:
            await transactions.close()

    async def _until_member(self) -> None:
        """Wait for the group to confirm us; a zombie never is, and gets its partitions revoked meanwhile.

        Without this a zombie would fence the rightful owner back. A fenced member in good standing is one whose
        transaction the broker timed out.
        """
        while not self._stopping.is_set() and not await self._source.is_member():
            await self._pause(_WATCH_S)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _shrink(self, error: Exception) -> None:
        """The broker takes less than we thought: halve our limits. Records above them become dead letters."""
        self._batch_bytes //= 2
        self._record_bytes //= 2
        if self._record_bytes < _SMALLEST_RECORD_LIMIT:
            raise error
        log.warning(
            "partition %s: the broker refused a batch as too large; the limit is now %d bytes a record",
            *(self._name, self._record_bytes),
        )


def rest_s(stage: Stage, process_s: float) -> float:
    """The least time from a batch that held the event loop for ``process_s`` to the stage's next, in seconds.

    A stage that lingers for seconds goes through much whatever is in a batch, such as a plan for all queues. It is not
    to take more than a twentieth of the loop from those whose work hangs on what comes: what waits is then judged a
    little later, and by what is known by then; but never later than ten seconds.
    """
    return min(_REST * process_s, _LONGEST_REST_S) if stage.linger_s >= 1 else 0.0


def _resume(place: TopicPartition, position: Position) -> int:
    """Where to go on in an input, which may have lost its beginning, or all, since."""
    committed, beginning, end = position
    if committed is None:
        return beginning
    if committed < beginning:
        log.error(
            "%s/%d: %d offsets were deleted before they were read", place.topic, place.partition, beginning - committed
        )
        return beginning
    if committed > end:
        log.error("%s/%d ends at %d, %d was committed: it was replaced", place.topic, place.partition, end, committed)
        return beginning
    return committed
