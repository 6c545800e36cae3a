"""Moments of truth on scores whose truth is known."""

from __future__ import annotations

import random
import warnings

import pytest
from scipy import stats

from journeys.moments import LEAST, Moment, moments

Row = tuple[str, str, float, float]


def scored(seed: int, cost: dict[str, float], journeys: int = 600) -> list[Row]:
    """Each journey comes through all stages of ``cost``, with friction in half of them, which costs so much."""
    rng = random.Random(seed)
    rows: list[Row] = []
    for number in range(journeys):
        points = {stage: rng.choice((0.0, 10.0, 25.0)) if rng.random() < 0.75 else 0.0 for stage in cost}
        lost = sum(cost[stage] for stage, felt in points.items() if felt)
        score = max(0.0, min(100.0, rng.gauss(75, 10) - lost))
        rows += [(f"j{number}", stage, felt, score) for stage, felt in points.items()]
    return rows


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_stage_whose_friction_costs_most_comes_first(seed: int) -> None:
    found = moments(scored(seed, {"use": 0.0, "purchase": 5.0, "service": 20.0}))
    assert [moment.stage for moment in found][:2] == ["service", "purchase"]
    assert found[0].low <= -20 <= found[0].high or abs(found[0].effect + 20) < 3
    assert found[0].p < 1e-6
    assert found[0].weight == pytest.approx(abs(found[0].effect) * found[0].with_friction / 600)


def test_friction_that_costs_nothing_is_seldom_called_significant() -> None:
    false = [moments(scored(seed, {"use": 0.0, "service": 0.0}, 200)) for seed in range(1, 101)]
    assert sum(any(moment.p < 0.05 for moment in found) for found in false) <= 10


def test_it_is_welchs_test() -> None:
    rows = [(f"a{n}", "use", 5.0, float(n % 7 * 10)) for n in range(23)]
    rows += [(f"b{n}", "use", 0.0, float(n % 5 * 20)) for n in range(40)]
    (found,) = moments(rows)
    expected = stats.ttest_ind([r[3] for r in rows[:23]], [r[3] for r in rows[23:]], equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_too_few_are_not_compared() -> None:
    rows = [(f"a{n}", "use", 5.0, 10.0) for n in range(LEAST - 1)] + [(f"b{n}", "use", 0.0, 90.0) for n in range(50)]
    assert moments(rows) == []
    assert moments([]) == []


def test_everybody_said_the_same() -> None:
    rows = [(f"a{n}", "use", 5.0, 10.0) for n in range(LEAST)] + [(f"b{n}", "use", 0.0, 90.0) for n in range(LEAST)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert moments(rows) == [Moment("use", LEAST, LEAST, -80.0, -80.0, -80.0, 0.0, 40.0)]
        assert moments([(j, s, points, 50.0) for j, s, points, _ in rows])[0].p == 1
