"""What open journeys are about to bring is what their contacts were like, less what time has passed."""

from __future__ import annotations

import pytest

from journeys.staffing.bringing import beyond_usual
from journeys.staffing.situation import Bringing

QUARTER = 900_000
STARTS = [step * QUARTER for step in range(4, 12)]


def test_all_that_is_to_come_comes_within_the_hour_and_a_quarter() -> None:
    just_over = [Bringing("voice", 3 * QUARTER, 100, 20.0, 30.0, 5.0, 9.0)]
    comes = beyond_usual(just_over, STARTS, QUARTER, 4 * QUARTER)["voice"]
    assert comes[0] > comes[1] > comes[2]
    # Of the 15 more within 15 min half are over by now; all are among the nine tenths who have not come back yet.
    assert comes.sum() == pytest.approx((21 - 7.5) / 0.9, rel=0.03)
    assert comes[5:].tolist() == [0, 0, 0]


def test_who_is_as_usual_brings_nothing() -> None:
    usual = [Bringing("voice", 3 * QUARTER, 100, 20.0, 30.0, 20.0, 30.0)]
    assert beyond_usual(usual, STARTS, QUARTER, 4 * QUARTER)["voice"].tolist() == [0] * 8


def test_partitions_add_up() -> None:
    one = Bringing("voice", 3 * QUARTER, 50, 10.0, 15.0, 2.0, 4.0)
    both = Bringing("voice", 3 * QUARTER, 100, 20.0, 30.0, 4.0, 8.0)
    split = beyond_usual([one, one], STARTS, QUARTER, 4 * QUARTER)["voice"]
    assert split == pytest.approx(beyond_usual([both], STARTS, QUARTER, 4 * QUARTER)["voice"])


def test_what_is_left_of_an_interval_gets_what_is_left() -> None:
    over = [Bringing("voice", 3 * QUARTER, 100, 20.0, 30.0, 0.0, 0.0)]
    early = beyond_usual(over, STARTS, QUARTER, 4 * QUARTER + 60_000)["voice"]
    late = beyond_usual(over, STARTS, QUARTER, 4 * QUARTER + 840_000)["voice"]
    assert late[0] < early[0] / 5


def test_what_is_long_over_brings_nothing() -> None:
    assert beyond_usual([Bringing("voice", 0, 100, 20.0, 30.0, 0.0, 0.0)], STARTS, QUARTER, 5 * QUARTER) == {}
