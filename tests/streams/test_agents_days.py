"""Agents' days: any order, duplicates, batches and partitions give what the definition does."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, agents, decode, reference
from journeys.agents import STATE_CHANGED, AgentEvent
from journeys.settings import convert
from streams import topics
from streams.stages.agent import Day
from tests.journeys.scenes import shifts, touchpoints
from tests.streams.pipeline import Pipeline


def accepted(pipeline: Pipeline) -> list[AgentEvent]:
    """The agent events that the stage holds."""
    days = [
        msgspec.msgpack.decode(value, type=Day)
        for (stage, _), state in pipeline.state.items()
        for key, value in state.items()
        if stage == "agent" and key.startswith(b"d")
    ]
    return [event for day in days for event in day.events.values()]


@given(
    facts=touchpoints(most=15),
    states=shifts(),
    duplicates=st.lists(st.integers(0, 40), max_size=6),
    partitions=st.integers(1, 3),
    names=st.booleans(),
    longest=st.sampled_from(("20m", "12h", "1d")),
    seed=st.integers(0, 2**32),
    most=st.sampled_from((1, 3, 1000)),
)
def test_agents_days_in_any_order(
    facts: list[Touchpoint],
    states: list[AgentEvent],
    duplicates: list[int],
    partitions: int,
    names: bool,
    longest: str,
    seed: int,
    most: int,
) -> None:
    settings = convert({"agents": {"names": names, "longest": longest, "slots": {"voice": 2}, "hard_hold": 60}})
    rng = random.Random(seed)
    pipeline = Pipeline(partitions, settings, rng=rng)
    sent: list[Touchpoint | AgentEvent] = [*facts, *states]
    sent += [sent[index % len(sent)] for index in duplicates]
    rng.shuffle(sent)
    for one in sent:
        foreign = rng.randrange(partitions) if rng.random() < 0.3 else None
        if isinstance(one, AgentEvent):
            pipeline.publish_agent(one, foreign)
        else:
            pipeline.publish(one, foreign)
        if rng.random() < 0.5:
            pipeline.step(most)
    pipeline.drain(most)

    taken = accepted(pipeline)
    late = {
        agents.decode(letter.value or b"").id
        for record, letter in zip(pipeline.records(topics.DEAD_LETTERS), pipeline.rejected(), strict=True)
        if dict(record.headers)["__connect.errors.topic"] in (topics.AGENTS.encode(), topics.AGENTS_ROUTED.encode())
    }
    assert {event.id for event in taken} | late == {event.id for event in states if event.type == STATE_CHANGED}
    expected = reference(map(decode, pipeline.accepted()), settings=settings, agents=taken)
    assert pipeline.agent_intervals() == expected.agent_intervals
    told = {topic: len(pipeline.records(topic)) for topic in (topics.SERVICES, topics.AGENT_FIGURES)}
    pipeline.read.clear()
    pipeline.drain(most)
    assert {topic: len(pipeline.records(topic)) for topic in told} == told
