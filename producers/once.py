"""A producer for a few records that are sent once and waited for, such as an announcement or an upload."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaProducer
from kafka.errors import KafkaError

from producers.connection import secured
from producers.delivery import PublishError


@contextmanager
def producing(bootstrap: str, otherwise: str) -> Iterator[KafkaProducer]:
    """A producer, closed afterwards. What Kafka refuses is raised as ``PublishError``: ``otherwise``, and why."""
    try:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap.split(","), acks="all", enable_idempotence=True, allow_auto_create_topics=False,
            max_block_ms=10_000, metrics_enabled=False, **secured(),
        )  # fmt: skip
        try:
            yield producer
        finally:
            producer.close(timeout=5)
    except KafkaError as error:
        raise PublishError(f"{otherwise}: {error}") from error
