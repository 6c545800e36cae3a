"""How many agents each place needs, and what becomes of a line."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.settings import convert
from journeys.staffing.erlang import erlang_a
from journeys.staffing.figures import Floor
from journeys.staffing.need import Terms, agents_required, course, terms_of

PLAIN = Terms(("sales", "voice"), "", 0.8, 20.0, None, None, None, 0.3, 86_400.0, 300.0)


def required(contacts: float, aht_s: float = 240.0, terms: Terms = PLAIN) -> float:
    return float(agents_required([terms], np.array([[contacts]]), 900.0, np.array([[aht_s]]))[0, 0])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0, 300), min_size=2, max_size=5),
    st.floats(30, 1200),
    st.sampled_from([60.0, 300.0, math.inf]),
    st.sampled_from([None, 0.85]),
)
def test_more_contacts_never_need_fewer_agents(
    contacts: list[float], aht_s: float, patience_s: float, occupancy: float | None
) -> None:
    terms = PLAIN._replace(patience_s=patience_s, occupancy=occupancy)
    asked = np.array([sorted(contacts)])
    found = agents_required([terms], asked, 900.0, np.full_like(asked, aht_s))
    assert np.all(np.diff(found) >= 0)


def test_the_target_is_met_with_those_required_and_not_with_one_fewer() -> None:
    agents = required(40.0)
    assert erlang_a(40, 900, 240, agents, 300, 20).service_level >= 0.8
    assert erlang_a(40, 900, 240, agents - 1, 300, 20).service_level < 0.8


def test_nothing_that_comes_needs_nobody() -> None:
    assert required(0.0) == 0


def test_each_place_is_asked_by_its_own_target() -> None:
    strict = PLAIN._replace(service_level=0.95)
    capped = PLAIN._replace(occupancy=0.6)
    asked = np.full((3, 2), 40.0)
    found = agents_required([PLAIN, strict, capped], asked, 900.0, np.full_like(asked, 240.0))
    assert found[:, 0].tolist() == found[:, 1].tolist() == [required(40), required(40, terms=strict), found[2, 0]]
    assert found[0, 0] < found[1, 0]
    assert found[2, 0] >= 40 * 240 / 900 / 0.6


def test_what_the_settings_say_of_a_queue_is_what_is_promised() -> None:
    settings_ = convert(
        {"queues": {"sales": {"target": "30s", "service_level": 0.9, "abandonment": 0.05, "asa": "10s"}}}
    )
    terms = terms_of(Floor("sales", "voice", 0, patience_s=200.0), 1.0, settings_)
    assert (terms.within_s, terms.service_level, terms.abandonment, terms.asa_s) == (30, 0.9, 0.05, 10)
    assert terms.patience_s == 200


def test_by_erlang_c_nobody_abandons() -> None:
    patient = convert({"staffing": {"model": "erlang_c"}})
    assert terms_of(Floor("sales", "voice", 0, patience_s=200.0), 1.0, patient).patience_s == math.inf


def simulated(
    contacts: float, aht_s: float, agents: int, patience_s: float, waiting: int, intervals: int
) -> np.ndarray:
    """Service levels by interval of those who come after a moment at which all agents are busy and ``waiting`` wait.

    First come, first served, as an agent at a time becomes free; 300 times over.
    """
    random = np.random.default_rng(7)
    within, counted = np.zeros(intervals), np.zeros(intervals)
    for _ in range(300):
        free = random.exponential(aht_s, agents).tolist()
        heapq.heapify(free)
        number = random.poisson(contacts * intervals)
        comes = [(0.0, -1)] * waiting
        comes += [(float(at), int(at // 900)) for at in np.sort(random.uniform(0, 900 * intervals, number))]
        for at, interval in comes:
            patience = random.exponential(patience_s)
            wait = max(0.0, free[0] - at)
            answered = wait <= patience
            if answered:
                heapq.heapreplace(free, max(at, free[0]) + random.exponential(aht_s))
            if interval >= 0:
                counted[interval] += answered or patience > 20
                within[interval] += answered and wait <= 20
    return within / counted


@pytest.mark.parametrize(
    ("contacts", "aht_s", "agents", "patience_s", "waiting"),
    [
        (20, 240, 7, 300, 0),
        (20, 240, 7, 300, 15),
        (40, 240, 14, 300, 20),
        (100, 300, 30, 200, 40),
        (20, 240, 5, 300, 10),
        (8, 300, 4, 600, 3),
        (200, 240, 60, 300, 30),
    ],
)
def test_a_line_dissolves_as_it_does_in_a_simulation(
    contacts: float, aht_s: float, agents: int, patience_s: float, waiting: int
) -> None:
    shape = np.ones((1, 3))
    found = course(
        [PLAIN._replace(patience_s=patience_s)], shape * contacts, np.full(3, 900.0), shape * aht_s, shape * agents,
        np.array([float(agents + waiting)]),
    ).service_level[0]  # fmt: skip
    assert found == pytest.approx(simulated(contacts, aht_s, agents, patience_s, waiting, 3), abs=0.06)


def test_without_a_change_the_course_is_erlangs() -> None:
    shape = np.ones((1, 20))
    found = course([PLAIN], shape * 30, np.full(20, 900.0), shape * 240, shape * 9, np.array([8.0]))
    still = course([PLAIN], shape * 30, np.full(20, 900.0), shape * 240, shape * 9, None)
    expected = erlang_a(30, 900, 240, 9, 300, 20)
    assert found.service_level[0, -1] == pytest.approx(expected.service_level, abs=0.01)
    assert still.service_level[0].tolist() == pytest.approx([float(expected.service_level)] * 20)


@pytest.mark.parametrize("patience_s", [300.0, math.inf])
@pytest.mark.parametrize("agents", [0.0, 1.0, 500.0])
@pytest.mark.parametrize("contacts", [0.0, 50.0, 5_000.0])
@pytest.mark.parametrize("waiting", [0.0, 10_000.0])
def test_levels_are_shares_whatever_comes(contacts: float, agents: float, patience_s: float, waiting: float) -> None:
    shape = np.ones((1, 3))
    terms = [PLAIN._replace(patience_s=patience_s)]
    found = course(terms, shape * contacts, np.array([1.0, 900, 900]), shape * 240, shape * agents, np.array([waiting]))
    for figures in (found.service_level, found.abandonment, found.occupancy):
        assert np.all((figures >= 0) & (figures <= 1))
    assert np.all(np.isfinite(found.asa_s))


def test_a_longer_line_is_never_better() -> None:
    shape = np.ones((1, 2))
    levels = [
        course([PLAIN], shape * 30, np.full(2, 900.0), shape * 240, shape * 9, np.array([9.0 + waiting]))
        for waiting in range(0, 40, 4)
    ]
    assert np.all(np.diff([one.service_level[0, 0] for one in levels]) <= 1e-9)
