"""`touchpath forget` on the real parts: afterwards nobody finds a trace, wherever they look."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from journeys import Touchpoint
from journeys.pseudonyms import Pseudonyms
from producers.bulk import BulkPublisher
from sinks import tables
from sinks.rows import READERS
from streams.store import Memory, Store
from streams.topics import CATALOGUE
from tests.integration.touchpath.command import Up, answer, run
from touchpath import options
from touchpath.brokers import Brokers
from touchpath.drain import drain, ends_of_touchpoints
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.queries import queries
from touchpath.sink import group_of
from touchpath.worker import APP_ID

pytestmark = pytest.mark.timeout(400)

MINUTE = 60_000
ANN = {"customer_id": "ann-4711", "email": "ann.secret@example.org", "cookie": "cookie-of-ann"}
BOB = {"customer_id": "bob-0815"}
PHONE = {"phone": "+4930123456"}
SECRETS = (*ANN.values(), "30123456")


def lives(now: int, suffix: str = "") -> list[Touchpoint]:
    """Ann reads, signs in, gives up a chat, calls, reads again and again; Bob shares her phone, and once sits at her
    browser."""

    def event(number: int, at: int, kind: str, channel: str, contact: str, who: dict[str, str]) -> Touchpoint:
        attributes = {"note": f"wrote as {ANN['email']}"} if "email" in who else {}
        return Touchpoint(
            now - at * MINUTE, f"e{number}{suffix}", kind, channel, f"{contact}{suffix}", who,
            intent="billing", queue="billing", attributes=attributes,
        )  # fmt: skip

    cookie = {"cookie": ANN["cookie"]}
    return [
        event(1, 90, "article_viewed", "web", "read", cookie),
        event(2, 80, "identify", "web", f"e2{suffix}", ANN),
        event(3, 70, "queued", "chat", "chat", ANN),
        event(4, 65, "abandoned", "chat", "chat", {}),
        event(5, 60, "queued", "voice", "call", ANN | PHONE),
        event(6, 59, "connected", "voice", "call", {}),
        event(7, 50, "ended", "voice", "call", {}),
        event(8, 40, "queued", "voice", "bob-calls", BOB | PHONE),
        event(9, 30, "visited", "web", "bob-reads", BOB | cookie),
        event(10, 20, "queued", "voice", "who-calls", PHONE),
        *(event(number, 900 - 40 * number, "visited", "web", f"read-{number}", ANN) for number in range(11, 21)),
    ]


def strangers(now: int, first: int, last: int) -> Iterator[Touchpoint]:
    """Others, so many that something is written to each partition of each topic that keeps state."""
    for number in range(first, last):
        who = {"customer_id": f"stranger-{number}", "phone": f"+4989{number:07}"}
        yield Touchpoint(now, f"s{number}", "queued", "voice", f"s{number}", who, queue=f"queue-{number % 20}")


class Scene:
    """What runs on a data directory, as a service and an operator meet it."""

    def __init__(self, up: Up, data: Path) -> None:
        self.up = up
        self.data = data
        self.layout = Layout(data)
        self.pseudonyms: Pseudonyms = pseudonyms_of(*options.settings_of(None), self.layout)

    def publish(self, touchpoints: Iterable[Touchpoint], clear: bool = False) -> None:
        """Return when all is stored."""
        with BulkPublisher(self.up.bootstrap, pseudonyms=None if clear else self.pseudonyms) as publisher:
            for touchpoint in touchpoints:
                publisher.publish(touchpoint)
        with Brokers(self.up.bootstrap) as brokers:
            partitions = brokers.count_partitions()
            ends = ends_of_touchpoints(brokers, partitions)
            drain(brokers, partitions, ends, APP_ID, {group_of(self.layout, None): list(READERS)})

    def rows(self, needles: Iterable[str]) -> dict[str, int]:
        """By table, the rows of any version in which one of ``needles`` stands."""
        wanted = list(needles)
        found = {}
        with queries(self.layout) as store:
            for table in tables.TABLES:
                anywhere = " OR ".join(f"position(toString(tuple(*)), '{one}') > 0" for one in wanted)
                found[table.name] = store.query(f"SELECT count() FROM {table.name} WHERE {anywhere}").rows[0][0]
        return {name: count for name, count in found.items() if count}

    def count(self, table: str) -> int:
        with queries(self.layout) as store:
            return int(store.query(f"SELECT count() FROM {table}").rows[0][0])

    def records(self, topics: Iterable[str], needles: Iterable[bytes]) -> list[tuple[str, int, bytes | None]]:
        """The records, committed or not, in which one of ``needles`` stands."""
        wanted = list(needles)
        consumer = KafkaConsumer(bootstrap_servers=self.up.bootstrap, enable_auto_commit=False, metrics_enabled=False)
        try:
            places = [TopicPartition(topic, number) for topic in topics for number in range(4)]
            consumer.assign(places)
            consumer.seek_to_beginning()
            ends = consumer.end_offsets(places)
            found = []
            while any(consumer.position(place) < ends[place] for place in places):
                for records in consumer.poll(timeout_ms=200).values():
                    for record in records:
                        told = b" ".join(
                            [record.key or b"", record.value or b"", *(v or b"" for _, v in record.headers)]
                        )
                        if any(one in told for one in wanted):
                            found.append((record.topic, record.offset, record.key))
            return found
        finally:
            consumer.close()

    @contextmanager
    def compacting(self) -> Iterator[None]:
        """The changelogs are compacted as soon as there is anything to."""
        admin = KafkaAdminClient(bootstrap_servers=self.up.bootstrap)
        hurried = {
            "segment.ms": "500",
            "min.cleanable.dirty.ratio": "0.0001",
            "max.compaction.lag.ms": "500",
            "delete.retention.ms": "0",
        }
        try:
            resources = [ConfigResource(ConfigResourceType.TOPIC, name, hurried) for name in changelogs()]
            admin.alter_configs(resources)
            yield
        finally:
            admin.close()


def changelogs() -> list[str]:
    return [topic.name for topic in CATALOGUE.values() if topic.cleanup == "compact"]


def traces_on_disk(directory: Path, needles: Iterable[bytes]) -> list[str]:
    wanted = list(needles)
    files = [path for path in directory.rglob("*") if path.is_file()]
    return [str(path.relative_to(directory)) for path in files if any(one in path.read_bytes() for one in wanted)]


def test_nobody_finds_a_trace(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Up("--data", data) as up:
        up.ready()
        scene = Scene(up, data)
        now = int(time.time() * 1000)
        events = lives(now)
        scene.publish(events[:5])
        scene.publish(events[5:], clear=True)  # by a service of its own making
        hashes = [one for kind, value in ANN.items() for one in scene.pseudonyms.every(kind, value)]
        assert set(scene.rows(hashes)) >= {"touchpoints", "contacts", "journeys", "signals", "identifiers"}
        assert scene.rows(SECRETS) == {}
        ann = answer("customer", "email:" + ANN["email"], "--data", data)
        assert ann.count("billing") >= 3, ann

        shown = answer("forget", "email:" + ANN["email"], "--yes", "--data", data)
        assert "journey.touchpoints" in shown
        assert "journey.contact.changelog" in shown
        assert scene.rows(hashes) == {}
        assert scene.count("v_contacts") == 3  # Bob's two, and the one of the phone
        assert "nobody is known" in run("customer", "email:" + ANN["email"], "--data", data).stderr

        scene.publish(events)  # out of an archive
        scene.publish(events, clear=True)
        assert scene.rows(hashes) == {}
        assert scene.count("v_contacts") == 3

        with scene.compacting():
            deadline = time.monotonic() + 150
            for first in range(0, 100_000, 200):
                scene.publish(strangers(now, first, first + 200))  # only a segment that was closed is compacted
                if not (found := scene.records(changelogs(), [one.encode() for one in hashes])):
                    break
                assert time.monotonic() < deadline, found[:5]
                time.sleep(3)
        clear = scene.records(set(CATALOGUE) - {"journey.touchpoints"}, [one.encode() for one in SECRETS])
        assert clear == [], "only the topic that services write to may hold what a service wrote"

        back = int(time.time() * 1000)  # she comes back, and starts anew
        scene.publish([Touchpoint(back, "e1-again", "queued", "voice", "call-again", ANN, intent="billing")])
        again = answer("customer", "email:" + ANN["email"], "--data", data)
        assert "1 contact, 0 switches, 0 repeats" in again, again
        answer("forget", "customer_id:" + ANN["customer_id"], "--yes", "--data", data)
        assert scene.rows(hashes) == {}
        assert up.stop() == 0

    for place in sorted(path.parent for path in (data / "workers").rglob("CURRENT")):
        store = Store(place, Memory())
        store.tidy()  # as a worker does each hour
        store.close()
        Store(place, Memory()).close()
    needles = [one.encode() for one in (*hashes, *SECRETS)]
    assert traces_on_disk(data / "workers", needles) == []
    assert traces_on_disk(data / "logs", needles) == []
    assert (data / "metrics.snapshot").is_file()
    assert not any(one in (data / "metrics.snapshot").read_bytes() for one in needles)
