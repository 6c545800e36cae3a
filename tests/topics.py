"""Topics of a broker that several tests use."""

from __future__ import annotations

import time

from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from touchpath.embedded_kafka import EmbeddedKafka


def emptied(kafka: EmbeddedKafka, *names: str, partitions: int = 2) -> str:
    """Have these topics, with nothing on them. Returns the bootstrap address."""
    removed(kafka, *names)
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.create_topics([NewTopic(name, partitions, 1) for name in names])
    return kafka.bootstrap


def removed(kafka: EmbeddedKafka, *names: str) -> None:
    """Return when none of these topics is there."""
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        if there := set(names) & set(admin.list_topics()):
            admin.delete_topics(sorted(there))
            deadline = time.monotonic() + 30
            while there & set(admin.list_topics()):
                assert time.monotonic() < deadline
                time.sleep(0.1)
