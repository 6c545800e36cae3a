"""Asterisk's queue log: calls in queues, and what agents do."""

from __future__ import annotations

from journeys.contact import fold
from journeys.settings import Settings
from producers.adapters.adapter import How
from producers.adapters.asterisk_queue_log import adapt
from tests.producers.adapters.told import adapted, brief, says, told

VENDOR = "asterisk-queue-log"


def test_a_call_that_is_answered_and_one_that_is_abandoned() -> None:
    found = adapted(VENDOR, "queue_log.txt")
    assert brief(found) == [
        ("queued", "voice", "12:00:00"),
        ("connected", "voice", "12:00:15"),
        ("ended", "voice", "12:02:15"),
        ("queued", "voice", "12:03:20"),
        ("abandoned", "voice", "12:04:50"),
    ]
    assert found.unmapped == {"QUEUESTART": 1, "ADDMEMBER": 1, "RINGNOANSWER": 1}
    assert found.refused == []


def test_a_line_in_full() -> None:
    assert told(adapted(VENDOR, "queue_log.txt").touchpoints[1]) == {
        "at": "2026-03-01T12:00:15Z", "id": "asterisk:1772366399.17/1772366400/2-CONNECT", "type": "connected",
        "channel": "voice", "contact_id": "asterisk:1772366399.17", "queue": "billing", "agent": "PJSIP/201",
        "direction": "inbound", "wait_s": 15.0,
        "attributes": {"asterisk": {"bridgedchanneluniqueid": "1772366405.18", "ringtime": "9"}},
    }  # fmt: skip


def test_the_caller_is_known_by_number_and_not_by_name_and_an_extension_is_nobody() -> None:
    first, *_, second, _ = adapted(VENDOR, "queue_log.txt").touchpoints
    assert first.identifiers == {"phone": "41795550142"}
    assert "Mara" not in repr(first)
    assert (second.identifiers, second.attributes["extension"]) == ({}, "7000")


def test_visits_are_read_right_though_the_log_tells_whole_seconds() -> None:
    said = [one for one in adapted(VENDOR, "transfers.txt").touchpoints if one.contact_id.endswith("0000.30")]
    for order in (said, said[::-1]):
        contact, visits = fold(sorted(order, key=lambda one: (one.at, one.id)), Settings())
        assert [(visit.queue, visit.outcome, visit.wait_s, visit.talk_s, visit.agent) for visit in visits] == [
            ("billing", "transferred", 30.0, 0.0, ""),
            ("orders", "answered", 0.0, 30.0, "PJSIP/203"),
            ("faults", "answered", 20.0, 60.0, "PJSIP/204"),
        ]
        assert (contact.outcome, contact.transfers, contact.identifiers) == ("answered", 3, (("phone", "41795550142"),))


def test_why_a_queue_was_left_is_kept() -> None:
    *_, left = adapted(VENDOR, "transfers.txt").touchpoints
    assert (left.type, left.wait_s, left.attributes["reason"]) == ("transferred", 10.0, "EXITWITHKEY")
    assert left.attributes["asterisk"] == {"queuename": "faults", "key": "1", "position": "1", "origposition": "1"}
    assert left.queue == ""


def test_what_agents_do() -> None:
    found = adapted(VENDOR, "agents.txt")
    assert [(event.agent, event.state) for event in found.agent_events] == [
        ("Agent/9001", "available"), ("Agent/9001", "paused"), ("Agent/9001", "available"), ("Agent/9001", "offline")
    ]  # fmt: skip
    assert (found.touchpoints, found.unmapped) == ([], {"PAUSE": 1})


def test_bad_lines_are_named_and_the_others_taken() -> None:
    found = adapted(VENDOR, "broken.txt")
    assert says(found) == [
        "line 1: expected five fields at least, with | between (got b'1772366400|1772366399.17|billing')",
        "line 2.time: expected a number (got 'soon')",
        "line 3.time: before 1990, so no real event time (got '1970-01-01T00:00:00+00:00')",
        "line 4.callid: is required (got '')",
    ]
    assert brief(found) == [("queued", "voice", "12:00:01")]
    assert [invalid.reason for invalid in adapt(b"\xff|1|2|3|4", How()).refused] == ["not_text"]
    assert [invalid.reason for invalid in adapt(b"\n", How()).refused] == ["null_value"]


def test_servers_are_told_apart_by_their_source() -> None:
    first = adapted(VENDOR, "queue_log.txt", How(source="bern")).touchpoints[0]
    assert (first.source, first.contact_id) == ("bern", "bern:1772366399.17")
