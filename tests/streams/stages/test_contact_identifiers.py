"""Spellings in the stream: the same customers as by the definition, and the events as they came."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, decode, encode, reference
from journeys.settings import convert
from streams import topics
from streams.topology import build
from tests.journeys.scenes import START, people
from tests.streams.pipeline import Pipeline

GERMAN = convert({"identity": {"region": "DE", "blocked": ["email:Info@Centre.example.com"]}})
SPELLINGS = {
    "phone": ("+4930123456", "0049 30 123456", "030/123456", "030 123457", "anonymous"),
    "email": ("Anna@Example.com", "anna@example.com", "info@centre.example.com"),
    "social": ("@Anna", "anna"),
    "customer_id": ("1", " 1", "2", "0000"),
}


def respelt(identifiers: dict[str, str], rng: random.Random) -> dict[str, str]:
    return {kind: rng.choice(SPELLINGS[kind]) if kind in SPELLINGS else value for kind, value in identifiers.items()}


@given(facts=people(most=15), partitions=st.integers(1, 3), seed=st.integers(0, 2**32))
def test_the_stream_tells_people_apart_as_the_definition_does(
    facts: list[Touchpoint], partitions: int, seed: int
) -> None:
    rng = random.Random(seed)
    pipeline = Pipeline(partitions, GERMAN, rng=rng)
    sent = [
        msgspec.structs.replace(fact, identifiers=respelt(fact.identifiers, rng), other=respelt(fact.other, rng))
        for fact in facts
    ]
    for fact in sent:
        pipeline.publish(fact)
        if rng.random() < 0.5:
            pipeline.step(3)
    pipeline.drain(3)
    too_late = [record.value or b"" for record in pipeline.records(topics.DEAD_LETTERS)]
    assert sorted(pipeline.accepted() + too_late) == sorted(map(encode, sent)), "events stay as they came"
    expected = reference(map(decode, pipeline.accepted()), settings=GERMAN)
    stitched = pipeline.stitched()
    assert {key: placed.contact for key, placed in stitched.items()} == expected.contacts
    assert {key: placed.customer for key, placed in stitched.items()} == {
        key: relation.customer for key, relation in expected.relations.items()
    }


def test_an_event_that_comes_again_under_other_settings_is_a_duplicate() -> None:
    call = Touchpoint(START, "t0", "queued", "voice", "c0", {"phone": "030 123456"})
    pipeline = Pipeline()
    pipeline.publish(call)
    pipeline.drain()
    assert dict(pipeline.stitched()["c0"].contact.identifiers) == {"phone": "030123456"}

    pipeline.topology = build(GERMAN, 1)
    pipeline.publish(call)
    pipeline.publish(msgspec.structs.replace(call, id="t1", at=START + 1, type="connected"))
    pipeline.drain()
    assert not pipeline.records(topics.DEAD_LETTERS)
    assert len(pipeline.accepted()) == 2
    assert dict(pipeline.stitched()["c0"].contact.identifiers) == {"phone": "+4930123456"}
