"""Delighted: an answer, and what the customer added to it."""

from __future__ import annotations

from producers.adapters.adapter import How
from producers.adapters.delighted import adapt
from tests.producers.adapters.told import adapted, says, shared, told


def test_an_answer() -> None:
    [answer] = adapted("delighted", "created.json").touchpoints
    assert told(answer) == {
        "at": "2026-03-01T12:00:00Z", "id": "delighted:5501", "type": "surveyed", "channel": "survey",
        "identifiers": {"customer_id": "C-9001", "email": "mara@shop.example", "delighted": "p61"},
        "reference": "O-1", "direction": "inbound", "revision": 1772366400000,
        "attributes": {
            "nps": 3, "survey": "nps", "about": "call-17",
            "delighted": {"person_properties.Plan": "gold", "tags": ["phone"]},
        },
    }  # fmt: skip


def test_what_is_added_is_a_newer_revision_of_the_same_answer() -> None:
    [first], [second] = (adapted("delighted", name).touchpoints for name in ("created.json", "updated.json"))
    assert (first.id, first.at) == (second.id, second.at)
    assert first.revision < second.revision
    assert (second.attributes["text"], second.attributes["speaker"]) == ("Nobody called back", "customer")


def test_a_score_on_a_scale_that_it_does_not_name_counts_as_none_of_ours() -> None:
    [answer] = adapted("delighted", "ces.json").touchpoints
    assert answer.attributes == {"score": 5, "survey": "ces", "delighted": {"tags": ["phone"]}}


def test_other_events_are_counted_by_name() -> None:
    assert adapted("delighted", "unsubscribed.json").unmapped == {"unsubscribe.created": 1}


def test_what_cannot_be_taken_is_named() -> None:
    assert says(adapt(b"{}", How())) == ["event_type: is required (got None)"]
    assert says(adapt(b'{"event_type": "survey_response.created"}', How())) == [
        "event_data.created_at: is required (got None)"
    ]


def test_the_shared_answer() -> None:
    [answer] = adapt(shared("delighted-nps-survey_response.json"), How()).touchpoints
    assert (answer.type, answer.channel, answer.attributes["nps"]) == ("surveyed", "survey", 5)
    assert "email" in answer.identifiers
