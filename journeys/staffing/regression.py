"""A Poisson regression with a prior, and splines that close over midnight: what a profile is fitted by.

Both are what scikit-learn has (``PoissonRegressor``, ``SplineTransformer``; tests hold them together): its import takes
seconds of CPU and 100 MB of every worker that plans, for some lines of linear algebra (docs/decisions/forecast.md).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

MOST_STEPS, MOST_HALVINGS = 50, 20
ENOUGH = 1e-7
"""Of the contacts: when a step would gain no more than that, the fit is done."""


def poisson(design: Array, total: Array, weight: Array) -> Array:
    """Coefficients of the columns of ``design``, then the constant, that make the most of the posterior.

    ``total`` contacts came in rows that count for ``weight``; both are sums, of which more than nothing came. The
    logarithm of the rate is linear; coefficients have standard normal priors, the constant has none. Newton's method,
    which cannot miss: there is one optimum (S. Boyd, L. Vandenberghe, "Convex Optimization", 2004, 9.5).
    """
    columns = np.hstack((design, np.ones((len(design), 1))))
    prior = np.ones(columns.shape[1])
    prior[-1] = 0.0
    found = np.zeros(columns.shape[1])
    found[-1] = np.log(total.sum() / weight.sum())

    def cost(coefficients: Array) -> float:
        rate = columns @ coefficients
        return float(weight @ np.exp(rate) - total @ rate + prior @ coefficients**2 / 2)

    # The matrices are small: threads would wait for each other. Who goes too far takes a shorter step.
    with _threads().limit(limits=1), np.errstate(over="ignore"):
        at = cost(found)
        for _ in range(MOST_STEPS):
            expected = weight * np.exp(columns @ found)
            slope = columns.T @ (expected - total) + prior * found
            step = np.linalg.solve(columns.T @ (expected[:, None] * columns) + np.diag(prior), -slope)
            if -slope @ step <= ENOUGH * total.sum():
                break
            for _ in range(MOST_HALVINGS):
                if (then := cost(found + step)) < at:
                    break
                step /= 2
            else:
                break  # as near as numbers can tell
            found, at = found + step, then
    return found


def splines(number: int, points: int) -> Array:
    """Of ``number`` cubic B-splines over a day that closes, each at the middles of ``points`` equal parts of it."""
    place = (np.arange(points) + 0.5) / points * number
    begins = place.astype(int)
    t = place - begins
    values = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    found = np.zeros((points, number))
    for offset, value in enumerate(values):
        np.add.at(found, (np.arange(points), (begins + offset) % number), value / 6)
    return found


@lru_cache(maxsize=1)
def _threads() -> Any:
    """Of the libraries that are loaded, which takes a while to find out."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
