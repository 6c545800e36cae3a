"""The input of the counting job: the same topic for every contestant, filled once."""

from __future__ import annotations

import random

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from journeys.partition import partition_of

PARTITIONS = 4
CUSTOMERS = 20_000
EVENT_BYTES = 200


def event(number: int, customer: str) -> bytes:
    """One event, JSON of exactly EVENT_BYTES bytes."""
    head = (
        f'{{"id":"e{number:09d}","customer":"{customer}","channel":"voice","type":"ended",'
        f'"at":{1_767_225_600_000 + number},"queue":"billing","attributes":{{"note":"'
    )
    return (head + "x" * (EVENT_BYTES - len(head) - 3) + '"}}').encode()


def create_topic(bootstrap: str, topic: str, partitions: int = PARTITIONS) -> None:
    """Create `topic` and wait until it is there."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(30)


def delete_topics(bootstrap: str, prefix: str) -> None:
    """Delete every topic whose name starts with `prefix`."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    names = [name for name in admin.list_topics(timeout=30).topics if name.startswith(prefix)]
    if names:
        for deleted in admin.delete_topics(names).values():
            deleted.result(30)


def fill(bootstrap: str, topic: str, count: int, seed: int = 1) -> None:
    """Create `topic` and write `count` events to it, keyed by customer."""
    create_topic(bootstrap, topic)
    choice = random.Random(seed)
    customers = [f"c{number:05d}" for number in range(CUSTOMERS)]
    keys = [(customer, customer.encode(), partition_of(customer.encode(), PARTITIONS)) for customer in customers]
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "enable.idempotence": True, "log_level": 3})
    for number in range(count):
        customer, key, partition = choice.choice(keys)
        value = event(number, customer)
        while True:
            try:
                producer.produce(topic, value, key, partition)
                break
            except BufferError:
                producer.poll(0.05)
    if left := producer.flush(60):
        raise RuntimeError(f"{left} of {count} events were not acknowledged")
