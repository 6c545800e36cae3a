"""Intercom: a conversation from its first message to what it was rated."""

from __future__ import annotations

import json

import pytest

from journeys.contact import fold
from journeys.settings import Settings
from producers.adapters.adapter import How
from producers.adapters.intercom import adapt
from tests.producers.adapters.told import adapted, brief, says, shared, told

WHO = {"customer_id": "C-9001", "email": "mara@shop.example", "phone": "+41795550142", "intercom": "ic-51"}


@pytest.mark.parametrize(
    ("name", "touchpoints"),
    [
        ("began.json", [("queued", "chat", "12:00:00"), ("message", "chat", "12:00:00")]),
        ("replied.json", [("message", "chat", "12:01:40")]),
        ("teammate.json", [("connected", "chat", "12:03:20"), ("message", "chat", "12:03:20")]),
        ("bot.json", [("message", "chat", "12:00:10")]),
        ("assigned.json", [("assigned", "chat", "12:03:10")]),
        ("passed_on.json", [("transferred", "chat", "12:05:00")]),
        ("closed.json", [("ended", "chat", "12:08:20")]),
        ("opened.json", [("reopened", "chat", "12:25:00")]),
        ("single.json", [("message", "email", "12:00:00")]),
        ("rated.json", [("surveyed", "survey", "12:10:00")]),
        ("identified.json", [("identify", "chat", "11:59:59")]),
    ],
)
def test_topics(name: str, touchpoints: list[tuple[str, str, str]]) -> None:
    found = adapted("intercom", name)
    assert (brief(found), found.refused) == (touchpoints, [])


def test_a_message_in_full() -> None:
    message = adapted("intercom", "replied.json").touchpoints[0]
    assert told(message) == {
        "at": "2026-03-01T12:01:40Z", "id": "intercom:880077/901/message", "type": "message", "channel": "chat",
        "contact_id": "intercom:880077", "identifiers": WHO, "direction": "inbound",
        "attributes": {
            "text": "Anybody there?", "speaker": "customer",
            "intercom": {
                "type": "conversation", "created_at": 1772366400, "updated_at": 1772366500, "open": True,
                "state": "open", "team_assignee_id": "31", "tags.type": "tag.list", "priority": "not_priority",
            },
        },
    }  # fmt: skip


def test_words_are_without_their_markup() -> None:
    assert adapted("intercom", "began.json").touchpoints[1].attributes["text"] == "My invoice is wrong & late"


@pytest.mark.parametrize(
    ("name", "speaker", "agent"),
    [("teammate.json", "agent", "4410"), ("bot.json", "bot", ""), ("single.json", "agent", "4410")],
)
def test_who_spoke(name: str, speaker: str, agent: str) -> None:
    message = adapted("intercom", name).touchpoints[-1]
    assert (message.attributes["speaker"], message.agent) == (speaker, agent)


def test_a_conversation_is_a_contact_that_waits_and_is_answered() -> None:
    names = ("began.json", "bot.json", "assigned.json", "teammate.json", "closed.json")
    said = [one for name in names for one in adapted("intercom", name).touchpoints]
    contact, visits = fold(sorted(said, key=lambda one: (one.at, one.id)), Settings())
    assert (contact.contact_id, contact.channel, contact.outcome, contact.agents) == (
        "intercom:880077", "chat", "answered", ("4410",)
    )  # fmt: skip
    assert [(visit.queue, visit.wait_s, visit.talk_s, visit.agent) for visit in visits] == [
        ("31", 200.0, 300.0, "4410")
    ]


def test_a_rating_is_about_the_conversation_and_its_latest_counts() -> None:
    [rating] = adapted("intercom", "rated.json").touchpoints
    assert rating.attributes["csat"] == 2
    assert (rating.attributes["about"], rating.attributes["text"]) == ("intercom:880077", "Took too long")
    assert rating.revision == rating.at


def test_who_a_customer_is() -> None:
    [identify] = adapted("intercom", "identified.json").touchpoints
    assert identify.identifiers == {"customer_id": "C-9002", "email": "lee@shop.example", "intercom": "ic-60"}


def test_people_are_not_kept_beside() -> None:
    for name in ("began.json", "teammate.json", "closed.json", "rated.json", "single.json"):
        for touchpoint in adapted("intercom", name).touchpoints:
            kept = repr(touchpoint.attributes.get("intercom", ""))
            assert not any(private in kept for private in ("Mara", "Jo'", "@", "invoice", "<p>"))


def test_other_topics_are_counted_by_name() -> None:
    assert adapted("intercom", "ping.json").unmapped == {"ping": 1}


def test_what_cannot_be_taken_is_named() -> None:
    assert says(adapt(b'{"data": {}}', How())) == ["topic: is required (got None)"]
    closed = {"topic": "conversation.admin.closed", "data": {"item": {"id": 7}}}
    assert says(adapt(json.dumps(closed).encode(), How())) == ["created_at: is required (got None)"]


def test_the_shared_conversation() -> None:
    [ended] = adapt(shared("intercom-conversation-admin-closed.json"), How()).touchpoints
    assert (ended.type, ended.channel, ended.agent != "", "customer_id" in ended.identifiers) == (
        "ended",
        "chat",
        True,
        True,
    )
