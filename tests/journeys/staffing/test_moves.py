"""The programme that chooses moves: right on small cases that can be tried out, and within its rules on all."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.staffing.moves import EFFORT, STEPS, Movable, choose


def saturating(most: float, half: float) -> np.ndarray:
    """Ever less from each agent more."""
    return np.array([most * (1 - math.exp(-step / half)) for step in STEPS])


def growing(slope: float) -> np.ndarray:
    """Ever more lost with each agent fewer."""
    return np.array([slope * step * (1 + 0.1 * step) for step in STEPS])


def at(values: np.ndarray, agents: float) -> float:
    return float(np.interp(agents, STEPS[: len(values)], values))


def test_who_is_spare_goes_where_somebody_is_missing() -> None:
    found = choose(
        [Movable(0, ((0, 1.0),), (1,), 5)], np.array([3.0, 0]), np.array([0, 2.0]),
        {1: saturating(30, 2)}, {0: growing(0.2)}, 3.0,
    )  # fmt: skip
    assert [(one.giver, one.taker, one.agents, one.loses) for one in found] == [(0, 1, 2, ((0, 2.0),))]


def test_nothing_moves_for_less_than_the_minimum_gain() -> None:
    kinds = [Movable(0, ((0, 1.0),), (1,), 5)]
    spare, short = np.array([3.0, 0]), np.array([0, 2.0])
    gained, lost = {1: saturating(4, 1)}, {0: growing(0.2)}
    assert choose(kinds, spare, short, gained, lost, 2.0)
    assert choose(kinds, spare, short, gained, lost, 5.0) == []


def test_a_barred_pair_is_left_out() -> None:
    kinds = [Movable(0, ((0, 1.0),), (1,), 5), Movable(2, ((2, 1.0),), (1,), 5)]
    spare, short = np.array([3.0, 0, 3]), np.array([0, 2.0, 0])
    found = choose(kinds, spare, short, {1: saturating(30, 2)}, {0: growing(0.1), 2: growing(1)}, 3.0, {(0, 1)})
    assert [(one.giver, one.agents) for one in found] == [(2, 2)]


def test_who_serves_several_takes_a_part_from_each() -> None:
    kinds = [Movable(0, ((0, 0.75), (2, 0.25)), (1,), 4)]
    found = choose(
        kinds, np.array([3.0, 0, 0.3]), np.array([0, 3.0, 0]),
        {1: saturating(40, 3)}, {0: growing(0.1), 2: growing(0.1)}, 1.0,
    )  # fmt: skip
    assert [one.agents for one in found] == [1]  # place 2 has only so much to spare
    assert dict(found[0].loses) == pytest.approx({0: 0.75, 2: 0.25})


def best(spare: list[int], short: list[int], worth: list[float], cost: list[float], minimum: float) -> float:
    """Of all ways to move agents from two givers (0, 1) to two takers (2, 3), what the best one brings."""
    found = 0.0
    for numbers in itertools.product(range(4), repeat=4):
        moved = dict(zip(((0, 2), (0, 3), (1, 2), (1, 3)), numbers, strict=True))
        out = [moved[0, 2] + moved[0, 3], moved[1, 2] + moved[1, 3]]
        into = [moved[0, 2] + moved[1, 2], moved[0, 3] + moved[1, 3]]
        if any(one > most for one, most in zip(out + into, spare + short, strict=True)):
            continue
        value = sum(at(saturating(most, 2), n) for most, n in zip(worth, into, strict=True))
        value -= sum(at(growing(slope), n) for slope, n in zip(cost, out, strict=True))
        value -= minimum * sum(n > 0 for n in numbers) + EFFORT * sum(numbers)
        found = max(found, value)
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 3), min_size=2, max_size=2),
    st.lists(st.integers(0, 3), min_size=2, max_size=2),
    st.lists(st.floats(0, 40), min_size=2, max_size=2),
    st.lists(st.floats(0, 3), min_size=2, max_size=2),
    st.floats(0, 5),
)
def test_it_is_the_best_of_all_ways(
    spare: list[int], short: list[int], worth: list[float], cost: list[float], minimum: float
) -> None:
    kinds = [Movable(giver, ((giver, 1.0),), (2, 3), 3) for giver in (0, 1)]
    gained = {2 + index: saturating(most, 2) for index, most in enumerate(worth)}
    lost = {index: growing(slope) for index, slope in enumerate(cost)}
    found = choose(kinds, np.array([*spare, 0, 0], float), np.array([0, 0, *short], float), gained, lost, minimum)
    out, into = np.zeros(4), np.zeros(4)
    for one in found:
        out[one.giver] += one.agents
        into[one.taker] += one.agents
    assert np.all(out <= np.array([*spare, 0, 0]))
    assert np.all(into <= np.array([0, 0, *short]))
    value = sum(at(gained[place], into[place]) for place in (2, 3))
    value -= sum(at(lost[place], out[place]) for place in (0, 1))
    value -= sum(minimum + EFFORT * one.agents for one in found)
    assert value == pytest.approx(best(spare, short, worth, cost, minimum), abs=0.1)


def test_the_same_floor_gives_the_same_moves() -> None:
    kinds = [Movable(giver, ((giver, 1.0),), (2, 3), 3) for giver in (0, 1)]
    asked = np.array([2.0, 2, 0, 0]), np.array([0, 0, 2.0, 2])
    gained, lost = {2: saturating(20, 2), 3: saturating(20, 2)}, {0: growing(0.1), 1: growing(0.1)}
    assert len({tuple(choose(kinds, *asked, gained, lost, 1.0)) for _ in range(5)}) == 1
