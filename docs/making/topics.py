"""docs/reference/topics.md: what streams/topics.py declares."""

from __future__ import annotations

from docs.making.markdown import code, page, table
from streams.topics import CATALOGUE, DAY_MS, Topic


def text() -> str:
    kept = [topic for topic in CATALOGUE.values() if topic.cleanup == "delete"]
    compacted = [topic for topic in CATALOGUE.values() if topic.cleanup == "compact"]
    return page(
        "Topics",
        "streams/topics.py",
        """All have the same number of partitions (`--partitions`, 4 unless given), and are made when touchpath starts.
What a value is called here is a type of `journeys`; `Change[X]` is a version of X, or its end. How the
stages pass them on is drawn in [what it is](../overview.md).""",
        table(
            ("topic", "partitioned by", "carries", "kept for"),
            [(code(topic.name), topic.key, _carries(topic), f"{topic.retention_ms / DAY_MS:g} d") for topic in kept],
        ),
        "How long is a setting: `[retention.topics]`.",
        "## Compacted",
        "These keep the last of each key: the state of a stage, from which a worker that takes over goes on.",
        table(("topic", "key", "carries"), [(code(topic.name), topic.key, topic.carries) for topic in compacted]),
    )


def _carries(topic: Topic) -> str:
    return topic.carries.replace("[", "\\[")
