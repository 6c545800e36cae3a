from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from journeys.agents import AgentEvent, decode, encode
from journeys.touchpoint import Invalid
from producers.agent_state import agent_state
from tests.journeys.scenes import START


def test_what_a_desktop_says() -> None:
    told = agent_state(
        "a-7", "available", slots={"chat": 3}, queues=["sales"], team="north", id="x",
        time=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert told == AgentEvent(START, "x", "a-7", "available", {"chat": 3}, ("sales",), "north", source="touchpath")
    assert decode(encode(told)) == told


def test_id_and_time_are_made() -> None:
    first, second = agent_state("a", "break"), agent_state("a", "offline")
    assert first.id < second.id
    assert abs(first.at - time.time() * 1000) < 60_000


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="time: expected a datetime with a time zone"):
        agent_state("a", "break", time=datetime(2026, 1, 1))  # noqa: DTZ001
