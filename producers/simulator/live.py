"""The simulated centre as it would be running now: its last hours first, in seconds, then along with the clock."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator

from journeys.agents import AgentEvent
from journeys.pseudonyms import Pseudonyms
from journeys.sentiment import Scorer
from journeys.touchpoint import Touchpoint
from producers.delivery import AGENTS, TOPIC, OnDelivery, Report
from producers.keys import FROM_ENVIRONMENT, FromEnvironment
from producers.pacing import OnProgress, Stop, play
from producers.publisher import Publisher
from producers.simulator.day import Simulation
from producers.simulator.scenarios import Scenario

NOW_IS = 11 * 3600.0
"""The simulated time of day at which a run begins, whatever the clock says: mid-morning, so that the floor is busy."""
HISTORY_S = 6 * 3600.0
SPEED = 360.0
SIZE = 20_000


def live(
    seed: int, started: float, size: int = SIZE, history_s: float = HISTORY_S, scenario: Scenario | None = None,
    on_state: Callable[[AgentEvent], None] | None = None,
) -> Iterator[Touchpoint]:  # fmt: skip
    """Touchpoints without end of a centre that opened ``history_s`` before ``started`` (seconds since the epoch), in
    the order of their times. Ids carry seed and start, so that no two runs share any. ``on_state`` is told of each
    agent's change of state, before any touchpoint of a later time is given.
    """
    origin = started - NOW_IS
    prefix = f"live-{seed}-{int(started)}"
    start = NOW_IS - history_s
    return Simulation(
        seed, round(origin * 1000), size, start, float("inf"), prefix, scenario=scenario, on_state=on_state
    ).touchpoints()


def due_from(started: float, first: int, speed: float) -> Callable[[int], float]:
    """When to publish an event that happened at ``at`` (ms): ``speed`` times as fast as it happened from ``first`` on
    until the clock is caught up, then as it happens; never before it happened.
    """
    return lambda at: max(at / 1000, started + (at - first) / 1000 / speed)


class Floor:
    """Publishes the agents' states along with the touchpoints: each just before the first touchpoint that is no
    earlier, so none is published before it happened, and a busy floor's are a second late.
    """

    def __init__(self, publisher: Publisher, topic: str) -> None:
        self._publisher = publisher
        self._topic = topic
        self.states: deque[AgentEvent] = deque()
        self.flush = publisher.flush
        self.report = publisher.report

    def publish(self, touchpoint: Touchpoint, /) -> str:
        while self.states and self.states[0].at <= touchpoint.at:
            self._publisher.publish_state(self.states.popleft(), self._topic)
        return self._publisher.publish(touchpoint)


def run(
    bootstrap: str,
    *,
    seed: int = 1,
    size: int = SIZE,
    history_s: float = HISTORY_S,
    speed: float = SPEED,
    topic: str = TOPIC,
    agents_topic: str = AGENTS,
    scenario: Scenario | None = None,
    on_progress: OnProgress | None = None,
    on_delivery: OnDelivery | None = None,
    stop: Stop = lambda: False,
    pseudonyms: Pseudonyms | FromEnvironment | None = FROM_ENVIRONMENT,
    scorer: Scorer | None = None,
) -> Report:
    """Publish a live centre with ``size`` needs a day to the broker at ``bootstrap`` until ``stop()`` turns true.

    It begins ``history_s`` ago and catches up at ``speed`` times real time (as set: 6 hours in a minute), then goes on
    at real time; no event is ever in the future. What the agents do goes to ``agents_topic``. ``scenario``: what goes
    wrong, by the centre's time of day, which is ``NOW_IS`` when the run begins. ``pseudonyms``, ``scorer``: as for
    ``Publisher``. Raises ``PublishError`` if no broker answers, ``ValueError`` that names a parameter out of range.
    """
    for name, value, least in (("size", size, 1), ("history_s", history_s, 0), ("speed", speed, 1)):
        if not least <= value < float("inf"):
            raise ValueError(f"{name}: expected a number of {least} or more (got {value!r})")
    publisher = Publisher(
        bootstrap, source="simulator", topic=topic, on_delivery=on_delivery, pseudonyms=pseudonyms, scorer=scorer
    )
    try:
        started = time.time()
        first = round((started - history_s) * 1000)
        floor = Floor(publisher, agents_topic)
        events = live(seed, started, size, history_s, scenario, floor.states.append)
        play(events, floor, due_from(started, first, speed), on_progress, stop)
    finally:
        report = publisher.close()
    return report
