from __future__ import annotations

from journeys.agents import AgentEvent, encode
from producers.formats import AGENT_STATES, OURS, BadLine
from tests.journeys.scenes import START


def test_a_line_is_an_event_and_bad_ones_are_named() -> None:
    told = [AgentEvent(START + n, f"e{n}", "ann", "available", {"chat": 3}, source="acd") for n in range(2)]
    bad: list[BadLine] = []
    lines = [encode(told[0]) + b"\n", b"\n", b'{"id": "x"}\n', encode(told[1])]
    assert list(OURS[AGENT_STATES](lines, bad.append)) == told
    assert [str(one) for one in bad] == ["3: source: is required (got None)"]
