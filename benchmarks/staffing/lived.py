"""A simulated day, lived by one way of running the floor: each minute it is told what is known, and may page and move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from benchmarks.staffing.view import View
from benchmarks.staffing.world import World
from journeys.staffing.situation import Place, Situation
from producers.simulator.floor.centre import CLOSES_S, OPENS_S
from producers.simulator.floor.day import OBEYED_AFTER_S, Day, Order
from producers.simulator.floor.surges import Surge

MINUTE_S = 60.0
STILL_S = 900.0
"""A page whose condition has not held for so long is over."""


class Wish(NamedTuple):
    """What to move, as a manager would be told. ``name``: by which it can be taken back."""

    order: Order
    name: str = ""


class Said(NamedTuple):
    """What a policy says at one minute."""

    pages: frozenset[Place] = frozenset()
    """Of which the condition holds."""
    moves: Sequence[Wish] = ()
    withdrawn: Sequence[str] = ()
    """Names of moves that are no longer wanted."""


class Policy(Protocol):
    """One way of running the floor."""

    def look(self, situation: Situation) -> Said: ...


class Page(NamedTuple):
    place: Place
    begins_s: float
    ends_s: float
    """When its condition held for the last time."""


@dataclass
class Lived:
    day: Day
    pages: list[Page] = field(default_factory=list)
    moved: int = 0
    """Agents who were told to move."""


def live(
    world: World,
    seed: int,
    surge: Surge,
    policy: Policy | None = None,
    *,
    obeyed: bool = True,
    journeys: bool = True,
    obeyed_after_s: tuple[float, float] = OBEYED_AFTER_S,
) -> Lived:
    """The day of ``seed`` with ``policy``; without one nobody looks. ``obeyed``: whether its moves are.

    ``journeys``: whether it is told what open journeys are about to bring.
    """
    view = View(world, journeys)
    witnesses = [view] if policy else []
    day = Day(world.centre, world.people, seed, surge, witnesses=witnesses, obeyed_after_s=obeyed_after_s)
    lived = Lived(day)
    if policy:
        _run(lived, policy, view, obeyed)
    day.advance(float("inf"))
    return lived


def _run(lived: Lived, policy: Policy, view: View, obeyed: bool) -> None:
    day = lived.day
    holds: dict[Place, tuple[float, float]] = {}
    moved: dict[str, tuple[str, ...]] = {}
    at = OPENS_S
    while at < CLOSES_S:
        at += MINUTE_S
        day.advance(at)
        said = policy.look(view.situation(at))
        for place in said.pages:
            begins, held = holds.get(place, (at, at))
            if at - held > STILL_S:
                lived.pages.append(Page(place, begins, held))
                begins = at
            holds[place] = begins, at
        if obeyed:
            for name in said.withdrawn:
                day.recall(moved.pop(name, ()))
            for wish in said.moves:
                told = day.move(wish.order)
                lived.moved += len(told)
                if wish.name:
                    moved[wish.name] = told
    lived.pages += [Page(place, *times) for place, times in holds.items()]
    lived.pages.sort(key=lambda page: page.begins_s)
