"""Asterisk's manager interface: callers in queues, and agents."""

from __future__ import annotations

import pytest

from producers.adapters.adapter import How
from producers.adapters.asterisk_ami import adapt
from tests.producers.adapters.told import adapted, brief, says

VENDOR = "asterisk-ami"


def test_a_call_that_is_answered() -> None:
    found = adapted(VENDOR, "answered.txt")
    assert brief(found) == [
        ("queued", "voice", "12:00:00"), ("connected", "voice", "12:00:15"), ("ended", "voice", "12:02:15")
    ]  # fmt: skip
    assert found.unmapped == {"Response": 1, "AgentCalled": 1, "QueueCallerLeave": 1}
    assert found.refused == []
    connected, ended = found.touchpoints[1:]
    assert (connected.queue, connected.agent, connected.wait_s) == ("billing", "Jo", 15)
    assert (ended.talk_s, ended.attributes["reason"]) == (120, "caller")
    assert {(one.contact_id, one.identifiers["phone"]) for one in found.touchpoints} == {
        ("asterisk:1772366399.17", "41795550142")
    }


def test_the_customers_name_is_not_kept() -> None:
    assert "Mara" not in repr(adapted(VENDOR, "answered.txt").touchpoints)


def test_a_call_that_is_abandoned() -> None:
    _, abandoned = adapted(VENDOR, "abandoned.txt").touchpoints
    assert (abandoned.type, abandoned.wait_s, abandoned.queue) == ("abandoned", 90, "billing")
    assert (abandoned.identifiers, abandoned.attributes["extension"]) == ({}, "7000")


def test_service_that_ends_in_a_transfer() -> None:
    [transferred] = adapted(VENDOR, "passed_on.txt").touchpoints
    assert (transferred.type, transferred.agent, transferred.talk_s) == ("transferred", "Jo", 120)
    assert (transferred.queue, transferred.attributes["asterisk"]["Queue"]) == ("", "billing")


def test_what_agents_do() -> None:
    events = adapted(VENDOR, "agents.txt").agent_events
    assert [(event.agent, event.state) for event in events] == [("9001", "available"), ("9001", "offline")]


def test_an_event_without_a_time_has_that_at_which_it_came_or_is_refused() -> None:
    assert says(adapted(VENDOR, "without_time.txt")) == [
        "Timestamp: is required: set timestampevents = yes in manager.conf (got None)"
    ]
    assert brief(adapted(VENDOR, "without_time.txt", How(received="2026-03-01T12:00:05Z"))) == [
        ("queued", "voice", "12:00:05")
    ]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "there is nothing in it (got b'')"),
        (b"hello", "Event: is required (got None)"),
        (b"Event: QueueCallerJoin\nTimestamp: 1772366400", "Uniqueid: is required (got None)"),
        (b"Event: \xff", "text that is no UTF-8 (got b'Event: \\xff')"),
    ],
)
def test_what_cannot_be_taken_is_named(raw: bytes, problem: str) -> None:
    assert says(adapt(raw, How())) == [problem]
