"""Asterisk's call detail records."""

from __future__ import annotations

import pytest

from producers.adapters.adapter import How
from producers.adapters.asterisk_cdr import adapt
from tests.producers.adapters.told import adapted, brief, says

VENDOR = "asterisk-cdr"
HERE = How(time_zone="Europe/Zurich")


def test_calls() -> None:
    found = adapted(VENDOR, "Master.csv", HERE)
    assert brief(found) == [
        ("started", "voice", "12:00:00"), ("connected", "voice", "12:00:08"), ("ended", "voice", "12:02:08"),
        ("started", "voice", "13:00:00"), ("ended", "voice", "13:00:30"),
        ("started", "voice", "14:00:00"), ("connected", "voice", "14:00:10"), ("ended", "voice", "14:01:00"),
        ("started", "voice", "15:00:00"), ("ended", "voice", "15:03:00"),
    ]  # fmt: skip
    assert (found.refused, found.unmapped) == ([], {"internal call": 1})


def test_an_answered_call_has_its_waiting_and_its_talk() -> None:
    _, connected, ended = adapted(VENDOR, "Master.csv", HERE).touchpoints[:3]
    assert (connected.wait_s, ended.talk_s, ended.attributes["number"]) == (8, 120, "600")
    assert connected.identifiers == {"phone": "41795550142"}
    assert "Mara" not in repr(ended)


def test_a_call_from_an_extension_is_outbound_and_the_customers_is_the_number_dialled() -> None:
    started, _, ended = adapted(VENDOR, "Master.csv", HERE).touchpoints[5:8]
    assert (started.direction, started.identifiers) == ("outbound", {"phone": "0041795550143"})
    assert ended.attributes["number"] == "201"


def test_of_a_call_in_a_queue_only_that_it_began_and_ended() -> None:
    started, ended = adapted(VENDOR, "Master.csv", HERE).touchpoints[8:]
    assert (started.contact_id, ended.contact_id) == ("asterisk:1772377200.23",) * 2
    assert (ended.talk_s, ended.wait_s) == (None, None)


def test_times_are_local_and_not_guessed() -> None:
    refused = says(adapted(VENDOR, "Master.csv"))
    assert len(refused) == 4
    assert refused[0].startswith("line 1.start: has no offset from UTC, and no time zone is set (got '2026-03-01")


def test_columns_by_cdr_conf_make_legs_of_one_call() -> None:
    row = (
        b'"","41795550142","600","in","x","a","b","Dial","","2026-03-01 14:00:00","","2026-03-01 14:00:30",30,0,'
        b'"BUSY","DOCUMENTATION","1.%d","","","1.1",%d'
    )
    rows = b"\n".join(row % (leg, leg) for leg in (1, 2))
    found = adapt(rows, HERE).touchpoints
    assert {one.contact_id for one in found} == {"asterisk:1.1"}
    assert len({one.id for one in found}) == 4


def test_bad_rows_are_named_and_the_others_taken() -> None:
    found = adapted(VENDOR, "broken.csv", HERE)
    assert says(found)[:2] == [
        "line 2: expected 16 to 21 columns (got ['', '41795550142', '600'])",
        "line 3.start: expected a time as ISO 8601 (got 'yesterday')",
    ]
    assert [invalid.reason for invalid in found.refused] == ["invalid_field", "invalid_field", "not_csv"]
    assert brief(found) == [("started", "voice", "13:00:00"), ("ended", "voice", "13:00:30")]


def test_without_ids_the_same_row_makes_the_same_touchpoints() -> None:
    first, second = (adapted(VENDOR, "broken.csv", HERE).touchpoints for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("raw", "reason"), [(b"", "null_value"), (b"\xff,,", "not_text")])
def test_what_cannot_be_read_is_refused(raw: bytes, reason: str) -> None:
    assert [invalid.reason for invalid in adapt(raw, HERE).refused] == [reason]
