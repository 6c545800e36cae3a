"""The contract of agent events: what is taken, what is refused, and how the refusal reads."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from journeys.agents import AgentEvent, decode, encode
from journeys.touchpoint import Invalid
from tests.journeys.scenes import START


def event(**changes: Any) -> bytes:
    data = {"agent": "a-7", "state": "available", "slots": {"voice": 1, "chat": 3}, "queues": ["sales"]}
    data |= changes.pop("data", {})
    whole = {
        "specversion": "1.0", "id": "e1", "source": "acd", "type": "agent_state_changed",
        "time": "2026-01-01T00:00:00Z", "data": data,
    }  # fmt: skip
    return msgspec.json.encode({name: value for name, value in (whole | changes).items() if value is not ...})


def test_an_event_as_an_acd_sends_it() -> None:
    told = decode(event(data={"team": "north", "site": "Haifa", "name": "Dana"}))
    assert told == AgentEvent(
        START, "e1", "a-7", "available", {"voice": 1, "chat": 3}, ("sales",), "north", "Haifa", "Dana", source="acd"
    )
    assert decode(encode(told)) == told


def test_what_is_left_out_and_what_is_unknown() -> None:
    raw = msgspec.json.decode(event(type="agent_logged_in", extra=1, data={"state": "siesta", "mood": "good"}))
    del raw["data"]["slots"], raw["data"]["queues"]
    told = decode(msgspec.json.encode(raw))
    assert (told.type, told.state, told.slots, told.queues, told.team) == ("agent_logged_in", "siesta", {}, (), "")
    assert decode(encode(told)) == told


@pytest.mark.parametrize(
    ("raw", "reason", "says"),
    [
        (b"", "null_value", "no content"),
        (b"{", "not_json", "truncated"),
        (event(id=...), "invalid_field", "id: is required (got None)"),
        (event(data={"agent": ""}), "invalid_field", "data.agent: Expected `str` of length >= 1 (got '')"),
        (event(data={"state": 7}), "invalid_field", "data.state: Expected `str`, got `int` (got 7)"),
        (event(data={"slots": {"chat": -1}}), "invalid_field", "Expected `int` >= 0"),
        (event(data={"queues": "sales"}), "invalid_field", "data.queues: Expected `array`, got `str` (got 'sales')"),
        (event(time="1970-01-01T00:00:00Z"), "implausible_time", "time: before 1990"),
        (event(dataschema="touchpath:touchpoint:1"), "unknown_version", "dataschema: this version reads"),
    ],
)
def test_what_is_refused_is_named(raw: bytes, reason: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode(raw)
    assert refused.value.reason == reason
    assert says in str(refused.value)
