"""What the contact and the identity stage tell each other."""

from __future__ import annotations

import random

from journeys import Touchpoint, decode, reference
from journeys.settings import convert
from streams import topics
from streams.stages.evidence import PAGE
from tests.journeys.scenes import START
from tests.streams.pipeline import Pipeline

CLEAR = convert({"privacy": {"clear": ["customer_id", "email", "cookie"]}})
VISITS = 3 * PAGE + 1


def test_all_who_look_at_an_identifier_are_told_however_many() -> None:
    pipeline = Pipeline(2, CLEAR, rng=random.Random(1))
    for number in range(VISITS):
        pipeline.publish(Touchpoint(START + number, f"t{number}", "visited", "web", f"c{number}", {"cookie": "x"}))
    pipeline.drain()
    assert {placed.customer for placed in pipeline.stitched().values()} == {"cookie:x"}
    signed_in = {"cookie": "x", "customer_id": "7"}
    pipeline.publish(Touchpoint(START + VISITS, "sign-in", "visited", "web", "sign-in", signed_in))
    pipeline.drain()
    assert [placed.customer for placed in pipeline.stitched().values()] == ["customer_id:7"] * (VISITS + 1)


def test_what_was_said_is_counted_once_and_can_be_taken_back() -> None:
    """A contact that learns a customer id no longer says what it said; the log read again changes nothing."""
    pipeline = Pipeline(1, CLEAR)
    known = {"cookie": "x", "email": "ann@example.org"}
    for number, identifiers in enumerate((known, known, known | {"customer_id": "7"})):
        contact = f"c{min(number, 1)}"
        pipeline.publish(Touchpoint(START + number, f"t{number}", "visited", "web", contact, identifiers))
        pipeline.drain()
    expected = pipeline.identifiers()
    assert [one.contacts for one in expected["cookie:x"].evidence] == [1, 1]
    pipeline.read[topics.EVIDENCE, 0] = 0
    pipeline.drain(1)
    assert pipeline.identifiers() == expected
    stitched = {key: placed.customer for key, placed in pipeline.stitched().items()}
    relations = reference(map(decode, pipeline.accepted())).relations
    assert stitched == {key: relation.customer for key, relation in relations.items()}
