"""How long customers are willing to wait, from how long they did.

Whoever was answered would have waited longer, nobody knows how long: their patience is censored. The mean of the waits
of those who abandoned would therefore be far too short, for the patient are missing from it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from journeys.staffing.erlang import Figures


def estimate(answered_waits_s: ArrayLike, abandoned_waits_s: ArrayLike) -> float:
    """Mean patience, seconds: all time waited, of the answered too, over how many abandoned; endless if nobody did.

    The maximum-likelihood estimate for exponential patience, which is what Erlang A asks for; its standard error is
    about one over the root of how many abandoned. L. Brown et al., "Statistical analysis of a telephone call center: a
    queueing-science perspective", Journal of the American Statistical Association 100, 2005.
    """
    answered, abandoned = _waits(answered_waits_s, "answered_waits_s"), _waits(abandoned_waits_s, "abandoned_waits_s")
    return float(answered.sum() + abandoned.sum()) / abandoned.size if abandoned.size else math.inf


def survival(answered_waits_s: ArrayLike, abandoned_waits_s: ArrayLike) -> tuple[Figures, Figures]:
    """Waits, and the share whose patience is longer, without any assumption (Kaplan and Meier, of scipy).

    Held against e^(-wait / mean patience) it shows how exponential the patience of a queue is.
    """
    from scipy import stats  # here, for a worker that only estimates need not hold it in memory

    answered, abandoned = _waits(answered_waits_s, "answered_waits_s"), _waits(abandoned_waits_s, "abandoned_waits_s")
    if not answered.size + abandoned.size:
        return np.empty(0), np.empty(0)
    found = stats.ecdf(stats.CensoredData(abandoned, right=answered)).sf
    return found.quantiles, found.probabilities


def _waits(waits: ArrayLike, name: str) -> Figures:
    array = np.asarray(waits, np.float64).ravel()
    wrong = array[~((array >= 0) & np.isfinite(array))]
    if wrong.size:
        raise ValueError(f"{name}: expected seconds of 0 or more, got {wrong[0]:g}")
    return array
