"""A simulated day, lived in one way: each minute somebody is told what is known, and may page and move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from benchmarks.staffing.view import View
from benchmarks.staffing.world import World
from journeys.staffing.situation import Place, Situation
from producers.simulator.floor.centre import CLOSES_S, OPENS_S
from producers.simulator.floor.day import Day, Order
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
class Pages:
    """Made of what holds at each minute."""

    over: list[Page] = field(default_factory=list)
    _holds: dict[Place, tuple[float, float]] = field(default_factory=dict)

    def at(self, at_s: float, places: frozenset[Place]) -> None:
        for place in places:
            begins, held = self._holds.get(place, (at_s, at_s))
            if at_s - held > STILL_S:
                self.over.append(Page(place, begins, held))
                begins = at_s
            self._holds[place] = begins, at_s

    def all(self) -> list[Page]:
        """In the order in which they began."""
        found = self.over + [Page(place, *times) for place, times in self._holds.items()]
        return sorted(found, key=lambda page: page.begins_s)


def unmanaged(world: World, seed: int, surge: Surge) -> Day:
    """With static staffing: nobody looks."""
    day = Day(world.centre, world.people, seed, surge)
    day.advance(float("inf"))
    return day


def watched(
    world: World,
    seed: int,
    surge: Surge,
    policies: Sequence[Policy],
    since_s: float = OPENS_S,
    until_s: float = CLOSES_S,
) -> list[list[Page]]:
    """What each of ``policies`` pages while nobody obeys any; they look every minute from then to then."""
    view = View(world)
    day = Day(world.centre, world.people, seed, surge, witnesses=[view])
    pages = [Pages() for _ in policies]
    at = since_s // MINUTE_S * MINUTE_S
    while at < until_s:
        at += MINUTE_S
        day.advance(at)
        situation = view.situation(at)
        for policy, own in zip(policies, pages, strict=True):
            own.at(at, policy.look(situation).pages)
    return [own.all() for own in pages]


def obeyed(
    world: World, seed: int, surge: Surge, policy: Policy, journeys: bool = True, every_s: float = MINUTE_S
) -> Day:
    """The day on which all that ``policy`` says is done; it looks every so often. ``journeys``: whether it is told what
    open ones are about to bring."""
    view = View(world, journeys)
    day = Day(world.centre, world.people, seed, surge, witnesses=[view])
    moved: dict[str, tuple[str, ...]] = {}
    at = OPENS_S
    while at < CLOSES_S:
        at += every_s
        day.advance(at)
        said = policy.look(view.situation(at))
        for name in said.withdrawn:
            day.recall(moved.pop(name, ()))
        for wish in said.moves:
            told = day.move(wish.order)
            if wish.name:
                moved[wish.name] = told
    day.advance(float("inf"))
    return day
