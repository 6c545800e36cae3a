"""Invariant 1: any order, any duplicates, any batching, any partitioning: the same as the batch definition."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, decode, reference
from journeys.definition import Reference
from journeys.settings import DEFAULTS, Settings, convert
from journeys.stitch import stitch
from journeys.touchpoint import FACTS
from streams import topics
from tests.journeys.scenes import DAY, OFFICE, START, asked, people, touchpoints
from tests.journeys.test_stitch import relations, told, told_of
from tests.streams.pipeline import Pipeline


def assert_equal(pipeline: Pipeline, expected: Reference) -> None:
    stitched = pipeline.stitched()
    assert {key: placed.contact for key, placed in stitched.items()} == expected.contacts
    assert {key: relations(placed) for key, placed in stitched.items()} == expected.relations
    assert pipeline.visits() == expected.visits
    journeys = pipeline.journeys()
    assert {key: journey.intent for key, journey in journeys.items()} == expected.intents
    assert {key: journey.contacts for key, journey in journeys.items()} == {
        key: len(contacts) for key, contacts in expected.journeys.items()
    }
    assert {key: told_of(placed) for key, placed in stitched.items() if not placed.part_of} == expected.contacts_told
    assert {key: told(journey) for key, journey in journeys.items()} == expected.journeys_told
    signals = pipeline.signals().values()
    switches = {(s.previous_id, s.contact_id, s.cause) for s in signals if s.kind == "channel_switch"}
    assert switches == expected.switches
    repeats = {(s.contact_id, s.previous_id) for s in signals if s.kind == "repeat_contact"}
    assert repeats == {
        (key, relation.repeat_of_same or relation.repeat_of_any)
        for key, relation in expected.relations.items()
        if relation.repeat_of_any
    }
    drops = {
        (s.contact_id, s.at, s.details["before"], s.details["after"]) for s in signals if s.kind == "sentiment_drop"
    }
    assert drops == expected.drops
    answers = {(s.contact_id, s.cause, s.details["score"], s.previous_id) for s in signals if s.kind == "survey_score"}
    assert answers == {
        (key, kind, score, relation.survey_of)
        for key, relation in expected.relations.items()
        if not relation.part_of
        for kind, score in expected.contacts[key].scores
    }
    intervals = {(row.queue, row.channel, row.starts_at): row for row in pipeline.intervals().values()}
    assert intervals == expected.intervals
    assert pipeline.agent_intervals() == expected.agent_intervals
    oldest = pipeline.oldest_tallied()
    recent = {place: own for place, own in pipeline.tallies().items() if place[0] > oldest}
    assert recent == {place: own for place, own in expected.tallies.items() if place[0] > oldest}


@given(
    facts=st.one_of(touchpoints(), asked()),
    duplicates=st.lists(st.integers(0, 29), max_size=10),
    partitions=st.integers(1, 4),
    settings=st.sampled_from((DEFAULTS, DEFAULTS, OFFICE)),
    seed=st.integers(0, 2**32),
    most=st.sampled_from((1, 2, 5, 1000)),
)
def test_any_order_duplication_and_batching(
    facts: list[Touchpoint], duplicates: list[int], partitions: int, settings: Settings, seed: int, most: int
) -> None:
    pipeline = Pipeline(partitions, settings, rng=random.Random(seed))
    pipeline.work_off(facts + [facts[index % len(facts)] for index in duplicates], most, foreign=0.2)

    late = {
        dict(record.headers)["__connect.errors.exception.class.name"]
        for record in pipeline.records(topics.DEAD_LETTERS)
    }
    assert late <= {b"too_late"}
    accepted = [decode(line) for line in pipeline.accepted()]
    assert len({touchpoint.id for touchpoint in accepted}) == len(accepted)
    assert len(accepted) + len({decode(letter.value or b"").id for letter in pipeline.rejected()}) == len(facts)
    assert_equal(pipeline, reference(accepted, settings=settings))


@given(
    facts=people(),
    duplicates=st.lists(st.integers(0, 29), max_size=5),
    partitions=st.integers(1, 4),
    rules=st.sampled_from(({"most_sets": 2}, {"most_sets": 50}, {"resolve": False})),
    seed=st.integers(0, 2**32),
    most=st.sampled_from((1, 3, 1000)),
)
def test_identity_in_any_order(
    facts: list[Touchpoint], duplicates: list[int], partitions: int, rules: dict[str, int], seed: int, most: int
) -> None:
    """Touchpoints, identifies, links and unlinks interleaved: whoever is joined in between is parted again."""
    settings = convert({"identity": rules})
    pipeline = Pipeline(partitions, settings, rng=random.Random(seed))
    pipeline.work_off(facts + [facts[index % len(facts)] for index in duplicates], most, foreign=0.2)
    accepted = [decode(line) for line in pipeline.accepted()]
    assert len({touchpoint.id for touchpoint in accepted}) == len(accepted)
    assert_equal(pipeline, reference(accepted, settings=settings))


CHANGES: tuple[dict[str, Any], ...] = (
    {"talk_s": 77.0}, {"identifiers": {"customer_id": "9"}}, {"identifiers": {}}, {"type": "ended"}, {"queue": "sales"},
    {"intent": "fault"}, {"at": START + DAY}, {"attributes": {"csat": 1}},
)  # fmt: skip


@given(
    facts=st.one_of(touchpoints(most=12), people(most=12)),
    revised=st.lists(
        st.tuples(st.integers(0, 11), st.integers(1, 3), st.sampled_from(CHANGES)),
        min_size=1, max_size=8, unique_by=lambda one: one[:2],
    ),
    partitions=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    most=st.sampled_from((1, 3, 1000)),
)  # fmt: skip
def test_the_highest_revision_counts_in_any_order(
    facts: list[Touchpoint],
    revised: list[tuple[int, int, dict[str, Any]]],
    partitions: int,
    seed: int,
    most: int,
) -> None:
    later = []
    for place, revision, change in revised:
        one = facts[place % len(facts)]
        kept = {} if one.type in FACTS and not change.get("identifiers") else change
        later.append(msgspec.structs.replace(one, revision=revision + 3 * (place // len(facts)), **kept))
    pipeline = Pipeline(partitions, rng=random.Random(seed))
    sent = [*facts, *later, *later[:2]]
    pipeline.work_off(sent, most)
    late = {decode(letter.value or b"").id for letter in pipeline.rejected()}
    accepted = [decode(line) for line in pipeline.accepted()]
    assert len({(one.id, one.revision) for one in accepted}) == len(accepted)
    for one in sent:
        highest = max((found.revision for found in accepted if found.id == one.id), default=-1)
        assert highest >= one.revision or one.id in late
    assert_equal(pipeline, reference(accepted))


@given(facts=touchpoints(most=12), seed=st.integers(0, 2**32))
def test_going_back_to_the_start_changes_nothing(facts: list[Touchpoint], seed: int) -> None:
    pipeline = Pipeline(2, rng=random.Random(seed))
    for touchpoint in facts:
        pipeline.publish(touchpoint)
    pipeline.drain(3)
    expected = reference(map(decode, pipeline.accepted()))
    written = (
        topics.RESOLVED, topics.VISITS, topics.STITCHED, topics.JOURNEYS, topics.SIGNALS, topics.NEXT,
        topics.IDENTIFIERS, topics.TALLIES,
    )  # fmt: skip
    before = {topic: len(pipeline.records(topic)) for topic in written}
    pipeline.read.clear()  # every group's offsets reset, the state kept
    pipeline.drain(3)
    assert_equal(pipeline, expected)
    assert {topic: len(pipeline.records(topic)) for topic in written} == before


def test_stitching_nothing_gives_nothing() -> None:
    assert stitch("customer_id:1", [], Pipeline().settings) == ([], [], [])
