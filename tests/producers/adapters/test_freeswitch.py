"""FreeSWITCH: call detail records, and mod_callcenter's events."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import urlencode

import pytest

from journeys.contact import fold
from journeys.settings import Settings
from producers.adapters import freeswitch_callcenter, freeswitch_cdr
from producers.adapters.adapter import How
from tests.producers.adapters.told import FIXTURES, adapted, brief, says, told

CDR, EVENTS = "freeswitch-cdr", "freeswitch-callcenter"
CALL = "freeswitch:3f0c1d2e-0000-4a4a-8b8b-000000000001"
WHO = {"phone": "+41795550142"}


@pytest.mark.parametrize(
    ("name", "touchpoints"),
    [
        (
            "queued.json",
            [("started", "voice", "12:00:00"), ("queued", "voice", "12:00:02"), ("connected", "voice", "12:00:30"),
             ("ended", "voice", "12:03:20")],
        ),
        (
            "abandoned.json",
            [("started", "voice", "12:00:00"), ("queued", "voice", "12:00:02"), ("abandoned", "voice", "12:01:32"),
             ("ended", "voice", "12:03:20")],
        ),
        (
            "timed_out.json",
            [("started", "voice", "12:00:00"), ("queued", "voice", "12:00:02"), ("transferred", "voice", "12:01:32"),
             ("ended", "voice", "12:03:20")],
        ),
        (
            "bridged.json",
            [("started", "voice", "12:00:00"), ("connected", "voice", "12:00:10"), ("ended", "voice", "12:03:20")],
        ),
        (
            "outbound.json",
            [("started", "voice", "12:00:00"), ("connected", "voice", "12:00:05"), ("ended", "voice", "12:03:20")],
        ),
    ],
)  # fmt: skip
def test_records(name: str, touchpoints: list[tuple[str, str, str]]) -> None:
    found = adapted(CDR, name)
    assert (brief(found), found.refused) == (touchpoints, [])


def test_a_call_in_a_queue_in_full() -> None:
    *_, connected, ended = adapted(CDR, "queued.json").touchpoints
    assert told(connected) == {
        "at": "2026-03-01T12:00:30Z", "id": f"{CALL}/cdr-3", "type": "connected", "channel": "voice",
        "contact_id": CALL, "identifiers": WHO, "queue": "billing@default", "agent": "1001@default", "wait_s": 28.0,
    }  # fmt: skip
    assert (ended.talk_s, ended.hold_s, ended.attributes["reason"]) == (150.75, 20, "NORMAL_CLEARING")
    assert ended.attributes["freeswitch"] == {
        "start_stamp": "2026-03-01 13:00:00", "duration": "200", "cc_side": "member", "cc_member_uuid": "m1",
        "cc_cause": "answered",
    }  # fmt: skip


def test_an_outbound_call_is_to_the_number_dialled() -> None:
    started = adapted(CDR, "outbound.json").touchpoints[0]
    assert (started.direction, started.identifiers) == ("outbound", {"phone": "0041795550143"})


def test_legs_that_the_switch_made_and_calls_in_the_house_are_counted_by_name() -> None:
    found = adapted(CDR, "legs.json")
    assert (found.touchpoints, found.refused) == ([], [])
    assert found.unmapped == {"b-leg": 1, "leg to an agent": 1, "internal call": 1}


@pytest.mark.parametrize("encoded", [lambda raw: raw, lambda raw: b64encode(raw)])
def test_a_record_may_come_in_a_form(encoded) -> None:
    raw = (FIXTURES / CDR / "queued.json").read_bytes()
    posted = urlencode({"cdr": encoded(raw).decode()}).encode()
    assert freeswitch_cdr.adapt(posted, How()) == freeswitch_cdr.adapt(raw, How())


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"cdr=%7Bx", "no JSON: Expecting property name"),
        (b"cdr=***", "cdr: neither JSON nor base64 (got '***')"),
        (b"{}", "variables: is required (got None)"),
        (b'{"variables": {"caller_id_number": "+41795550142", "uuid": "u"}}', "variables.start_uepoch: is required"),
        (b'{"variables": {"caller_id_number": "+41795550142"}}', "variables.uuid: is required (got None)"),
        (b'{"variables": "none"}', "variables: expected an object (got 'none')"),
    ],
)
def test_records_that_cannot_be_taken_are_named(raw: bytes, problem: str) -> None:
    [said] = says(freeswitch_cdr.adapt(raw, How()))
    assert said.startswith(problem)


def test_events_of_a_call_that_is_answered() -> None:
    found = adapted(EVENTS, "answered.json")
    assert brief(found) == [
        ("queued", "voice", "12:00:02"), ("connected", "voice", "12:00:30"), ("ended", "voice", "12:03:20")
    ]  # fmt: skip
    assert (found.refused, found.unmapped) == ([], {"agent-offering": 1, "bridge-agent-end": 1})
    contact, [visit] = fold(found.touchpoints, Settings())
    assert (contact.contact_id, contact.identifiers) == (CALL, (("phone", "+41795550142"),))
    assert (visit.queue, visit.agent, visit.wait_s, visit.talk_s) == ("billing@default", "1001@default", 28, 170)


def test_events_and_record_of_a_call_are_one_contact_with_one_visit() -> None:
    said = adapted(EVENTS, "answered.json").touchpoints + adapted(CDR, "queued.json").touchpoints
    contact, visits = fold(sorted(said, key=lambda one: (one.at, one.id)), Settings())
    assert contact.outcome == "answered"
    assert [(visit.queue, visit.outcome, visit.wait_s) for visit in visits] == [("billing@default", "answered", 28)]


@pytest.mark.parametrize(
    ("name", "kind", "reason"), [("abandoned.json", "abandoned", None), ("timed_out.json", "transferred", "TIMEOUT")]
)
def test_how_a_queue_was_left(name: str, kind: str, reason: str | None) -> None:
    [left] = adapted(EVENTS, name).touchpoints
    assert (left.type, left.wait_s, left.attributes.get("reason")) == (kind, 90, reason)


def test_events_as_plain_text() -> None:
    found = adapted(EVENTS, "plain.txt")
    assert found.touchpoints == adapted(EVENTS, "answered.json").touchpoints[:1]
    assert found.unmapped == {"HEARTBEAT": 1}


def test_only_what_the_call_centre_says_of_a_call_is_kept() -> None:
    for touchpoint in adapted(EVENTS, "answered.json").touchpoints:
        assert all(name.startswith("CC-") for name in touchpoint.attributes.get("freeswitch", {}))
        assert "Mara" not in repr(touchpoint)


def test_what_agents_do() -> None:
    found = adapted(EVENTS, "agents.json")
    assert [(event.agent, event.state) for event in found.agent_events] == [
        ("1001@default", "available"), ("1001@default", "break"), ("1001@default", "offline")
    ]  # fmt: skip
    assert found.unmapped == {"agent-state-change": 1}


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({}, "Event-Name: is required (got None)"),
        ({"CC-Action": "member-queue-start"}, "Event-Date-Timestamp: is required (got None)"),
        (
            {"CC-Action": "member-queue-start", "Event-Date-Timestamp": "1772366402250000"},
            "CC-Member-Session-UUID: is required (got None)",
        ),
        ({"CC-Action": "member-queue-end"}, "CC-Cause: is required (got None)"),
        ({"CC-Action": "agent-status-change"}, "CC-Agent-Status: is required (got None)"),
    ],
)
def test_events_that_cannot_be_taken_are_named(event: dict[str, str], problem: str) -> None:
    assert says(freeswitch_callcenter.adapt(json.dumps(event).encode(), How())) == [problem]
    text = "".join(f"{name}: {value}\n" for name, value in event.items()) or "x: y\n"
    assert says(freeswitch_callcenter.adapt(text.encode(), How())) == [problem]
