"""Services compress as their clients do by default, and those of other languages do so otherwise than Python's."""

from __future__ import annotations

import pytest
from aiokafka import AIOKafkaConsumer
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from touchpath.embedded_kafka import EmbeddedKafka


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_whatever_a_service_compresses_with_is_read(codec: str, kafka: EmbeddedKafka) -> None:
    topic, value = f"codec-{codec}", b"all the same " * 1000
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.create_topics([NewTopic(topic, 1, 1)], wait_for_metadata=True)
    with KafkaProducer(bootstrap_servers=kafka.bootstrap, compression_type=codec) as producer:
        producer.send(topic, value).get(30)
    with KafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False) as ours:
        ours.assign([TopicPartition(topic, 0)])
        ours.seek_to_beginning()
        found = [record.value for records in ours.poll(timeout_ms=10_000).values() for record in records]
    assert found == [value]
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest") as workers:
        assert (await workers.getone()).value == value
