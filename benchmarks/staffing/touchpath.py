"""touchpath's own way: the planner, its moves, and whom the alert rule pages."""

from __future__ import annotations

from benchmarks.staffing.centre import midnight
from benchmarks.staffing.lived import Said, Wish
from benchmarks.staffing.rule import Rule
from journeys.settings import Settings
from journeys.staffing.figures import Move
from journeys.staffing.plan import Planner
from journeys.staffing.situation import Situation
from producers.simulator.floor.day import Order


class Touchpath:
    def __init__(self, settings: Settings, memory: bytes | None = None) -> None:
        self._planner = Planner(settings, memory)
        self._rule = Rule(settings)

    def look(self, situation: Situation) -> Said:
        plan = self._planner.plan(situation)
        as_of = situation.as_of
        wanted = [move for move in plan.moves if not move.withdrawn and move.measured_at is None]
        helped = {(move.taker.queue, move.taker.channel) for move in wanted if move.deadline > as_of}
        return Said(
            self._rule.pages(plan.staffing, situation.floors, helped, as_of),
            [Wish(_order(move), move.move_id) for move in wanted if move.as_of == as_of],
            [move.move_id for move in plan.moves if move.withdrawn],
        )


def _order(move: Move) -> Order:
    return Order(move.giver.queue, move.taker.queue, move.agents, (move.until - midnight()) / 1000)
