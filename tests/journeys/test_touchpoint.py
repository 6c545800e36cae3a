"""The contract: what is taken, what is refused, and how the refusal reads."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.touchpoint import MAX_BYTES, Invalid, decode, encode
from tests.journeys.scenes import touchpoints

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "a",
    "source": "/ivr/1",
    "type": "queued",
    "time": "2026-01-01T10:00:00.123Z",
    "data": {"channel": "voice", "contact_id": "c1", "queue": "sales", "identifiers": {"customer_id": "42"}},
}


def event(**changes: Any) -> bytes:
    changed = msgspec.json.decode(msgspec.json.encode(EVENT))
    for path, value in changes.items():
        *parents, name = path.split("__")
        place = changed
        for parent in parents:
            place = place[parent]
        if value is ...:
            del place[name]
        else:
            place[name] = value
    return msgspec.json.encode(changed)


def test_a_touchpoint_as_a_service_sends_it() -> None:
    touchpoint = decode(event())
    assert (touchpoint.id, touchpoint.type, touchpoint.at) == ("a", "queued", 1767261600123)
    assert (touchpoint.channel, touchpoint.contact_id, touchpoint.queue) == ("voice", "c1", "sales")
    assert touchpoint.identifiers == {"customer_id": "42"}


def test_without_a_contact_id_it_is_a_contact_of_its_own() -> None:
    assert decode(event(data__contact_id=...)).contact_id == "a"
    assert decode(event(data__contact_id="")).contact_id == "a"


def test_unknown_types_channels_and_fields_are_taken() -> None:
    assert decode(event(type="com.example.blinked", data__channel="fax", data__mood="sad", extra=1)).channel == "fax"


@pytest.mark.parametrize(
    ("raw", "reason", "says"),
    [
        (b"", "null_value", "no content"),
        (b"{", "not_json", "truncated"),
        (b"\x1f\x8b\x08", "not_json", "malformed"),
        (b"[" * 20_000, "not_json", "recursion"),
        (b"[]", "invalid_field", "Expected `object`"),
        (b"x" * (MAX_BYTES + 1), "too_large", f"at most {MAX_BYTES} bytes, this one {MAX_BYTES + 1}"),
        (event(id=...), "invalid_field", "id: is required (got None)"),
        (event(id=""), "invalid_field", "id: Expected `str` of length >= 1 (got '')"),
        (event(data=...), "invalid_field", "data: is required"),
        (event(data__channel=...), "invalid_field", "data.channel: is required"),
        (event(data__channel=7), "invalid_field", "data.channel: Expected `str`, got `int` (got 7)"),
        (event(data__wait_s=-1), "invalid_field", "data.wait_s: Expected `float` >= 0.0 (got -1)"),
        (event(data__direction="up"), "invalid_field", "data.direction: Invalid enum value 'up' (got 'up')"),
        (event(time="yesterday"), "invalid_field", "time: Invalid RFC3339 encoded datetime (got 'yesterday')"),
        (event(time="2026-01-01T10:00:00"), "invalid_field", "timezone"),
        (event(time="1970-01-01T00:00:00Z"), "implausible_time", "time: before 1990"),
        (event(time="0001-01-01T00:00:00+14:00"), "implausible_time", "time: before 1990"),
        (event(specversion="2.0"), "unknown_version", "specversion: Invalid enum value '2.0'"),
        (event(dataschema="touchpath:touchpoint:9"), "unknown_version", "dataschema: this version reads"),
        (event().replace(b'"sales"', b'"\xff"'), "not_json", "no UTF-8"),
        (event().replace(b'"sales"', b"NaN"), "not_json", "malformed"),
    ],
)
def test_bad_input_names_the_field_and_the_value(raw: bytes, reason: str, says: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode(raw)
    assert caught.value.reason == reason
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@given(touchpoints(most=3))
def test_the_wire_and_back(made: list[Any]) -> None:
    for touchpoint in made:
        sent = msgspec.structs.replace(touchpoint, source="test")
        assert decode(encode(sent)) == sent


@given(st.binary(max_size=200) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(msgspec.json.encode))
def test_nothing_but_invalid_comes_of_garbage(raw: bytes) -> None:
    with pytest.raises(Invalid):
        decode(raw)


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5)


@given(
    st.sampled_from(["id", "source", "type", "time", "data", "specversion", "data__channel", "data__identifiers",
                     "data__contact_id", "data__wait_s", "data__attributes", "data__invited", "dataschema"]),
    _JSON,
)  # fmt: skip
def test_a_field_of_any_other_kind_is_taken_or_refused_never_a_crash(field: str, value: Any) -> None:
    with contextlib.suppress(Invalid):
        decode(event(**{field: value}))
