"""The agent stage beside its property tests: what is refused, what is forwarded, what is kept, and what vanishes."""

from __future__ import annotations

import pytest

from journeys.agents import AgentEvent
from journeys.partition import partition_of
from journeys.settings import DEFAULTS, convert
from journeys.touchpoint import FORGET, Touchpoint
from streams import topics
from tests.journeys.scenes import DAY, HOUR, MINUTE, START
from tests.streams.pipeline import Pipeline

REASON = "__connect.errors.exception.class.name"


def call(agent: str, contact: str = "c1", minute: int = 0) -> list[Touchpoint]:
    at = START + minute * MINUTE
    who = {"customer_id": "42"}
    return [
        Touchpoint(at, f"{contact}-1", "queued", "voice", contact, who, queue="sales"),
        Touchpoint(at + MINUTE, f"{contact}-2", "connected", "voice", contact, agent=agent),
        Touchpoint(at + 5 * MINUTE, f"{contact}-3", "ended", "voice", contact),
    ]


def available(agent: str, at: int = START, name: str = "", **more: str) -> AgentEvent:
    return AgentEvent(at, f"{agent}-{at}", agent, "available", name=name, team=more.get("team", ""))


def test_what_is_refused_and_why() -> None:
    pipeline = Pipeline()
    pipeline.append(topics.AGENTS, 0, b"ann", b'{"id": 1}', START)
    pipeline.publish_agent(available("ann", START + 40 * DAY))
    pipeline.publish_agent(available("ann", START), timestamp=START + 40 * DAY)
    pipeline.publish_agent(available("ann", START + 41 * DAY), timestamp=START + 41 * DAY - HOUR - 1)
    pipeline.publish_agent(available("ann", START + 40 * DAY, team="other"))
    pipeline.publish_agent(available("ann", START + 40 * DAY))
    pipeline.drain()
    reasons = [dict(record.headers)[REASON].decode() for record in pipeline.records(topics.DEAD_LETTERS)]
    assert reasons == ["invalid_field", "in_the_future", "too_late", "id_reused"]


def test_another_partition_s_event_is_forwarded_as_it_came() -> None:
    pipeline = Pipeline(3)
    event = available("ann")
    foreign = (partition_of(b"ann", 3) + 1) % 3
    pipeline.publish_agent(event, foreign, timestamp=START + 5)
    pipeline.drain()
    [sent] = pipeline.records(topics.AGENTS)
    [routed] = pipeline.records(topics.AGENTS_ROUTED)
    assert (routed.partition, routed.value, routed.timestamp) == (partition_of(b"ann", 3), sent.value, START + 5)
    assert pipeline.agents_now()["ann"].state == "available"


@pytest.mark.parametrize("names", [True, False])
def test_names_are_kept_only_where_the_settings_say_so(names: bool) -> None:
    pipeline = Pipeline(settings=convert({"agents": {"names": names}}))
    pipeline.publish_agent(available("ann", name="Ann Miller"))
    pipeline.publish_agent(available("ann", START + MINUTE, name="Ann Miller"))
    pipeline.drain()
    kept = b"".join(b"".join(state.values()) for state in pipeline.state.values())
    told = b"".join(record.value or b"" for record in pipeline.records(topics.AGENT_FIGURES))
    assert (b"Ann Miller" in kept, b"Ann Miller" in told) == (names, names)


def test_a_service_that_changes_hands_leaves_the_first_agent() -> None:
    pipeline = Pipeline(2)
    for touchpoint in call("ann"):
        pipeline.publish(touchpoint)
    pipeline.drain()
    assert list(pipeline.agent_intervals()) == [("ann", START)]
    at = START + MINUTE // 2  # comes late, and says that somebody else had it
    pipeline.publish(Touchpoint(at, "c1-0", "connected", "voice", "c1", agent="bob"), timestamp=START + HOUR)
    pipeline.drain()
    assert list(pipeline.agent_intervals()) == [("bob", START)]
    assert [service.agent for service in pipeline.services().values()] == ["bob"]
    assert list(pipeline.agents_now()) == ["bob"]


def test_what_agents_had_of_a_forgotten_contact_vanishes() -> None:
    pipeline = Pipeline()
    for contact, minute in (("c1", 0), ("c2", 6)):
        for touchpoint in call("ann", contact, minute):
            pipeline.publish(touchpoint)
    pipeline.publish_agent(available("ann"))
    pipeline.drain()
    assert pipeline.agent_intervals()["ann", START].contacts == 2
    pipeline.publish(Touchpoint(START + HOUR, "f", FORGET, "web", "c1"))
    pipeline.drain()
    row = pipeline.agent_intervals()["ann", START]
    assert (row.contacts, row.busy_s) == (1, 240)
    assert list(pipeline.services()) == ["c2-1"]
    erased = [record for record in pipeline.records(topics.SERVICES) if b'"erased":true' in (record.value or b"")]
    assert len(erased) == 1


def test_without_agents_nothing_is_told() -> None:
    pipeline = Pipeline()
    for touchpoint in call(""):
        pipeline.publish(touchpoint)
    pipeline.publish_agent(AgentEvent(START, "x", "ann", "available", type="agent_logged_in"))
    pipeline.drain()
    assert not pipeline.records(topics.SERVICES)
    assert not pipeline.records(topics.AGENT_FIGURES)
    assert not any(stage == "agent" and state for (stage, _), state in pipeline.state.items())


def test_a_batch_that_changes_one_quarter_tells_one() -> None:
    pipeline = Pipeline(settings=DEFAULTS)
    for contact, minute in (("c1", 0), ("c2", 30), ("c3", 60)):
        for touchpoint in call("ann", contact, minute):
            pipeline.publish(touchpoint)
    pipeline.drain()
    before = len(pipeline.records(topics.AGENT_FIGURES))
    pipeline.publish(Touchpoint(START + 5 * MINUTE, "c1-4", "resolved", "voice", "c1"), timestamp=START + HOUR)
    pipeline.drain()
    told = [record.value or b"" for record in pipeline.records(topics.AGENT_FIGURES)[before:]]
    assert [b'"figures":"interval"' in value for value in told] == [True, False]
    assert pipeline.agent_intervals()["ann", START].resolved == 1
