"""No figure fails or is no number, whatever is asked: nobody comes, nobody is there, nobody waits, everybody does."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from journeys.staffing.erlang import Performance, erlang_a, erlang_b, erlang_c
from journeys.staffing.required import Target, required, to_schedule

CONTACTS = (0, 1e-9, 1, 100, 1e5, 1e9)
AHT = (0, 1e-3, 180, 1e5)
AGENTS = (0, 1e-6, 0.5, 1, 10, 10_000, 1e6)
PATIENCE = (0, 1e-6, 1, 300, 1e9, 1e15, math.inf)
WITHIN = (0, 1e-3, 20, 1e6, math.inf)


@pytest.fixture(scope="module")
def corners() -> tuple[np.ndarray, Performance]:
    given = np.array(list(itertools.product(CONTACTS, AHT, AGENTS, PATIENCE, WITHIN))).T
    return given, erlang_a(given[0], 1800, *given[1:])


def test_shares_are_from_0_to_1_and_waits_at_least_0(corners: tuple[np.ndarray, Performance]) -> None:
    _, got = corners
    for share in (got.service_level, got.abandonment, got.occupancy, got.p_wait):
        assert np.all((share >= 0) & (share <= 1))
    assert np.all(got.asa_s >= 0)
    assert np.all(got.mean_wait_s >= 0)


def test_waits_are_endless_only_where_nobody_is_answered_or_the_queue_grows(
    corners: tuple[np.ndarray, Performance],
) -> None:
    given, got = corners
    contacts, aht, agents, patience, _ = given
    load = contacts * aht / 1800
    grows = (patience == math.inf) & (load >= agents) & (contacts > 0) & ((load > 0) | (agents == 0))
    assert np.array_equal(got.mean_wait_s == math.inf, grows)
    assert np.all((got.asa_s < math.inf) | grows | (got.abandonment > 1 - 1e-12))
    assert np.all(got.asa_s[(agents == 0) & (contacts > 0)] == math.inf)


@pytest.mark.parametrize(
    ("contacts", "agents", "patience_s", "expected"),
    [
        (0, 0, 300, Performance(*map(np.float64, (1, 0, 0, 0, 0, 0)))),
        (0, 5, math.inf, Performance(*map(np.float64, (1, 0, 0, 0, 0, 0)))),
        (100, 0, 300, Performance(*map(np.float64, (0, math.inf, 300, 1, 1, 1)))),
        (100, 0, math.inf, Performance(*map(np.float64, (0, math.inf, math.inf, 0, 1, 1)))),
        (100, 10, math.inf, Performance(*map(np.float64, (0, math.inf, math.inf, 0, 1, 1)))),
    ],
    ids=["nothing", "nothing to do", "nobody there", "nobody there, endless patience", "load is all there is"],
)
def test_what_the_corners_are(contacts: float, agents: float, patience_s: float, expected: Performance) -> None:
    assert erlang_a(contacts, 1800, 180, agents, patience_s) == pytest.approx(expected)


def test_who_has_no_patience_is_lost_as_erlang_b_says() -> None:
    got = erlang_a(100, 1800, 180, [1, 9, 14], patience_s=0)
    assert got.abandonment == pytest.approx(erlang_b(10, [1, 9, 14]))
    assert got.p_wait == pytest.approx(erlang_b(10, [1, 9, 14]))
    assert not got.asa_s.any()
    assert np.all(got.service_level == 1)  # nobody abandons after more than T


def test_endless_patience_is_the_limit_of_a_long_one() -> None:
    agents = np.array([1, 2, 14, 99, 1030, 10_050])
    load = np.array([0.3, 1.99, 10, 90, 1000, 10_000])
    long, endless = (erlang_a(load, 180, 180, agents, patience_s=each) for each in (1e15, math.inf))
    for one, other in zip(long, endless, strict=True):
        assert one == pytest.approx(other, rel=1e-7, abs=1e-10)


def test_erlang_b_and_c_at_0_and_at_10_000() -> None:
    assert erlang_b([0, 0, 5, 1e9], [0, 7, 0, 10_000]) == pytest.approx([1, 0, 1, 1 - 1e-5])
    assert erlang_c([0, 0, 5, 10_000, 10_001], [0, 7, 0, 10_000, 10_000]) == pytest.approx([1, 0, 1, 1, 1])
    assert erlang_b(1, 10_000) == 0  # e to the minus 82,109


def test_erlang_b_obeys_its_recursion_also_between_whole_numbers() -> None:
    agents = np.array([0.5, 1.25, 7.5, 42, 199.5, 1000, 9999])
    for ratio in (0.01, 0.3, 0.9, 1, 1.02, 1.5, 30):
        load = np.maximum(agents * ratio, 1e-3)
        fewer = erlang_b(load, agents)
        assert erlang_b(load, agents + 1) == pytest.approx(load * fewer / (agents + 1 + load * fewer), rel=1e-11)


def test_more_agents_make_nothing_worse() -> None:
    agents = np.concatenate([np.arange(0, 3, 0.1), np.arange(3, 60)])
    for patience_s in (0.5, 30, 300, 1e5):
        got = erlang_a(300, 1800, 180, agents, patience_s)
        assert np.all(np.diff(got.service_level) >= -1e-12)
        for figure in (got.abandonment, got.occupancy, got.p_wait, got.mean_wait_s):
            assert np.all(np.diff(figure) <= 1e-12)
        assert np.all(np.diff(got.asa_s[1:]) <= 1e-9)


def test_the_required_are_the_fewest_who_meet_all_targets() -> None:
    generator = np.random.default_rng(7)
    contacts, aht = 10 ** generator.uniform(-1, 4, 200), 10 ** generator.uniform(0.5, 3, 200)
    for patience_s in (30, 600, math.inf):
        for target in (Target(), Target(0.9, 10, asa_s=5), Target(0, 20, abandonment=0.03), Target(occupancy=0.85)):
            agents = required(contacts, 1800, aht, target, patience_s)

            def met(agents: np.ndarray, target: Target = target, patience_s: float = patience_s) -> np.ndarray:
                got = erlang_a(contacts, 1800, aht, agents, patience_s, target.within_s)
                asa, abandonment, occupancy = (1e99 if limit is None else limit for limit in target[2:])
                return (
                    (got.service_level >= target.service_level)
                    & (got.asa_s <= asa)
                    & (got.abandonment <= abandonment)
                    & (got.occupancy <= occupancy)
                    & (got.mean_wait_s < math.inf)
                )

            assert np.array_equal(agents, np.round(agents))
            assert met(agents).all()
            assert not met(np.maximum(agents - 1, 0))[agents > 0].any()


def test_no_contacts_need_no_agents_and_all_targets_may_be_strict() -> None:
    assert required([0, 1], 1800, 180, Target(1, 0, asa_s=0, abandonment=0, occupancy=0.5), 300)[0] == 0
    assert required(0, 1800, 180, Target()) == 0
    assert required(17, 60, 60, Target(0, 20, occupancy=0.85)) == 20


def test_one_call_has_as_many_targets_as_queues() -> None:
    agents = required([100, 100, 100], 1800, 180, Target([0.8, 0.9, 0.8], [20, 10, 20], occupancy=[1, 1, 0.5]))
    assert [required(100, 1800, 180, Target(0.8, 20)), required(100, 1800, 180, Target(0.9, 10)), 20] == list(agents)


def test_to_schedule_makes_up_for_who_is_not_there() -> None:
    assert to_schedule([0, 14], 0.3) == pytest.approx([0, 20])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (lambda: erlang_b(-1, 5), "load: expected numbers of 0 or more, got -1"),
        (lambda: erlang_c(1, math.nan), "agents: expected numbers of 0 or more, got nan"),
        (lambda: erlang_a([5, math.inf], 1800, 180, 3), "contacts: expected numbers of 0 or more, got inf"),
        (lambda: erlang_a(5, 0, 180, 3), "interval_s: expected numbers above 0, got 0"),
        (lambda: required(5, 0, 180, Target()), "interval_s: expected numbers above 0, got 0"),
        (lambda: required(5, 1800, 180, Target(1.2)), "service_level: expected numbers from 0 to 1, got 1.2"),
        (lambda: required(5, 1800, 180, Target(occupancy=0)), "occupancy: expected numbers of 1e-06 or more, got 0"),
        (lambda: to_schedule(5, 1), "shrinkage: expected a share from 0 to below 1, got 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_name_and_value(asked: object, expected: str) -> None:
    with pytest.raises(ValueError, match="^" + expected.replace("+", "\\+") + "$"):
        asked()  # type: ignore[operator]
