"""How many agents each place has, now and later: those who serve several places are shared out among them (M17)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from journeys.settings import Settings
from journeys.staffing.crew import doing
from journeys.staffing.schedule import Roster, is_work
from journeys.staffing.situation import Agent, Place, Shift

Array: TypeAlias = NDArray[np.float64]

LATE_MS = 600_000
"""Who is not there so long after a shift began will not come; until then it gets less likely."""
LEFT_MS = 1_800_000
"""Who went home unplanned in so long says whether more are about to;"""
FIRST_MS = 600_000
"""to the time since the first of them so long is added: two within a minute are no rate."""
USUALLY_COME = 0.95, 4.0
"""The share of those scheduled who come, and how many agents' experience that is worth."""
_ROUNDS = 40


class Pool(NamedTuple):
    """Agents who take contacts from the same places."""

    places: tuple[int, ...]
    agents: float


def split(pools: Sequence[Pool], need: Array) -> tuple[Array, list[Array]]:
    """How many agents each place has of all ``pools``, and for each pool the part of an agent that each of its places
    has: such that all places are as well off, measured by their ``need``, as who takes contacts where allows. ``need``
    is by place, or by place and interval.

    Iterative proportional fitting: a place that has too much gets less of those whom it shares.
    """
    wanted = np.maximum(need, 0.1)
    weight = wanted.copy()
    indexes = [np.array(pool.places, int) for pool in pools]
    shared = any(len(pool.places) > 1 for pool in pools)
    parts: list[Array] = []
    has = np.zeros_like(wanted)
    for _ in range(_ROUNDS if shared else 1):
        has = np.zeros_like(wanted)
        parts = []
        for pool, index in zip(pools, indexes, strict=True):
            part = weight[index] / weight[index].sum(axis=0)
            has[index] += pool.agents * part
            parts.append(part)
        if not shared:
            break
        better = has / wanted
        weight = np.clip(weight / np.maximum(better, 1e-6) ** 0.7, 1e-6, 1e6)
        weight /= weight.max(axis=0)
    return has, parts


class Crew:
    """Who takes contacts from where, now and later."""

    def __init__(
        self, crew: Iterable[Agent], shifts: Sequence[Shift], places: Sequence[Place], as_of: int, settings: Settings
    ) -> None:
        self._agents = {agent.agent: agent for agent in crew}
        self._number = {place: index for index, place in enumerate(places)}
        self._by_queue: dict[str, list[Place]] = {}
        for place in places:
            self._by_queue.setdefault(place[0], []).append(place)
        self._settings = settings
        self._as_of = as_of
        self.returning: dict[str, tuple[int, tuple[str, ...]]] = {}
        """Agents who moved: when they go back, and the queues to which."""
        self.works_now = {name for name, agent in self._agents.items() if doing(agent) not in ("offline", "away")}
        self._there = {name for name, agent in self._agents.items() if doing(agent) != "offline"}
        self._roster = Roster(shifts, settings) if shifts else None
        self._scheduled = {shift.agent for shift in shifts}
        self._now = now = self._roster.at(as_of) if self._roster is not None else {}
        due = {name for name, shift in now.items() if is_work(shift, settings) and as_of - shift.starts_at >= LATE_MS}
        come, worth = USUALLY_COME
        self.came = (len(due & self._there) + come * worth) / (len(due) + worth)
        self._missing = {name: now[name].ends_at for name in due - self._there}
        self._leaving = self._who_leaves()

    def _who_leaves(self) -> dict[tuple[int, ...], tuple[float, int]]:
        """By the places that agents serve: how many more are about to go home unplanned, as a share of those there,
        and in what time (ms). One who goes is one who goes; if others follow, as many again are expected to, in as long
        as it took those (what is seen of something is on average half of it)."""
        left: dict[tuple[int, ...], list[int]] = {}
        there: dict[tuple[int, ...], int] = {}
        for name, agent in self._agents.items():
            shift = self._now.get(name)
            if shift is None or not is_work(shift, self._settings):
                continue
            places = self.served(agent, self._as_of + 1)
            if name in self._there:
                there[places] = there.get(places, 0) + 1
            elif agent.since > max(shift.starts_at, self._as_of - LEFT_MS):
                left.setdefault(places, []).append(agent.since)
        return {
            places: (min(1.0, len(times) / max(1, there.get(places, 0))), self._as_of - min(times) + FIRST_MS)
            for places, times in left.items()
            if len(times) > 1
        }

    def served(self, agent: Agent, at: int | None = None) -> tuple[int, ...]:
        """The places that ``agent`` takes contacts from."""
        queues = agent.queues
        back = self.returning.get(agent.agent)
        if back is not None and at is not None and at >= back[0]:
            queues = back[1]
        return self._places(agent, queues or agent.skills if at is not None and at > self._as_of else queues)

    def _places(self, agent: Agent, queues: Iterable[str], channel: str = "") -> tuple[int, ...]:
        found = {
            self._number[place]
            for queue in queues
            for place in self._by_queue.get(queue, ())
            if agent.slots.get(place[1], 1) > 0 and channel in ("", place[1])
        }
        return tuple(sorted(found))

    def pools(self, at: int) -> list[Pool]:
        """At ``at``, ms: of a moment to come, those who will be there as far as is known."""
        return self._pools(at, self._chance)

    def scheduled(self, at: int) -> list[Pool] | None:
        """Who ought to be there; none without a schedule."""
        if self._roster is None:
            return None
        return self._pools(at, lambda agent, shift, at: float(shift is not None and is_work(shift, self._settings)))

    def _pools(self, at: int, chance: Callable[[Agent, Shift | None, int], float]) -> list[Pool]:
        later = self._roster.at(at) if self._roster is not None and at > self._as_of else {}
        if self._roster is not None and at <= self._as_of:
            later = self._roster.at(self._as_of)
        found: dict[tuple[int, ...], float] = {}
        for name, agent in self._agents.items():
            shift = later.get(name)
            part = chance(agent, shift, at)
            if part <= 0:
                continue
            if shift is not None and shift.queue and at > self._as_of:
                channel = shift.channel or (shift.activity if shift.activity in self._settings.kinds else "")
                places = self._places(agent, (shift.queue,), channel)
            else:
                places = self.served(agent, at)
            if places:
                found[places] = found.get(places, 0.0) + part
        return [Pool(places, number) for places, number in sorted(found.items())]

    def _chance(self, agent: Agent, shift: Shift | None, at: int) -> float:
        """That the agent takes contacts at ``at``."""
        name = agent.agent
        if at <= self._as_of or self._roster is None or name not in self._scheduled:
            return float(name in self.works_now)
        if shift is None or not is_work(shift, self._settings) or at < self._missing.get(name, 0):
            return 0.0
        same_day = at - self._as_of < 43_200_000
        if name in self._there:
            share, in_ms = self._leaving.get(self.served(agent, at), (0.0, 1)) if same_day else (0.0, 1)
            return 1.0 - share * min(1.0, (at - self._as_of) / in_ms)
        if not same_day:
            return 1 - self._shrinkage(agent, shift)
        return self.came * (1 - min(1.0, max(0, self._as_of - shift.starts_at) / LATE_MS))

    def _shrinkage(self, agent: Agent, shift: Shift) -> float:
        queues = (shift.queue,) if shift.queue else agent.queues or agent.skills
        return self._settings.queue_of(queues[0] if queues else "").shrinkage

    @property
    def has_schedule(self) -> bool:
        return self._roster is not None

    @property
    def steady(self) -> bool:
        """Whether all who are there now stay, as far as anybody can tell."""
        return self._roster is None and not self.returning

    def could_serve(self, agent: Agent) -> tuple[int, ...]:
        return self._places(agent, agent.skills)

    def stays(self, name: str, until: int) -> bool:
        """Whether the agent's shift lasts until then."""
        shift = self._now.get(name)
        return shift is None or shift.ends_at >= until

    def slots(self, place: Place) -> float:
        """How many contacts an agent of ``place`` can have at once, on average over those who take them now; or, while
        nobody does, over those who last did."""
        those = [agent for agent in self._agents.values() if place[0] in agent.queues and agent.slots.get(place[1], 1)]
        those = [agent for agent in those if agent.agent in self.works_now] or those
        if not those:
            return float(self._settings.agents.slots.get(place[1], 1))
        return sum(agent.slots.get(place[1], 1) for agent in those) / len(those)
