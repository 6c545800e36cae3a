"""Schedules and forecasts that somebody uploads, onto ``journey.schedules``, all into the partition of staffing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from journeys.partition import partition_of
from journeys.staffing.situation import KEY, Uploaded
from producers.connection import secured
from producers.delivery import PublishError

TOPIC = "journey.schedules"


def upload(bootstrap: str, parts: Iterable[Uploaded]) -> None:
    """Publish ``parts``, and wait until the broker has them all. Raises ``PublishError``."""
    try:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap.split(","), acks="all", enable_idempotence=True, allow_auto_create_topics=False,
            max_block_ms=10_000, metrics_enabled=False, **secured(),
        )  # fmt: skip
        try:
            place = partition_of(KEY, len(producer.partitions_for(TOPIC)))
            sent = [producer.send(TOPIC, msgspec.json.encode(part), KEY, partition=place) for part in parts]
            for one in sent:
                one.get(timeout=30)
        finally:
            producer.close(timeout=5)
    except KafkaError as error:
        raise PublishError(f"the schedule could not be published on {TOPIC}: {error}") from error
