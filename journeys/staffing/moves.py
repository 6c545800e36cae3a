"""Which agents to move between places (M19): a mixed-integer programme (HiGHS, through scipy.optimize.milp).

Maximised are the contacts answered within target over the time of the moves, those that the givers lose taken off. What
n agents more bring a place is worked out by need.py and made concave (its upper hull), so that it is a bundle of
lines; what the programme chooses is then judged by the model itself, and what does not keep its promise is dropped.

No giver is left with fewer agents than it requires, in any interval of the move; no place gets more than it is short
of; each pair of places in a move has to be worth ``[staffing] minimum_gain`` contacts. Ties go to fewer agents, then to
the first by name, so that the same floor gives the same moves.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

EFFORT = 0.2
"""Contacts that it costs to move an agent: whom to move for less than that is left where they are."""
STEPS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Agents more, or fewer, for which a place is worked out."""
GAP = 1e-3
NODES = 2_000
_SLIGHT = 1e-7


class Movable(NamedTuple):
    """Agents of the same kind who could be moved."""

    giver: int
    """The place that has most of each of them."""
    loses: tuple[tuple[int, float], ...]
    """Each place that they are taken from, and the part of an agent that it loses."""
    takers: tuple[int, ...]
    agents: int


class Chosen(NamedTuple):
    giver: int
    taker: int
    agents: int
    loses: tuple[tuple[int, float], ...]
    """By place, in agents, all of them together."""


def choose(
    movable: Sequence[Movable],
    spare: Array,
    short: Array,
    gained: dict[int, Array],
    lost: dict[int, Array],
    minimum_gain: float,
    barred: Collection[tuple[int, int]] = (),
) -> list[Chosen]:
    """The moves to recommend, by giver and taker.

    ``spare`` and ``short``: agents that each place can do without, or is missing. ``gained[taker]``, ``lost[giver]``:
    contacts within target with as many agents more, or fewer, as ``STEPS`` says.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # here: most plans have nothing to choose
    from scipy.sparse import csr_array

    those = [
        (kind, taker)
        for kind, each in enumerate(movable)
        for taker in each.takers
        if short[taker] > 0
        and (each.giver, taker) not in barred
        and all(spare[place] >= part - _SLIGHT for place, part in each.loses)
    ]
    if not those:
        return []
    pairs = sorted({(movable[kind].giver, taker) for kind, taker in those})
    takers = sorted({taker for _, taker in those})
    givers = sorted({place for kind, _ in those for place, _ in movable[kind].loses})
    moved, paired, won, paid = (
        dict(zip(keys, range(start, start + len(keys)), strict=True))
        for keys, start in (
            (those, 0),
            (pairs, len(those)),
            (takers, len(those) + len(pairs)),
            (givers, len(those) + len(pairs) + len(takers)),
        )
    )
    number = len(those) + len(pairs) + len(takers) + len(givers)
    rows: list[dict[int, float]] = []
    limits: list[float] = []

    def at_most(row: dict[int, float], limit: float) -> None:
        rows.append(row)
        limits.append(limit)

    for kind, each in enumerate(movable):
        at_most({moved[one]: 1.0 for one in those if one[0] == kind}, each.agents)
    for taker in takers:
        come = {moved[one]: 1.0 for one in those if one[1] == taker}
        at_most(come, math.ceil(short[taker] - _SLIGHT))
        for slope, height in _hull(gained[taker]):
            at_most({won[taker]: 1.0} | dict.fromkeys(come, -slope), height)
    for giver in givers:
        go = {
            moved[kind, taker]: part for kind, taker in those for place, part in movable[kind].loses if place == giver
        }
        at_most(go, max(0.0, spare[giver]))
        for slope, height in _hull(-lost[giver]):
            at_most({paid[giver]: -1.0} | {place: -slope * part for place, part in go.items()}, height)
    for pair, at in paired.items():
        own = {moved[one]: 1.0 for one in those if (movable[one[0]].giver, one[1]) == pair}
        at_most(own | {at: -float(sum(movable[kind].agents for kind, _ in those))}, 0.0)
    cost = np.zeros(number)
    for rank, one in enumerate(those):
        cost[moved[one]] = EFFORT * (1 + 1e-3 * rank / len(those))
    for at in paired.values():
        cost[at] = minimum_gain
    for at in won.values():
        cost[at] = -1.0
    for at in paid.values():
        cost[at] = 1.0
    matrix = csr_array(
        (
            [value for row in rows for value in row.values()],
            ([index for index, row in enumerate(rows) for _ in row], [at for row in rows for at in row]),
        ),
        shape=(len(rows), number),
    )
    whole = np.zeros(number)
    whole[: len(those) + len(pairs)] = 1
    upper = np.full(number, np.inf)
    upper[len(those) : len(those) + len(pairs)] = 1
    for place in (*won.values(), *paid.values()):
        upper[place] = 1e6
    solved = milp(
        cost,
        integrality=whole,
        bounds=Bounds(0, upper),
        constraints=LinearConstraint(matrix, -np.inf, limits),
        options={"mip_rel_gap": GAP, "node_limit": NODES},
    )
    if solved.x is None:
        return []
    chosen: dict[tuple[int, int], Chosen] = {}
    for kind, taker in those:
        agents = round(float(solved.x[moved[kind, taker]]))
        if agents:
            each = movable[kind]
            before = chosen.get((each.giver, taker))
            loses = dict(before.loses) if before else {}
            for place, part in each.loses:
                loses[place] = loses.get(place, 0.0) + part * agents
            agents += before.agents if before else 0
            chosen[each.giver, taker] = Chosen(each.giver, taker, agents, tuple(sorted(loses.items())))
    return [chosen[pair] for pair in sorted(chosen)]


def _hull(values: Array) -> list[tuple[float, float]]:
    """Lines (slope, height at 0) whose lowest is the least concave function that is nowhere below ``values``, taken at
    ``STEPS``."""
    corners: list[tuple[float, float]] = []
    for x, y in zip(STEPS, values.tolist(), strict=False):
        while len(corners) > 1 and _slope(corners[-2], corners[-1]) <= _slope(corners[-1], (x, y)):
            corners.pop()
        corners.append((x, y))
    if len(corners) == 1:
        return [(0.0, corners[0][1])]
    lines = []
    for one, other in pairwise(corners):
        slope = _slope(one, other)
        lines.append((slope, one[1] - slope * one[0]))
    return lines


def _slope(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (other[1] - one[1]) / (other[0] - one[0])
