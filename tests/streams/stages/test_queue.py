"""A queue far busier than any: what a stage keeps in one entry must stay below what a broker takes in one record."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from journeys import change
from journeys.change import Change
from journeys.contact import QueueVisit
from journeys.queue import QueueInterval, figures
from journeys.settings import DEFAULTS
from journeys.staffing.live import Seen
from journeys.staffing.situation import Demand
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


def test_visits_older_than_floors_are_in_no_sum():
    """State that was written before floors were kept: an old visit that changes, or goes, has nothing to take out."""
    stage, state, sequence = QueueStage(DEFAULTS), {}, 0
    told: dict[int, Demand] = {}

    def process(*news: Change[QueueVisit]) -> None:
        nonlocal sequence
        batch = Batch(
            "queue", 0, [Arrived(change.encode(one)) for one in news], state, dict.fromkeys(topics.CATALOGUE, 1),
            sequence=sequence,
        )  # fmt: skip
        stage.process(batch)
        state.update({key: value for key, value in batch.writes.items() if value is not None})
        sequence = batch.sequence
        for output in batch.outputs.get((topics.FLOORS, 0), ()):
            told.update(msgspec.json.decode(output.value, type=Change[Seen]).payload.demand)

    def entered(name: str, at: int, version: int, talk_s: float, deleted: bool = False) -> Change[QueueVisit]:
        one = msgspec.structs.replace(visit(0), visit_id=name, entered_at=at, talk_s=talk_s)
        return Change("visit", name, version, one, deleted=deleted, as_of=at)

    old, late, new = (START + minutes * 60_000 for minutes in (0, 10, 15))
    process(entered("old", old, 1, 60), entered("gone", old, 2, 60))
    for key in [key for key in state if key.startswith((b"f|", b"d"))]:
        del state[key]
    told.clear()
    process(entered("old", old, 3, 90), entered("late", late, 4, 60))
    process(entered("gone", old, 5, 60, deleted=True), entered("new", new, 6, 60))
    assert list(told) == [new]
    assert (told[new].offered, told[new].handle_ms) == (1, 60_000)
    process(entered("late", late, 7, 80), entered("new", new, 8, 70), entered("old", old, 9, 70, deleted=True))
    assert list(told) == [new]
    assert (told[new].offered, told[new].handle_ms) == (1, 70_000)
