"""What waits to be processed of one stage and partition, and the proof that nothing is missing from it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from streams.stage import Record

_TRANSIT_S = 6.0  # a chunk that has not come by then was dropped on the way; a busy loop keeps one for seconds


class Chunk(NamedTuple):
    """What one poll read of one topic partition: every committed record from offset `start` up to, not with, `end`.

    Offsets have holes (markers of transactions, compaction), so only `start` tells whether something is missing before.
    """

    topic: str
    partition: int
    start: int
    end: int
    records: Sequence[Record]


class Slice(NamedTuple):
    """Records to process together, and by topic the position to commit with them."""

    records: list[Record]
    positions: dict[str, int]


class Inbox:
    """A bounded queue of chunks, used from one event loop.

    Faust may drop chunks, or read some twice, whenever a rebalance or a seek comes between. The inbox knows the next
    offset of each topic, cuts off what it has had, and tells where to read again.
    """

    def __init__(self, topics: Iterable[str], capacity: int, transit_s: float = _TRANSIT_S) -> None:
        self._topics = tuple(topics)
        self._capacity = capacity
        self._transit_s = transit_s
        self._chunks: deque[Chunk] = deque()
        self._queued = dict.fromkeys(self._topics, 0)
        self._expected: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._in_transit: dict[str, float] = {}
        self._arrived = asyncio.Event()

    def open(self, positions: Mapping[str, int]) -> None:
        """Forget what is queued and accept chunks from these positions on."""
        self.close()
        self._expected = {topic: positions[topic] for topic in self._topics}
        self._done = dict(self._expected)

    def close(self) -> None:
        """Accept nothing until the next `open`."""
        self._expected = {}
        self._chunks.clear()
        self._queued = dict.fromkeys(self._topics, 0)
        self._in_transit.clear()
        self._arrived.clear()

    def wants(self, topic: str) -> bool:
        """Whether a chunk of the topic should be fetched: there is room, and none is on its way."""
        return topic in self._expected and self._queued[topic] < self._capacity and not self._is_in_transit(topic)

    def dispatched(self, topic: str) -> None:
        """A chunk of the topic is on its way."""
        self._in_transit[topic] = monotonic()

    def expected(self, topic: str) -> int | None:
        """The next offset that is wanted; None while closed or while a chunk is on its way."""
        return None if self._is_in_transit(topic) else self._expected.get(topic)

    def done(self, topic: str) -> int | None:
        """The next offset to process, as told by `open` and `committed`; None before."""
        return self._done.get(topic)

    def committed(self, positions: Mapping[str, int]) -> None:
        """These positions were committed."""
        self._done.update(positions)

    def offer(self, chunk: Chunk) -> bool:
        """Queue the chunk, without what was had before. False: something is missing before it, read from `expected`."""
        topic = chunk.topic
        self._in_transit.pop(topic, None)
        expected = self._expected.get(topic)
        if expected is None or chunk.end <= expected:
            return True
        if chunk.start > expected:
            return False
        if chunk.start < expected:
            chunk = chunk._replace(start=expected, records=[r for r in chunk.records if r.offset >= expected])
        self._expected[topic] = chunk.end
        self._queued[topic] += len(chunk.records)
        self._chunks.append(chunk)
        self._arrived.set()
        return True

    async def arrival(self, wait_s: float) -> bool:
        """Wait for something to take, `wake`, or the end of `wait_s`; whether there is something."""
        if not self._chunks:
            await self.more(wait_s)
        return bool(self._chunks)

    def take(self, limit: int) -> Slice | None:
        """Everything that waits, up to `limit` records; None if nothing does."""
        records: list[Record] = []
        positions: dict[str, int] = {}
        while self._chunks:
            chunk = self._chunks.popleft()
            room = limit - len(records)
            if len(chunk.records) > room:
                if not room:
                    self._chunks.appendleft(chunk)
                    break
                rest = chunk._replace(start=chunk.records[room].offset, records=chunk.records[room:])
                self._chunks.appendleft(rest)
                chunk = chunk._replace(end=rest.start, records=chunk.records[:room])
            records.extend(chunk.records)
            positions[chunk.topic] = chunk.end
            self._queued[chunk.topic] -= len(chunk.records)
        return Slice(records, positions) if positions else None

    @property
    def waiting(self) -> int:
        """How many records are queued."""
        return sum(self._queued.values())

    async def more(self, wait_s: float) -> None:
        """Wait for another chunk, `wake`, or the end of `wait_s`."""
        self._arrived.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._arrived.wait()

    def _is_in_transit(self, topic: str) -> bool:
        since = self._in_transit.get(topic)
        return since is not None and monotonic() - since < self._transit_s

    def wake(self) -> None:
        """Let `arrival` and `more` return at once."""
        self._arrived.set()
