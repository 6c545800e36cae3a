"""Slots: one is Erlang A; several are what a chain of states says, solved by linear algebra, and what agents do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from journeys.staffing import slots
from journeys.staffing.erlang import erlang_a
from journeys.staffing.required import Target, required

MEASURED = (300.0, 380.0, 510.0)


def test_one_slot_is_erlang_a() -> None:
    contacts, agents = np.array([0, 3, 100, 100, 100, 4000]), np.array([0, 1, 0, 9, 14, 420])
    for patience_s in (0, 20, 300, math.inf):
        for one, other in zip(
            slots.performance(contacts, 1800, (180.0,), agents, patience_s, 30),
            erlang_a(contacts, 1800, 180, agents, patience_s, 30),
            strict=True,
        ):
            assert one == pytest.approx(other, rel=1e-9, abs=1e-12)
    assert slots.agents_for(contacts, 1800, (180.0,), Target(), 300) == pytest.approx(
        required(contacts, 1800, 180, Target(), 300)
    )


def test_slots_that_cost_nothing_are_agents() -> None:
    """Where three at once take no longer than one, five agents of three slots are fifteen of one."""
    three = slots.performance(100, 1800, (180.0,) * 3, 5, 240)
    assert three == pytest.approx(erlang_a(100, 1800, 180, 15, 240))


@pytest.mark.parametrize(("contacts", "agents"), [(6, 1), (20, 3), (60, 4), (40, 7)])
def test_probabilities_are_those_of_the_chain_of_states(contacts: float, agents: int) -> None:
    """Solved as a linear system, with a queue so long that no more matters; who abandons, by the rate of it."""
    rate, patience_s, places = contacts / 1800, 200.0, 400
    most = agents * len(MEASURED)
    generator = np.zeros((places, places))
    for held in range(places):
        spread = np.full(agents, min(held, most) // agents) + (np.arange(agents) < min(held, most) % agents)
        service = sum(each / MEASURED[each - 1] for each in spread if each)
        if held + 1 < places:
            generator[held, held + 1] = rate
        if held:
            generator[held, held - 1] = service + max(held - most, 0) / patience_s
        generator[held, held] = -generator[held].sum()
    generator[:, -1] = 1
    states = np.linalg.solve(generator.T, np.eye(places)[-1])
    waiting = np.maximum(np.arange(places) - most, 0) @ states
    got = slots.performance(contacts, 1800, MEASURED, agents, patience_s)
    assert got.p_wait == pytest.approx(states[most:].sum(), abs=1e-9)
    assert got.abandonment == pytest.approx(waiting / patience_s / rate, abs=1e-9)
    assert got.mean_wait_s == pytest.approx(waiting / rate, rel=1e-7)
    assert got.occupancy == pytest.approx(np.minimum(np.arange(places), most) @ states / most, abs=1e-9)


def test_agents_who_share_their_time_do_as_the_model_says() -> None:
    """Contact by contact; an agent who has c brings each of them on at 1/h(c).

    Nobody takes a contact from a colleague who has more, as the model supposes, so it is a little off: by a hundredth.
    """
    rate, agents, patience_s, within_s = 60 / 1800, 4, 150.0, 30.0
    generator = np.random.default_rng(5)
    work: list[list[float]] = [[] for _ in range(agents)]
    waiting: list[tuple[float, float]] = []  # came, patience
    now, next_arrival = 0.0, generator.exponential(1 / rate)
    came = answered = in_time = abandoned_late = 0
    while came < 40_000:
        speeds = [1 / MEASURED[len(held) - 1] if held else 0.0 for held in work]
        ends = [min(held) / speed for held, speed in zip(work, speeds, strict=True) if held]
        step = min(next_arrival - now, *ends) if ends else next_arrival - now
        now += step
        for held, speed in zip(work, speeds, strict=True):
            held[:] = [left - step * speed for left in held if left - step * speed > 1e-12]
        if now >= next_arrival:
            waiting.append((now, generator.exponential(patience_s)))
            next_arrival = now + generator.exponential(1 / rate)
            came += 1
        while waiting and min(map(len, work)) < len(MEASURED):
            at, patience = waiting.pop(0)
            if now - at > patience:
                abandoned_late += patience > within_s
            else:
                answered += 1
                in_time += now - at <= within_s
                min(work, key=len).append(generator.exponential())
    got = slots.performance(60, 1800, MEASURED, agents, patience_s, within_s)
    assert 1 - answered / came == pytest.approx(got.abandonment, abs=0.01)
    assert in_time / (answered + abandoned_late) == pytest.approx(got.service_level, abs=0.01)


def test_broken_numbers_lie_between_whole_ones() -> None:
    agents = np.arange(0, 8, 0.25)
    got = slots.performance(60, 1800, MEASURED, agents, 200)
    assert np.all(np.diff(got.service_level) > 0)
    assert np.all(np.diff(got.abandonment) < 0)


def test_the_fewest_who_do() -> None:
    contacts = np.array([0, 0.1, 5, 60, 700])
    agents = slots.agents_for(contacts, 1800, MEASURED, Target(0.8, 30, occupancy=0.9), 120)
    for level, some in ((True, agents), (False, np.maximum(agents - 1, 0))):
        got = slots.performance(contacts, 1800, MEASURED, some, 120, 30)
        met = (got.service_level >= 0.8) & (got.occupancy <= 0.9)
        assert np.all(met == (level | (contacts == 0)))


def test_handle_times_are_means_that_do_not_fall() -> None:
    assert slots.handle_times([300, 310, 500, 400], [1, 1.2, 2.4, 3.4], 4) == pytest.approx((305, 450, 450, 450))
    assert slots.handle_times([400, 200], [2, 4], 5) == pytest.approx((300, 300, 300, 300, 300))
    assert slots.handle_times([100, 400], [1, 4], 4) == pytest.approx((100, 200, 300, 400))
    assert slots.handle_times([100], [9], 2) == (100.0, 100.0)
    assert slots.handle_times([], [], 3) == ()


@pytest.mark.parametrize(
    ("handle_s", "expected"),
    [
        ((), "handle_s: expected a time for each slot, got none"),
        ((100.0, 0.0), "handle_s: expected seconds above 0, got 0"),
        ((math.nan,), "handle_s: expected seconds above 0, got nan"),
    ],
)
def test_what_is_wrong_is_said_with_its_name_and_value(handle_s: tuple[float, ...], expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{expected}$"):
        slots.performance(10, 1800, handle_s, 2)
    with pytest.raises(ValueError, match=f"^{expected}$"):
        slots.agents_for(10, 1800, handle_s, Target())
