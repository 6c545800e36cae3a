"""`touchpath replay --backfill`: says that it is of the past, and goes no faster than the stages."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from journeys import Touchpoint
from producers import jsonl
from producers.backfill import HEADER, TOPIC
from streams import topics
from tests.integration.touchpath.command import ENVIRONMENT, run
from touchpath.backfilling import Throttle
from touchpath.brokers import Brokers
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.worker import APP_ID

NOW = 1_700_000_000_000
KEY = "A" * 43


def test_files_go_in_as_the_past_at_the_pace_of_the_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "TOUCHPATH_PRIVACY_KEYS", os.environ.get("TOUCHPATH_PRIVACY_KEYS", KEY))
    files = [tmp_path / "january.jsonl", tmp_path / "february.jsonl"]
    for month, file in enumerate(files):
        jsonl.write(file, (Touchpoint(NOW + n, f"e{month}-{n}", "visited", "web", f"c{n}") for n in range(100)))
    with EmbeddedKafka(tmp_path / "kafka", heap="256m") as broker, Brokers(broker.bootstrap) as brokers:
        brokers.create_topics(2)
        began = time.time() * 1000
        done = run("replay", *files, "--format", "touchpoints", "--backfill", "--bootstrap", broker.bootstrap)
        assert done.returncode == 0, done.stderr
        assert "200 events published" in done.stderr
        places = [TopicPartition(topic, number) for topic in (TOPIC, topics.TOUCHPOINTS) for number in range(2)]
        with KafkaConsumer(bootstrap_servers=broker.bootstrap, enable_auto_commit=False) as consumer:
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            found: dict[str, list[object]] = {TOPIC: [], topics.TOUCHPOINTS: []}
            deadline = time.monotonic() + 30
            while sum(map(len, found.values())) < 201:
                assert time.monotonic() < deadline
                for place, records in consumer.poll(timeout_ms=200).items():
                    found[place.topic] += records
        (announced,) = found[TOPIC]
        assert began <= int(announced.value) <= min(record.timestamp for record in found[topics.TOUCHPOINTS])
        assert all([*record.headers] == [HEADER] for record in found[topics.TOUCHPOINTS])

        throttle = Throttle(brokers, most=150)
        assert throttle(NOW) > time.time(), "200 wait, and no worker takes them"
        with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
            ends = brokers.ends([topics.TOUCHPOINTS], 2)
            admin.alter_group_offsets(APP_ID, {place: OffsetAndMetadata(end, "", -1) for place, end in ends.items()})
        assert throttle(NOW) == 0.0

    refused = run("replay", *files, "--format", "touchpoints", "--backfill", "--speed", "2")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--speed 2: a backfill goes as fast as the stages take it" in refused.stderr
