"""Schedules and forecasts that somebody uploads, onto ``journey.schedules``, all into the partition of staffing."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from journeys.partition import partition_of
from journeys.staffing.situation import KEY, Uploaded
from producers.once import producing

TOPIC = "journey.schedules"


def upload(bootstrap: str, parts: Iterable[Uploaded]) -> None:
    """Publish ``parts``, and wait until the broker has them all. Raises ``PublishError``."""
    with producing(bootstrap, f"the schedule could not be published on {TOPIC}") as producer:
        place = partition_of(KEY, len(producer.partitions_for(TOPIC)))
        sent = [producer.send(TOPIC, msgspec.json.encode(part), KEY, partition=place) for part in parts]
        for one in sent:
            one.get(timeout=30)
