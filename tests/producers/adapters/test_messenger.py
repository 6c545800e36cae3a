"""Messenger and Instagram: messages, taps on buttons, ads, and surveys within the conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers.adapters.adapter import How
from producers.adapters.messenger import adapt
from tests.producers.adapters.told import adapted, says, shared, told

WHO = {"social": "messenger:7001"}


def test_a_message() -> None:
    [message] = adapted("messenger", "message.json").touchpoints
    assert told(message) == {
        "at": "2026-03-01T12:00:00.123000Z", "id": "messenger:m_AAA1/message", "type": "message",
        "channel": "messenger", "identifiers": WHO, "direction": "inbound",
        "attributes": {
            "text": "Do you deliver to Bern?", "speaker": "customer", "attachments": ["image"], "account": "500600"
        },
    }  # fmt: skip


def test_seconds_are_known_from_milliseconds() -> None:
    [message] = adapted("messenger", "seconds.json").touchpoints
    assert told(message)["at"] == "2026-03-01T12:00:00Z"


def test_an_echo_is_what_we_wrote_to_the_customer() -> None:
    [message] = adapted("messenger", "echo.json").touchpoints
    assert (message.identifiers, message.direction, message.attributes["speaker"]) == (WHO, "outbound", "agent")


def test_a_button_is_a_menus_node_and_the_ad_before_it_a_click() -> None:
    click, tap = adapted("messenger", "postback.json").touchpoints
    assert (click.type, click.channel, click.attributes["campaign"]) == ("clicked", "ad", "ad-88")
    assert (tap.type, tap.channel, tap.attributes["node"]) == ("menu_chosen", "messenger", "Get started")
    assert click.identifiers == tap.identifiers == WHO


def test_only_an_ad_is_a_referral_that_is_a_touchpoint() -> None:
    found = adapted("messenger", "referrals.json")
    assert [one.attributes["campaign"] for one in found.touchpoints] == ["ad-89"]
    assert found.unmapped == {"referral: SHORTLINK": 1}


def test_a_survey_in_the_conversation() -> None:
    [answer] = adapted("messenger", "feedback.json").touchpoints
    assert (answer.type, answer.channel, answer.identifiers) == ("surveyed", "survey", WHO)
    assert (answer.attributes["csat"], answer.attributes["text"]) == (2, "Nobody answered.")


def test_receipts_are_counted_by_name() -> None:
    found = adapted("messenger", "receipts.json")
    assert (found.touchpoints, found.refused) == ([], [])
    assert found.unmapped == {"read": 1, "delivery": 1, "message: deleted": 1}


def test_instagram_and_events_as_changes() -> None:
    found = adapted("messenger", "instagram.json")
    assert [one.identifiers for one in found.touchpoints] == [{"social": "instagram:4004"}]
    assert found.unmapped == {"changes: comments": 1}


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({}, "entry[0].messaging[0].message: is required (got None)"),
        ({"message": {"mid": "m1"}}, "entry[0].messaging[0].timestamp: is required (got None)"),
        ({"message": {}, "timestamp": 1772366400000}, "entry[0].messaging[0].message.mid: is required (got None)"),
        ({"message": "hi", "timestamp": 1772366400000}, "entry[0].messaging[0].message: expected an object (got 'hi')"),
        (
            {"message": {"mid": "m1"}, "timestamp": -5},
            "entry[0].messaging[0].timestamp: before 1990, so no real event time (got '1969-12-31T23:59:55+00:00')",
        ),
    ],
)
def test_what_cannot_be_taken_is_named(event: Any, problem: str) -> None:
    payload = {"object": "page", "entry": [{"messaging": [event]}]}
    assert says(adapt(json.dumps(payload).encode(), How())) == [problem]


def test_the_shared_message() -> None:
    [message] = adapt(shared("facebook-messenger-message.json"), How()).touchpoints
    assert (message.type, message.channel, told(message)["at"][:4]) == ("message", "messenger", "2023")
