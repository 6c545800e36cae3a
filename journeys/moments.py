"""Moments of truth (M11): the stages in which friction moves the survey score most, computed and not asserted.

Jan Carlzon's word ("Moments of Truth", 1987) for the encounters that make up a customer's mind. Which they are is read
off journeys that have a score: per stage, those with friction there against those that came through it without, by
Welch's test of two means (B. L. Welch, "The generalization of 'Student's' problem when several different population
variances are involved", Biometrika 34, 1947), the p-values corrected for there being several stages (Benjamini and
Hochberg, Journal of the Royal Statistical Society B 57, 1995). It shows what goes together; friction in two stages of
one journey counts in both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import sqrt
from statistics import fmean, variance

import msgspec
from scipy import stats

LEAST = 10
"""Journeys with and without friction that a stage needs for a comparison."""


class Moment(msgspec.Struct, frozen=True):
    """One stage, and what friction in it does to the score (0 to 100)."""

    stage: str
    with_friction: int
    """Scored journeys."""
    without: int
    effect: float
    """Mean score with friction there, less that without."""
    low: float
    high: float
    """The 95 % interval of the effect."""
    p: float
    """How likely so great a difference is if friction there made none; corrected for all the stages compared."""
    weight: float
    """The effect's size times the share of all scored journeys that it falls on: points of the mean score of all."""


def moments(rows: Iterable[tuple[str, str, float, float]]) -> list[Moment]:
    """Of (journey, stage, points of friction, score), a row for each stage of a journey: the weightiest stage first."""
    scored: set[str] = set()
    scores: defaultdict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    for journey, stage, points, score in rows:
        scored.add(journey)
        scores[stage][points > 0].append(score)
    compared = {stage: both for stage, both in scores.items() if min(map(len, both)) >= LEAST}
    if not compared:
        return []
    found = [_compare(stage, *both, len(scored)) for stage, both in sorted(compared.items())]
    corrected = stats.false_discovery_control([moment.p for moment in found])
    found = [msgspec.structs.replace(moment, p=float(p)) for moment, p in zip(found, corrected, strict=True)]
    return sorted(found, key=lambda moment: -moment.weight)


def _compare(stage: str, without: list[float], felt: list[float], scored: int) -> Moment:
    effect = fmean(felt) - fmean(without)
    one, two = variance(felt) / len(felt), variance(without) / len(without)
    error = sqrt(one + two)
    if error:
        freedom = (one + two) ** 2 / (one**2 / (len(felt) - 1) + two**2 / (len(without) - 1))
        p = float(2 * stats.t.sf(abs(effect) / error, freedom))
        half = float(stats.t.ppf(0.975, freedom)) * error
    else:  # everybody said the same
        p, half = float(effect == 0), 0.0
    weight = abs(effect) * len(felt) / scored
    return Moment(stage, len(felt), len(without), effect, effect - half, effect + half, p, weight)
