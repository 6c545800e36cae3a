"""What the same people could have done for the day, had somebody known what would come and who would fall ill.

A linear programme over quarters of an hour. Known: how many contacts entered each queue in each quarter and how long
they took (of a day that was lived before), and who of which skills was there. Wanted: how many of those who sit at one
queue and have the same skills serve which queue. A quarter of a voice or chat queue is worth the contacts that Erlang A
has answered within target, as the least concave function of the agents above it; mail is a backlog, of which what is
not answered when it is due is lost. Each change of place costs a little, so that nobody changes for nothing.

What the programme says is no bound: quarters know nothing of each other, and what is answered changes who comes again.
So its plan is lived, moves being made at once and a few minutes ahead, its contacts are counted, and the programme is
solved again for these; of the plans tried (``MARGINS``: as if so much more came) the one counts that did best. The
result is what a plan that knows the future was seen to reach with the same head count: a lower bound of the optimum, in
a way that nobody has on the day itself. Who recovers more than all of it has been lucky, or better.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from benchmarks.staffing.counted import answers
from benchmarks.staffing.world import World
from journeys.staffing.erlang import erlang_a
from producers.simulator.floor.centre import CLOSES_S, OPENS_S, Centre
from producers.simulator.floor.day import Agent, Contact, Day, Order
from producers.simulator.floor.roster import QUARTER_S, QUARTERS
from producers.simulator.floor.surges import Surge

MARGINS = (1.0, 1.15)
ROUNDS = 2
AHEAD_S = 300.0
CHANGE = 0.3
"""Contacts that a change of place costs."""
MOST = 80
"""Agents of one queue."""

Group = tuple[str, tuple[str, ...]]
"""Where somebody sits, and the skills."""
Plan = list[dict[tuple[str, str], int]]
"""By quarter: how many of those who sit at one queue serve another."""


class Known(NamedTuple):
    """Of one day that was lived."""

    entered: dict[str, np.ndarray]
    """By queue and quarter."""
    handle_s: dict[str, float]
    there: dict[Group, np.ndarray]
    """Agents on the floor, by quarter, means."""


class Attendance:
    """A witness of who is there: neither on a break nor gone."""

    def __init__(self) -> None:
        self.there: dict[Group, np.ndarray] = {}
        self._since: dict[str, float] = {}

    def entered(self, contact: Contact, at_s: float) -> None:
        pass

    connected = ended = wrapped_up = abandoned = entered

    def changed(self, agent: Agent, at_s: float) -> None:
        key = agent.person.key
        away = agent.state in ("offline", "break")
        if not away:
            self._since.setdefault(key, at_s)
        elif key in self._since:
            group = agent.person.queue, agent.person.skills
            there = self.there.setdefault(group, np.zeros(QUARTERS))
            begins = OPENS_S + np.arange(QUARTERS) * QUARTER_S
            overlap = np.minimum(at_s, begins + QUARTER_S) - np.maximum(self._since.pop(key), begins)
            there += np.maximum(overlap, 0) / QUARTER_S


def clairvoyant(world: World, seed: int, surge: Surge, margins: Sequence[float] = MARGINS, rounds: int = ROUNDS) -> Day:
    """The day of ``seed`` as it was lived best."""
    best = _lived(world, seed, surge, [])
    known = _known(best)
    for margin in margins:
        latest = known
        for _ in range(rounds):
            tried = _lived(world, seed, surge, solve(latest, world.centre, margin))
            latest = _known(tried)._replace(there=known.there)
            if _within(tried) > _within(best):
                best = tried
    return best


def _within(day: Day) -> int:
    return answers(day.contacts, day.centre)[""].within


def _known(day: Day) -> Known:
    quarters: dict[str, np.ndarray] = {name: np.zeros(QUARTERS) for name in day.centre.queues}
    handled: dict[str, list[float]] = defaultdict(list)
    for contact in day.contacts:
        quarters[contact.queue][min(QUARTERS - 1, int((contact.entered_s - OPENS_S) // QUARTER_S))] += 1
        if contact.wrapped_s is not None:
            handled[contact.queue].append(contact.talk_s + contact.wrap_s)
    attendance = next(one for one in day.witnesses if isinstance(one, Attendance))
    return Known(quarters, {name: float(np.mean(times)) for name, times in handled.items()}, attendance.there)


def solve(known: Known, centre: Centre, margin: float = 1.0) -> Plan:
    """Who serves what, by quarter."""
    groups = [group for group, there in known.there.items() if there.any()]
    pairs = [(g, queue) for g, (_, skills) in enumerate(groups) for queue in skills]
    programme = _Programme()
    serve = programme.variables(len(pairs) * QUARTERS).reshape(len(pairs), QUARTERS)
    changes = programme.variables(len(pairs) * QUARTERS, worth=-CHANGE / 2).reshape(len(pairs), QUARTERS)
    for g, group in enumerate(groups):
        own = [p for p, (of, _) in enumerate(pairs) if of == g]
        for quarter in range(QUARTERS):
            programme.at_most([(serve[p, quarter], 1.0) for p in own], known.there[group][quarter])
    for p, (g, queue) in enumerate(pairs):
        home = queue == groups[g][0]
        for quarter in range(QUARTERS):
            before = [(serve[p, quarter - 1], 1.0)] if quarter else []
            if home:
                continue
            now = [(serve[p, quarter], 1.0)]
            change = [(changes[p, quarter], -1.0)]
            programme.at_most([*now, *[(v, -1.0) for v, _ in before], *change], 0.0)
    for name, queue in centre.queues.items():
        serving = [p for p, (_, of) in enumerate(pairs) if of == name]
        if queue.channel == "email":
            _mail(programme, serve[serving], known, name, queue.target_s)
            continue
        rows = _worth(known, centre, name, margin)
        worth = programme.variables(QUARTERS, worth=1.0)
        for quarter, lines in enumerate(rows):
            for slope, level in lines:
                terms = [(serve[p, quarter], -slope) for p in serving]
                programme.at_most([(worth[quarter], 1.0), *terms], level)
    found = programme.solve()[serve]
    return _whole(found, pairs, groups)


def _worth(known: Known, centre: Centre, name: str, margin: float) -> list[list[tuple[float, float]]]:
    """By quarter, lines (slope, level) whose lowest is the least concave function above what agents are worth."""
    queue = centre.queues[name]
    agents = np.arange(MOST + 1)
    entered = known.entered[name][:, None] * margin
    level = erlang_a(
        entered, QUARTER_S, known.handle_s[name], agents * queue.slots, queue.patience_s, queue.target_s
    ).service_level
    worth = known.entered[name][:, None] * level
    return [list(_lines(agents, row)) for row in np.atleast_2d(worth)]


def _lines(x: np.ndarray, y: np.ndarray) -> Iterable[tuple[float, float]]:
    """Of the upper hull of points."""
    hull: list[int] = []
    for n in range(len(x)):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (y[b] - y[a]) * (x[n] - x[a]) > (y[n] - y[a]) * (x[b] - x[a]):
                break
            hull.pop()
        hull.append(n)
    for a, b in pairwise(hull):
        slope = (y[b] - y[a]) / (x[b] - x[a])
        yield float(slope), float(y[a] - slope * x[a])


def _mail(programme: _Programme, serve: np.ndarray, known: Known, name: str, due_s: float) -> None:
    """Answered up to a quarter: no more than had come, and what was due by then but for what is late."""
    came = np.cumsum(known.entered[name])
    due = round(due_s / QUARTER_S)
    answered = programme.variables(QUARTERS)
    late = programme.variables(QUARTERS, worth=-1.0)
    rate = QUARTER_S / known.handle_s[name]
    for quarter in range(QUARTERS):
        before = [(answered[quarter - 1], -1.0)] if quarter else []
        terms = [(one, -rate) for one in serve[:, quarter]]
        programme.at_most([(answered[quarter], 1.0), *before, *terms], 0.0)
        if before:
            programme.at_most([(answered[quarter - 1], 1.0), (answered[quarter], -1.0)], 0.0)
        programme.at_most([(answered[quarter], 1.0)], came[quarter])
        owed = came[-1] if quarter == QUARTERS - 1 else came[quarter - due + 1] if quarter >= due - 1 else 0.0
        if owed:
            programme.at_most([(answered[quarter], -1.0), (late[quarter], -1.0)], -owed)


class _Programme:
    """A linear programme in the making; variables are 0 or more."""

    def __init__(self) -> None:
        self._worth: list[float] = []
        self._rows: list[int] = []
        self._columns: list[int] = []
        self._values: list[float] = []
        self._limits: list[float] = []

    def variables(self, number: int, worth: float = 0.0) -> np.ndarray:
        self._worth += [worth] * number
        return np.arange(len(self._worth) - number, len(self._worth))

    def at_most(self, terms: Iterable[tuple[int, float]], limit: float) -> None:
        for variable, factor in terms:
            self._rows.append(len(self._limits))
            self._columns.append(int(variable))
            self._values.append(factor)
        self._limits.append(float(limit))

    def solve(self) -> np.ndarray:
        shape = len(self._limits), len(self._worth)
        matrix = coo_array((self._values, (self._rows, self._columns)), shape=shape).tocsr()
        found = linprog(-np.array(self._worth), A_ub=matrix, b_ub=self._limits, method="highs-ipm")
        if found.status != 0:
            raise RuntimeError(f"clairvoyant: the programme was not solved ({found.message})")
        return np.asarray(found.x)


def _whole(found: np.ndarray, pairs: list[tuple[int, str]], groups: list[Group]) -> Plan:
    """Whole agents, by where they sit: those that are lent out, rounded to the nearest."""
    plan: Plan = []
    for quarter in range(QUARTERS):
        lent: dict[tuple[str, str], float] = defaultdict(float)
        for (g, queue), agents in zip(pairs, found[:, quarter], strict=True):
            if queue != groups[g][0]:
                lent[groups[g][0], queue] += agents
        plan.append({way: round(agents) for way, agents in lent.items() if round(agents)})
    return plan


def _lived(world: World, seed: int, surge: Surge, plan: Plan) -> Day:
    """The day with ``plan``, whose moves are obeyed at once."""
    day = Day(world.centre, world.people, seed, surge, witnesses=[Attendance()], obeyed_after_s=(0.0, 0.0))
    for quarter, wanted in enumerate(plan):
        day.advance(OPENS_S + quarter * QUARTER_S - (AHEAD_S if quarter else -1.0))
        for home in world.centre.queues:
            lent = [agent for agent in day.agents.values() if agent.person.queue == home and agent.order]
            places: dict[str, list[str]] = defaultdict(list)
            for agent in lent:
                places[agent.going or agent.queue].append(agent.person.key)
            for queue, keys in places.items():
                day.recall(keys[wanted.get((home, queue), 0) :])
        day.advance(day.now)
        for (home, queue), agents in wanted.items():
            there = sum(
                agent.person.queue == home and agent.order != 0 and (agent.going or agent.queue) == queue
                for agent in day.agents.values()
            )
            if agents > there:
                day.move(Order(home, queue, agents - there, CLOSES_S))
    day.advance(float("inf"))
    return day
