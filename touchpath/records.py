"""Records of a topic, all that are there, and records onto one: for what rebuilds state, and for backups."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, cast

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from producers.connection import secured
from touchpath.problem import Problem

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

_TIMEOUT_S = 30.0
_PATIENCE_S = 90.0  # longer than a transaction that was left open may last (streams.settings)
_AT_ONCE = 10_000


class Sent(NamedTuple):
    """A record to write; without a value it deletes its key from a compacted topic."""

    key: bytes | None
    value: bytes | None
    partition: int


def records(bootstrap: str, topic: str, partitions: Iterable[int]) -> Iterator[ConsumerRecord]:
    """The committed records of these partitions of ``topic``, up to the ends that they have now. Raises ``Problem``."""
    loop = asyncio.new_event_loop()
    try:
        consumer = loop.run_until_complete(_reader(bootstrap))
        try:
            yield from _read(loop, consumer, [TopicPartition(topic, number) for number in partitions])
        finally:
            loop.run_until_complete(consumer.stop())
    except (KafkaError, TimeoutError) as error:
        raise Problem(f"--bootstrap {bootstrap}: {topic}: {error or type(error).__name__}") from None
    finally:
        loop.close()


async def _reader(bootstrap: str) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
        **secured(),
    )
    async with asyncio.timeout(_TIMEOUT_S):
        await consumer.start()
    return consumer


def _read(
    loop: asyncio.AbstractEventLoop, consumer: AIOKafkaConsumer, places: list[TopicPartition]
) -> Iterator[ConsumerRecord]:
    async def some() -> list[ConsumerRecord] | None:
        """None: to the end of all. Positions tell, as the last offsets may be markers of transactions."""
        if all([await consumer.position(place) >= end for place, end in ends.items()]):
            return None
        found = await consumer.getmany(*places, timeout_ms=200, max_records=_AT_ONCE)
        return [record for own in found.values() for record in own]

    async def begun() -> dict[TopicPartition, int]:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        return cast(dict[TopicPartition, int], await consumer.end_offsets(places))

    ends = loop.run_until_complete(begun())
    deadline = time.monotonic() + _PATIENCE_S
    while (found := loop.run_until_complete(some())) is not None:
        if found:
            yield from found
            deadline = time.monotonic() + _PATIENCE_S
        elif time.monotonic() > deadline:
            raise TimeoutError("cannot be read to its end: a transaction is open there")


def send(bootstrap: str, topic: str, given: Iterable[Sent]) -> int:
    """Write ``given``, and return how many that were, when all are acknowledged. Raises ``Problem``."""
    try:
        return asyncio.run(_send(bootstrap, topic, given))
    except (KafkaError, TimeoutError) as error:
        raise Problem(f"--bootstrap {bootstrap}: {topic}: {error or type(error).__name__}") from None


async def _send(bootstrap: str, topic: str, given: Iterable[Sent]) -> int:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        max_batch_size=256 * 1024,
        **secured(),
    )
    rest = iter(given)
    count = 0
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await producer.start()
        while some := list(islice(rest, _AT_ONCE)):
            async with asyncio.timeout(4 * _TIMEOUT_S):
                written = [await producer.send(topic, one.value, one.key, one.partition) for one in some]
                await asyncio.gather(*written)
            count += len(some)
    finally:
        await producer.stop()
    return count
