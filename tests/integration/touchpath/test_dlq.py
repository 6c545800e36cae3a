"""`touchpath dlq` on the real parts: what is sent again arrives, once, however often it is asked for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from journeys import Touchpoint
from journeys.pseudonyms import Pseudonyms
from journeys.settings import DEFAULTS
from journeys.touchpoint import decode, encode
from sinks import settlements
from streams import topics
from streams.dead_letters import Letter
from tests.integration.touchpath.command import ENVIRONMENT, Up, answer, eventually, rows, run
from tests.journeys.scenes import KEY
from touchpath.dead_letters import Again, Found, settle, settled_already
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.vendor_letters import Rereading, hooks_of

pytestmark = pytest.mark.timeout(300)

HOUR_MS = 3_600_000
PHONE = "+4930123456"


class Running(NamedTuple):
    data: Path
    bootstrap: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("dlq") / "data"
    with Up("--data", data, "--http-port", "0") as up:
        up.ready()
        yield Running(data, up.bootstrap)
        assert up.stop() == 0


def test_letters_are_sent_again_once(running: Running) -> None:
    data = running.data
    ahead = int(time.time() * 1000) + HOUR_MS + 15_000
    early = [
        Touchpoint(ahead + n, f"e{n}", "queued", "voice", f"c{n}", {"phone": PHONE}, source="branch") for n in range(3)
    ]
    producer = KafkaProducer(bootstrap_servers=running.bootstrap)
    for touchpoint in early:
        producer.send(topics.TOUCHPOINTS, encode(touchpoint), touchpoint.contact_id.encode())
    producer.send(topics.TOUCHPOINTS, b'{"source":"kiosk"', b"c9")
    producer.close()
    open_letters = "SELECT letter_id FROM v_dead_letters WHERE state = 'open'"
    eventually("four letters", lambda: len(rows(data, open_letters)) == 4, 60)
    eventually("they are events of now", lambda: time.time() * 1000 + HOUR_MS > ahead + 100, 30)

    first = run("dlq", "replay", "--data", data)
    assert (first.returncode, first.stdout) == (0, "3 replayed\n"), first.stderr
    assert "1 left open, as they cannot be sent again: not_json" in first.stderr
    assert run("dlq", "replay", "--data", data).stdout == "0 replayed\n"

    eventually("they are taken", lambda: len(rows(data, "SELECT id FROM touchpoints")) == 3, 60)
    eventually("the store knows", lambda: len(rows(data, open_letters)) == 1, 30)
    kept = rows(data, "SELECT id, raw FROM touchpoints FINAL ORDER BY id")
    assert [one["id"] for one in kept] == ["e0", "e1", "e2"]
    assert PHONE[3:] not in str(kept)
    refused = run("dlq", "discard", "--data", data)
    assert (refused.returncode, "Discard 1 dead letters?" in refused.stderr) == (1, True)
    assert refused.stderr.endswith("touchpath dlq: nobody said yes, so nothing was done; --yes does not ask\n")
    assert answer("dlq", "discard", "--yes", "--data", data) == "1 discarded\n"
    eventually("none is open", lambda: not rows(data, open_letters), 30)
    assert len(rows(data, "SELECT letter_id FROM v_dead_letters")) == 4, "a letter that is settled is there"
    shown = answer("dlq", "show", "--source", "branch", "--state", "replayed", "--data", data).splitlines()
    assert {json.loads(line)["reason"] for line in shown} == {"in_the_future"}
    assert len(shown) == 3
    assert PHONE in shown[0]


CDR = (
    '"","0041795550142","600","from-trunk","x","PJSIP/a","PJSIP/b","Dial","PJSIP/b","2026-03-01 13:00:00",'
    '"2026-03-01 13:00:08","2026-03-01 13:02:08",128,120,"ANSWERED","DOCUMENTATION","1772366400.17",""\n'
)


def test_what_a_vendor_sent_is_read_again_when_the_settings_say_how(running: Running, tmp_path: Path) -> None:
    data, settings = running.data, tmp_path / "touchpath.toml"
    settings.write_text('[collector.hooks.branch]\nadapter = "asterisk-cdr"\nsource = "bern"\n')
    dlq = ("--data", data, "--settings", settings)
    with collecting(data, settings) as address:
        request = Request(f"{address}/v1/hooks/branch", CDR.encode(), method="POST")
        with urlopen(request, timeout=30) as answered:
            assert answered.status == 200
    count = "SELECT state, topic FROM v_dead_letters WHERE topic LIKE 'collector/%'"
    eventually("a letter", lambda: len(rows(data, count)) == 1, 60)
    refused = run("dlq", "replay", *dlq)
    assert (refused.returncode, refused.stdout) == (0, "0 replayed\n"), refused.stderr
    assert "1 left open, as they cannot be sent again: invalid_field" in refused.stderr
    with open(settings, "a") as more:
        more.write('time_zone = "Europe/Zurich"\n')
    (shown,) = [json.loads(line) for line in answer("dlq", "show", "--state", "open", *dlq).splitlines()]
    assert shown["again"]["adapter"] == "asterisk-cdr"
    assert answer("dlq", "replay", *dlq) == "1 replayed\n"
    assert answer("dlq", "replay", *dlq) == "0 replayed\n"
    eventually("they are taken", lambda: len(rows(data, "SELECT id FROM touchpoints WHERE source = 'bern'")) == 3, 60)
    taken = rows(data, "SELECT id, source, contact_id FROM touchpoints FINAL WHERE source = 'bern'")
    assert sorted(one["id"] for one in taken) == sorted(shown["again"]["events"])
    assert {(one["source"], one["contact_id"]) for one in taken} == {("bern", "bern:1772366400.17")}
    assert rows(data, count) == [{"state": "replayed", "topic": "collector/asterisk-cdr"}]


@contextmanager
def collecting(data: Path, settings: Path) -> Iterator[str]:
    """A collector, by its address."""
    command = ("collect", "--data", data, "--settings", settings, "--port", "0")
    process = subprocess.Popen(
        [sys.executable, "-m", "touchpath", *map(str, command)],
        env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        yield next(found[1] for line in process.stderr if (found := re.search(r"listening on (\S+)", line)))
        process.terminate()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def empty(kafka: EmbeddedKafka) -> str:
    """A broker on which the topics are empty."""
    names = (topics.TOUCHPOINTS, topics.AGENTS, settlements.TOPIC)
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        there = set(admin.list_topics()) & set(names)
        if there:
            admin.delete_topics(sorted(there))
            eventually("deleted", lambda: not set(admin.list_topics()) & there, 30)
        admin.create_topics([NewTopic(name, 2, 1) for name in names])
    return kafka.bootstrap


def committed(bootstrap: str, topic: str) -> list[bytes]:
    places = [TopicPartition(topic, number) for number in range(2)]
    found: list[bytes] = []
    with KafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed", group_id=None) as consumer:
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning(*places)
        eventually_at = time.monotonic() + 20
        while any(consumer.position(place) < ends[place] for place in places):
            assert time.monotonic() < eventually_at
            found += [record.value for records in consumer.poll(timeout_ms=200).values() for record in records]
    return found


def test_a_replay_that_dies_half_way_has_settled_what_it_sent(empty: str) -> None:
    """The store may give a letter again, for it hears of a settlement later: the topic decides."""
    pseudonyms = Pseudonyms((KEY,), DEFAULTS)
    again = Again(pseudonyms, Rereading(pseudonyms, hooks_of(DEFAULTS, None)))
    letters = [
        Found(
            {"letter_id": f"journey.touchpoints.dlq/0/{n}", "topic": topics.TOUCHPOINTS, "value_bytes": 0},
            Letter(b"", encode(Touchpoint(1_700_000_000_000, f"e{n}", "visited", "web", f"c{n}")), (), ""),
        )
        for n in range(450)
    ]

    class Killed(BaseException):
        pass

    def interrupted():  # type: ignore[no-untyped-def]
        yield from letters[:300]
        raise Killed

    with pytest.raises(Killed):
        settle(empty, 2, interrupted(), "replayed", again)
    sent = len(committed(empty, topics.TOUCHPOINTS))
    assert 0 < sent < 450
    assert len(settled_already(empty, 2)) == sent, "an event and its note are there together, or neither is"
    done = settle(empty, 2, letters, "replayed", again)
    assert (done.settled, done.before) == (450 - sent, sent)
    assert settle(empty, 2, letters, "discarded").before == 450
    ids = sorted(decode(value).id for value in committed(empty, topics.TOUCHPOINTS))
    assert ids == sorted(f"e{n}" for n in range(450))
