"""The examples, as a reader runs them: each a program of its own, against a real broker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from journeys.partition import partition_of
from journeys.touchpoint import Touchpoint, decode
from producers.delivery import TOPIC
from tests.journeys.scenes import KEY, PSEUDONYMS
from touchpath.embedded_kafka import EmbeddedKafka

ROOT = Path(__file__).parents[2]
PARTITIONS = 8
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "TOUCHPATH_PRIVACY_KEYS": urlsafe_b64encode(KEY).decode(),
}


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker of its own: others of the run have our topics with another number of partitions."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka"), heap="256m") as broker:
        yield broker


@pytest.fixture
def bootstrap(kafka: EmbeddedKafka) -> str:
    """A broker whose topic of touchpoints is empty."""
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        if TOPIC in admin.list_topics():
            admin.delete_topics([TOPIC])
            deadline = time.monotonic() + 30
            while TOPIC in admin.list_topics():
                assert time.monotonic() < deadline
                time.sleep(0.1)
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
    return kafka.bootstrap


def emitted(bootstrap: str, *command: str, cwd: Path = ROOT, timeout_s: float = 60) -> list[Touchpoint]:
    """Run it; the touchpoints that are on the topic then, each where it is worked on, in their order."""
    done = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=timeout_s, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "acknowledged" in done.stdout
    places = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    found: list[Touchpoint] = []
    with KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning(*places)
        deadline = time.monotonic() + 30
        while any(consumer.position(place) < ends[place] for place in places):
            assert time.monotonic() < deadline
            for place, records in consumer.poll(timeout_ms=200).items():
                for record in records:
                    found.append(decode(record.value))
                    assert record.key == found[-1].contact_id.encode()
                    assert place.partition == partition_of(record.key, PARTITIONS)
    return sorted(found, key=lambda touchpoint: touchpoint.at)


def test_a_service_with_our_publisher(bootstrap: str) -> None:
    found = emitted(bootstrap, sys.executable, "examples/publisher/emit.py", bootstrap)
    assert [one.type for one in found] == ["menu_chosen", "opted_out", "queued", "connected", "ended"]
    assert len({one.contact_id for one in found}) == 1
    assert found[0].identifiers == {"phone": PSEUDONYMS.of("phone", "+972501234567")}


@pytest.mark.examples
@pytest.mark.timeout(480)
def test_a_service_in_go(bootstrap: str, tmp_path: Path) -> None:
    go = ROOT / "examples/go"
    program = tmp_path / "emit"
    built = subprocess.run(
        ["go", "build", "-o", str(program), "."], cwd=go, capture_output=True, text=True, timeout=420, check=False
    )
    assert built.returncode == 0, built.stderr[-3000:]
    found = emitted(bootstrap, str(program), "-bootstrap", bootstrap)
    assert [one.type for one in found] == ["queued", "connected", "ended"]
    assert (found[0].source, found[0].queue, found[1].agent) == ("go-example", "billing", "a-7")
    assert found[0].identifiers == {"customer_id": "42", "phone": "+972501234567"}, "the first stage hides them"
