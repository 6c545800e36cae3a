"""What stands in the topics themselves, read as their readers do: only what was committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from streams import topics
from tests.faults.harness import PARTITIONS, Bench
from tests.faults.trial import Result
from touchpath.brokers import Offsets

_VERSIONED = (topics.STITCHED, topics.VISITS, topics.JOURNEYS, topics.SIGNALS, topics.QUEUES, topics.IDENTIFIERS)


class _Told(msgspec.Struct):
    entity: str
    id: str
    version: int


class _Event(msgspec.Struct):
    id: str


_told = msgspec.json.Decoder(_Told).decode
_event = msgspec.json.Decoder(_Event).decode


def records(bench: Bench, topic: str, since: Offsets | None = None) -> Iterator[ConsumerRecord]:
    """All committed records, or those from ``since`` on, in the order of their offsets by partition."""
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    ends = bench.brokers.stable(places)
    consumer = KafkaConsumer(
        bootstrap_servers=bench.kafka.bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        metrics_enabled=False,
    )
    try:
        consumer.assign(places)
        for place, offset in (since or {}).items():
            consumer.seek(place, offset)
        while any(consumer.position(place) < end for place, end in ends.items()):
            for found in consumer.poll(timeout_ms=500, max_records=5000).values():
                yield from found
    finally:
        consumer.close(timeout_ms=1000)


def twice(bench: Bench, since: Offsets) -> int:
    """Events beyond their first copy among what was published since then."""
    published = Counter(_event(record.value).id for record in records(bench, topics.TOUCHPOINTS, since))
    return published.total() - len(published)


def look(bench: Bench) -> Result:
    """``topic duplicates``: touchpoints accepted twice, which only a batch committed twice can do. ``versions fallen``:
    records whose entity had the same version, or a higher one, before under the same key. (Under another key it may: a
    contact that moves to another customer leaves a tombstone behind, which the new customer's row may overtake.)"""
    accepted = Counter(
        _event(line).id for record in records(bench, topics.ACCEPTED) for line in record.value.split(b"\n") if line
    )
    fallen = 0
    for topic in _VERSIONED:
        newest: dict[tuple[bytes | None, str, str], int] = {}
        for record in records(bench, topic):
            told = _told(record.value)
            place = record.key, told.entity, told.id
            fallen += newest.get(place, 0) >= told.version
            newest[place] = max(told.version, newest.get(place, 0))
    return Result({"topic duplicates": accepted.total() - len(accepted), "versions fallen": fallen})


def look_and_compare(bench: Bench) -> Result:
    """The end of a trial: the topics, and every table whole."""
    whole = bench.compare_all()
    del whole.figures["touchpoints"]  # the runs have counted them
    return look(bench).add(whole)
