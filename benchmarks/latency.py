"""From publishing to being seen: percentiles at a steady rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from journeys.partition import partition_of

Message = tuple[str, bytes, bytes]  # id, key, value
Observer = Callable[[], Iterable[str]]  # waits a moment and returns the ids that have come into sight since

_NO_LEADER_YET = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
_TICK_S = 0.005


@dataclass(frozen=True)
class Latency:
    """Of the messages sent after the warm-up; those never seen count in `unseen` only."""

    rate: float  # messages a second, as it really was
    seen: int
    unseen: int
    p50_ms: float
    p99_ms: float


def measure(
    bootstrap: str,
    topic: str,
    messages: Iterator[Message],
    observe: Observer,
    *,
    rate: float,
    duration_s: float = 20.0,
    warm_up_s: float = 5.0,
    drain_s: float = 10.0,
    of: Callable[[str], bool] = lambda message_id: True,
) -> Latency:
    """Publish `messages` to `topic` at `rate` a second for warm_up_s + duration_s; time how long `observe` is in seeing
    their ids.

    A message's clock starts when it was due, not when it was sent, so that a publisher that is held up hides nothing.
    Messages whose id is not `of` the measured ones are load. Ends when all are seen, or `drain_s` after the last was
    sent. Raises ValueError if none is seen.
    """
    due: dict[str, float] = {}
    seen: dict[str, float] = {}
    sent = threading.Event()
    deadline = float("inf")

    def watch() -> None:
        while time.monotonic() < deadline and not (sent.is_set() and due.keys() <= seen.keys()):
            for message_id in observe():
                seen.setdefault(message_id, time.monotonic())

    watcher = threading.Thread(target=watch, name="latency-watcher", daemon=True)
    watcher.start()
    start = time.monotonic()
    _publish(bootstrap, topic, messages, rate, warm_up_s, duration_s, due, of)
    took = time.monotonic() - start
    deadline = time.monotonic() + drain_s
    sent.set()
    watcher.join()

    took_ms = sorted((seen[message_id] - at) * 1000 for message_id, at in due.items() if message_id in seen)
    if not took_ms:
        raise ValueError(f"none of {len(due)} messages published to {topic} was seen")
    return Latency(
        rate=rate * (warm_up_s + duration_s) / took,
        seen=len(took_ms),
        unseen=len(due) - len(took_ms),
        p50_ms=took_ms[len(took_ms) // 2],
        p99_ms=took_ms[len(took_ms) * 99 // 100],
    )


def _publish(
    bootstrap: str,
    topic: str,
    messages: Iterator[Message],
    rate: float,
    warm_up_s: float,
    duration_s: float,
    due: dict[str, float],
    of: Callable[[str], bool],
) -> None:
    """Send in ticks; note in `due` (monotonic seconds) those after the warm-up, before they leave."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 2, "enable.idempotence": True, "log_level": 3})
    partitions = len(producer.list_topics(topic, timeout=30).topics[topic].partitions)
    total = int(rate * (warm_up_s + duration_s))
    start = time.monotonic()
    number = 0
    while number < total:
        while number < total and (at := start + number / rate) <= time.monotonic():
            message_id, key, value = next(messages)
            if at - start >= warm_up_s and of(message_id):
                due[message_id] = at
            producer.produce(topic, value, key, partition_of(key, partitions))
            number += 1
        producer.poll(0)
        time.sleep(_TICK_S)
    if left := producer.flush(60):
        raise RuntimeError(f"{left} of {total} messages to {topic} were not acknowledged")


@contextmanager
def topic_observer(bootstrap: str, topic: str, ids: Callable[[bytes], Iterable[str]]) -> Iterator[Observer]:
    """An Observer of what is committed to `topic` from now on; `ids` gives the published ids that a value is about."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False, "log_level": 3,
         "isolation.level": "read_committed", "fetch.wait.max.ms": 10}
    )  # fmt: skip
    try:
        partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        ends = [TopicPartition(topic, partition) for partition in partitions]
        for end in ends:  # asked for now: OFFSET_END would be looked up only at the first fetch
            end.offset = _end_offset(consumer, end)
        consumer.assign(ends)

        def observe() -> Iterator[str]:
            for message in consumer.consume(10_000, timeout=0.01):
                if error := message.error():
                    raise RuntimeError(f"reading {topic} failed: {error}")
                yield from ids(message.value())

        yield observe
    finally:
        consumer.close()


def _end_offset(consumer: Consumer, partition: TopicPartition) -> int:
    for _ in range(50):
        try:
            return int(consumer.get_watermark_offsets(partition, timeout=10)[1])
        except KafkaException as error:  # a topic just made has no leader for a moment
            if error.args[0].code() not in _NO_LEADER_YET:
                raise
            time.sleep(0.1)
    raise RuntimeError(f"{partition.topic} has no leader for partition {partition.partition}")
