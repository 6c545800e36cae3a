"""What most centres have: an alert once the service level has been too low for a while, and somebody who then acts."""

from __future__ import annotations

from benchmarks.staffing.centre import midnight
from benchmarks.staffing.lived import Said, Wish
from journeys.agents import AVAILABLE
from journeys.settings import Settings
from journeys.staffing.figures import Floor
from journeys.staffing.situation import Agent, Place, Situation
from producers.simulator.floor.day import Order

MINUTES = 5
"""The service level of the last five minutes, below target for so many in a row,"""
LEAST = 5
"""each with at least so many contacts."""
LASTS_S = 1800.0
STAYING = 3
"""A queue that gives an agent keeps at least so many."""


class Reactive:
    """While the alert holds, one agent is moved every five minutes from the queue that stands best."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._low: dict[Place, int] = {}

    def look(self, situation: Situation) -> Said:
        pages: set[Place] = set()
        moves: list[Wish] = []
        floors = {(one.queue, one.channel): one for one in situation.floors}
        for place, floor in floors.items():
            low = self._is_low(floor)
            minutes = self._low[place] = self._low.get(place, 0) + 1 if low else 0
            if minutes >= MINUTES:
                pages.add(place)
                if minutes % MINUTES == 0 and (wish := self._wish(situation, floors, floor)) is not None:
                    moves.append(wish)
        return Said(frozenset(pages), moves)

    def _is_low(self, floor: Floor) -> bool:
        level = floor.service_level_5m
        return (
            level is not None
            and floor.offered_5m >= LEAST
            and level < self._settings.queue_of(floor.queue).service_level
        )

    def _wish(self, situation: Situation, floors: dict[Place, Floor], short: Floor) -> Wish | None:
        """An agent who could, free rather than busy, of the queue with the best service level."""
        ways: list[tuple[float, bool, str, Agent]] = []
        for agent in situation.crew:
            if agent.state != AVAILABLE or short.queue in agent.queues or short.queue not in agent.skills:
                continue
            giver = next((one for one in floors.values() if one.queue in agent.queues), None)
            if giver is None or giver.staffed - giver.away <= STAYING:
                continue
            level = 1.0 if giver.service_level_15m is None else giver.service_level_15m
            if level >= self._settings.queue_of(giver.queue).service_level:
                ways.append((-level, any(agent.in_hand.values()), agent.agent, agent))
        if not ways:
            return None
        agent = min(ways)[3]
        until_s = (situation.as_of - midnight()) / 1000 + LASTS_S
        return Wish(Order(agent.queues[0], short.queue, 1, until_s, (agent.agent,)))
