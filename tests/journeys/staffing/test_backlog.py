"""The agents for a backlog are the fewest of any schedule, by linear programming; and they are enough."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from journeys.staffing.backlog import in_time, least, required, work_of

HOUR = 3600.0


def _case(generator: np.random.Generator) -> dict[str, object]:
    intervals = int(generator.integers(3, 25))
    worked = generator.random(intervals) < 0.7
    worked[generator.integers(intervals)] = True
    return {
        "open_due_s": generator.uniform(-3 * HOUR, 20 * HOUR, generator.integers(0, 60)),
        "arriving": generator.poisson(generator.uniform(0, 30), intervals).astype(float),
        "interval_s": HOUR,
        "due_s": generator.choice([0, 0.5, 1, 4, 10]) * HOUR,
        "worked": worked,
    }


def test_no_schedule_has_a_lower_peak_and_everything_is_done_in_time() -> None:
    for seed in range(40):
        case = _case(np.random.default_rng(seed))
        work = work_of(**case)  # type: ignore[arg-type]
        last = int(work.worked[-1]) + 1
        longer = {  # all of the time until everything is due, so that nothing is left to be done later
            **case,
            "arriving": np.append(case["arriving"], np.zeros(last - len(case["arriving"]))),  # type: ignore[arg-type]
            "worked": np.isin(np.arange(last), work.worked),
        }
        agents = required(aht_s=600, occupancy=0.9, **longer)  # type: ignore[arg-type]
        done = np.cumsum(agents[work.worked]) * HOUR * 0.9 / 600
        assert np.all(done >= work.due - 1e-6)
        assert np.all(done <= work.come + 1e-6)
        assert not agents[np.setdiff1d(np.arange(last), work.worked)].any()
        assert np.all(in_time(agents + 1e-9, aht_s=600, occupancy=0.9, **longer) > 1 - 1e-6)  # type: ignore[arg-type]

        n = work.worked.size  # variables: done in each interval, and the peak
        sums = np.tril(np.ones((n, n)))
        least = linprog(
            np.append(np.zeros(n), 1),
            A_ub=np.block([[-sums, np.zeros((n, 1))], [sums, np.zeros((n, 1))], [np.eye(n), -np.ones((n, 1))]]),
            b_ub=np.concatenate([-work.due, work.come, np.zeros(n)]),
        )
        assert agents.max() * HOUR * 0.9 / 600 == pytest.approx(least.fun, rel=1e-6, abs=1e-6)


def test_what_comes_evenly_needs_its_load() -> None:
    """What comes in the last four hours may be done in four more."""
    assert required([], [30] * 48, HOUR, 600, due_s=0) == pytest.approx(np.full(48, 5))
    assert required([], [30] * 48, HOUR, 600, due_s=4 * HOUR) == pytest.approx(np.full(48, 5 * 48 / 52))


def test_a_batch_is_spread_to_its_due_time() -> None:
    assert required([4 * HOUR] * 24, [0] * 6, HOUR, 600, due_s=HOUR) == pytest.approx([1, 1, 1, 1, 0, 0])


def test_the_overdue_are_done_first() -> None:
    assert required([-HOUR] * 6 + [3 * HOUR] * 2, [0] * 3, HOUR, 600, due_s=HOUR) == pytest.approx([1, 1 / 6, 1 / 6])


def test_what_is_due_while_nobody_works_is_done_before() -> None:
    agents = required([3 * HOUR] * 12, [0] * 5, HOUR, 600, due_s=HOUR, worked=[True, True, False, False, True])
    assert agents == pytest.approx([1, 1, 0, 0, 0])


def test_what_is_due_after_the_last_interval_does_not_wait_for_it() -> None:
    assert required([6 * HOUR] * 36, [0, 0], HOUR, 600, due_s=HOUR) == pytest.approx([1, 1])


def test_nothing_needs_nobody() -> None:
    assert required([], [], HOUR, 600, due_s=HOUR).size == 0
    assert not required([], [0, 0], HOUR, 600, due_s=0).any()
    assert np.all(in_time([0, 0], [], [0, 0], HOUR, 600, due_s=0) == 1)


def test_too_few_agents_are_late_with_the_rest() -> None:
    """12 an hour come, 6 are done, all are due when they come: after the first hour no one is in time."""
    assert in_time([1, 1, 0], [], [12, 12, 12], HOUR, 600, due_s=0) == pytest.approx([0, 0, 0])
    assert in_time([1, 1], [HOUR] * 12, [0, 0], HOUR, 600, due_s=0) == pytest.approx([0, 1])
    # 6 come and are due an hour later; done is as much as is due until nobody is there, then half an hour's worth
    assert in_time([1, 1, 0.5], [], [6, 6, 6], HOUR, 600, due_s=HOUR)[:2] == pytest.approx([1, 1])
    assert in_time([0, 0.5, 2], [], [6, 6, 6], HOUR, 600, due_s=HOUR) == pytest.approx([1, 0, 1 / 2])


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"interval_s": 0}, "interval_s: expected a number above 0, got 0"),
        ({"aht_s": math.nan}, "aht_s: expected a number above 0, got nan"),
        ({"occupancy": -1}, "occupancy: expected a number above 0, got -1"),
        ({"due_s": math.inf}, "due_s: expected seconds of 0 or more, got inf"),
        ({"arriving": [1, -2]}, "arriving: expected numbers of 0 or more, got -2"),
        ({"open_due_s": [math.nan]}, "open_due_s: expected seconds from now, got what is no number"),
        ({"worked": [True]}, "worked: expected as many as arriving, 2, got 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_name_and_value(wrong: dict[str, object], expected: str) -> None:
    right = {"open_due_s": [], "arriving": [1, 1], "interval_s": HOUR, "aht_s": 600, "due_s": HOUR}
    with pytest.raises(ValueError, match=f"^{expected}$"):
        required(**{**right, **wrong})  # type: ignore[arg-type]


def test_who_is_back_in_time_leaves_the_least_behind() -> None:
    """They do, somebody fewer would not, and they are no more than where the work is spread evenly."""
    put_off = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        case = _case(generator)
        intervals = len(case["arriving"])  # type: ignore[arg-type]
        number = int(generator.integers(1, intervals + 1))
        later = generator.uniform(0, 20, intervals)

        def shares(few: float, case: dict[str, object] = case, number: int = number, later: Any = later) -> float:
            there = np.append(np.full(number, few / 0.9), later[number:])
            return float(in_time(there, aht_s=600, occupancy=0.9, **case).min())  # type: ignore[arg-type]

        few = least(later, number, aht_s=600, occupancy=0.9, **case)  # type: ignore[arg-type]
        if math.isinf(few):
            assert shares(1e6) < 1
            continue
        assert shares(few) > 1 - 1e-5
        assert few <= 0.05 or shares(few - 0.05) < 1
        even = required(aht_s=600, occupancy=1.0, **case)  # type: ignore[arg-type]
        if np.all(later >= even / 0.9):
            assert few <= even[:number].max() + 0.05
            put_off += few < even[:number].max() - 0.1
    assert put_off


def test_who_is_late_has_nobody_to_spare() -> None:
    assert least([4] * 4, 2, [-HOUR] * 24, [0] * 4, HOUR, 600, due_s=HOUR) == pytest.approx(4, abs=0.05)
    assert least([4, 4, 4, 0], 1, [3 * HOUR] * 60, [0] * 4, HOUR, 600, due_s=HOUR) == pytest.approx(2, abs=0.05)
    assert least([0, 0, 1, 1], 1, [3 * HOUR] * 6, [0, 30, 0, 0], HOUR, 600, due_s=HOUR) == math.inf
