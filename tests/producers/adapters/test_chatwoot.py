"""Chatwoot: a conversation from its first message to what it was rated."""

from __future__ import annotations

import json

import pytest

from journeys.contact import fold
from journeys.settings import Settings
from producers.adapters.adapter import How
from producers.adapters.chatwoot import adapt
from tests.producers.adapters.told import adapted, brief, says, shared, told

WHO = {"customer_id": "C-9001", "email": "mara@shop.example", "phone": "+41795550142", "chatwoot": "61"}


@pytest.mark.parametrize(
    ("name", "touchpoints"),
    [
        ("incoming.json", [("message", "chat", "12:00:00")]),
        ("outgoing.json", [("connected", "chat", "12:01:00"), ("message", "chat", "12:01:00")]),
        ("bot.json", [("message", "chat", "12:00:01")]),
        ("without_id.json", [("message", "chat", "12:01:00")]),
        ("created.json", [("queued", "chat", "12:00:00")]),
        ("created_by_bot.json", [("started", "email", "12:00:00")]),
        ("handed_over.json", [("queued", "chat", "12:01:00")]),
        ("resolved.json", [("ended", "chat", "12:10:00")]),
        ("reopened.json", [("reopened", "chat", "12:01:00")]),
        ("passed_on.json", [("transferred", "chat", "12:01:00")]),
        ("rated.json", [("surveyed", "survey", "12:01:00")]),
    ],
)
def test_events(name: str, touchpoints: list[tuple[str, str, str]]) -> None:
    found = adapted("chatwoot", name)
    assert (brief(found), found.refused) == (touchpoints, [])
    assert all(one.identifiers == WHO for one in found.touchpoints)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("private.json", "message_created: private"),
        ("activity.json", "message_created: activity"),
        ("snoozed.json", "conversation_status_changed: snoozed"),
        ("labelled.json", "conversation_updated"),
        ("widget.json", "webwidget_triggered"),
    ],
)
def test_other_events_are_counted_by_name(name: str, kind: str) -> None:
    found = adapted("chatwoot", name)
    assert (found.touchpoints, found.refused, found.unmapped) == ([], [], {kind: 1})


def test_a_message_in_full() -> None:
    [message] = adapted("chatwoot", "incoming.json").touchpoints
    assert told(message) == {
        "at": "2026-03-01T12:00:00Z", "id": "chatwoot:12/801/message", "type": "message", "channel": "chat",
        "contact_id": "chatwoot:12", "identifiers": WHO, "direction": "inbound",
        "attributes": {
            "text": "Is anybody there?", "speaker": "customer",
            "chatwoot": {
                "content_type": "text", "conversation.inbox_id": 3, "conversation.status": "open",
                "conversation.labels": ["vip"], "conversation.created_at": 1772366400,
                "conversation.timestamp": 1772366460, "conversation.updated_at": 1772366460.5,
                "conversation.waiting_since": 1772366400, "inbox.id": 3, "inbox.name": "Website", "account.id": 1,
                "account.name": "Shop",
            },
        },
    }  # fmt: skip


def test_a_message_without_an_id_has_the_same_one_each_time() -> None:
    first, second = (adapted("chatwoot", "without_id.json").touchpoints for _ in range(2))
    assert first == second
    assert first[0].id != adapted("chatwoot", "incoming.json").touchpoints[0].id


def test_a_conversation_is_a_contact_that_waits_and_is_answered() -> None:
    names = ("created.json", "incoming.json", "bot.json", "outgoing.json", "resolved.json")
    said = [one for name in names for one in adapted("chatwoot", name).touchpoints]
    contact, visits = fold(sorted(said, key=lambda one: (one.at, one.id)), Settings())
    assert (contact.outcome, contact.resolution, contact.agents) == ("answered", "resolved", ("7",))
    assert [(visit.queue, visit.wait_s, visit.outcome) for visit in visits] == [("Billing", 60.0, "answered")]


def test_a_rating_is_about_the_conversation() -> None:
    [rating] = adapted("chatwoot", "rated.json").touchpoints
    attributes = rating.attributes
    assert (attributes["csat"], attributes["about"], attributes["text"]) == (1, "chatwoot:12", "Never again")


def test_people_and_their_words_are_not_kept_beside() -> None:
    for name in ("incoming.json", "outgoing.json", "created.json", "rated.json", "resolved.json"):
        for touchpoint in adapted("chatwoot", name).touchpoints:
            kept = repr(touchpoint.attributes.get("chatwoot", ""))
            assert not any(private in kept for private in ("Mara", "Jo'", "@", "secret", "anybody"))


def test_accounts_are_told_apart_by_their_source() -> None:
    [message] = adapted("chatwoot", "incoming.json", How(source="chatwoot/eu")).touchpoints
    assert (message.contact_id, message.source) == ("chatwoot/eu:12", "chatwoot/eu")


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({}, "event: is required (got None)"),
        ({"event": "message_created", "message_type": "incoming"}, "conversation.updated_at: is required (got None)"),
        ({"event": "conversation_created", "id": 1, "created_at": "soon"}, "created_at: expected a time as ISO 8601"),
        (
            {"event": "conversation_created", "id": 1, "created_at": "2026-03-01 12:00:00"},
            "created_at: has no offset from UTC, and no time zone is set",
        ),
    ],
)
def test_what_cannot_be_taken_is_named(payload: dict[str, object], problem: str) -> None:
    [said] = says(adapt(json.dumps(payload).encode(), How()))
    assert said.startswith(problem)


def test_the_shared_message() -> None:
    [message] = adapt(shared("chatwoot-message_created.json"), How()).touchpoints
    assert (message.type, message.channel, message.direction) == ("message", "chat", "inbound")
    assert "email" in message.identifiers


def test_the_shared_change_of_status_is_to_a_bot_and_no_touchpoint() -> None:
    found = adapt(shared("chatwoot-conversation_status_changed.json"), How())
    assert (found.touchpoints, found.refused) == ([], [])
    assert found.unmapped == {"conversation_status_changed: pending": 1}
