"""A queue far busier than any: what a stage keeps in one entry must stay below what a broker takes in one record."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from journeys import change
from journeys.change import Change
from journeys.contact import QueueVisit
from journeys.queue import QueueInterval, figures
from journeys.settings import DEFAULTS
from streams import topics
from streams.batch import Batch
from streams.stages.queue import QueueStage

START = 1_772_409_600_000
VISITS = 20_000


@dataclass
class Arrived:
    value: bytes
    topic: str = topics.VISITS
    partition: int = 0
    offset: int = 0
    timestamp: int = START
    key: bytes | None = b"billing"
    headers: tuple[()] = ()


def visit(number: int) -> QueueVisit:
    at = START + number * 40
    return QueueVisit(
        f"visit-{number}", f"contact-{number}", "billing", "voice", "inbound", at, at + 7_100, at + 60_000, "answered",
        wait_s=7.1, talk_s=52.9, agent=f"agent-{number % 500}", times_out_at=at + 14_400_000,
    )  # fmt: skip


def test_twenty_thousand_visits_in_a_quarter_of_an_hour():
    visits = [visit(number) for number in range(VISITS)]
    stage, state, sequence, told = QueueStage(DEFAULTS), {}, 0, []
    for start in range(0, VISITS, 5_000):
        records = [
            Arrived(change.encode(Change("visit", one.visit_id, number + 1, one, as_of=one.entered_at)))
            for number, one in enumerate(visits[start : start + 5_000], start)
        ]
        batch = Batch("queue", 0, records, state, dict.fromkeys(topics.CATALOGUE, 1), sequence=sequence)
        stage.process(batch)
        state |= batch.writes
        sequence = batch.sequence
        told += [output.value for output in batch.outputs[topics.QUEUES, 0] if b'"interval"' in output.value]
    assert max(map(len, state.values())) < 100_000
    expected = figures("billing", "voice", START, 900, visits)
    assert msgspec.json.decode(told[-1], type=Change[QueueInterval]).payload == expected
    assert expected.wait_answered_s == VISITS * 7.1
