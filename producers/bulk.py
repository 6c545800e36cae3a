"""For files and floods: publishes touchpoints in whole batches, some ten times as fast as ``producers.publisher``.

The same interface and the same report; what it gives up is in docs/decisions/two-publishers.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from journeys.agents import AgentEvent
from journeys.agents import encode as encode_state
from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms
from journeys.renewal import Edge
from journeys.sentiment import Scorer
from journeys.touchpoint import MAX_BYTES, Invalid, encode
from producers.connection import secured
from producers.delivery import TOPIC, Account, Event, OnDelivery, PublishError, Report
from producers.keys import FROM_ENVIRONMENT, FromEnvironment, chosen

_BATCH_BYTES = 256 * 1024

Result = TypeVar("Result")


@dataclass(eq=False)
class _Batch:
    builder: Any
    partition: int
    ids: list[str] = field(default_factory=list)
    deadline: float = 0.0


class BulkPublisher:
    """An idempotent Kafka producer of touchpoints, keyed by contact id. For one thread; a context manager.

    It works only inside its calls: ``publish`` sends a batch when it is full, ``flush`` sends what there is. If the
    broker acknowledges nothing for delivery_timeout_s, all that is pending has failed and ``publish`` raises
    ``PublishError``. At most three batches of 256 KB a partition are held: one that fills, one that waits, one that is
    being sent. Parameters as for ``Publisher``;
    headers: of every record.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        topic: str = TOPIC,
        on_delivery: OnDelivery | None = None,
        ledger: Path | None = None,
        delivery_timeout_s: float = 120.0,
        connect_timeout_s: float = 30.0,
        pseudonyms: Pseudonyms | FromEnvironment | None = FROM_ENVIRONMENT,
        scorer: Scorer | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        self._edge = Edge(chosen(pseudonyms), scorer)
        self._headers = list(headers)
        self._topic = topic
        self._delivery_timeout_s = delivery_timeout_s
        self._open: dict[int, _Batch] = {}
        self._in_flight: dict[asyncio.Future[Any], _Batch] = {}
        self._broken: PublishError | None = None
        self._closed = False
        self._loop = asyncio.new_event_loop()
        try:
            self._run(self._start(bootstrap, connect_timeout_s))
        except (KafkaError, TimeoutError) as error:
            self._abandon()
            raise PublishError(f"no Kafka broker with topic {topic} answers at {bootstrap}: {error}") from error
        self._account = Account(on_delivery, ledger)

    def publish(self, event: Event, /) -> str:
        """Hand over a touchpoint or, on a topic of those, an agent event, and return its id. Raises ``Invalid`` if
        it is too large or too deep, ``PublishError`` (above)."""
        if self._closed:
            raise PublishError("the publisher is closed")
        if self._broken:
            raise self._broken
        if isinstance(event, AgentEvent):
            return self._put(event.agent, event.id, encode_state(event))
        before, hidden = self._edge.hidden(event)
        for alias in before:
            self._put(alias.contact_id, alias.id, encode(alias))
        return self._put(hidden.contact_id, hidden.id, encode(hidden))

    def republish(self, contact_id: str, event_id: str, raw: bytes) -> str:
        """Hand over a touchpoint as it was accepted before. Raises as ``publish`` does."""
        if self._broken:
            raise self._broken
        return self._put(contact_id, event_id, raw)

    def _put(self, keyed_by: str, event_id: str, raw: bytes) -> str:
        """Into the batch of its partition; a full one is sent first."""
        if len(raw) > MAX_BYTES:
            problem = f"an event has at most {MAX_BYTES} bytes, this one {len(raw)}"
            raise Invalid("too_large", "", raw[:40], problem)
        key = keyed_by.encode()
        partition = partition_of(key, self._partitions)
        batch = self._open.get(partition)
        if batch is None or self._append(batch, key, raw) is None:
            if batch:
                self._run(self._send_wholly(batch))
                if self._broken:
                    raise self._broken
            batch = self._open[partition] = _Batch(self._producer.create_batch(), partition)
            self._append(batch, key, raw)
        batch.ids.append(event_id)
        self._account.attempt()
        return event_id

    def _append(self, batch: _Batch, key: bytes, raw: bytes) -> Any:
        return batch.builder.append(timestamp=_now_ms(), key=key, value=raw, headers=self._headers)

    def flush(self, timeout_s: float | None = None) -> bool:
        """Send what is pending and wait until it is acknowledged or failed; False if ``timeout_s`` passes first."""
        deadline = time.monotonic() + timeout_s if timeout_s is not None else None
        self._run(self._flush(deadline))
        return not self._open and not self._in_flight

    def report(self) -> Report:
        """What became of the events so far."""
        return self._account.report()

    def close(self, timeout_s: float | None = None) -> Report:
        """Flush for up to ``timeout_s`` (the delivery time-out unless given); what is pending then has failed."""
        if not self._closed:
            self.flush(timeout_s)
            self._closed = True
            self._give_up(PublishError("not acknowledged before the publisher closed"))
            self._abandon()
            self._account.close()
        return self._account.report()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is None:
            self._account.raise_for_failures()

    def _run(self, work: Awaitable[Result]) -> Result:
        return self._loop.run_until_complete(work)

    async def _start(self, bootstrap: str, timeout_s: float) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, enable_idempotence=True, acks="all",
            max_batch_size=_BATCH_BYTES, max_request_size=8 * _BATCH_BYTES, retry_backoff_ms=200, **secured(),
        )  # fmt: skip
        async with asyncio.timeout(timeout_s):
            await self._producer.start()
            self._partitions = len(await self._producer.partitions_for(self._topic))

    async def _send(self, batch: _Batch, deadline: float | None = None) -> None:
        """Put ``batch`` on its way, by ``deadline`` if at all."""
        batch.builder.close()
        batch.deadline = batch.deadline or time.monotonic() + self._delivery_timeout_s
        until = batch.deadline if deadline is None else min(deadline, batch.deadline)
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                future = await self._producer.send_batch(batch.builder, self._topic, partition=batch.partition)
        except (TimeoutError, KafkaTimeoutError):
            if time.monotonic() >= batch.deadline:
                self._break(self._silence())
            return
        except KafkaError as error:
            self._break(PublishError(f"the broker refuses to take more: {error!r}"))
            return
        self._in_flight[future] = batch
        del self._open[batch.partition]
        self._settle([future for future in self._in_flight if future.done()])

    async def _send_wholly(self, batch: _Batch) -> None:
        while self._open.get(batch.partition) is batch:
            await self._send(batch)

    async def _flush(self, deadline: float | None) -> None:
        for batch in list(self._open.values()):
            while batch.partition in self._open and (deadline is None or time.monotonic() < deadline):
                await self._send(batch, deadline)
        while self._in_flight and (deadline is None or time.monotonic() < deadline):
            await self._settle_some(deadline)

    async def _settle_some(self, deadline: float | None) -> None:
        """Wait until an answer comes, or ``deadline``, or the oldest batch's own."""
        oldest = next(iter(self._in_flight.values()))
        until = oldest.deadline if deadline is None else min(deadline, oldest.deadline)
        done, _ = await asyncio.wait(
            self._in_flight, timeout=max(0.0, until - time.monotonic()), return_when=asyncio.FIRST_COMPLETED
        )
        self._settle(done)
        if not done and time.monotonic() >= oldest.deadline:
            self._break(self._silence())

    def _settle(self, done: Iterable[asyncio.Future[Any]]) -> None:
        for future in done:
            error = future.exception()
            self._account.settle(self._in_flight.pop(future).ids, error if isinstance(error, Exception) else None)

    def _silence(self) -> PublishError:
        return PublishError(f"the broker acknowledged nothing for {self._delivery_timeout_s:g} s")

    def _break(self, error: PublishError) -> None:
        self._broken = error
        self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        for batch in (*self._in_flight.values(), *self._open.values()):
            self._account.settle(batch.ids, error)
        self._in_flight.clear()
        self._open.clear()

    def _abandon(self) -> None:
        """Stop the producer. It would wait for a dead broker for ever, so it gets a moment only."""
        self._loop.run_until_complete(self._stop())
        self._loop.close()

    async def _stop(self) -> None:
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(2):
                await self._producer.stop()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
