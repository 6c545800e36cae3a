"""Both publishers against a real broker: what they report is what the topic holds."""

from __future__ import annotations

import gc
import threading
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms
from journeys.settings import DEFAULTS
from journeys.touchpoint import Invalid, Touchpoint, decode
from producers.bulk import BulkPublisher
from producers.delivery import PublishError, Undelivered
from producers.publisher import Publisher
from tests.journeys.scenes import OLDER_KEY, PSEUDONYMS
from touchpath.embedded_kafka import EmbeddedKafka

PARTITIONS = 3
KINDS = [pytest.param(Publisher, id="one-by-one"), pytest.param(BulkPublisher, id="bulk")]
NOW = 1_700_000_000_000

Kind = Callable[..., Any]


def make_topic(bootstrap: str) -> str:
    topic = f"touchpoints-{uuid.uuid4().hex[:8]}"
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    return topic


def stored(bootstrap: str, topic: str) -> list[Any]:
    """Every record of the topic."""
    partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    records = []
    with KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        consumer.seek_to_beginning(*partitions)
        deadline = time.monotonic() + 30
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            assert time.monotonic() < deadline, "the topic could not be read to its end"
            for batch in consumer.poll(timeout_ms=500).values():
                records += batch
    return records


def touchpoint(number: int, contact: str = "") -> Touchpoint:
    return Touchpoint(NOW + number, f"e{number}", "queued", "voice", contact or f"c{number % 50}", queue="billing")


@pytest.fixture(autouse=True)
def _sockets_of_failed_connections() -> Iterator[None]:
    """kafka-python leaves closing them to the garbage collector, which warns: let it do so here."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path_factory.mktemp("broker"), heap="256m") as broker:
        yield broker


@pytest.fixture
def broker(own_broker: EmbeddedKafka) -> Iterator[EmbeddedKafka]:
    """One that a test may kill or suspend."""
    own_broker.start()
    yield own_broker
    if own_broker.running:
        own_broker.resume()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_acknowledged_is_in_the_topic_under_its_contact(
    kind: Kind, kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    topic = make_topic(kafka.bootstrap)
    told: dict[str, Exception | None] = {}
    ledger = tmp_path / "ledger"
    with kind(kafka.bootstrap, topic=topic, on_delivery=told.__setitem__, ledger=ledger) as publisher:
        for number in range(500):
            assert publisher.publish(touchpoint(number)) == f"e{number}"
        assert publisher.flush(30)
        report = publisher.report()
    assert (report.attempted, report.acknowledged, report.failed, report.pending) == (500, 500, 0, 0)
    ids = [f"e{number}" for number in range(500)]
    assert told == dict.fromkeys(ids)
    assert sorted(ledger.read_text().split()) == sorted(ids)
    records = stored(kafka.bootstrap, topic)
    assert sorted(decode(record.value).id for record in records) == sorted(ids)
    of_one = {decode(record.value).id for record in records if record.key == b"c7"}
    assert of_one == {f"e{number}" for number in range(7, 500, 50)}
    assert len({record.partition for record in records}) == PARTITIONS
    for record in records:
        assert record.partition == partition_of(record.key, PARTITIONS)
        assert abs(record.timestamp / 1000 - time.time()) < 60, "the record's time is now, not the event's"


def test_three_lines_are_enough(kafka: EmbeddedKafka) -> None:
    topic = make_topic(kafka.bootstrap)
    before = time.time()
    with Publisher(kafka.bootstrap, source="ivr", topic=topic) as publisher:
        event = publisher.publish(
            type="queued", channel="voice", contact_id="c1", identifiers={"customer_id": "42"}, queue="billing"
        )
    (record,) = stored(kafka.bootstrap, topic)
    found = decode(record.value)
    hidden = {"customer_id": PSEUDONYMS.of("customer_id", "42")}
    assert (found.id, found.source, found.contact_id, found.identifiers) == (event, "ivr", "c1", hidden)
    assert before - 1 <= found.at / 1000 <= time.time() + 1
    assert record.key == b"c1"


@pytest.mark.parametrize("kind", KINDS)
def test_identifiers_leave_the_process_hidden_or_not_at_all(
    kind: Kind, kafka: EmbeddedKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = make_topic(kafka.bootstrap)
    shown = msgspec.structs.replace(
        touchpoint(1), identifiers={"phone": "+49 30 123456"}, attributes={"said": "+49 30 123456"}
    )
    with kind(kafka.bootstrap, topic=topic) as publisher:
        publisher.publish(shown)
    with kind(kafka.bootstrap, topic=topic, pseudonyms=Pseudonyms([OLDER_KEY], DEFAULTS)) as publisher:
        publisher.publish(shown)
    with kind(kafka.bootstrap, topic=topic, pseudonyms=None) as publisher:
        publisher.publish(shown)
    sent = [decode(record.value) for record in stored(kafka.bootstrap, topic)]
    found = [(one.identifiers["phone"], one.attributes["said"]) for one in sent]
    older = Pseudonyms([OLDER_KEY], DEFAULTS).of("phone", "+4930123456")
    assert found[0][0] == found[0][1] == PSEUDONYMS.of("phone", "+4930123456")
    assert found[1][0] == found[1][1] == older
    assert found[2] == ("+49 30 123456", "+49 30 123456")
    for value, says in (("", "not set; give it the keys"), ("abc", "key 1: expected 32 bytes")):
        monkeypatch.setenv("TOUCHPATH_PRIVACY_KEYS", value)
        with pytest.raises(PublishError, match=f"TOUCHPATH_PRIVACY_KEYS: {says}"):
            kind(kafka.bootstrap, topic=topic)


def test_an_invalid_event_is_refused_and_not_attempted(kafka: EmbeddedKafka) -> None:
    topic = make_topic(kafka.bootstrap)
    with Publisher(kafka.bootstrap, topic=topic) as publisher:
        with pytest.raises(Invalid, match=r"wait_s.*-1") as refused:
            publisher.publish(type="connected", channel="voice", wait_s=-1.0)
        assert (refused.value.field, refused.value.value) == ("data.wait_s", -1.0)
        with pytest.raises(Invalid, match="bytes"):
            publisher.publish(touchpoint(1, contact="c" * 40_000))
        assert publisher.report().attempted == 0
    assert stored(kafka.bootstrap, topic) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_broker_or_topic_is_told_at_once(kind: Kind, kafka: EmbeddedKafka) -> None:
    with pytest.raises(PublishError, match="no-such-topic"):
        kind(kafka.bootstrap, topic="no-such-topic", connect_timeout_s=2)
    with pytest.raises(PublishError, match=r"127\.0\.0\.1:1"):
        kind("127.0.0.1:1", connect_timeout_s=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_that_is_killed_and_comes_back_costs_nothing(
    kind: Kind, broker: EmbeddedKafka, tmp_path: Path
) -> None:
    topic = make_topic(broker.bootstrap)
    ledger = tmp_path / "ledger"
    restart = threading.Timer(1.0, broker.start)
    with kind(broker.bootstrap, topic=topic, ledger=ledger, delivery_timeout_s=60) as publisher:
        for number in range(6000):
            publisher.publish(touchpoint(number))
            if number == 3000:
                broker.kill()
                restart.start()
    restart.join()
    report = publisher.report()
    assert (report.attempted, report.acknowledged, report.failed) == (6000, 6000, 0)
    counts = Counter(decode(record.value).id for record in stored(broker.bootstrap, topic))
    assert counts == Counter(ledger.read_text().split()) == Counter(f"e{number}" for number in range(6000))


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_that_stays_dead_leaves_no_event_unaccounted(
    kind: Kind, broker: EmbeddedKafka, tmp_path: Path
) -> None:
    topic = make_topic(broker.bootstrap)
    ledger = tmp_path / "ledger"
    told: dict[str, Exception | None] = {}
    publisher = kind(broker.bootstrap, topic=topic, ledger=ledger, on_delivery=told.__setitem__, delivery_timeout_s=4)
    for number in range(1000):
        publisher.publish(touchpoint(number))
    assert publisher.flush(30)
    broker.kill()
    for number in range(1000, 3000):
        publisher.publish(touchpoint(number))
    began = time.monotonic()
    report = publisher.close()
    assert time.monotonic() - began < 40
    assert (report.attempted, report.acknowledged, report.failed, report.pending) == (3000, 1000, 2000, 0)
    assert len(report.failures) == 1000
    assert all(failure.error for failure in report.failures)
    assert {event for event, error in told.items() if error is None} == set(ledger.read_text().split())
    assert {event for event, error in told.items() if error} == {f"e{number}" for number in range(1000, 3000)}
    with pytest.raises(PublishError, match="closed"):
        publisher.publish(touchpoint(1))


def test_a_publisher_outlives_an_outage_that_is_longer_than_its_time_out(broker: EmbeddedKafka, tmp_path: Path) -> None:
    topic = make_topic(broker.bootstrap)
    ledger = tmp_path / "ledger"
    publisher = Publisher(broker.bootstrap, topic=topic, ledger=ledger, delivery_timeout_s=2)
    publishing = threading.Timer(0.3, broker.kill)
    publishing.start()
    number = 0
    while broker.running:  # so that some are on their way when it dies: kafka-python then asks for a new producer id
        publisher.publish(touchpoint(number))
        number += 1
        time.sleep(0.002)
    publishing.join()
    assert publisher.flush(30)
    time.sleep(1)
    publisher.publish(touchpoint(number))
    assert publisher.flush(30), "told while the broker is still away"
    before = publisher.report()
    assert before.acknowledged + before.failed == before.attempted == number + 1
    assert before.failed
    broker.start()
    for again in range(20):
        publisher.publish(touchpoint(number + 1 + again))
    publisher.flush(30)
    publisher.publish(touchpoint(number + 21))
    report = publisher.close()
    assert report.pending == 0
    assert f"e{number + 21}" in ledger.read_text().split(), "it publishes again"
    counts = Counter(decode(record.value).id for record in stored(broker.bootstrap, topic))
    assert set(ledger.read_text().split()) <= counts.keys()
    assert counts.total() == len(counts)


@pytest.mark.parametrize("kind", KINDS)
def test_closing_early_gives_up_at_once_and_says_so(kind: Kind, broker: EmbeddedKafka) -> None:
    topic = make_topic(broker.bootstrap)
    publisher = kind(broker.bootstrap, topic=topic)
    broker.suspend()
    publisher.publish(touchpoint(1))
    threads = threading.active_count()
    began = time.monotonic()
    report = publisher.close(timeout_s=0.5)
    assert time.monotonic() - began < 15
    assert threading.active_count() == threads - (kind is Publisher), "the I/O thread has ended"
    assert (report.attempted, report.failed) == (1, 1)
    assert report.failures[0].id == "e1"


@pytest.mark.parametrize("kind", KINDS)
def test_leaving_the_block_with_undelivered_events_raises(kind: Kind, broker: EmbeddedKafka) -> None:
    topic = make_topic(broker.bootstrap)

    def use() -> None:
        with kind(broker.bootstrap, topic=topic, delivery_timeout_s=1) as publisher:
            broker.suspend()
            publisher.publish(touchpoint(1))

    with pytest.raises(Undelivered, match="1 of 1 events were not acknowledged; first: e1"):
        use()


def test_what_waits_for_acknowledgement_is_bounded(broker: EmbeddedKafka) -> None:
    topic = make_topic(broker.bootstrap)
    publisher = Publisher(broker.bootstrap, topic=topic, delivery_timeout_s=2, max_pending_bytes=20_000)
    broker.suspend()
    began = time.monotonic()
    most = 0
    for number in range(30):
        publisher.publish(touchpoint(number))
        most = max(most, publisher.report().pending)
    assert time.monotonic() - began > 1, "publish waits for room"
    assert most < 15
    report = publisher.close()
    assert (report.attempted, report.failed) == (30, 30)
