"""How much of some topics a consumer group has not done yet."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


async def backlog(bootstrap: str, group: str, topics: list[str]) -> int:
    """Messages on ``topics`` past what ``group`` has committed; 0: all that is visible is done with.

    Transactions' markers count as messages, so a group must commit positions, as the sinks do, to reach 0.
    Raises ``KafkaError`` if the brokers cannot be reached.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed")
    try:
        await admin.start()
        await consumer.start()
        known = await places(admin, topics)
        ends = await consumer.end_offsets(known)
        starts = await consumer.beginning_offsets(known)
        done = await admin.list_consumer_group_offsets(group)
    finally:
        await consumer.stop()
        await admin.close()
    return sum(max(0, end - max(_offset(done, place), starts[place])) for place, end in ends.items())


async def places(admin: AIOKafkaAdminClient, topics: list[str]) -> list[TopicPartition]:
    """All partitions of those of ``topics`` that exist."""
    return [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in await admin.describe_topics(topics)
        for partition in topic["partitions"]
    ]


def _offset(committed: dict[TopicPartition, object], place: TopicPartition) -> int:
    return int(getattr(committed.get(place), "offset", 0))
