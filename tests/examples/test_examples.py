"""The examples, as a reader runs them: each a program of its own, against a real broker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from journeys.partition import partition_of
from journeys.touchpoint import Touchpoint, decode
from producers.delivery import AGENTS, TOPIC
from streams.topics import DEAD_LETTERS
from tests.integration.touchpath.command import Collecting
from tests.journeys.scenes import KEY, PSEUDONYMS
from tests.topics import emptied
from touchpath.embedded_kafka import EmbeddedKafka

ROOT = Path(__file__).parents[2]
PARTITIONS = 8
SHOP = "the-shop-s-write-key"
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "TOUCHPATH_PRIVACY_KEYS": urlsafe_b64encode(KEY).decode(),
}


@pytest.fixture
def bootstrap(own_kafka: EmbeddedKafka) -> str:
    """A broker whose topic of touchpoints is empty."""
    return emptied(own_kafka, TOPIC, partitions=PARTITIONS)


def emitted(
    bootstrap: str, *command: str, says: str = "acknowledged", cwd: Path = ROOT, timeout_s: float = 60
) -> list[Touchpoint]:
    """Run it; the touchpoints that are on the topic then, each where it is worked on, in their order."""
    done = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=timeout_s, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert says in done.stdout
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


def test_segments_own_client_pointed_at_the_collector(bootstrap: str, tmp_path: Path) -> None:
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        missing = {AGENTS, DEAD_LETTERS} - set(admin.list_topics())
        admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in sorted(missing)])
    environment = ENVIRONMENT | {"TOUCHPATH_WRITE_KEY_SHOP": SHOP}
    arguments = ("--data", tmp_path / "data", "--bootstrap", bootstrap)
    with Collecting(tmp_path / "collector.log", *arguments, environment=environment) as collector:
        example = (sys.executable, "examples/segment/emit.py", collector.url)
        found = {one.type: one for one in emitted(bootstrap, *example, SHOP, says="taken")}
        with pytest.raises(AssertionError, match="not taken: "):
            emitted(bootstrap, *example, "another-write-key")
        assert collector.stop() == 0
    assert found.keys() == {"visited", "searched", "identify", "invoice_requested"}
    assert {(one.source, one.channel) for one in found.values()} == {("shop", "web")}, "the name of the write key"
    visitor = found["visited"].identifiers
    assert list(visitor) == ["cookie"]
    known = {kind: PSEUDONYMS.of(kind, value) for kind, value in (("customer_id", "42"), ("email", "ann@example.org"))}
    assert found["searched"].identifiers == visitor
    assert found["identify"].identifiers == visitor | known
    assert found["invoice_requested"].identifiers == {"customer_id": known["customer_id"]}


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
