"""`touchpath tail`, killed again and again while its file grows and is rotated: every event is there in the end."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from journeys import Touchpoint
from journeys.agents import decode as decode_state
from journeys.touchpoint import decode, encode
from producers.adapters.adapter import How
from producers.delivery import AGENTS, TOPIC
from producers.tail import Kept, Tail, TailError
from tests.integration.touchpath.command import ENVIRONMENT, run
from tests.journeys.scenes import PSEUDONYMS
from tests.producers.adapters.told import FIXTURES, adapted
from tests.topics import emptied
from touchpath.embedded_kafka import EmbeddedKafka

pytestmark = pytest.mark.timeout(170)

NOW = 1_700_000_000_000


@pytest.fixture
def bootstrap(kafka: EmbeddedKafka) -> str:
    """A broker whose topics of events are empty."""
    return emptied(kafka, TOPIC, AGENTS)


def published(bootstrap: str, topic: str = TOPIC) -> list[str]:
    """The ids on the topic."""
    read = decode if topic == TOPIC else decode_state
    places = [TopicPartition(topic, number) for number in range(2)]
    found: list[str] = []
    with KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning(*places)
        deadline = time.monotonic() + 30
        while any(consumer.position(place) < ends[place] for place in places):
            assert time.monotonic() < deadline
            for records in consumer.poll(timeout_ms=200).values():
                found += [read(record.value).id for record in records]
    return found


def line(number: int) -> bytes:
    return encode(Touchpoint(NOW + number, f"e{number}", "queued", "voice", f"c{number % 50}")) + b"\n"


def append(file: Path, first: int, last: int) -> None:
    with open(file, "ab") as written:
        written.writelines(map(line, range(first, last)))


def tailed(file: Path, data: Path, bootstrap: str) -> subprocess.Popen[bytes]:
    command = ("tail", file, "--format", "touchpoints", "--bootstrap", bootstrap, "--data", data)
    return subprocess.Popen(
        [sys.executable, "-m", "touchpath", *map(str, command)],
        env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def following(tail: subprocess.Popen[bytes]) -> None:
    """Return when it has said that it follows its file."""
    assert tail.stderr is not None
    for said in tail.stderr:
        if said.startswith(b"following "):
            return
    raise AssertionError("it has ended")


def renamed(file: Path, number: int) -> None:
    file.rename(file.with_name(f"{file.name}.{10 - number}"))


def copied(file: Path, number: int) -> None:
    shutil.copy(file, file.with_name(f"{file.name}.{10 - number}"))
    with open(file, "r+b") as truncated:
        truncated.truncate()


@pytest.mark.parametrize("rotate", [renamed, copied])
def test_nothing_is_lost_to_a_kill(
    bootstrap: str, tmp_path: Path, rotate: Callable[[Path, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "TOUCHPATH_PRIVACY_KEYS", os.environ["TOUCHPATH_PRIVACY_KEYS"])
    file, data = tmp_path / "touchpoints.log", tmp_path / "data"
    append(file, 0, 2000)
    chance = random.Random(11)
    done = threading.Event()

    def write() -> None:
        for number in range(20):
            append(file, 2000 + 200 * number, 2200 + 200 * number)
            time.sleep(0.4)
            if number % 7 == 6:
                rotate(file, number // 7)
        append(file, 6000, 6001)
        done.set()

    first = tailed(file, data, bootstrap)  # what was rotated before anybody ever followed the file is nobody's to know
    deadline = time.monotonic() + 60
    while not list(data.glob("tail/*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    first.kill()
    first.communicate()
    writer = threading.Thread(target=write)
    writer.start()
    kills = 0
    while not done.is_set():
        tail = tailed(file, data, bootstrap)
        time.sleep(chance.uniform(2.0, 4.0))
        tail.send_signal(signal.SIGKILL)
        tail.communicate()
        kills += 1
    writer.join()
    assert kills >= 2
    tail = tailed(file, data, bootstrap)
    deadline = time.monotonic() + 60
    wanted = {f"e{number}" for number in range(6001)}
    while missing := wanted - set(published(bootstrap)):
        if time.monotonic() > deadline:
            tail.kill()
            _, said = tail.communicate()
            pytest.fail(f"{len(missing)} are missing, such as {min(missing)}; {said.decode()[-3000:]}")
        time.sleep(0.5)
    following(tail)
    tail.send_signal(signal.SIGTERM)
    _, said = tail.communicate(timeout=30)
    assert tail.returncode == 0, said.decode()[-2000:]
    again = tailed(file, data, bootstrap)
    following(again)
    time.sleep(1)
    before = len(published(bootstrap))
    append(file, 6001, 6002)
    deadline = time.monotonic() + 30
    while "e6001" not in (found := published(bootstrap)):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert len(found) == before + 1, "what was acknowledged is not sent again"
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=30)


def test_bad_lines_are_told_once_and_the_rest_is_published(bootstrap: str, tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(line(0) + b"{broken\n" + line(1))
    told: list[str] = []

    def once() -> None:
        started = time.monotonic()
        Tail(
            file, "touchpoints", bootstrap, tmp_path / "place", pseudonyms=PSEUDONYMS, tell=told.append,
            stop=lambda: time.monotonic() - started > 3,
        ).run()  # fmt: skip

    once()
    once()
    assert sorted(published(bootstrap)) == ["e0", "e1"]
    (bad,) = told
    assert bad.startswith(f"{file}:2: ")


def test_a_vendor_s_log_goes_onto_both_topics_and_is_counted_once(bootstrap: str, tmp_path: Path) -> None:
    file, how = tmp_path / "queue_log", How(source="bern")
    names = ("queue_log.txt", "agents.txt")
    file.write_bytes(b"".join((FIXTURES / "asterisk-queue-log" / name).read_bytes() for name in names))
    wanted = [adapted("asterisk-queue-log", name, how) for name in names]

    def once() -> Tail:
        started = time.monotonic()
        tail = Tail(
            file, "asterisk-queue-log", bootstrap, tmp_path / "place", pseudonyms=PSEUDONYMS, how=how,
            stop=lambda: time.monotonic() - started > 4,
        )  # fmt: skip
        tail.run()
        return tail

    first = once()
    assert first.tailed.passed_over == wanted[0].unmapped + wanted[1].unmapped
    assert first.tailed.passed_over.total() > 0
    assert not once().tailed.passed_over, "what was told before is not told again"
    assert sorted(published(bootstrap)) == sorted(made.id for one in wanted for made in one.touchpoints)
    assert sorted(published(bootstrap, AGENTS)) == sorted(made.id for one in wanted for made in one.agent_events)
    assert published(bootstrap, AGENTS)


def test_a_broker_that_goes_away_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(line(0))
    with EmbeddedKafka(tmp_path / "kafka", heap="256m") as broker:
        with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
            admin.create_topics([NewTopic(TOPIC, 2, 1)])
        stop = threading.Event()
        tail = Tail(
            file, "touchpoints", broker.bootstrap, tmp_path / "place", pseudonyms=PSEUDONYMS, stop=stop.is_set,
            delivery_timeout_s=2,
        )  # fmt: skip
        following = threading.Thread(target=tail.run)
        following.start()
        deadline = time.monotonic() + 60
        while published(broker.bootstrap) != ["e0"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        broker.kill()
        append(file, 1, 3)
        time.sleep(5)
        broker.start()
        while set(published(broker.bootstrap)) != {"e0", "e1", "e2"}:
            assert time.monotonic() < deadline + 60
            time.sleep(0.5)
        stop.set()
        following.join(30)
        assert not following.is_alive()


def test_what_cannot_be_followed_is_named(tmp_path: Path) -> None:
    for arguments, says in (
        (("none", "--format", "touchpoints"), "none: No such file"),
        ((__file__, "--format", "csvx"), "--format csvx: expected one of agent-states"),
    ):
        done = run("tail", *arguments, "--data", tmp_path)
        assert done.returncode == 2
        assert says in done.stderr
    place = tmp_path / "place"
    place.write_text("[]")
    with pytest.raises(TailError, match="not a place that was kept here"):
        Kept(place).read()
