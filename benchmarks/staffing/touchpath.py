"""touchpath's own way: the planner, its moves, and the page as the alert rule has it (dashboards/prometheus)."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.staffing.centre import midnight
from benchmarks.staffing.lived import Said, Wish
from journeys.settings import Settings
from journeys.staffing.figures import Floor, Move, Staffing
from journeys.staffing.plan import Planner
from journeys.staffing.situation import Place, Situation
from producers.simulator.floor.day import Order

COMING = (1, 2)
"""Intervals after the one under way that have to be short, both."""
AGENTS, SHARE = 1.0, 0.05
"""Short by so many, or by so much of those required."""
LEAST = 50
"""Contacts in 15 minutes, for the target to be missed."""
FOR_MINUTES = 2
"""The condition holds for so long before the page goes out."""


class Touchpath:
    def __init__(self, settings: Settings, memory: bytes | None = None) -> None:
        self._settings = settings
        self._planner = Planner(settings, memory)
        self._holds: dict[Place, int] = {}

    def look(self, situation: Situation) -> Said:
        plan = self._planner.plan(situation)
        as_of = situation.as_of
        wanted = [move for move in plan.moves if not move.withdrawn and move.measured_at is None]
        helped = {(move.taker.queue, move.taker.channel) for move in wanted if move.deadline > as_of}
        short = self._short(plan.staffing, as_of) & helped
        holds = short | {(one.queue, one.channel) for one in situation.floors if self._misses(one)}
        self._holds = {place: self._holds.get(place, -1) + 1 for place in holds}
        return Said(
            frozenset(place for place, minutes in self._holds.items() if minutes >= FOR_MINUTES),
            [Wish(_order(move), move.move_id) for move in wanted if move.as_of == as_of],
            [move.move_id for move in plan.moves if move.withdrawn],
        )

    def _short(self, rows: Iterable[Staffing], as_of: int) -> set[Place]:
        """Places that agents will be missing in, in both coming intervals."""
        missing: dict[Place, int] = {}
        length = self._settings.interval_ms
        for row in rows:
            ahead = (row.starts_at - as_of // length * length) // length
            if ahead in COMING and row.gap > 0 and row.gap >= min(AGENTS, SHARE * row.required):
                place = row.queue, row.channel
                missing[place] = missing.get(place, 0) + 1
        return {place for place, intervals in missing.items() if intervals == len(COMING)}

    def _misses(self, floor: Floor) -> bool:
        target = self._settings.queue_of(floor.queue).service_level
        return (
            floor.offered_15m >= LEAST
            and floor.service_level_5m is not None
            and floor.service_level_15m is not None
            and floor.service_level_5m < target
            and floor.service_level_15m < target
        )


def _order(move: Move) -> Order:
    return Order(move.giver.queue, move.taker.queue, move.agents, (move.until - midnight()) / 1000)
