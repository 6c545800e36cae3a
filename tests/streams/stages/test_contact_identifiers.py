"""Clear identifiers in the stream: the same customers as by the definition, and nothing clear is left of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, decode, encode, reference
from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms
from journeys.settings import DEFAULTS, convert
from streams import topics
from streams.batch import Batch
from streams.stages.contact import ContactStage
from streams.topology import build
from tests.journeys.scenes import KEY, OLDER_KEY, START, people
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
    late = {decode(letter.value or b"").id for letter in pipeline.rejected()}
    taken = [pipeline.pseudonyms.hide(fact) for fact in sent if fact.id not in late]
    assert sorted(map(decode, pipeline.accepted()), key=lambda fact: fact.id) == sorted(
        (decode(encode(fact)) for fact in taken), key=lambda fact: fact.id
    )
    expected = reference(taken, settings=GERMAN)
    stitched = pipeline.stitched()
    assert {key: placed.contact for key, placed in stitched.items()} == expected.contacts
    assert {key: placed.customer for key, placed in stitched.items()} == {
        key: relation.customer for key, relation in expected.relations.items()
    }


CALL = Touchpoint(
    START, "t0", "queued", "voice", "c0", {"phone": "0049 30 123456", "social": "@Anna"}, reference="of +4930123456",
    attributes={"said": "it is +49 30 123456 or 0049 30 123456", "n": 7},
    source="pbx",
)  # fmt: skip


def event_of(touchpoint: Touchpoint, **more: Any) -> bytes:
    event = msgspec.json.decode(encode(touchpoint))
    return msgspec.json.encode(event | more)


def everything(pipeline: Pipeline) -> bytes:
    """All that the stages wrote and keep; not what came to them."""
    written = [rec for (topic, _), log in pipeline.log.items() if topic != topics.TOUCHPOINTS for rec in log]
    kept = [part for state in pipeline.state.values() for pair in state.items() for part in pair]
    return b"\n".join([b"%r" % (rec,) for rec in written] + kept)


@pytest.mark.parametrize("place", [0, 1])
def test_nothing_clear_goes_on_or_is_kept(place: int) -> None:
    """Also where the producer chose another partition than the contact's, and so the event is routed."""
    pipeline = Pipeline(2)
    raw = event_of(CALL, subject="0049 30 123456", note={"0049 30 123456": ["x +4930123456"]})
    pipeline.append(topics.TOUCHPOINTS, place, b"c0", raw, START, ((("who", b"0049 30 123456"),)))
    pipeline.drain()
    assert len(pipeline.records(topics.ROUTED)) == (place != partition_of(b"c0", 2))
    written = everything(pipeline)
    for clear in (b"0049 30 123456", b"+4930123456", b"4930123456", b"@Anna"):
        assert clear not in written
    (line,) = pipeline.accepted()
    assert decode(line) == pipeline.pseudonyms.hide(CALL)
    phone = pipeline.pseudonyms.of("phone", "+4930123456")
    event = msgspec.json.decode(line)
    assert (event["subject"], event["note"]) == (phone, {phone: [f"x {phone}"]})
    assert event["data"]["attributes"]["said"] == f"it is +49 30 123456 or {phone}"


def test_an_event_without_clear_identifiers_goes_on_as_it_came() -> None:
    pipeline = Pipeline(2)
    hidden = event_of(pipeline.pseudonyms.hide(CALL), note=" spaced ").replace(b"{", b"{ ")
    for place in (0, 1):
        pipeline.append(topics.TOUCHPOINTS, place, b"c0", hidden, START, ((("trace", b"1"),)))
    pipeline.drain()
    assert pipeline.accepted() == [hidden]
    (routed,) = pipeline.records(topics.ROUTED)
    assert (routed.value, routed.headers) == (hidden, (("trace", b"1"),))


def test_an_event_that_comes_again_under_a_new_key_is_a_duplicate() -> None:
    pipeline = Pipeline(keys=(OLDER_KEY,))
    pipeline.publish(CALL)
    pipeline.drain()
    pipeline.pseudonyms = Pseudonyms((KEY, OLDER_KEY), DEFAULTS)
    pipeline.topology = build(DEFAULTS, pipeline.pseudonyms, 1)
    pipeline.publish(CALL)
    pipeline.publish(pipeline.pseudonyms.hide(CALL))
    pipeline.drain()
    first, *renewed = map(decode, pipeline.accepted())
    assert first.id == CALL.id
    assert [fact.type for fact in renewed] == ["alias", "alias"], "and both identifiers keep their customer"
    assert not pipeline.records(topics.DEAD_LETTERS)
    for other in ({"phone": "+4930123457", "social": "anna"}, {"phone": "+4930123456"}):
        pipeline.publish(Pseudonyms((OLDER_KEY,), DEFAULTS).hide(msgspec.structs.replace(CALL, identifiers=other)))
    pipeline.drain()
    assert len(pipeline.records(topics.DEAD_LETTERS)) == 2


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    ("broken", "reason", "told"),
    [
        (lambda raw: raw[:-9], "not_json", "Input data was truncated"),
        (lambda raw: raw.replace(b"of +49", b"of \xff+49"), "not_json", "text that is no UTF-8"),
        (lambda raw: raw.replace(b'"phone":"', b'"phone":["').replace(b'56","social', b'56"],"social'), "invalid_field",
         "data.identifiers[...]: Expected `str`, got `array`"),
        (lambda raw: raw.replace(b'"n":7', b'"n":7},"direction":"+4930123456","x":{'), "invalid_field",
         "data.direction: Invalid enum value"),
        (lambda raw: raw.replace(b'"source"', b'"specversion":"+4930123456","source"'), "unknown_version",
         "specversion: Invalid enum value"),
        (lambda raw: raw.replace(b"touchpath:touchpoint:1", b"+4930123456"), "unknown_version",
         "dataschema: this version reads touchpath:touchpoint:1"),
        (lambda raw: raw.replace(b"2026-01-01T00:00:00Z", b"+4930123456"), "invalid_field",
         "time: Invalid RFC3339 encoded datetime"),
        (lambda raw: raw.replace(b"2026", b"1970"), "implausible_time", "time: before 1990, so no real event time"),
        (lambda raw: raw.replace(b"2026", b"2099"), "in_the_future", "time: 4"),
        (lambda raw: raw.replace(b'"queued"', b'"connected"'), "id_reused", "id: was given to another touchpoint"),
        (lambda raw: raw + b"+4930123456" * 4000, "too_large", "an event has at most 32768 bytes, this one"),
    ],
)  # fmt: skip
def test_what_is_not_taken_tells_nothing_either(
    place: int, broken: Callable[[bytes], bytes], reason: str, told: str
) -> None:
    pipeline = Pipeline(2)
    call = msgspec.structs.replace(CALL, id="+4930123456")
    pipeline.publish(call)
    raw = broken(event_of(call, subject="0049 30 123456"))
    pipeline.append(topics.TOUCHPOINTS, place, b"c0", raw, START, (("caller", b"0049 30 123456"),))
    pipeline.drain()
    (record,) = pipeline.records(topics.DEAD_LETTERS)
    headers = {name.removeprefix("__connect.errors."): value.decode() for name, value in record.headers}
    assert headers["exception.class.name"] == reason
    assert headers["exception.message"].startswith(told)
    for clear in (b"0049 30 123456", b"4930123456"):
        assert clear not in b"%r" % (record,)
    (letter,) = pipeline.rejected()
    assert (letter.key, letter.message.startswith(told[:4])) == (b"c0", True)
    # What was routed before it was refused has lost what was hidden meanwhile, and its headers.
    if record.offset == place == partition_of(b"c0", 2) or reason != "id_reused":
        assert (letter.value, letter.headers) == (raw, (("caller", b"0049 30 123456"),))


def test_an_exception_may_say_what_it_likes() -> None:
    class Failing(ContactStage):
        def process(self, batch: Batch) -> None:
            raise KeyError("+4930123456")

    pipeline = Pipeline()
    failing = Failing(DEFAULTS, pipeline.pseudonyms)
    pipeline.topology = replace(pipeline.topology, stages=(failing, *pipeline.topology.stages[1:]))
    pipeline.publish(CALL)
    pipeline.drain()
    (record,) = pipeline.records(topics.DEAD_LETTERS)
    assert b"4930123456" not in b"%r" % (record,)
    assert dict(record.headers)["__connect.errors.exception.class.name"] == b"KeyError"
    assert [letter.message for letter in pipeline.rejected()] == ["'+4930123456'"]


def test_a_number_that_the_centre_blocks_later_names_nobody_in_contacts_that_go_on() -> None:
    pipeline = Pipeline()
    pipeline.publish(CALL)
    pipeline.drain()
    before = pipeline.stitched()["c0"].contact
    later = convert({"identity": {"blocked": ["phone:+49 30 123456"]}})
    pipeline.topology = build(later, Pseudonyms((KEY,), later), 1)
    pipeline.publish(msgspec.structs.replace(CALL, id="t1", at=START + 1, identifiers={}))
    pipeline.drain()
    after = pipeline.stitched()["c0"].contact
    assert [kind for kind, _ in before.identifiers] == ["phone", "social"]
    assert [kind for kind, _ in after.identifiers] == ["social"]


def test_what_cannot_be_searched_is_not_taken() -> None:
    pipeline = Pipeline()
    deep: Any = "0049 30 123456"
    for _ in range(200):
        deep = [deep]
    many = "12345 " * 5_000  # as pseudonyms these are too many
    pipeline.append(topics.TOUCHPOINTS, 0, b"c0", event_of(CALL, note=deep), START)
    pipeline.publish(msgspec.structs.replace(CALL, identifiers={"cookie": "12345"}, attributes={"note": many}))
    pipeline.drain()
    assert not pipeline.accepted()
    reasons = [
        dict(record.headers)["__connect.errors.exception.class.name"]
        for record in pipeline.records(topics.DEAD_LETTERS)
    ]
    assert reasons == [b"invalid_field", b"too_large"]
