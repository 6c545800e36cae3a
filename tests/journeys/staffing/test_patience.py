from __future__ import annotations

import math

import numpy as np
import pytest

from journeys.staffing import patience


@pytest.fixture
def waits() -> tuple[np.ndarray, np.ndarray]:
    """Of 20,000 with a mean patience of 120 s, answered after as long as the queue takes."""
    generator = np.random.default_rng(11)
    patient, offered = generator.exponential(120, 20_000), np.maximum(generator.normal(20, 40, 20_000), 0)
    return offered[offered <= patient], patient[patient < offered]


def test_the_mean_patience_is_found_although_the_patient_are_answered(waits: tuple[np.ndarray, np.ndarray]) -> None:
    answered, abandoned = waits
    assert patience.estimate(answered, abandoned) == pytest.approx(120, rel=4 / math.sqrt(abandoned.size))
    assert abandoned.mean() < 40  # what they waited says nothing of it


def test_exponential_patience_looks_exponential(waits: tuple[np.ndarray, np.ndarray]) -> None:
    times, shares = patience.survival(*waits)
    assert shares[times < 60] == pytest.approx(np.exp(-times[times < 60] / 120), abs=0.02)


def test_survival_by_hand() -> None:
    """Of five, one abandons at 2, when four are left, one at 4, when two are: 3/4, then half of it."""
    times, shares = patience.survival([1, 3, 5], [2, 4])
    assert dict(zip(times, shares, strict=True)) == pytest.approx({1: 1, 2: 3 / 4, 3: 3 / 4, 4: 3 / 8, 5: 3 / 8})


def test_nobody_who_abandoned_is_patience_without_end() -> None:
    assert patience.estimate([10, 20], []) == math.inf
    assert patience.estimate([], []) == math.inf
    assert patience.estimate([], [30]) == 30
    assert [array.size for array in patience.survival([], [])] == [0, 0]


def test_what_is_no_wait_is_said() -> None:
    with pytest.raises(ValueError, match=r"^abandoned_waits_s: expected seconds of 0 or more, got -1$"):
        patience.estimate([1], [2, -1])
