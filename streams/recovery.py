"""Read what a new owner must know: where the group stands in the inputs, and the changelog."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from time import monotonic
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.store import Store

_TIMEOUT_S = 30.0  # without an answer or any progress


class Position(NamedTuple):
    """Of one input partition: the committed offset, if any, and the first and the next offset of the log."""

    committed: int | None
    beginning: int
    end: int


class Reader:
    """A read_committed consumer that joins no group; a context manager. Everything raises KafkaError, TimeoutError."""

    def __init__(self, bootstrap: str, group: str, security: Mapping[str, Any] | None = None) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=4 << 20,
            fetch_max_wait_ms=100,
            request_timeout_ms=15_000,
            **(security or {}),
        )

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._consumer.start()
        except BaseException:
            await self._consumer.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        async with asyncio.timeout(_TIMEOUT_S):
            await self._consumer.stop()

    async def positions(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, Position]:
        places = list(places)
        async with asyncio.timeout(_TIMEOUT_S):
            beginnings = await self._consumer.beginning_offsets(places)
            ends = await self._consumer.end_offsets(places)
            return {
                place: Position(await self._consumer.committed(place), beginnings[place], ends[place])
                for place in places
            }

    async def replay(self, changelog: TopicPartition, store: Store) -> int:
        """Bring the store up to the changelog's end; the number of records applied.

        The end is the last stable offset. The caller has fenced every other writer, so that is the end of all that was
        ever committed. Positions, not records, tell when the end is reached: it may be a marker, or compacted away.
        Raises ChangelogReplaced if the changelog ends before the offset that the store stands for.
        """
        consumer = self._consumer
        consumer.assign([changelog])
        async with asyncio.timeout(_TIMEOUT_S):
            beginning = (await consumer.beginning_offsets([changelog]))[changelog]
            end = (await consumer.end_offsets([changelog]))[changelog]
        stored = store.offset
        if stored is not None and stored > end:
            raise ChangelogReplaced(
                f"{changelog.topic}/{changelog.partition} ends at {end}, the state is from {stored}"
            )
        position = beginning if stored is None else max(stored, beginning)
        consumer.seek(changelog, position)
        applied = 0
        progress = monotonic()
        while position < end:
            fetched = await consumer.getmany(changelog, timeout_ms=200, max_records=10_000)
            records = fetched.get(changelog, ())
            reached = await consumer.position(changelog)
            if records:
                store.apply({record.key: record.value for record in records}, reached)
                applied += len(records)
            if reached > position:
                position, progress = reached, monotonic()
            elif monotonic() - progress > _TIMEOUT_S:
                raise TimeoutError(f"{changelog.topic}/{changelog.partition}: no progress at {position} of {end}")
            await asyncio.sleep(0)
        if applied == 0 and stored != position:
            store.apply({}, position)
        return applied


class ChangelogReplaced(KafkaError):  # type: ignore[misc]
    """The changelog is not the one that the state was made from."""
