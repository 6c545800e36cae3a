"""One transactional producer: a batch's outputs, changelog and offsets, all or nothing.

aiokafka's producer does the protocol. What is added: batches built at once instead of record by record, a check of
every future before the commit (aiokafka commits a transaction of which a batch was refused), and a stop that cannot
hang (aiokafka's waits for the broker to take what is buffered).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from streams.batch import Fields
from streams.cancellation import no_stray_cancellation

_START_S = 30.0
_STOP_S = 2.0
_NO_HEADERS: list[tuple[str, bytes]] = []


class Transactions:
    """The producer of one transactional id. After any error it is of no more use: close it and make another."""

    def __init__(
        self,
        bootstrap: str,
        transactional_id: str,
        *,
        timeout_s: float,
        batch_bytes: int,
        request_timeout_s: float = 15.0,
        security: Mapping[str, Any] | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            client_id=transactional_id,
            transactional_id=transactional_id,
            transaction_timeout_ms=int(timeout_s * 1000),
            request_timeout_ms=int(request_timeout_s * 1000),
            retry_backoff_ms=50,
            max_batch_size=batch_bytes,
            acks="all",
            **(security or {}),
        )

    async def start(self) -> None:
        """Fence whoever used the id before, and settle what he left open. Raises KafkaError, TimeoutError."""
        async with asyncio.timeout(_START_S):
            await self._producer.start()

    async def commit(
        self,
        outputs: Iterable[tuple[TopicPartition, Iterable[Fields]]],
        offsets: Mapping[TopicPartition, int],
        group: str,
    ) -> dict[TopicPartition, int]:
        """Write and commit; by partition, the offset after the last record written there.

        A partition is left out where the broker did not tell. Raises ProducerFenced, other KafkaErrors, TimeoutError:
        then whether it was committed is known only for ProducerFenced (no).
        """
        try:
            async with asyncio.timeout(self._timeout_s + 10):
                return await self._commit(outputs, offsets, group)
        except ExceptionGroup as errors:
            raise _first(errors) from errors
        except (AssertionError, asyncio.InvalidStateError) as error:
            raise KafkaError(f"aiokafka's producer lost its way: {error!r}") from error

    async def _commit(
        self,
        outputs: Iterable[tuple[TopicPartition, Iterable[Fields]]],
        offsets: Mapping[TopicPartition, int],
        group: str,
    ) -> dict[TopicPartition, int]:
        producer = self._producer
        await producer.begin_transaction()
        now = int(time.time() * 1000)
        places = list(outputs)
        for place, _ in places:
            producer._txn_manager.maybe_add_partition_to_txn(place)
        if offsets:
            await producer.send_offsets_to_transaction(dict(offsets), group)
        async with asyncio.TaskGroup() as tasks:
            sends = [tasks.create_task(self._send(place, _pack(producer, records, now))) for place, records in places]
        await producer.commit_transaction()
        return {place: offset for place, offset in (send.result() for send in sends) if offset is not None}

    async def close(self) -> None:
        """Stop, whatever the broker does; bounded time. An open transaction is settled by the id's next owner."""
        producer = self._producer
        with contextlib.suppress(KafkaError, TimeoutError, OSError), no_stray_cancellation():
            async with asyncio.timeout(_STOP_S):
                await producer.stop()
                return
        producer._closed = True
        producer._message_accumulator.fail_all(KafkaError("producer abandoned"))
        sender = producer._sender.sender_task
        if sender is not None and not sender.done():
            sender.cancel()
            await asyncio.wait([sender], timeout=_STOP_S)
        with contextlib.suppress(KafkaError, TimeoutError, OSError), no_stray_cancellation():
            async with asyncio.timeout(_STOP_S):
                await producer.client.close()

    async def _send(self, place: TopicPartition, builders: list[Any]) -> tuple[TopicPartition, int | None]:
        sent = []
        for builder in builders:
            count = builder.record_count()
            sent.append((await self._producer.send_batch(builder, place.topic, partition=place.partition), count))
        after: int | None = None
        for future, count in sent:
            metadata = await future
            # A repeated request that the broker had already taken is answered without an offset.
            after = metadata.offset + count if metadata.offset >= 0 else None
        return place, after


def _pack(producer: AIOKafkaProducer, records: Iterable[Fields], now: int) -> list[Any]:
    """Builders, each of at most the producer's batch size, or of one record that is larger."""
    builders = []
    builder: Any = None
    append: Any = None
    count = 0
    for key, value, headers, timestamp in records:
        at = now if timestamp is None else timestamp
        listed = list(headers) if headers else _NO_HEADERS
        if builder is None or append(count, at, key, value, listed) is None:
            if builder is not None:
                builder._relative_offset = count
            builder = producer.create_batch()
            builders.append(builder)
            append = builder._builder.append  # skips a layer of aiokafka's that costs as much as the append itself
            append(0, at, key, value, listed)
            count = 0
        count += 1
    if builder is not None:
        builder._relative_offset = count
    for full in builders:
        full.close()
    return builders


def _first(errors: BaseExceptionGroup[Exception]) -> Exception:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Exception)
    return error
