"""WhatsApp Cloud: messages, statuses, ads, and numbers that changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers.adapters.adapter import How
from producers.adapters.ids import hidden
from producers.adapters.whatsapp import adapt
from tests.producers.adapters.told import adapted, brief, says, told

WHO = {"phone": "+41795550142", "social": "whatsapp:CH.77120034"}
ONE = f"whatsapp:{hidden('wamid.HBgLNDE3OTU1NTAxNDI1')}"


def test_a_message() -> None:
    [message] = adapted("whatsapp", "text.json").touchpoints
    assert told(message) == {
        "at": "2026-03-01T12:00:00Z", "id": f"{ONE}/message", "type": "message", "channel": "messenger",
        "identifiers": WHO, "direction": "inbound",
        "attributes": {"text": "Where is my parcel?", "speaker": "customer", "kind": "text", "account": "200300400"},
    }  # fmt: skip


def test_a_caption_is_what_the_customer_said_and_the_file_is_not_kept() -> None:
    [message] = adapted("whatsapp", "image.json").touchpoints
    assert message.attributes == {
        "text": "It came broken", "speaker": "customer", "kind": "image", "account": "200300400",
        "in_reply_to": f"whatsapp:{hidden('wamid.HBgLNDE3OTU1NTAxNDI0')}",
        "whatsapp": {"image.mime_type": "image/jpeg", "image.sha256": "q1w2=", "image.id": "880011"},
    }  # fmt: skip


def test_a_message_from_an_ad_is_a_click_on_it_too() -> None:
    click, message = adapted("whatsapp", "ad.json").touchpoints
    assert (click.type, click.channel, click.identifiers) == ("clicked", "ad", WHO)
    assert click.attributes["campaign"] == "ad-77"
    assert click.attributes["whatsapp"]["headline"] == "Half price in March"
    assert message.attributes["text"] == "Is this still on offer?"
    assert (click.at, click.id) < (message.at, message.id)


@pytest.mark.parametrize(
    ("place", "kind", "text"),
    [(0, "button", "Yes, please"), (1, "interactive", "Deliver tomorrow"), (2, "location", None), (3, "contacts", None),
     (5, "unsupported", None)],
)  # fmt: skip
def test_kinds_of_messages(place: int, kind: str, text: str | None) -> None:
    message = adapted("whatsapp", "kinds.json").touchpoints[place]
    assert (message.type, message.attributes["kind"], message.attributes.get("text")) == ("message", kind, text)


def test_a_reaction_is_to_a_message() -> None:
    found = adapted("whatsapp", "kinds.json")
    assert found.unmapped == {"request_welcome": 1}
    reaction = found.touchpoints[4]
    assert (reaction.type, reaction.attributes["reaction"]) == ("reacted", "👍")
    assert reaction.attributes["message"] == f"whatsapp:{hidden('wamid.HBgLNDE3OTU1NTAxNDI0')}"


def test_other_peoples_numbers_and_places_are_not_kept() -> None:
    kept = repr([touchpoint.attributes for touchpoint in adapted("whatsapp", "kinds.json").touchpoints])
    assert not any(private in kept for private in ("555 01 99", "Ann", "47.1", "Home", "Mara"))


def test_a_number_that_changed_is_the_same_customers() -> None:
    [link] = adapted("whatsapp", "number_changed.json").touchpoints
    assert (link.type, link.identifiers, link.other) == ("link", {"phone": "+41795550142"}, {"phone": "+41795550177"})


def test_what_became_of_a_message_of_ours_is_one_outbound_contact() -> None:
    found = adapted("whatsapp", "statuses.json")
    assert brief(found) == [
        ("message_sent", "messenger", "12:01:40"),
        ("message_delivered", "messenger", "12:01:41"),
        ("message_read", "messenger", "12:01:42"),
        ("message_failed", "messenger", "12:01:44"),
    ]
    assert {(one.contact_id, one.direction) for one in found.touchpoints} == {
        (f"whatsapp:{hidden('wamid.HBgLNDE3OTU1NTAxNDIB')}/0-sent", "outbound")
    }
    assert found.touchpoints[0].id == found.touchpoints[0].contact_id, "so that it is part of a visit"
    assert [one.id for one in found.touchpoints] == sorted(one.id for one in found.touchpoints)
    assert all(one.identifiers == WHO for one in found.touchpoints)
    assert found.touchpoints[0].attributes["whatsapp"]["pricing.category"] == "utility"
    assert found.unmapped == {"status: warning": 1}


def test_ids_do_not_tell_the_number_that_is_in_the_messages_id() -> None:
    for name in ("text.json", "image.json", "kinds.json", "statuses.json"):
        for touchpoint in adapted("whatsapp", name).touchpoints:
            assert "HBgLNDE3OTU1NTAxNDI" not in repr(touchpoint)


def test_other_fields_are_counted_by_name() -> None:
    found = adapted("whatsapp", "other_fields.json")
    assert (found.touchpoints, found.unmapped) == ([], {"account_update": 1, "errors": 1})


def test_a_bad_message_does_not_keep_the_next_from_being_taken() -> None:
    found = adapted("whatsapp", "one_bad.json")
    assert says(found) == ["entry[0].changes[0].value.messages[0].timestamp: expected a number (got 'soon')"]
    assert [one.attributes["text"] for one in found.touchpoints] == ["Hello"]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({}, "entry: is required (got None)"),
        ({"entry": [{}]}, "entry[0].changes: is required (got None)"),
        ({"entry": [{"changes": [{}]}]}, "entry[0].changes[0].field: is required (got None)"),
        ({"entry": 7}, "entry: expected a list (got 7)"),
    ],
)
def test_what_is_no_payload_is_refused(payload: Any, problem: str) -> None:
    assert says(adapt(json.dumps(payload).encode(), How())) == [problem]
