"""How many agents each place needs, and what level those it has give (M17).

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
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from journeys.settings import Settings
from journeys.staffing import backlog, slots
from journeys.staffing.erlang import Performance, erlang_a
from journeys.staffing.figures import Floor
from journeys.staffing.required import Target, required
from journeys.staffing.situation import Place

Array: TypeAlias = NDArray[np.float64]

DEFERRED = frozenset({"email", "case", "cases", "letter", "fax"})
"""Channels whose contacts wait for hours, by their due time."""
LONGEST_PATIENCE_S = 14_400.0
"""Where nobody abandons, a line is carried over as if patience had this mean; and no wait is given as longer."""
LEAST_AGENTS = 0.05
STEP_S = 30.0
_LOADS = np.array([0, 0.3, 0.5, 0.6, 0.7, 0.77, 0.83, 0.88, 0.92, 0.96, 1, 1.04, 1.1, 1.2, 1.35, 1.6, 2, 3, 5, 9])
"""Erlangs per server at which the equilibrium is worked out."""
_SLIGHT = 1e-9


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
