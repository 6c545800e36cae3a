"""Whoever is forgotten leaves no trace in what the stages keep or say, and no replay brings them back."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, decode, reference
from journeys.definition import Reference
from journeys.forgetting import KEY, Forgotten, says_anything, spared, without
from journeys.settings import DEFAULTS
from journeys.touchpoint import FACTS, FORGET
from streams import topics
from tests.journeys.scenes import DAY, START, people
from tests.streams.pipeline import Pipeline
from tests.streams.test_next_steps import FORWARD, assert_learned, told
from tests.streams.test_replay_makes_no_difference import assert_equal

_forgotten = msgspec.json.Decoder(Forgotten)


def orders(
    customer: str, identifiers: set[str], accepted: list[Touchpoint], known: Reference, at: int
) -> list[list[Touchpoint]]:
    """What `touchpath forget` sends for ``customer``: first about contacts, then about identifiers."""
    pairs = {tuple(name.split(":", 1)) for name in identifiers}
    own = {key for key, relation in known.relations.items() if relation.customer == customer}
    first: list[Touchpoint] = []
    for number, contact_id in enumerate(sorted({fact.contact_id for fact in accepted})):
        touched = [fact for fact in accepted if fact.contact_id == contact_id]
        mentioned = {
            pair for fact in touched for pair in (*fact.identifiers.items(), *fact.other.items()) if pair in pairs
        }
        facts = [fact for fact in touched if fact.type in FACTS]
        silenced = len(facts) == len(touched) and not any(says_anything(without(fact, mentioned)) for fact in facts)
        if contact_id in own or silenced:
            first.append(Touchpoint(at, f"f{number}", FORGET, "web", contact_id))
        else:
            first += [
                Touchpoint(at, f"f{number}-{kind}-{value}", FORGET, "web", contact_id, {kind: value})
                for kind, value in mentioned
            ]
    second = [
        Touchpoint(at, f"g{number}", FORGET, "web", f"g{number}", dict([name.split(":", 1)]))
        for number, name in enumerate(sorted(identifiers))
    ]
    return [first, second]


def left_of(accepted: list[Touchpoint], gone: list[Touchpoint]) -> list[Touchpoint]:
    """The accepted ones, less what ``gone`` asks for."""
    whole = {order.contact_id for order in gone if not order.identifiers}
    kept = []
    for fact in accepted:
        if fact.contact_id in whole:
            continue
        pairs = [pair for order in gone if order.contact_id == fact.contact_id for pair in order.identifiers.items()]
        less = without(fact, pairs)
        if less.type not in FACTS or says_anything(less):
            kept.append(less)
    return kept


def stored(pipeline: Pipeline) -> list[Touchpoint]:
    """What a sink holds of journey.accepted, in the order of each partition."""
    held: dict[str, Touchpoint] = {}
    for record in pipeline.records(topics.ACCEPTED):
        if record.key == KEY:
            gone = _forgotten.decode(record.value or b"")
            for fact in [fact for fact in held.values() if gone.covers(fact.contact_id, fact.at)]:
                less = without(fact, gone.identifiers) if gone.identifiers else None
                if less is not None and (less.type not in FACTS or says_anything(less)):
                    held[fact.id] = less
                else:
                    del held[fact.id]
        else:
            for line in (record.value or b"").split(b"\n"):
                held[decode(line).id] = decode(line)
    return list(held.values())


def traces(pipeline: Pipeline, identifiers: set[str]) -> list[bytes]:
    """Where anything of ``identifiers`` is left in the state, in keys and in values."""
    values = [name.split(":", 1)[1].encode() for name in identifiers]
    return [
        key + b" -> " + value
        for state in pipeline.state.values()
        for key, value in state.items()
        if any(one in key or one in value for one in values)
    ]


def test_an_event_that_names_only_others_loses_the_forgotten_one() -> None:
    seen = Touchpoint(START, "t1", "visited", "web", "c1", other={"email": "ann", "phone": "1"})
    assert spared(seen, [("email", "ann")], DEFAULTS) == without(seen, [("email", "ann")])


@given(
    facts=people(),
    partitions=st.integers(1, 4),
    choice=st.integers(0, 100),
    seed=st.integers(0, 2**32),
    most=st.sampled_from((1, 3, 1000)),
)
def test_nothing_is_left_and_nothing_comes_back(
    facts: list[Touchpoint], partitions: int, choice: int, seed: int, most: int
) -> None:
    rng = random.Random(seed)
    pipeline = Pipeline(partitions, FORWARD, rng=rng)
    sent = [pipeline.pseudonyms.hide(fact) for fact in facts]
    for fact in sent:
        pipeline.publish(fact, rng.randrange(partitions) if rng.random() < 0.2 else None)
    pipeline.drain(most)
    accepted = [decode(line) for line in pipeline.accepted()]
    known = reference(accepted)
    customers = sorted({relation.customer for relation in known.relations.values()})
    if not customers:
        return
    customer = customers[choice % len(customers)]
    owned = {name for name, one in pipeline.identifiers().items() if one.owner == customer}
    identifiers = set() if customer.startswith("anonymous:") else owned | {customer}
    at = max(fact.at for fact in accepted) + DAY
    first, second = orders(customer, identifiers, accepted, known, at)
    for phase in (first, second):
        for order in phase:
            pipeline.publish(order, rng.randrange(partitions) if rng.random() < 0.2 else None, timestamp=at)
        pipeline.drain(most)

    left = left_of(accepted, first)
    assert sorted(stored(pipeline), key=lambda fact: fact.id) == sorted(left, key=lambda fact: fact.id)
    assert_equal(pipeline, reference(left))
    assert not (found := traces(pipeline, identifiers)), found
    assert_learned(pipeline, reference(left))
    assert all(row.customer not in identifiers for row in told(pipeline).values())
    assert all(signal.customer not in identifiers for signal in pipeline.signals().values())
    for name in identifiers:
        assert name not in pipeline.identifiers()

    for fact in sent:  # out of an archive
        pipeline.publish(fact)
    pipeline.drain(most)
    assert_equal(pipeline, reference(left))
    assert not (found := traces(pipeline, identifiers)), found
    pipeline.read.clear()  # every group's offsets reset, the state kept
    pipeline.drain(most)
    assert_equal(pipeline, reference(left))
    for order in second:  # contacts may have moved through the forgotten once more, and left their numbers there
        pipeline.publish(order, timestamp=at)
    pipeline.drain(most)
    assert_equal(pipeline, reference(left))
    assert not (found := traces(pipeline, identifiers)), found

    again = [
        msgspec.structs.replace(fact, at=fact.at + 70 * DAY, id=f"{fact.id}-b", contact_id=f"{fact.contact_id}-b")
        for fact in sent
    ]
    for fact in again:  # whoever comes back starts anew
        pipeline.publish(fact)
    pipeline.drain(most)
    assert {fact.id for fact in stored(pipeline)} >= {fact.id for fact in left}
    assert len(stored(pipeline)) > len(left)
    assert_equal(pipeline, reference(stored(pipeline)))
