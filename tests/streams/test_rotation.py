"""A new key: whoever was a customer under the old one stays the same customer, if somebody has the clear values."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys import Touchpoint, decode, reference
from journeys.pseudonyms import Pseudonyms, key_id
from journeys.renewal import Edge, renewals
from journeys.settings import DEFAULTS, convert
from streams.topology import build
from tests.journeys.scenes import DAY, KEY, OLDER_KEY, START, people
from tests.streams.pipeline import Pipeline

ANN, BOB = {"customer_id": "7"}, {"customer_id": "8"}
MAIL, PHONE, COOKIE = {"email": "ann@example.org"}, {"phone": "+4930123456"}, {"cookie": "x"}


def touchpoint(number: int, identifiers: dict[str, str]) -> Touchpoint:
    return Touchpoint(START + number * DAY, f"t{number}", "visited", "web", f"c{number}", identifiers)


BEFORE = [touchpoint(0, COOKIE), touchpoint(1, ANN | MAIL | COOKIE), touchpoint(2, BOB), touchpoint(3, MAIL | PHONE)]
AFTER = [touchpoint(40, PHONE), touchpoint(41, ANN), touchpoint(42, BOB), touchpoint(43, COOKIE)]


def rotate(pipeline: Pipeline) -> None:
    """As when all processes are started again with one key more."""
    pipeline.keys = (KEY, *pipeline.keys)
    pipeline.pseudonyms = Pseudonyms(pipeline.keys, pipeline.settings)
    pipeline.topology = build(pipeline.settings, pipeline.pseudonyms, pipeline.partitions)


def clear(pipeline: Pipeline) -> Callable[[Touchpoint], None]:
    """A producer that leaves the hiding to the contact stage."""
    return pipeline.publish


def edge(pipeline: Pipeline) -> Callable[[Touchpoint], None]:
    """What publishers do."""
    edge = Edge(pipeline.pseudonyms)

    def publish(shown: Touchpoint) -> None:
        before, hidden = edge.hidden(shown)
        assert hidden == pipeline.pseudonyms.hide(shown)
        for one in (*before, hidden):
            pipeline.publish(one)

    return publish


@pytest.mark.parametrize("producer", [clear, edge])
@pytest.mark.parametrize("partitions", [1, 3])
def test_customers_stay_whole(producer: Callable[[Pipeline], Callable[[Touchpoint], None]], partitions: int) -> None:
    pipeline = Pipeline(partitions, keys=(OLDER_KEY,), rng=random.Random(partitions))
    for one in BEFORE:
        producer(pipeline)(one)
    pipeline.drain(3)
    rotate(pipeline)
    publish = producer(pipeline)
    for one in (*AFTER, *AFTER):
        publish(one)
    pipeline.drain(3)
    customers = {key: placed.customer for key, placed in pipeline.stitched().items()}
    assert {customers[f"c{number}"] for number in (0, 1, 3, 40, 41, 43)} == {customers["c1"]}
    assert customers["c2"] == customers["c42"] != customers["c1"]
    assert {key_id(dict(placed.contact.identifiers)["phone"]) for key, placed in pipeline.stitched().items()
            if key == "c40"} == {key_id(KEY)}  # fmt: skip
    assert not pipeline.rejected()
    expected = reference(map(decode, pipeline.accepted()))
    assert customers == {key: relation.customer for key, relation in expected.relations.items()}


@settings(max_examples=40, deadline=None)
@given(before=people(most=10), after=people(most=10), seed=st.integers(0, 2**32))
def test_what_is_accepted_tells_all_of_it(before: list[Touchpoint], after: list[Touchpoint], seed: int) -> None:
    """The facts of a new key are events as others: from what is accepted alone, the same comes out again."""
    pipeline = Pipeline(2, keys=(OLDER_KEY,), rng=random.Random(seed))
    for one in before:
        pipeline.publish(one)
    pipeline.drain(3)
    rotate(pipeline)
    for one in after:
        name = f"later-{one.id}"
        contact_id = name if one.contact_id == one.id else one.contact_id
        pipeline.publish(msgspec.structs.replace(one, id=name, contact_id=contact_id))
        pipeline.step(3)
    pipeline.drain(3)
    expected = reference(map(decode, pipeline.accepted()))
    assert {key: placed.customer for key, placed in pipeline.stitched().items()} == {
        key: relation.customer for key, relation in expected.relations.items()
    }


def test_it_is_said_once_and_only_of_what_is_hidden() -> None:
    chosen = convert({"privacy": {"clear": ["customer_id"]}})
    both = Pseudonyms([KEY, OLDER_KEY], chosen)
    shown = touchpoint(0, ANN | MAIL | {"phone": "null"})
    (alias,) = renewals(shown, both)
    old = Pseudonyms([OLDER_KEY], DEFAULTS).of("email", MAIL["email"])
    new = both.of("email", MAIL["email"])
    assert (alias.type, alias.identifiers, alias.other) == ("alias", {"email": new}, {"email": old})
    assert list(renewals(touchpoint(1, MAIL), both)) == [alias], "the same event, whichever contact it comes from"
    assert not list(renewals(both.hide(shown), both))
    assert not list(renewals(shown, Pseudonyms([KEY], DEFAULTS)))
    edge = Edge(both)
    assert (edge.hidden(shown)[0], edge.hidden(shown)[0]) == ([alias], [])
