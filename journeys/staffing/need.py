"""How many agents each place needs, how many it will have, and what level they give (M17).

Waits follow Erlang's queues (erlang.py). Where agents have several contacts at once they are those of slots.py, with
handle times as measured at each number of contacts; until that is known an agent is as many servers.

These are queues in equilibrium; a queue with a line in front of it is not. So the line is carried over from one
interval to the next by the *pointwise stationary fluid flow approximation* (W.-P. Wang, D. Tipper and S. Banerjee, "A
simple approximation for modeling nonstationary queues", INFOCOM 1996): the mean number in the system, m, changes by
what comes less what leaves, and what leaves is what does in the equilibrium that has the same m. A contact that comes
then meets that equilibrium. Where nothing changes this is Erlang's formula itself, and under a great load it is the
fluid limit, with its waits.

E-mail and cases may wait: what counts is the work that is due (backlog.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from journeys.settings import Settings
from journeys.staffing import backlog, slots
from journeys.staffing.crew import doing
from journeys.staffing.erlang import Performance, erlang_a
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
    handle_s: tuple[float, ...] = ()
    """As measured while an agent has one contact, two, and so on up to the slots; none where that is not known."""
    open_due_s: tuple[float, ...] = ()
    """Of work that may wait: in how many seconds each open contact is due;"""
    arriving: tuple[float, ...] = ()
    """what comes in each interval from now on, until all that is open now is due;"""
    worked: tuple[bool, ...] = ()
    """and whether the site is open then."""

    @property
    def several(self) -> bool:
        """Whether agents have several contacts at once, which then take as long as was measured."""
        return len(self.handle_s) > 1

    @property
    def deferred(self) -> bool:
        return self.place[1] in DEFERRED


def terms_of(floor: Floor, at_once: float, settings: Settings) -> Terms:
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
        max(1.0, at_once),
    )


def agents_required(terms: Sequence[Terms], contacts: Array, interval_s: float, aht_s: Array) -> Array:
    """By place and interval; ``contacts`` and ``aht_s`` have that shape. Whole agents, but for work that may wait: of
    that somebody can do a little in each interval."""
    contacts = np.maximum(contacts, 0).round(6)  # to no more digits than anybody could tell
    found = np.zeros_like(contacts)
    plain = [index for index, one in enumerate(terms) if not one.several and not one.deferred]
    if plain:
        found[plain] = _served_at_once([terms[index] for index in plain], contacts[plain], interval_s, aht_s[plain])
    for index, one in enumerate(terms):
        if one.deferred:
            handle = max(1.0, float(aht_s[index, 0]))
            asked = backlog.required(
                one.open_due_s, one.arriving, interval_s, handle, one.due_s, one.occupancy or 1.0, one.worked
            )
            number = min(len(asked), found.shape[1])
            found[index, :number] = asked[:number]
        elif one.several:  # that takes longer to work out, so tenths of contacts do
            once, which = np.unique(contacts[index].round(1), return_inverse=True)
            found[index] = slots.agents_for(once, interval_s, one.handle_s, _target(one), one.patience_s)[which]
    return found


def _target(one: Terms) -> Target:
    return Target(one.service_level, one.within_s, one.asa_s, one.abandonment, one.occupancy)


def _served_at_once(terms: Sequence[Terms], contacts: Array, interval_s: float, aht_s: Array) -> Array:
    limits = np.array(
        [
            (
                one.service_level, one.within_s, _or_endless(one.asa_s), _or_endless(one.abandonment),
                _or_endless(one.occupancy), one.patience_s, one.slots,
            )
            for one in terms
        ]
    )  # fmt: skip
    asked = np.stack((contacts, np.maximum(aht_s, 1.0)), axis=-1)
    each = np.concatenate((asked, np.broadcast_to(limits[:, None, :], (*contacts.shape, limits.shape[1]))), axis=-1)
    # A forecast goes over the same week twice, and nothing comes at night: each question is asked once.
    once, which = np.unique(each.reshape(-1, each.shape[-1]), axis=0, return_inverse=True)
    offered, handle, level, within, asa, abandonment, occupancy, patience, at_once = once.T
    servers = required(offered, interval_s, handle, Target(level, within, asa, abandonment, occupancy), patience)
    agents: Array = np.ceil(servers / at_once - _SLIGHT)[which].reshape(contacts.shape)
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

    Without ``in_system`` each interval stands for itself, in equilibrium. Of work that may wait the service level is
    the share of what is due that is done by then.
    """
    contacts = np.maximum(contacts, 0).round(6)
    agents, aht_s = np.maximum(agents, LEAST_AGENTS), np.maximum(aht_s, 1.0)
    of_place = np.broadcast_to(np.arange(len(terms))[:, None], contacts.shape)
    several = np.array([one.several for one in terms])
    at_once = np.array([one.slots for one in terms])
    patience = np.array([min(one.patience_s, math.inf if in_system is None else LONGEST_PATIENCE_S) for one in terms])
    within = np.array([one.within_s for one in terms])
    curve = np.where(several, np.arange(len(terms)), -1)
    columns = (aht_s, agents, at_once[of_place], patience[of_place], within[of_place], curve[of_place])
    kinds = np.stack(columns, axis=-1).astype(float).reshape(-1, len(columns)).round(6)
    if in_system is None:
        offered = contacts / lengths_s
        got = _equilibrium(terms, offered.reshape(-1, 1), kinds)
        figures = (got.service_level, np.minimum(got.asa_s, LONGEST_PATIENCE_S), got.abandonment, got.occupancy)
        found = Course(*(each.reshape(contacts.shape) for each in figures))
    else:
        found = _carried(terms, contacts, lengths_s, kinds, in_system)
    for index, one in enumerate(terms):
        if one.deferred:
            done_in_time(one, found, index, agents[index], float(aht_s[index, 0]), float(lengths_s[-1]))
    return found


def done_in_time(one: Terms, found: Course, index: int, agents: Array, aht_s: float, interval_s: float) -> None:
    """Puts into ``found``, of a place whose work may wait, the levels from now on."""
    number = len(agents)
    found.service_level[index] = backlog.in_time(
        agents.tolist(), one.open_due_s, [*one.arriving, *[0.0] * number][:number], interval_s, aht_s, one.due_s,
        one.occupancy or 1.0, [*one.worked, *[True] * number][:number],
    )  # fmt: skip
    found.asa_s[index] = found.abandonment[index] = 0.0


def _equilibrium(terms: Sequence[Terms], rates: Array, kinds: Array) -> Performance:
    """By kind and rate of arrivals (a second)."""
    aht, agents, at_once, patience, within, curve = (column[:, None] for column in kinds.T)
    offered = rates * 3600
    figures = np.array(erlang_a(offered, 3600, aht, agents * at_once, patience, within))
    for number in np.unique(curve[curve >= 0]).astype(int).tolist():
        own = curve[:, 0] == number
        figures[:, own] = slots.performance(
            offered[own], 3600, terms[number].handle_s, agents[own], patience[own], within[own]
        )
    return Performance(*figures)


def _carried(terms: Sequence[Terms], contacts: Array, lengths_s: Array, kinds: Array, in_system: Array) -> Course:
    shape = contacts.shape
    kinds, which = np.unique(kinds, axis=0, return_inverse=True)
    which = which.reshape(shape)
    handle = kinds[:, :1].copy()
    for row, number in enumerate(kinds[:, 5].astype(int).tolist()):
        if number >= 0:
            handle[row] = terms[number].handle_s[-1]  # of an agent whose slots are all taken
    served_by = kinds[:, 1:2] * kinds[:, 2:3]
    rates = _LOADS * served_by / handle  # a second
    got = _equilibrium(terms, rates, kinds)
    numbers = got.occupancy * served_by + rates * got.mean_wait_s
    numbers += np.arange(len(_LOADS)) * 1e-9  # so that they grow, however little
    asa = np.minimum(got.asa_s, kinds[:, 3:4])
    figures = np.stack((got.service_level, asa, got.abandonment, got.occupancy))
    found = np.zeros((4, *shape))
    number = np.minimum(in_system, 1e6).astype(float)
    rows = np.arange(shape[0])
    for interval in range(shape[1]):
        kind = which[:, interval]
        length = float(lengths_s[interval])
        steps = max(1, math.ceil(length / min(STEP_S, max(2.0, float(handle[kind].min()) / 2))))
        comes = contacts[:, interval] / max(length, 1e-9)
        those, leaving = numbers[kind], rates[kind]
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
