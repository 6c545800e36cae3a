"""How many agents each place needs, how many it will have, and what level they give (M17).

Waits follow Erlang's queues (erlang.py) with an agent's slots as so many servers. These are queues in equilibrium; a
queue with a line in front of it is not. So the line is carried over from one interval to the next by the *pointwise
stationary fluid flow approximation* (W.-P. Wang, D. Tipper and S. Banerjee, "A simple approximation for modeling
nonstationary queues", INFOCOM 1996): the mean number in the system, m, changes by what comes less what leaves, and what
leaves is what does in the equilibrium that has the same m. A contact that comes then meets that equilibrium. Where
nothing changes this is Erlang's formula itself, and under a great load it is the fluid limit, with its waits.

E-mail and cases may wait: what counts is the work that is due (backlog.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from journeys.settings import Settings
from journeys.staffing.crew import doing
from journeys.staffing.erlang import erlang_a
from journeys.staffing.figures import Floor
from journeys.staffing.required import Target, required
from journeys.staffing.schedule import Roster, is_work
from journeys.staffing.situation import Agent, Place, Shift

Array: TypeAlias = NDArray[np.float64]

DEFERRED = frozenset({"email", "case", "cases", "letter", "fax"})
"""Channels whose contacts wait for hours, by their due time."""
LONGEST_PATIENCE_S = 14_400.0
"""Where nobody abandons, a line is carried over as if patience had this mean; and no wait is given as longer."""
LEAST_AGENTS = 0.05
STEP_S = 30.0
_LOADS = np.array([0, 0.3, 0.5, 0.6, 0.7, 0.77, 0.83, 0.88, 0.92, 0.96, 1, 1.04, 1.1, 1.2, 1.35, 1.6, 2, 3, 5, 9])
"""Erlangs per server at which the equilibrium is worked out."""
_ROUNDS = 40
_SLIGHT = 1e-9
LATE_MS = 600_000
"""Who is not there so long after a shift began will not come."""
USUALLY_COME = 0.95, 4.0
"""The share of those scheduled who come, and how many agents' experience that is worth."""


class Terms(NamedTuple):
    """What a place promises, and what its contacts and agents are like."""

    place: Place
    site: str
    service_level: float
    within_s: float
    asa_s: float | None
    abandonment: float | None
    occupancy: float | None
    shrinkage: float
    due_s: float
    patience_s: float
    """Infinite where nobody abandons, or the model has nobody do so."""
    slots: float = 1.0
    """Contacts that an agent can have at once."""

    @property
    def deferred(self) -> bool:
        return self.place[1] in DEFERRED


def terms_of(floor: Floor, slots: float, settings: Settings) -> Terms:
    queue = settings.queue_of(floor.queue)
    leave = settings.staffing.model == "erlang_a" and floor.patience_s
    return Terms(
        (floor.queue, floor.channel),
        floor.site or settings.site_of(floor.queue),
        queue.service_level,
        float(queue.target),
        float(queue.asa) or None,
        queue.abandonment if queue.abandonment < 1 else None,
        queue.occupancy if queue.occupancy < 1 else None,
        queue.shrinkage,
        float(queue.due),
        floor.patience_s if leave and floor.patience_s else math.inf,
        max(1.0, slots),
    )


def agents_required(terms: Sequence[Terms], contacts: Array, interval_s: float, aht_s: Array) -> Array:
    """By place and interval, whole agents; ``contacts`` and ``aht_s`` have that shape."""
    limits = np.array(
        [
            (
                one.service_level, one.within_s, _or_endless(one.asa_s), _or_endless(one.abandonment),
                _or_endless(one.occupancy), one.patience_s, one.slots,
            )
            for one in terms
        ]
    )  # fmt: skip
    asked = np.stack((np.maximum(contacts, 0), np.maximum(aht_s, 1.0)), axis=-1)
    each = np.concatenate((asked, np.broadcast_to(limits[:, None, :], (*contacts.shape, limits.shape[1]))), axis=-1)
    # A forecast goes over the same week twice, and nothing comes at night: each question is asked once.
    once, which = np.unique(each.reshape(-1, each.shape[-1]), axis=0, return_inverse=True)
    offered, handle, level, within, asa, abandonment, occupancy, patience, slots = once.T
    servers = required(offered, interval_s, handle, Target(level, within, asa, abandonment, occupancy), patience)
    agents: Array = np.ceil(servers / slots - _SLIGHT)[which].reshape(contacts.shape)
    return agents


def _or_endless(limit: float | None) -> float:
    return math.inf if limit is None else limit


class Course(NamedTuple):
    """How the levels of places go, interval by interval."""

    service_level: Array
    asa_s: Array
    abandonment: Array
    occupancy: Array


def course(
    terms: Sequence[Terms], contacts: Array, lengths_s: Array, aht_s: Array, agents: Array, in_system: Array | None
) -> Course:
    """By place and interval; the first interval may be what is left of one, and begins with ``in_system`` contacts.

    Without ``in_system`` each interval stands for itself, in equilibrium.
    """
    slots = np.array([one.slots for one in terms])[:, None]
    patience = np.array([one.patience_s for one in terms])[:, None] + np.zeros_like(contacts)
    within = np.array([one.within_s for one in terms])[:, None] + np.zeros_like(contacts)
    servers = np.maximum(agents, LEAST_AGENTS) * slots
    aht = np.maximum(aht_s, 1.0)
    if in_system is None:
        got = erlang_a(np.maximum(contacts, 0), lengths_s, aht, servers, patience, within)
        return Course(got.service_level, np.minimum(got.asa_s, LONGEST_PATIENCE_S), got.abandonment, got.occupancy)
    return _carried(contacts, lengths_s, aht, servers, np.minimum(patience, LONGEST_PATIENCE_S), within, in_system)


def _carried(
    contacts: Array, lengths_s: Array, aht: Array, servers: Array, patience: Array, within: Array, in_system: Array
) -> Course:
    shape = contacts.shape
    kinds, which = np.unique(
        np.stack((aht, servers, patience, within), axis=-1).reshape(-1, 4).round(6), axis=0, return_inverse=True
    )
    which = which.reshape(shape)
    handle, served_by, leave, in_time = (column[:, None] for column in kinds.T)
    rates = _LOADS * served_by / handle  # a second
    got = erlang_a(rates * 3600, 3600, handle, served_by, leave, in_time)
    numbers = rates * ((1 - got.abandonment) * handle + got.mean_wait_s)
    numbers += np.arange(len(_LOADS)) * 1e-9  # so that they grow, however little
    asa = np.minimum(got.asa_s, leave)
    figures = np.stack((got.service_level, asa, got.abandonment, got.occupancy))
    found = np.zeros((4, *shape))
    number = np.minimum(in_system, 1e6).astype(float)
    for interval in range(shape[1]):
        kind = which[:, interval]
        length = float(lengths_s[interval])
        steps = max(1, math.ceil(length / min(STEP_S, max(2.0, float(aht[:, interval].min()) / 2))))
        comes = np.maximum(contacts[:, interval], 0) / max(length, 1e-9)
        those, leaving = numbers[kind], rates[kind]
        rows = np.arange(shape[0])
        for _ in range(steps):
            place = np.clip((those <= number[:, None]).sum(axis=1), 1, len(_LOADS) - 1)
            below, above = those[rows, place - 1], those[rows, place]
            part = (number - below) / (above - below)
            out = leaving[rows, place - 1] + part * (leaving[rows, place] - leaving[rows, place - 1])
            part = np.clip(part, 0, 1)
            one, other = figures[:, kind, place - 1], figures[:, kind, place]
            found[:, :, interval] += (one + part * (other - one)) / steps
            number = np.maximum(number + (comes - np.maximum(out, 0)) * length / steps, 0)
    return Course(*found)


class Pool(NamedTuple):
    """Agents who take contacts from the same places."""

    places: tuple[int, ...]
    agents: float


def split(pools: Sequence[Pool], need: Array) -> tuple[Array, list[Array]]:
    """How many agents each place has of all ``pools``, and for each pool the part of an agent that each of its places
    has: such that all places are as well off, measured by their ``need``, as who takes contacts where allows.

    Iterative proportional fitting: a place that has too much gets less of those whom it shares.
    """
    wanted = np.maximum(need, 0.1)
    weight = wanted.copy()
    indexes = [np.array(pool.places, int) for pool in pools]
    shared = any(len(pool.places) > 1 for pool in pools)
    parts: list[Array] = []
    has = np.zeros(len(need))
    for _ in range(_ROUNDS if shared else 1):
        has = np.zeros(len(need))
        parts = []
        for pool, index in zip(pools, indexes, strict=True):
            part = weight[index] / weight[index].sum()
            has[index] += pool.agents * part
            parts.append(part)
        if not shared:
            break
        better = has / wanted
        weight = np.clip(weight / np.maximum(better, 1e-6) ** 0.7, 1e-6, 1e6)
        weight /= weight.max()
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
        if name in self._there:
            return 1.0
        same_day = at - self._as_of < 43_200_000
        return self.came if same_day else 1 - self._shrinkage(agent, shift)

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
        """How many contacts an agent of ``place`` can have at once, on average over those who take them now."""
        those = [agent for agent in self._agents.values() if place[0] in agent.queues and agent.slots.get(place[1], 1)]
        if not those:
            return float(self._settings.agents.slots.get(place[1], 1))
        return sum(agent.slots.get(place[1], 1) for agent in those) / len(those)
