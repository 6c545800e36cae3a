"""State that is made anew from the facts, with another number of partitions: the same figures, the same forgotten."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, decode, reference
from journeys.agents import AgentEvent
from journeys.touchpoint import FORGET
from streams.stages.agent import events_in
from streams.stages.suppression import is_suppression
from tests.journeys.scenes import START, shifts, touchpoints
from tests.streams.pipeline import Pipeline
from tests.streams.test_replay_makes_no_difference import assert_equal


def rebuilt(before: Pipeline, happened: list[Touchpoint], partitions: int) -> Pipeline:
    """As ``touchpath.rebuilding`` does it, from touchpoints, what agents told and whom to forget, and nothing else."""
    after = Pipeline(partitions, before.settings, rng=before.rng)
    events: dict[str, AgentEvent] = {}
    for (stage, _), state in before.state.items():
        for key, value in state.items():
            if stage == "contact" and is_suppression(key):
                for number in range(partitions):
                    own = after.state["contact", number]
                    own[key] = max(value, own.get(key, b""))
            if stage == "agent":
                events |= {event.id: event for event in events_in(key, value)}
    for event in sorted(events.values(), key=lambda one: (one.at, one.id)):
        after.publish_agent(event)
    for touchpoint in happened:
        after.publish(touchpoint)
    return after


@given(
    facts=touchpoints(most=15),
    states=shifts(),
    partitions=st.tuples(st.integers(1, 3), st.integers(1, 4)),
    twice=st.booleans(),
    seed=st.integers(0, 2**32),
    most=st.sampled_from((1, 3, 1000)),
)
def test_the_same_figures(
    facts: list[Touchpoint],
    states: list[AgentEvent],
    partitions: tuple[int, int],
    twice: bool,
    seed: int,
    most: int,
) -> None:
    rng = random.Random(seed)
    before = Pipeline(partitions[0], rng=rng)
    for one in facts:
        before.publish(one)
    for state in states:
        before.publish_agent(state)
    before.drain(most)
    accepted = [decode(line) for line in before.accepted()]
    after = rebuilt(before, sorted(accepted, key=lambda one: (one.at, one.id)) * (1 + twice), partitions[1])
    after.drain(most)
    assert after.agent_intervals() == before.agent_intervals()
    assert {one.id for one in map(decode, after.accepted())} == {one.id for one in accepted}
    after_agents = {
        event.id: event
        for (stage, _), state in after.state.items() if stage == "agent"
        for key, value in state.items() for event in events_in(key, value)
    }  # fmt: skip
    assert_equal(after, reference(accepted, agents=after_agents.values()))


def test_whoever_was_forgotten_stays_so() -> None:
    before = Pipeline(2)
    called = Touchpoint(START, "e1", "queued", "voice", "c1", {"customer_id": "1"})
    kept = Touchpoint(START, "e2", "queued", "voice", "c2", {"customer_id": "2"})
    before.publish(called)
    before.publish(kept)
    before.publish(Touchpoint(START + 1, "f1", FORGET, "web", "c1"))
    before.drain()
    after = rebuilt(before, [kept], 5)
    after.publish(called)  # from an archive, and whichever partition it comes to
    after.drain()
    assert [one.id for one in map(decode, after.accepted())] == ["e2"]
