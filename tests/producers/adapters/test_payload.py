"""How payloads are read, whoever sent them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from journeys.touchpoint import EARLIEST, Invalid, Touchpoint
from producers.adapters.adapter import Adapted, How
from producers.adapters.payload import LEFT_OUT, MOST_REST, Fields, Made, Unmapped, adapter, form, from_bytes, objects

UTC_NOON = 1_772_366_400_000  # 2026-03-01T12:00:00Z
HERE = How(time_zone="Europe/Zurich")


@pytest.mark.parametrize(
    ("value", "how", "ms"),
    [
        ("2026-03-01T12:00:00Z", How(), UTC_NOON),
        ("2026-03-01T13:00:00+01:00", How(), UTC_NOON),
        ("2026-03-01T12:00:00.1234567Z", How(), UTC_NOON + 123),
        ("Sun, 01 Mar 2026 12:00:00 +0000", How(), UTC_NOON),
        ("2026-03-01 13:00:00", HERE, UTC_NOON),
        ("2026-03-01T12:00:00Z", HERE, UTC_NOON),
        ("2026-10-25T02:30:00", HERE, 1_792_888_200_000),  # shown twice: 00:30Z, and not 01:30Z
    ],
)
def test_times(value: str, how: How, ms: int) -> None:
    assert Fields({"at": value}).time("at", how) == ms


@pytest.mark.parametrize(
    ("value", "how", "says"),
    [
        ("2026-03-01 13:00:00", How(), "at: has no offset from UTC, and no time zone is set (got '2026-"),
        ("2026-03-01 13:00:00", How(time_zone="Mars/Base"), "time_zone: is no time zone that is known here (got 'Mars"),
        ("soon", How(), "at: expected a time as ISO 8601 (got 'soon')"),
        (17, How(), "at: expected a time as ISO 8601 (got 17)"),
        ("1901-01-01T00:00:00Z", How(), "at: before 1990, so no real event time"),
    ],
)  # fmt: skip
def test_times_that_cannot_be_taken(value: object, how: How, says: str) -> None:
    with pytest.raises(Invalid) as raised:
        Fields({"at": value}).time("at", how)
    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("value", "per_second", "ms"),
    [(1_772_366_400, 1, UTC_NOON), ("1772366400", 1, UTC_NOON), (UTC_NOON + 5, 1000, UTC_NOON + 5)],
)
def test_epochs(value: object, per_second: int, ms: int) -> None:
    assert Fields({"at": value}).epoch("at", per_second=per_second) == ms


@pytest.mark.parametrize("value", [1e300, "x", True, [], float("nan"), 10**400, 5])
def test_epochs_that_cannot_be_taken(value: object) -> None:
    with pytest.raises(Invalid, match=r"^at: "):
        Fields({"at": value}).epoch("at")


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda fields: fields.text("agent.name"), "a.agent.name: expected text (got ['x'])"),
        (lambda fields: fields.required("agent.id"), "a.agent.id: is required (got None)"),
        (lambda fields: fields.text("queue.name"), "a.queue: expected an object (got 'billing')"),
        (lambda fields: fields.number("queue"), "a.queue: expected a number (got 'billing')"),
        (lambda fields: fields.flag("queue"), "a.queue: expected true or false (got 'billing')"),
        (lambda fields: fields.object("queue"), "a.queue: expected an object (got 'billing')"),
        (lambda fields: fields.objects("queue"), "a.queue: expected a list (got 'billing')"),
        (lambda fields: fields.objects("agent.name"), "a.agent.name[0]: expected an object (got 'x')"),
        (lambda fields: fields.texts("agent"), "a.agent: expected a list of texts"),
        (lambda fields: fields.json("queue"), "a.queue: expected a JSON object as text (got 'billing')"),
        (lambda fields: fields.required_time("at", How()), "a.at: is required (got None)"),
        (lambda fields: fields.required_epoch("at"), "a.at: is required (got None)"),
    ],
)
def test_what_is_of_another_type_is_named_with_its_path_and_value(read, says: str) -> None:
    with pytest.raises(Invalid) as raised:
        read(Fields({"agent": {"name": ["x"]}, "queue": "billing"}, "a"))
    assert says in str(raised.value)


def test_the_rest_is_what_was_not_read() -> None:
    fields = Fields(
        {"id": 7, "agent": {"name": "ann", "arn": "x"}, "legs": [{"a": 1, "b": 2}, {"b": 3}], "tags": ["t"],
         "nil": None, "secret": {"pin": 1}, "seen": {"whole": 1}},
    )  # fmt: skip
    fields.ignore("secret")
    assert fields.text("id") == "7"
    assert fields.text("agent.name") == "ann"
    assert [leg.number("a") for leg in fields.objects("legs")] == [1, None]
    assert fields.get("seen") == {"whole": 1}
    assert fields.rest() == {"agent.arn": "x", "legs[0].b": 2, "legs[1].b": 3, "tags": ["t"]}
    assert fields.object("agent").rest() == {"arn": "x"}


def test_a_rest_that_is_too_long_names_what_it_leaves_out() -> None:
    rest = Fields({"long": "x" * MOST_REST, "short": "y"}).rest()
    assert rest == {"short": "y", LEFT_OUT: ["long"]}


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"a": 1}', [{"a": 1}]),
        (b'\xef\xbb\xbf{"a": 1}', [{"a": 1}]),
        (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}{"a": 2}', [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\n{"a": \n{"a": 2}', [{"a": 1}, "not_json", {"a": 2}]),
        (b'{\n  "a": 1,\n  "b', ["not_json"]),
        (b"[1]", ["invalid_field"]),
        (b"7", ["invalid_field"]),
        (b" ", ["null_value"]),
        (b"\xff", ["not_json"]),
        (b"[" * 100_000, ["not_json"]),
        (b"9" * 10_000, ["not_json"]),
    ],
)
def test_objects(raw: bytes, found: list[object]) -> None:
    assert [one.reason if isinstance(one, Invalid) else one.value for one in objects(raw)] == found


def test_a_form_is_read_by_name() -> None:
    assert form(b"From=%2B1555&Body=").value == {"From": "+1555", "Body": ""}
    with pytest.raises(Invalid):
        form(b"\xff=1")


@adapter("acme")
def acme(fields: Fields, how: How) -> Iterator[Made]:
    if kind := fields.text("unmapped"):
        yield Unmapped(kind)
        return
    yield Touchpoint(
        EARLIEST, fields.required("id"), "message", "chat", fields.text("contact"), attributes=fields.rest()
    )
    if fields.flag("fails"):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("raw", "ids", "unmapped", "refused"),
    [
        (b'{"id": 1}', ["1"], {}, []),
        (b'[{"id": 1}, {"unmapped": "ping"}, {"unmapped": "ping"}]', ["1"], {"ping": 2}, []),
        (b'[{}, {"id": 2}]', ["2"], {}, ["[0].id: is required (got None)"]),
        (b'{"id": "' + b"x" * 256 + b'"}', [], {}, ["id: Expected `str` of length <= 255"]),
        (b'{"id": "\\ud800"}', [], {}, ["id: the touchpoint cannot be written: UnicodeEncodeError"]),
        (b'{"id": 1, "fails": true}', ["1"], {}, ["the adapter acme failed: ZeroDivisionError"]),
        (b"{", [], {}, ["no JSON"]),
    ],
)
def test_an_adapter_raises_nothing_and_says_all(
    raw: bytes, ids: list[str], unmapped: dict[str, int], refused: list[str]
) -> None:
    adapted = acme(raw, How())
    assert [touchpoint.id for touchpoint in adapted.touchpoints] == ids
    assert adapted.unmapped == unmapped
    assert len(adapted.refused) == len(refused)
    assert all(says in str(invalid) for says, invalid in zip(refused, adapted.refused, strict=True))


def test_the_source_is_the_vendor_unless_it_is_said() -> None:
    def sources(adapted: Adapted) -> set[str]:
        return {touchpoint.source for touchpoint in adapted.touchpoints}

    assert sources(acme(b'{"id": 1}', How())) == {"acme"}
    assert sources(acme(b'{"id": 1}', How(source="acme/eu"))) == {"acme/eu"}


def test_bytes_may_be_read_by_the_vendor_itself() -> None:
    @from_bytes("lines")
    def lines(raw: bytes, how: How) -> Iterator[Made]:
        for line in raw.splitlines():
            yield Touchpoint(EARLIEST, line.decode(), "message", "chat", "")

    assert [touchpoint.id for touchpoint in lines(b"a\nb", How()).touchpoints] == ["a", "b"]
    assert [invalid.reason for invalid in lines(b"\xff", How()).refused] == ["adapter_failed"]
