"""What is usual is learned from the past, and today's difference from today, as far as either can be trusted."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from journeys.calendar import Hours, Site
from journeys.staffing.forecast import DAY_MS, Busyness, Clock, Outlook, Profile, learn, outlook, usual
from journeys.staffing.situation import Demand

QUARTER = 900_000
HOUR = 4 * QUARTER
MONDAY = int(datetime(2024, 1, 8, tzinfo=UTC).timestamp() * 1000)
CLOCK = Clock("UTC", QUARTER)


def rate(at: int) -> float:
    """Contacts a quarter of an hour: most at noon, half as many at the weekend."""
    hour = at % DAY_MS / HOUR
    busy = 30 * max(0.0, float(np.sin((hour - 6) / 12 * np.pi)))
    return busy * (0.5 if (at - MONDAY) // DAY_MS % 7 >= 5 else 1.0)


def past(days: int, until: int = MONDAY, seed: int = 0, spread: float = 0.0) -> dict[int, Demand]:
    """Days that end at ``until``, each busier or quieter than usual by ``spread``."""
    random = np.random.default_rng(seed)
    found = {}
    for day in range(days, 0, -1):
        factor = max(0.2, 1 + spread * random.standard_normal())
        for at in range(until - day * DAY_MS, until - (day - 1) * DAY_MS, QUARTER):
            found[at] = Demand(offered=int(random.poisson(rate(at) * factor)))
    return found


def ahead(at: int, number: int) -> list[int]:
    return [at // QUARTER * QUARTER + step * QUARTER for step in range(number)]


def looked(profile: Profile, demand: dict[int, Demand], at: int, number: int = 96) -> Outlook:
    return outlook(profile, demand, ahead(at, number), at, CLOCK)


def test_what_is_usual_follows_the_hour_and_the_weekday() -> None:
    profile = learn(past(28), MONDAY, CLOCK)
    week = ahead(MONDAY, 7 * 96)
    expected = np.array([rate(at) for at in week])
    error = np.abs(usual(profile, week, CLOCK) - expected)
    assert error.sum() / expected.sum() < 0.06
    assert profile.days == 28


def test_more_days_teach_more() -> None:
    week = ahead(MONDAY, 7 * 96)
    expected = np.array([rate(at) for at in week])
    errors = [
        float(np.abs(usual(learn(past(days, seed=days), MONDAY, CLOCK), week, CLOCK) - expected).sum())
        for days in (1, 7, 28)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_on_the_first_day_what_came_in_the_last_hour_is_usual() -> None:
    ten = MONDAY + 10 * HOUR
    came = {ten - 6 * QUARTER: Demand(100)} | {ten - step * QUARTER: Demand(step) for step in (4, 3, 2, 1)}
    look = looked(learn(came, ten, CLOCK), came, ten, 8)
    assert look.expected == pytest.approx([2.5] * 8)
    assert np.all(look.low < look.expected)
    assert np.all(look.high > look.expected)


def test_nothing_known_is_nothing_expected() -> None:
    look = looked(learn({}, MONDAY + 90_000, CLOCK), {}, MONDAY + 90_000, 4)
    assert look.expected.tolist() == [0, 0, 0, 0]


def test_after_a_day_the_next_one_has_its_profile() -> None:
    came = past(1)
    look = looked(learn(came, MONDAY, CLOCK), came, MONDAY)
    sunday = np.array([rate(at - DAY_MS) for at in ahead(MONDAY, 96)])
    error = np.abs(look.expected - sunday).sum()
    assert error < 0.25 * sunday.sum()
    assert error < 0.3 * np.abs(sunday.mean() - sunday).sum()


def test_a_busy_morning_raises_the_rest_of_the_day_and_not_the_next() -> None:
    before = past(28, spread=0.2)
    profile = learn(before, MONDAY, CLOCK)
    ten = MONDAY + 10 * HOUR
    busy = before | {at: Demand(round(1.4 * rate(at))) for at in range(MONDAY, ten, QUARTER)}
    look = looked(profile, busy, ten, 2 * 96)
    raised = look.expected / np.maximum(look.usual, 1)
    assert np.all(raised[4:28] > 1.15)
    tomorrow = slice(72, 104)
    assert look.expected[tomorrow] == pytest.approx(look.usual[tomorrow], rel=0.02)


def test_the_more_days_differ_the_more_today_is_believed() -> None:
    before = past(28)
    profile = learn(before, MONDAY, CLOCK)
    ten = MONDAY + 10 * HOUR
    busy = before | {at: Demand(round(1.25 * rate(at))) for at in range(MONDAY, ten, QUARTER)}
    rests = [
        looked(msgspec.structs.replace(profile, busyness=Busyness(day, 0.001, 0.8)), busy, ten).expected[1:].sum()
        for day in (0.0005, 0.005, 0.1)
    ]
    assert rests[0] < rests[1] < rests[2]


def test_days_that_differ_are_seen_to() -> None:
    assert learn(past(28, spread=0.3), MONDAY, CLOCK).busyness.day > 2 * learn(past(28), MONDAY, CLOCK).busyness.day


def test_a_surge_is_believed_within_the_interval() -> None:
    before = past(28)
    profile = learn(before, MONDAY, CLOCK)
    at = MONDAY + 11 * HOUR + 2 * QUARTER + 600_000
    calm = before | {begun: Demand(round(rate(begun))) for begun in range(MONDAY, at - QUARTER, QUARTER)}
    begun = at // QUARTER * QUARTER
    surge = calm | {begun: Demand(round(3 * rate(begun) * 2 / 3))}
    assert looked(profile, surge, at, 4).expected[1] > 1.7 * rate(begun + QUARTER)
    ordinary = calm | {begun: Demand(round(rate(begun) * 2 / 3))}
    assert looked(profile, ordinary, at, 4).expected[1] == pytest.approx(rate(begun + QUARTER), rel=0.15)


def test_what_is_twice_as_much_for_half_an_hour_goes_on_for_an_hour() -> None:
    before = past(28)
    profile = learn(before, MONDAY, CLOCK)
    noon = MONDAY + 12 * HOUR
    begins = noon - 2 * QUARTER
    busy = before | {at: Demand(round(rate(at) * (2 if at >= begins else 1))) for at in range(MONDAY, noon, QUARTER)}
    look = looked(profile, busy, noon, 24)
    assert look.expected[3] > 1.5 * rate(noon + 3 * QUARTER)
    assert look.expected[23] < 1.4 * rate(noon + 23 * QUARTER)


def test_what_came_is_part_of_the_interval_under_way() -> None:
    before = past(14)
    at = MONDAY + 12 * HOUR + QUARTER // 2
    now = before | {MONDAY + 12 * HOUR: Demand(offered=40, redials=4)}
    look = looked(learn(before, MONDAY, CLOCK), now, at, 2)
    assert look.expected[0] == pytest.approx(36 + look.rest)
    assert look.low[0] >= 36


def test_redials_are_no_demand() -> None:
    without = past(7)
    with_ = {at: Demand(one.offered + 5, redials=5) for at, one in without.items()}
    assert learn(with_, MONDAY, CLOCK).slots == learn(without, MONDAY, CLOCK).slots


def test_what_journeys_bring_is_added_and_not_taken_for_a_busy_day_when_it_comes() -> None:
    before = past(28)
    profile = learn(before, MONDAY, CLOCK)
    eleven = MONDAY + 11 * HOUR
    bringing = np.array([12.0, 6.0, 0.0, 0.0])
    look = outlook(profile, before, ahead(eleven, 4), eleven, CLOCK, bringing)
    plain = outlook(profile, before, ahead(eleven, 4), eleven, CLOCK)
    assert look.expected - plain.expected == pytest.approx(bringing)
    came = before | {at: Demand(round(rate(at)) + 12) for at in range(eleven - HOUR, eleven, QUARTER)}
    explained = dict.fromkeys(range(eleven - HOUR, eleven, QUARTER), 12.0)
    told = outlook(profile, came, ahead(eleven, 4), eleven, CLOCK, brought=explained)
    surprised = outlook(profile, came, ahead(eleven, 4), eleven, CLOCK)
    assert told.expected[1] < surprised.expected[1]


def test_somebody_elses_forecast_takes_the_place_of_what_is_usual() -> None:
    before = past(7)
    noon = MONDAY + 12 * HOUR
    given = {noon: 100.0, noon + QUARTER: 80.0}
    look = outlook(learn(before, MONDAY, CLOCK), before, ahead(noon, 3), noon, CLOCK, uploaded=given)
    assert look.usual[:2].tolist() == [100, 80]
    assert look.usual[2] < 40


def test_eight_of_ten_intervals_are_within() -> None:
    within = of = 0
    for seed in range(3):
        whole = past(35, MONDAY + 7 * DAY_MS, seed, spread=0.15)
        for day in range(7):
            midnight = MONDAY + day * DAY_MS
            known = {at: one for at, one in whole.items() if at < midnight}
            profile = learn(known, midnight, CLOCK)
            for hour in (8, 10, 12, 14, 16):
                at = midnight + hour * HOUR
                so_far = {when: one for when, one in whole.items() if when < at}
                look = looked(profile, so_far, at, 5)
                came = [whole[when].offered for when in ahead(at, 5)]
                within += sum(low <= n <= high for n, low, high in zip(came, look.low, look.high, strict=True))
                of += len(came)
    assert 0.7 < within / of < 0.9


def test_closed_days_expect_what_comes_while_closed() -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    hours = Hours(Site(opening=dict.fromkeys(days, "06:00-18:00"), holidays=(datetime(2024, 1, 9, tzinfo=UTC).date(),)))
    clock = Clock("UTC", QUARTER, hours)
    profile = learn(past(14), MONDAY, clock)
    holiday = usual(profile, ahead(MONDAY + DAY_MS, 96), clock)
    assert holiday.max() == profile.closed / 100 < 0.1
    assert usual(profile, ahead(MONDAY, 96), clock).max() > 20


def test_a_week_has_its_local_clock_over_a_change_of_it() -> None:
    clock = Clock("Europe/Berlin", QUARTER)
    noon = int(datetime(2024, 3, 30, 11, tzinfo=UTC).timestamp() * 1000)
    day_later = int(datetime(2024, 3, 31, 10, tzinfo=UTC).timestamp() * 1000)
    assert clock.slot(noon)[1] % 96 == clock.slot(day_later)[1] % 96 == 48
    assert clock.ends(day_later) - clock.midnight(day_later) == 23 * HOUR


@pytest.mark.parametrize("length", [300_000, QUARTER, 2 * QUARTER, HOUR])
def test_any_interval_will_do(length: int) -> None:
    clock = Clock("UTC", length)
    demand = {at: Demand(6) for at in range(MONDAY - 3 * DAY_MS, MONDAY, length)}
    look = outlook(learn(demand, MONDAY, clock), demand, [MONDAY, MONDAY + length], MONDAY, clock)
    assert look.expected == pytest.approx([6, 6], rel=0.05)
