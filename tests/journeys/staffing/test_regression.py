"""The fit and its splines against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.linear_model import PoissonRegressor
from sklearn.preprocessing import SplineTransformer

from journeys.staffing.regression import ENOUGH, Array, poisson, splines


@pytest.mark.parametrize(("number", "points"), [(48, 96), (12, 96), (12, 48), (24, 24), (4, 4)])
def test_splines_are_those_of_scikit_learn(number: int, points: int) -> None:
    knots = np.linspace(0, 1, number + 1)[:, None]
    made = SplineTransformer(degree=3, knots=knots, extrapolation="periodic").fit(knots)
    theirs = made.transform((np.arange(points)[:, None] + 0.5) / points)
    ours = splines(number, points)

    def in_order(columns: Array) -> Array:
        return columns[:, np.lexsort(columns.round(9))]

    assert in_order(ours) == pytest.approx(in_order(theirs), abs=1e-12)


# Where its Newton steps no longer improve within rounding, scikit-learn warns and finishes with L-BFGS.
@pytest.mark.filterwarnings("ignore:Line search of Newton solver")
@example(seed=665, level=0.02, weighing=20.0)
@given(st.integers(0, 10_000), st.sampled_from([0.02, 1.0, 30.0, 4_000.0]), st.sampled_from([0.1, 1.0, 20.0]))
def test_rates_are_those_of_scikit_learn(seed: int, level: float, weighing: float) -> None:
    random = np.random.default_rng(seed)
    design = np.hstack((splines(12, 96) * 2.0, random.normal(size=(96, 3))))
    weight = random.uniform(0.1, 1.0, 96) * weighing
    total = random.poisson(weight * level * np.exp(design @ random.normal(size=15))).astype(float)
    total[0] += 1.0
    mean = total.sum() / weight.sum()
    model = PoissonRegressor(alpha=1 / total.sum(), solver="newton-cholesky", max_iter=100, tol=1e-9)
    model.fit(design, total / weight / mean, sample_weight=weight)
    *fitted, constant = poisson(design, total, weight)
    found = np.array(fitted)

    def cost(coefficients: Array, constant: float) -> float:
        rate = design @ coefficients + constant
        return float(weight @ np.exp(rate) - total @ rate + coefficients @ coefficients / 2)

    # Ours stops where no more than so much is to be gained, which leaves rates some thousandths apart.
    behind = cost(found, constant) - cost(model.coef_, model.intercept_ + np.log(mean))
    assert behind <= ENOUGH * total.sum()
    ours = np.exp(design @ found + constant)
    assert ours == pytest.approx(model.predict(design) * mean, rel=5e-3, abs=2.5e-3 * mean)


def test_where_nearly_all_came_at_once_it_still_ends() -> None:
    total = np.zeros(672)
    total[400] = 1e6
    *fitted, constant = poisson(np.tile(splines(48, 96), (7, 1)), total, np.full(672, 1e-3))
    assert np.isfinite(fitted).all()
    assert np.isfinite(constant)
