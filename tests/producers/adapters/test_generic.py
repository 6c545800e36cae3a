"""Sources without an adapter: mapping files, and CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.adapters import csv_rows, generic
from producers.adapters.adapter import How
from producers.adapters.csv_rows import records
from tests.producers.adapters.told import brief, says, told

EXAMPLES = Path(__file__).parents[3] / "examples" / "mappings"
MINIMAL = """
[[touchpoint]]
is = { type = "opened", channel = "app" }
from = { id = "id", time = "at" }
"""


def mapped(payload: Any, mapping: str = MINIMAL, **more: Any) -> Any:
    return generic.adapt(json.dumps(payload).encode(), How(mapping=mapping, **more))


def test_the_example_of_a_till() -> None:
    raw, mapping = (EXAMPLES / "till.json").read_bytes(), (EXAMPLES / "till.toml").read_text()
    found = generic.adapt(raw, How(mapping=mapping))
    assert [told(touchpoint) for touchpoint in found.touchpoints] == [
        {
            "at": "2026-03-01T12:00:00Z", "id": "till:2026-0301-7", "type": "purchased", "channel": "store",
            "identifiers": {"customer_id": "C-9001", "email": "mara@shop.example"}, "reference": "O-9001",
            "agent": "31", "direction": "inbound",
            "attributes": {
                "order_state": "paid", "shop": "Bern",
                "generic": {"kind": "sale", "card.tier": "gold", "total.amount": 59.9, "total.currency": "CHF"},
            },
        },
        {
            "at": "2026-03-01T13:10:00Z", "id": "till:2026-0301-8", "type": "returned", "channel": "store",
            "identifiers": {"customer_id": "C-9002"}, "intent": "order", "reference": "O-8123",
            "attributes": {"order_state": "returned", "generic": {"kind": "return"}},
        },
    ]  # fmt: skip
    assert found.unmapped == {"no_sale": 1}
    assert says(found) == ["each[3].time: is required (got None)"]


def test_the_example_of_a_diallers_table() -> None:
    raw, mapping = (EXAMPLES / "dialler.csv").read_bytes(), (EXAMPLES / "dialler.toml").read_text()
    found = csv_rows.adapt(raw, How(mapping=mapping))
    assert found.refused == []
    assert brief(found) == [
        ("ended", "voice", "12:02:00"), ("connected", "voice", "12:00:00"), ("ended", "voice", "12:05:30")
    ]  # fmt: skip
    assert {(one.contact_id, one.identifiers["phone"]) for one in found.touchpoints} == {
        ("d-1", "+41795550142"), ("d-2", "+41795550143")
    }  # fmt: skip
    assert found.touchpoints[0].attributes == {"csv": {"Result": "talked", "Campaign": "renewals"}}


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ("", "mapping: a mapping file is needed (got '')"),
        ("x = [", "mapping: no TOML: Invalid value"),
        ("touchpoint = []", "touchpoint: a mapping has one [[touchpoint]] at least (got [])"),
        ("eech = 'a'", "mapping: Object contains unknown field `eech`"),
        ("[[touchpoint]]\nwhn = 'a'", "touchpoint[0]: Object contains unknown field `whn`"),
        ("time_unit = 'h'\n[[touchpoint]]", "time_unit: Invalid enum value 'h'"),
        ("[[touchpoint]]\nfrom = { id = 7 }", "touchpoint[0].from[...]: Expected `str`, got `int`"),
        (MINIMAL.replace("time = ", "tme = "), "touchpoint[0].from.tme: is no field of a touchpoint; there are id, "),
        (MINIMAL.replace("type = ", '"identifiers.a.b" = '), "touchpoint[0].is.identifiers.a.b: is no field"),
        (MINIMAL.replace("time = ", "agent = "), "touchpoint[0].time: is required, in is or in from (got None)"),
        (MINIMAL.replace('"at"', '"at["'), "touchpoint[0].from.time: no JMESPath: "),
        (MINIMAL + "when = 'kind ='", "touchpoint[0].when: no JMESPath: "),
        ("each = '[['\n" + MINIMAL, "each: no JMESPath: "),
    ],
)  # fmt: skip
def test_a_mapping_that_is_wrong_names_the_field(mapping: str, problem: str) -> None:
    found = mapped({}, mapping)
    assert [invalid.reason for invalid in found.refused] == ["bad_mapping"]
    assert says(found)[0].startswith(problem)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"id": "a"}, "time: is required (got None)"),
        ({"id": "a", "at": "soon"}, "time: expected a time as ISO 8601 (got 'soon')"),
        ({"id": "a", "at": "2026-03-01T12:00:00"}, "time: has no offset from UTC, and no time zone is set"),
        ({"id": "a", "at": 1772366400}, "time: is a number: say time_unit (s, ms or us) in the mapping (got 1"),
        ({"id": ["a"], "at": "2026-03-01T12:00:00Z"}, "id: expected text (got ['a'])"),
        ({"id": "a" * 300, "at": "2026-03-01T12:00:00Z"}, "id: Expected `str` of length <= 255"),
        (7, "expected an object (got 7)"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_names_the_field_of_the_contract(payload: Any, problem: str) -> None:
    [said] = says(mapped(payload))
    assert said.startswith(problem)


@pytest.mark.parametrize(
    ("head", "at", "time_zone"),
    [
        ("", "2026-03-01T13:00:00+01:00", ""),
        ("", "2026-03-01 13:00:00", "Europe/Zurich"),
        ('time_zone = "Europe/Zurich"', "2026-03-01 13:00:00", ""),
        ('time_zone = "Asia/Tokyo"', "2026-03-01 13:00:00", "Europe/Zurich"),
        ('time_unit = "s"', 1772366400, ""),
        ('time_unit = "s"', "1772366400", ""),
        ('time_unit = "ms"', 1772366400000, ""),
        ('time_unit = "us"', 1772366400000000, ""),
        ('time_unit = "s"', "2026-03-01T12:00:00Z", ""),
        ('time_format = "%d.%m.%Y %H:%M"', "01.03.2026 13:00", "Europe/Zurich"),
        ('time_format = "%d.%m.%Y %H:%M %z"', "01.03.2026 12:00 +0000", ""),
    ],
)
def test_times(head: str, at: Any, time_zone: str) -> None:
    found = mapped({"id": 1, "at": at}, head + MINIMAL, time_zone=time_zone)
    assert (brief(found), says(found)) == ([("opened", "app", "12:00:00")], [])


def test_a_time_of_another_form_than_was_said() -> None:
    head = 'time_format = "%d.%m.%Y"\n'
    assert says(mapped({"id": 1, "at": "2026-03-01"}, head + MINIMAL)) == [
        "time: expected a time as %d.%m.%Y (got '2026-03-01')"
    ]
    assert says(mapped({"id": 1, "at": "01.03.2026"}, head + MINIMAL)) == [
        "time: has no offset from UTC, and no time zone is set (got '01.03.2026')"
    ]


def test_without_an_id_the_same_object_has_the_same_one() -> None:
    first, second = ({"at": "2026-03-01T12:00:00Z", "n": 1, "m": 2}, {"m": 2, "n": 1, "at": "2026-03-01T12:00:00Z"})
    [one], [other], [third] = (mapped(payload).touchpoints for payload in (first, second, first | {"n": 3}))
    assert one.id == other.id != third.id


def test_an_object_that_two_rules_take_becomes_two() -> None:
    mapping = MINIMAL.replace('id = "id", ', "") * 2
    found = mapped({"at": "2026-03-01T12:00:00Z"}, mapping).touchpoints
    assert len({one.id for one in found}) == 2


def test_what_one_rule_has_a_place_for_no_other_keeps() -> None:
    mapping = (
        MINIMAL
        + """
        [[touchpoint]]
        is = { type = "message", channel = "chat" }
        [touchpoint.from]
        id = "join('/', [id, 'words'])"
        time = "at"
        "attributes.text" = "said[0].words"
        agent = "by.id || 'bot'"
    """
    )
    found = mapped(
        {"id": "1", "at": "2026-03-01T12:00:00Z", "said": [{"words": "secret"}], "by": {"id": None, "mood": "good"}},
        mapping,
    ).touchpoints
    assert [one.attributes for one in found] == [
        {"generic": {"by.mood": "good"}}, {"text": "secret", "generic": {"by.mood": "good"}}
    ]  # fmt: skip
    assert found[1].agent == "bot"


@given(st.randoms(use_true_random=False), st.sampled_from(["till.toml", "dialler.toml"]))
def test_a_mapping_that_somebody_broke_is_refused_or_works(draw: Any, name: str) -> None:
    text = (EXAMPLES / name).read_text()
    begin = draw.randrange(len(text))
    broken = text[:begin] + draw.choice(["", "x", '"', "[", "'", "= 7", "\n"]) + text[begin + draw.randrange(9) :]
    for adapt, payload in ((generic.adapt, "till.json"), (csv_rows.adapt, "dialler.csv")):
        found = adapt((EXAMPLES / payload).read_bytes(), How(mapping=broken))
        assert any(found)
        assert "adapter_failed" not in {invalid.reason for invalid in found.refused}


def test_a_function_that_gets_what_it_does_not_take_is_named() -> None:
    mapping = MINIMAL.replace('id = "id"', "id = \"join('', id)\"")
    [said] = says(mapped({"id": 7, "at": "2026-03-01T12:00:00Z"}, mapping))
    assert said.startswith("id: In function join(), invalid type for value: 7")


@pytest.mark.parametrize("events", [None, [], "x", {}])
def test_a_payload_without_what_each_names_is_refused(events: Any) -> None:
    [said] = says(mapped({"events": events}, "each = 'events'\n" + MINIMAL))
    assert said.startswith("each: expected a list of objects (got ")


def test_one_that_is_no_object_does_not_keep_the_others_from_being_taken() -> None:
    found = mapped({"events": [7, {"id": 1, "at": "2026-03-01T12:00:00Z"}]}, "each = 'events'\n" + MINIMAL)
    assert (len(found.touchpoints), says(found)) == (1, ["each[0]: expected an object (got 7)"])


PLAIN = b"""id;time;type;channel;contact_id;identifiers.phone;wait_s;invited;attributes.page;mood
t1;2026-03-01T12:00:00Z;queued;voice;c1;+41795550142;;true;;"good; very"
t2;2026-03-01T12:00:10Z;connected;voice;c1;;10;;/help;
;;;;;;;;;
t3;2026-03-01T12:00:10Z;connected;voice;c1;;-1;;;
t4;yesterday;connected;voice;c1;;;;;
t5;2026-03-01T12:00:10Z;connected;voice;c1;;;;;;;
"""


def test_a_table_whose_columns_are_the_contracts_fields() -> None:
    found = csv_rows.adapt(b"\xef\xbb\xbf" + PLAIN, How())
    assert [told(touchpoint) for touchpoint in found.touchpoints] == [
        {
            "at": "2026-03-01T12:00:00Z", "id": "t1", "type": "queued", "channel": "voice", "contact_id": "c1",
            "identifiers": {"phone": "+41795550142"}, "invited": True, "attributes": {"csv": {"mood": "good; very"}},
        },
        {
            "at": "2026-03-01T12:00:10Z", "id": "t2", "type": "connected", "channel": "voice", "contact_id": "c1",
            "wait_s": 10.0, "attributes": {"page": "/help"},
        },
    ]  # fmt: skip
    assert [said.partition(" (got")[0] for said in says(found)] == [
        "data.wait_s: Expected `float` >= 0.0",
        "line 6.time: expected a time as ISO 8601",
        "line 7: expected 10 columns",
    ]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "there is nothing in it"),
        (b"id,type,channel\n1,a,b\n", "time: is no column, and no mapping says where it stands"),
        (b"\xff\n", "heading: text that is no UTF-8"),
        (b'time,type,channel\n"a"b,c,d\n', "',' expected after '\"'"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(raw: bytes, problem: str) -> None:
    [said] = says(csv_rows.adapt(raw, How()))
    assert said.startswith(problem)


def test_a_row_goes_on_while_a_quote_is_open_and_no_longer_than_an_event_may_be() -> None:
    assert list(records([b"a\n", b'"b\n', b'c"\n', b"d\n"])) == [(1, b"a\n"), (2, b'"b\nc"\n'), (4, b"d\n")]
    endless = [b'"\n', *[b"x" * 1000 + b"\n"] * 40, b"last\n"]
    found = list(records(endless))
    assert (found[0], found[-1], len(found)) == ((1, b'"\n'), (42, b"last\n"), 42)
    assert list(records([b'"a\n', b"b\n"])) == [(1, b'"a\n'), (2, b"b\n")]
