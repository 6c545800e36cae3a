"""Erlang A on 100 random cases is what a simulation finds, within its confidence interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from journeys.staffing.erlang import Performance, erlang_a
from tests.journeys.staffing.simulated import BATCHES, Case, Counts, simulate

CASES, CONTACTS, WARM_UP, SEED = 100, 60_000, 3_000, 20_260_101


@pytest.fixture(scope="module")
def found() -> tuple[Case, Counts, Performance]:
    generator = np.random.default_rng(SEED)
    agents = np.round(10 ** generator.uniform(0, 1.7, CASES))
    aht = 10 ** generator.uniform(1, 3, CASES)
    load = agents * np.exp(generator.uniform(-1.5, 1, CASES) / np.sqrt(agents))
    patience = aht * 10 ** generator.uniform(-1, 0.3, CASES)
    within = np.where(generator.random(CASES) < 0.1, 0, patience * generator.uniform(0, 1, CASES))
    case = Case(load / aht, aht, agents, patience, within)
    got = erlang_a(case.rate, 1, case.aht_s, case.agents, case.patience_s, case.within_s)
    return case, simulate(case, CONTACTS, WARM_UP, SEED), got


@pytest.mark.parametrize(
    ("figure", "above", "below"),
    [
        ("service_level", "in_time", ("answered", "late")),
        ("asa_s", "answered_wait_s", ("answered",)),
        ("mean_wait_s", "wait_s", ("contacts",)),
        ("abandonment", "abandoned", ("contacts",)),
        ("p_wait", "had_to_wait", ("contacts",)),
        ("occupancy", "handled_s", ("agents_s",)),
    ],
)
def test_figures_lie_in_the_interval_of_the_simulation(
    found: tuple[Case, Counts, Performance], figure: str, above: str, below: tuple[str, ...]
) -> None:
    """Of 100 intervals of 99.9 % all hold the figure but one perhaps, and their z scores are those of chance.

    Each is that of a ratio of batch means: 50 batches, the delta method, Student's t.
    """
    case, counts, got = found
    sums = counts._asdict() | {"abandoned": counts.contacts - counts.answered, "agents_s": counts.span_s * case.agents}
    top, bottom = sums[above], np.sum([sums[name] for name in below], axis=0)
    ratio = top.sum(0) / bottom.sum(0)
    error = np.std(top - ratio * bottom, axis=0, ddof=1) / np.sqrt(BATCHES) / bottom.mean(0)
    off, certain = ratio - getattr(got, figure), error == 0  # where all were, or none: ten unseen would be odd
    assert np.all(np.abs(off[certain]) < 10 / CONTACTS)
    z = off[~certain] / error[~certain]
    assert z.size > 0.9 * CASES
    assert np.sum(np.abs(z) > stats.t.ppf(0.9995, BATCHES - 1)) <= 1
    assert np.mean(z**2) == pytest.approx(1, abs=0.5)
    assert abs(np.mean(z)) < 0.4


def test_a_figure_that_is_off_by_a_tenth_is_found(found: tuple[Case, Counts, Performance]) -> None:
    """The intervals are narrow enough to tell."""
    case, counts, _ = found
    wrong = erlang_a(case.rate, 1, case.aht_s, case.agents, case.patience_s * 1.1, case.within_s).abandonment
    ratio = 1 - counts.answered.sum(0) / counts.contacts.sum(0)
    assert stats.wilcoxon(ratio - wrong).pvalue < 1e-6
