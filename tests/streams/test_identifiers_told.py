"""What stands on journey.identifiers in the end is what the batch definition says of each identifier."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys import Touchpoint, decode
from journeys.contact import fold
from journeys.facts import verdicts
from journeys.identity import (
    MOST_TOLD,
    PERIOD_MS,
    Evidence,
    Identified,
    Owner,
    Seen,
    Verdict,
    Verdicts,
    above,
    held,
    identified,
    identifiers_of,
    owners_of,
    rank_of,
)
from journeys.settings import DEFAULTS
from journeys.touchpoint import FACTS
from streams import topics
from tests.journeys.scenes import DAY, START, people
from tests.streams.pipeline import Pipeline


def told(touchpoints: Iterable[Touchpoint]) -> dict[str, Identified]:
    """Every identifier as the batch definition has it: contacts, facts, ``owners_of``."""
    known: dict[str, dict[str, Verdict]] = defaultdict(dict)
    every = list(touchpoints)
    contacts: dict[str, list[Touchpoint]] = defaultdict(list)
    for one in sorted(every, key=lambda one: (one.at, one.id)):
        if one.type not in FACTS:
            contacts[one.contact_id].append(one)
    folded = [fold(own, DEFAULTS)[0] for own in contacts.values()]  # before web touches are merged into visits
    seen = [Seen(identifiers_of(contact.identifiers), contact.started_at) for contact in folded]
    for fact in (one for one in every if one.type in FACTS):
        if fact.type == "identify":
            seen.append(Seen(identifiers_of(fact.identifiers.items()), fact.at))
        for one, other, verdict in verdicts(fact, DEFAULTS):
            known[one][other] = max(known[one].get(other, verdict), verdict)
    evidence: dict[str, Evidence] = defaultdict(lambda: Evidence({}))
    for sighting in seen:
        for name in sighting.identifiers:
            if stronger := above(name, sighting.identifiers, DEFAULTS):
                evidence[name].add(stronger, sighting.started_at // PERIOD_MS)
    owners: dict[str, Owner] = owners_of(seen, known, DEFAULTS)
    return {
        name: identified(name, owner, evidence[name], held(known.get(name, {})), DEFAULTS)
        for name, owner in owners.items()
    }


@settings(max_examples=60)
@given(facts=people(), partitions=st.integers(1, 3), seed=st.integers(0, 2**32), most=st.sampled_from((1, 3, 1000)))
def test_the_rows_are_the_owners(facts: list[Touchpoint], partitions: int, seed: int, most: int) -> None:
    pipeline = Pipeline(partitions, rng=random.Random(seed))
    for touchpoint in facts:
        pipeline.publish(touchpoint)
        if pipeline.rng.random() < 0.5:
            pipeline.step(most)
    pipeline.drain(most)
    rows = {  # without how it came about, which depends on the order
        name: msgspec.structs.replace(row, change="", changed_at=0) for name, row in pipeline.identifiers().items()
    }
    expected = told(map(decode, pipeline.accepted()))
    assert {name: rows[name] for name in expected if name in rows} == {
        name: row for name, row in expected.items() if name in rows
    }
    carried = {name for placed in pipeline.stitched().values() for name in identifiers_of(placed.contact.identifiers)}
    for name in expected.keys() - rows.keys():  # a customer id of which nobody ruled, or in one lone `identify` only
        assert rank_of(name, DEFAULTS) == 0 or name not in carried
        assert expected[name] == identified(name, name, Evidence({}), Verdicts(), DEFAULTS)
    for name in rows.keys() - expected.keys():  # what no contact carries any more has no evidence left
        assert (rows[name].owner, rows[name].evidence) == (name, ())


def test_told_again_only_where_something_changed() -> None:
    pipeline = Pipeline()
    signed_in = {"customer_id": "7", "email": "ann@example.org"}
    pipeline.publish(Touchpoint(START, "t1", "visited", "web", "c1", identifiers=signed_in))
    pipeline.drain()
    (first,) = pipeline.records(topics.IDENTIFIERS)
    pipeline.publish(Touchpoint(START + 1, "t2", "visited", "web", "c1", identifiers=signed_in))
    pipeline.drain()
    assert pipeline.records(topics.IDENTIFIERS) == [first]
    pipeline.publish(Touchpoint(START + DAY, "t3", "visited", "web", "c3", identifiers=signed_in))
    pipeline.drain()
    assert len(pipeline.records(topics.IDENTIFIERS)) == 2
    hidden = {kind: f"{kind}:{pipeline.pseudonyms.of(kind, value)}" for kind, value in signed_in.items()}
    row = pipeline.identifiers()[hidden["email"]]
    assert (row.owner, row.state, row.contacts) == (hidden["customer_id"], "owned", 2)


def test_the_sets_of_the_most_contacts_are_told() -> None:
    evidence = Evidence({})
    for number in range(MOST_TOLD + 5):
        evidence.add((f"customer_id:{number:02}",), 700 + number, count=number + 1)
    row = identified("device:tablet", None, evidence, Verdicts(), DEFAULTS)
    assert (row.state, row.owner, row.sets, row.contacts) == ("shared", "", 25, 25 * 26 // 2)
    assert [one.contacts for one in row.evidence] == list(range(25, 5, -1))
    assert row.evidence[0].identifiers == ("customer_id:24",)
    assert row.evidence[0].first_period_at == row.evidence[0].last_period_at == 724 * PERIOD_MS
    blocked = identified("device:tablet", None, evidence, Verdicts(blocked=True), DEFAULTS)
    assert blocked == msgspec.structs.replace(row, state="blocked")
