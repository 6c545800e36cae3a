"""Files and the live simulator through a real broker."""

from __future__ import annotations

import gzip
import time
import uuid
from pathlib import Path
from random import Random
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from journeys import agents
from journeys.touchpoint import Touchpoint, decode
from producers import jsonl
from producers.delivery import AGENTS, PublishError
from producers.pacing import Progress
from producers.replay import replay
from producers.simulator import live
from tests.producers.adapters.told import FIXTURES, adapted
from touchpath.embedded_kafka import EmbeddedKafka


@pytest.fixture
def topic(kafka: EmbeddedKafka) -> str:
    """Of one partition, so that the order of what was published can be seen."""
    return made(kafka, "touchpoints")


@pytest.fixture
def agents_topic(kafka: EmbeddedKafka) -> str:
    return made(kafka, "agents")


def made(kafka: EmbeddedKafka, what: str) -> str:
    name = f"{what}-{uuid.uuid4().hex[:8]}"
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.create_topics([NewTopic(name, 1, 1)])
    return name


def stored(kafka: EmbeddedKafka, topic: str) -> list[Any]:
    partition = TopicPartition(topic, 0)
    records: list[Any] = []
    with KafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False) as consumer:
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        consumer.seek_to_beginning(partition)
        deadline = time.monotonic() + 30
        while consumer.position(partition) < end:
            assert time.monotonic() < deadline, "the topic could not be read to its end"
            for batch in consumer.poll(timeout_ms=500).values():
                records += batch
    return records


def test_a_file_is_published_in_order_with_its_own_times(kafka: EmbeddedKafka, topic: str, tmp_path: Path) -> None:
    touchpoints = [
        Touchpoint(917_856_000_000 + number * 1000, f"e{number:04d}", "queued", "voice", f"c{number % 9}", source="acd")
        for number in range(2000)
    ]
    file = tmp_path / "events.jsonl"
    jsonl.write(file, Random(3).sample(touchpoints, 2000))
    with open(file, "ab") as lines:
        lines.write(b"nonsense\n")
    progress: list[Progress] = []
    result = replay(
        file, "touchpoints", kafka.bootstrap, topic=topic, on_progress=progress.append, ledger=tmp_path / "ledger"
    )
    assert [decode(record.value) for record in stored(kafka, topic)] == touchpoints
    assert (result.delivery.attempted, result.delivery.acknowledged, result.bad) == (2000, 2000, 1)
    assert result.bad_lines[0].startswith(f"{file}:2001: ")
    assert not result.complete, "a bad line is no success"
    assert progress[-1] == Progress(2000, touchpoints[-1].at, 2000)
    assert (tmp_path / "ledger").read_text().split() == [touchpoint.id for touchpoint in touchpoints]


def test_a_vendor_s_file_goes_onto_both_topics(kafka: EmbeddedKafka, topic: str, tmp_path: Path) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        if AGENTS not in admin.list_topics():
            admin.create_topics([NewTopic(AGENTS, 2, 1)])  # as others of the run have them
    names = ("contact_record.json", "agent_events.json")
    wanted = [adapted("amazon-connect", name) for name in names]
    file = tmp_path / "part-1.gz"
    file.write_bytes(b"".join(gzip.compress((FIXTURES / "amazon-connect" / name).read_bytes()) for name in names))
    told: list[str] = []
    result = replay(
        file, "amazon-connect", kafka.bootstrap, topic=topic, on_delivery=lambda event, error: told.append(event)
    )
    assert result.complete
    assert result.passed_over == wanted[1].unmapped
    made = [one.id for one in wanted[0].touchpoints]
    states = [one.id for one in wanted[1].agent_events]
    assert [decode(record.value).id for record in stored(kafka, topic)] == made
    assert sorted(told) == sorted(made + states)
    assert (result.of_agents, result.delivery.acknowledged) == (len(states), len(told))


def test_a_file_can_be_replayed_faster_than_it_happened(kafka: EmbeddedKafka, topic: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    start = 917_856_000_000
    jsonl.write(file, [Touchpoint(start + n * 60_000, f"e{n}", "queued", "voice", "c1") for n in range(3)])
    result = replay(file, "touchpoints", kafka.bootstrap, topic=topic, speed=120)
    assert result.complete
    times = [record.timestamp for record in stored(kafka, topic)]
    assert times[1] - times[0] >= 450
    assert times[2] - times[0] >= 950


def test_replay_without_a_broker_says_so(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    jsonl.write(file, [])
    with pytest.raises(PublishError, match=r"127\.0\.0\.1:1"):
        replay(file, "touchpoints", "127.0.0.1:1", connect_timeout_s=1)


def test_a_live_centre_catches_up_and_then_keeps_to_the_clock(
    kafka: EmbeddedKafka, topic: str, agents_topic: str
) -> None:
    began = time.time()
    report = live.run(
        kafka.bootstrap, topic=topic, agents_topic=agents_topic, size=20_000, history_s=1800, speed=900,
        stop=lambda: time.time() > began + 8,
    )  # fmt: skip
    assert report.attempted == report.acknowledged > 200
    records, states = stored(kafka, topic), stored(kafka, agents_topic)
    assert len(records) + len(states) == report.attempted
    assert {agents.decode(state.value).state for state in states} >= {"available", "after_contact_work"}
    for state in states:
        assert agents.decode(state.value).at <= state.timestamp + 1, "no event is in the future"
        assert state.key.decode() == agents.decode(state.value).agent
    for record in records:
        assert decode(record.value).at <= record.timestamp + 1, "no event is in the future"
    times = [decode(record.value).at / 1000 for record in records]
    assert times[0] < began - 1500
    assert times[-1] > began + 2, "it has caught up and gone on"


@pytest.mark.parametrize(("name", "value"), [("size", 0), ("history_s", -1), ("speed", 0.5), ("speed", float("inf"))])
def test_parameters_of_a_live_run_are_named(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected a number of"):
        live.run("127.0.0.1:1", **{name: value})  # type: ignore[arg-type]
