"""For services: publishes touchpoints one by one, and says what became of each.

    with Publisher("localhost:9092", source="ivr") as publisher:
        publisher.publish(type="queued", channel="voice", contact_id="c1", queue="billing")

For files and floods see ``producers.bulk``.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack, overload

from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.partitioner import Partitioner
from kafka.producer.transaction_manager import TransactionState

from journeys.agents import AgentEvent
from journeys.agents import decode as decode_state
from journeys.agents import encode as encode_state
from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms
from journeys.renewal import Edge
from journeys.sentiment import Scorer
from journeys.touchpoint import Touchpoint
from producers.connection import secured
from producers.delivery import AGENTS, TOPIC, Account, OnDelivery, PublishError, Report
from producers.event import Fields, checked, event_from
from producers.keys import FROM_ENVIRONMENT, FromEnvironment, chosen

log = logging.getLogger(__name__)

_OVERDUE_S = 1.0  # after its time-out, if kafka-python has not said by then that an event has failed
_OVERHEAD = 1500  # bytes of Python objects (futures, callbacks) that an event on its way holds beside its own


class Publisher:
    """An idempotent Kafka producer of touchpoints, keyed by contact id, and of what agents do, keyed by agent.
    Thread-safe; a context manager.

    bootstrap: "host:port", several with commas. source: the CloudEvents source of events made from fields.
    on_delivery: see ``OnDelivery``. ledger: see ``Account``. delivery_timeout_s: how long an event is retried before
    it counts as failed. max_pending_bytes: what may wait for acknowledgement; ``publish`` blocks when it is reached.
    kafka: further settings of kafka-python, such as those for TLS and SASL. pseudonyms: what identifiers are hidden
    with before they leave the process; unless given, with the keys in TOUCHPATH_PRIVACY_KEYS. With None they are sent
    clear, to be hidden by the first stage, and stand clear on the input topic until its retention is over. While there
    are older keys too, an `alias` for each is sent before an identifier's first event, and counts in the report.
    scorer: puts a score in the place of text before it leaves the process; without one the first stage does.

    Raises ``PublishError`` if the broker does not answer, or has no such topic, within connect_timeout_s, and if there
    are no keys.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        source: str = "touchpath",
        topic: str = TOPIC,
        on_delivery: OnDelivery | None = None,
        ledger: Path | None = None,
        delivery_timeout_s: float = 120.0,
        max_pending_bytes: int = 64 * 2**20,
        connect_timeout_s: float = 30.0,
        pseudonyms: Pseudonyms | FromEnvironment | None = FROM_ENVIRONMENT,
        scorer: Scorer | None = None,
        kafka: Mapping[str, Any] | None = None,
    ) -> None:
        self._edge = Edge(chosen(pseudonyms), scorer)
        self._source = source
        self._topic = topic
        self._delivery_timeout_s = delivery_timeout_s
        self._max_pending_bytes = max_pending_bytes
        self._pending: dict[
            int, tuple[str | None, int, float]
        ] = {}  # token → event id unless told, bytes, when it fails
        self._pending_bytes = 0
        self._unsettled = 0
        self._tokens = 0
        self._look_at = 0.0
        self._settled = threading.Condition()
        self._closed = False
        linger_ms = 5
        timeout_ms = round(connect_timeout_s * 1000)
        settings: dict[str, Any] = {
            "bootstrap_servers": bootstrap.split(","),
            "client_id": f"touchpath-{source}",
            # True, not the default that means it: then a setting that conflicts raises instead of turning it off.
            "enable_idempotence": True,
            "acks": "all",
            "delivery_timeout_ms": round(delivery_timeout_s * 1000),
            "request_timeout_ms": min(30_000, round(delivery_timeout_s * 1000) - linger_ms),
            "linger_ms": linger_ms,
            "batch_size": 64 * 1024,
            "reconnect_backoff_max_ms": 1000,
            "partitioner": ContactPartitioner(),
            "allow_auto_create_topics": False,
            "bootstrap_timeout_ms": timeout_ms,
            "max_block_ms": timeout_ms,
            "metrics_enabled": False,
            **secured(),
        }
        try:
            self._producer = KafkaProducer(**(settings | dict(kafka or {})))
        except KafkaError as error:
            raise PublishError(f"no Kafka broker answers at {bootstrap}: {error}") from error
        try:
            _mend(self._producer)
            self._producer.partitions_for(topic)
        except KafkaError as error:
            self._producer.close(timeout=0)
            raise PublishError(f"topic {topic} does not exist on {bootstrap}: {error}") from error
        self._account = Account(on_delivery, ledger)

    @overload
    def publish(self, touchpoint: Touchpoint, /) -> str: ...
    @overload
    def publish(self, **fields: Unpack[Fields]) -> str: ...
    def publish(  # type: ignore[misc]  # mypy does not match Unpack with Any
        self, touchpoint: Touchpoint | None = None, /, **fields: Any
    ) -> str:
        """Hand over one event, given whole or by its fields, and return its id at once.

        Raises ``journeys.touchpoint.Invalid``, which names field and value; such an event was not attempted.
        """
        if self._closed:
            raise PublishError("the publisher is closed")
        if touchpoint is None:
            touchpoint, raw = event_from(fields, self._source)  # type: ignore[arg-type]
        elif fields:
            raise TypeError("publish takes a touchpoint or fields, not both")
        else:
            raw = checked(touchpoint)
        before, hidden = self._edge.hidden(touchpoint)
        for alias in before:
            self._send(self._topic, alias.contact_id, alias.id, checked(alias))
        self._send(self._topic, hidden.contact_id, hidden.id, raw if hidden is touchpoint else checked(hidden))
        return touchpoint.id

    def publish_state(self, event: AgentEvent, topic: str = AGENTS) -> str:
        """Hand over what an agent does from now on, and return its id at once. It counts in the report as any event.

        Raises ``journeys.touchpoint.Invalid`` as ``publish`` does.
        """
        if self._closed:
            raise PublishError("the publisher is closed")
        raw = encode_state(event)
        decode_state(raw)
        self._send(topic, event.agent, event.id, raw)
        return event.id

    def _send(self, topic: str, keyed_by: str, event_id: str, raw: bytes) -> None:
        key = keyed_by.encode()
        token = self._begin(event_id, len(raw) + len(key) + _OVERHEAD)
        if token is None:
            self._account.settle([event_id], PublishError("too much is waiting for acknowledgement already"))
            return
        try:
            future = self._producer.send(topic, value=raw, key=key)
        except KafkaError as error:
            self._end(token, error)
        else:
            future.add_callback(partial(self._end, token, None))
            future.add_errback(partial(self._end, token))

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until every event so far is acknowledged or failed; False if ``timeout_s`` passes first."""
        until = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while True:
            self._fail_overdue()
            left = until - time.monotonic()
            with self._settled:
                if self._settled.wait_for(lambda: not self._unsettled, max(0.0, min(left, _OVERDUE_S))):
                    return True
            if left <= _OVERDUE_S:
                return False

    def report(self) -> Report:
        """What became of the events so far."""
        return self._account.report()

    def close(self, timeout_s: float | None = None) -> Report:
        """Flush for up to ``timeout_s`` (the delivery time-out unless given); what is pending then has failed."""
        if not self._closed:
            self._closed = True
            self._shut_down(self._delivery_timeout_s + 5 if timeout_s is None else timeout_s)
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

    def _shut_down(self, timeout_s: float) -> None:
        if not self.flush(timeout_s) or self._pending:
            # close() alone would raise after its time-out and leave the I/O thread running (kafka-python 3.0.12).
            self._producer._sender.force_close()
            self._producer._sender.join(10)
        try:
            self._producer.close(timeout=10)
        except KafkaError as error:
            log.warning("the Kafka producer did not close cleanly: %s", error)
        for token in list(self._pending):
            self._end(token, PublishError("not acknowledged before the publisher closed"))

    def _begin(self, event: str, size: int) -> int | None:
        """Register an event as on its way; None if there is no room for it within the delivery time-out."""
        self._account.attempt()
        until = time.monotonic() + self._delivery_timeout_s
        while True:
            self._fail_overdue()
            left = until - time.monotonic()
            with self._settled:
                if self._settled.wait_for(
                    lambda: not self._pending or self._pending_bytes + size <= self._max_pending_bytes,
                    max(0.0, min(left, _OVERDUE_S)),
                ):
                    self._tokens += 1
                    due = time.monotonic() + self._delivery_timeout_s + _OVERDUE_S
                    self._pending[self._tokens] = (event, size, due)
                    self._pending_bytes += size
                    self._unsettled += 1
                    return self._tokens
            if left <= _OVERDUE_S:
                return None

    def _fail_overdue(self) -> None:
        """While kafka-python asks for a new producer id it looks at no time-out, so that is done here, once a second.
        It still holds such events, so they count towards what may wait until it lets them go."""
        now = time.monotonic()
        with self._settled:
            if now < self._look_at:
                return
            self._look_at = now + _OVERDUE_S
            overdue = {token: entry for token, entry in self._pending.items() if entry[2] <= now}
            for token, (_, size, _) in overdue.items():
                self._pending[token] = (None, size, math.inf)
        error = PublishError(f"not acknowledged within {self._delivery_timeout_s:g} s")
        for event, _, _ in overdue.values():
            if event is not None:
                self._told(event, error)

    def _end(self, token: int, error: Exception | None, _metadata: object = None) -> None:
        """The broker's answer, or none in time. The first one counts."""
        with self._settled:
            entry = self._pending.pop(token, None)
        if entry is None:
            return
        event, size, _ = entry
        if event is not None:
            self._told(event, error)
        with self._settled:
            self._pending_bytes -= size
            self._settled.notify_all()

    def _told(self, event: str, error: Exception | None) -> None:
        self._account.settle([event], error)
        with self._settled:
            self._unsettled -= 1
            self._settled.notify_all()


class ContactPartitioner(Partitioner):  # type: ignore[misc]
    """The same partition for a key as everywhere else in touchpath."""

    def partition(
        self, topic: str, key: object, serialized_key: bytes, value: object, serialized_value: bytes, cluster: Any
    ) -> int:
        return partition_of(serialized_key, len(cluster.partitions_for_topic(topic)))


def _mend(producer: KafkaProducer) -> None:
    """kafka-python 3.0.12 gives its producer id back when an event times out that was on its way, but asks for one in
    its first state only, which it has left by then: such a producer would never send again."""
    manager = producer._transaction_manager
    reset = manager.reset_producer_id

    def reset_and_ask_again() -> None:
        with manager._lock:
            reset()
            if manager._current_state is TransactionState.READY:
                manager._current_state = TransactionState.UNINITIALIZED

    manager.reset_producer_id = reset_and_ask_again
