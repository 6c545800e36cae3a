"""How many agents each place has, now and later."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.settings import DEFAULTS
from journeys.staffing.pools import Crew, Pool, split
from journeys.staffing.situation import Agent, Shift

QUARTER = 900_000
HOUR = 4 * QUARTER


def test_shared_agents_are_where_they_are_needed() -> None:
    has, parts = split([Pool((0,), 4.0), Pool((0, 1), 8.0)], np.array([8.0, 4.0]))
    assert has == pytest.approx([8, 4], abs=0.05)
    assert parts[1] == pytest.approx([0.5, 0.5], abs=0.01)


def test_a_place_that_has_too_many_of_its_own_gets_none_of_the_shared() -> None:
    has, _ = split([Pool((0,), 10.0), Pool((0, 1), 3.0)], np.array([5.0, 6.0]))
    assert has == pytest.approx([10, 3], abs=0.1)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sets(st.integers(0, 3), min_size=1), st.integers(1, 20)), min_size=1, max_size=6),
    st.lists(st.floats(0, 30), min_size=4, max_size=4),
)
def test_an_agent_is_one_whatever_the_number_of_queues(pools: list[tuple[set[int], int]], need: list[float]) -> None:
    has, parts = split([Pool(tuple(sorted(places)), float(number)) for places, number in pools], np.array(need))
    assert has.sum() == pytest.approx(sum(number for _, number in pools))
    assert all(part.sum() == pytest.approx(1) for part in parts)


PLACES = [("sales", "voice"), ("service", "voice")]


def crew(agents: list[Agent], shifts: list[Shift] | None = None, as_of: int = 10 * HOUR) -> Crew:
    return Crew(agents, shifts or [], PLACES, as_of, DEFAULTS)


def test_who_is_away_takes_no_contacts() -> None:
    agents = [
        Agent("ann", "available", ("sales",)),
        Agent("bob", "break", ("sales",)),
        Agent("cy", "offline", ("sales",)),
    ]
    assert crew(agents).pools(10 * HOUR) == [Pool((0,), 1.0)]


def test_without_a_schedule_those_who_are_there_stay() -> None:
    assert crew([Agent("ann", "available", ("sales",))]).pools(15 * HOUR) == [Pool((0,), 1.0)]


def test_with_a_schedule_shifts_end_and_begin() -> None:
    ann, bob = Agent("ann", "available", ("sales",)), Agent("bob", "offline", ("service",))
    shifts = [Shift("ann", 8 * HOUR, 12 * HOUR, "work"), Shift("bob", 12 * HOUR, 16 * HOUR, "work")]
    found = crew([ann, bob], shifts)
    assert found.pools(11 * HOUR) == [Pool((0,), 1.0)]
    later = found.pools(13 * HOUR)
    assert later[0].places == (1,)
    assert 0.9 < later[0].agents < 1  # nearly all who are to come do
    assert found.scheduled(13 * HOUR) == [Pool((1,), 1.0)]


def test_who_did_not_come_is_not_counted_on() -> None:
    agents = [Agent(name, "available" if name == "ann" else "", ("sales",)) for name in ("ann", "bob")]
    shifts = [Shift(name, 8 * HOUR, 16 * HOUR, "work") for name in ("ann", "bob")]
    found = crew(agents, shifts)
    assert found.pools(12 * HOUR) == [Pool((0,), 1.0)]
    assert found.scheduled(12 * HOUR) == [Pool((0,), 2.0)]


def test_who_is_late_is_counted_on_less_and_less() -> None:
    ann, bob = Agent("ann", "available", ("sales",)), Agent("bob", "offline", ("service",))
    shifts = [Shift("ann", 8 * HOUR, 16 * HOUR, "work"), Shift("bob", 10 * HOUR, 16 * HOUR, "work")]
    found = [
        sum(pool.agents for pool in crew([ann, bob], shifts, 10 * HOUR + late * 60_000).pools(12 * HOUR)) - 1
        for late in (0, 5, 9, 11)
    ]
    assert found[0] > 0.9
    assert found[0] > found[1] > found[2] > found[3] == 0


def test_where_agents_go_home_unplanned_others_are_expected_to() -> None:
    now = 10 * HOUR
    shifts = [Shift(f"s{number}", 8 * HOUR, 16 * HOUR, "work") for number in range(10)]

    def there(*left_minutes_ago: int) -> float:
        gone = [
            Agent(f"s{number}", "offline", ("sales",), since=now - ago * 60_000)
            for number, ago in enumerate(left_minutes_ago)
        ]
        stay = [Agent(f"s{number}", "available", ("sales",), since=now) for number in range(len(gone), 10)]
        return crew(gone + stay, shifts, now).pools(now + QUARTER)[0].agents

    assert there(1) == 9  # one who goes is one who goes
    assert there(4, 1) == pytest.approx(6)  # as many again
    assert there(8, 5, 1) < there(28, 5, 1) < 7
    assert there(120, 110, 100) == 7  # that is over
    assert Crew(
        [Agent("s0", "offline", ("sales",), since=4 * HOUR), Agent("s1", "available", ("sales",))],
        shifts[:2], PLACES, now, DEFAULTS,
    ).pools(now + QUARTER) == [Pool((0,), 1.0)]  # never came  # fmt: skip


def test_a_break_in_the_schedule_is_a_break() -> None:
    shifts = [Shift("ann", 8 * HOUR, 16 * HOUR, "work"), Shift("ann", 12 * HOUR, 13 * HOUR, "break")]
    found = crew([Agent("ann", "available", ("sales",))], shifts)
    assert found.pools(12 * HOUR + QUARTER) == []
    assert found.pools(14 * HOUR) == [Pool((0,), 1.0)]


def test_who_moved_goes_back() -> None:
    found = crew([Agent("ann", "available", ("service",))])
    found.returning["ann"] = (11 * HOUR, ("sales",))
    assert found.pools(10 * HOUR + QUARTER) == [Pool((1,), 1.0)]
    assert found.pools(11 * HOUR + QUARTER) == [Pool((0,), 1.0)]


def test_an_agent_without_slots_for_a_channel_serves_none_of_it() -> None:
    places = [("sales", "chat"), ("sales", "voice")]
    agents = [
        Agent("ann", "available", ("sales",), slots={"chat": 0}),
        Agent("bob", "available", ("sales",), slots={"chat": 3}),
    ]
    found = Crew(agents, [], places, 0, DEFAULTS)
    assert found.pools(0) == [Pool((0, 1), 1.0), Pool((1,), 1.0)]
    assert found.slots(places[0]) == 3


def test_slots_are_those_of_who_is_there() -> None:
    """Of who went home nothing may have been told but that."""
    home, other = Agent("ann", "offline", ("sales",)), Agent("bob", "offline", ("sales",), slots={"voice": 2})
    there = Agent("cy", "available", ("sales",), slots={"voice": 3})
    assert crew([home, there]).slots(PLACES[0]) == 3
    assert crew([home, other]).slots(PLACES[0]) == 1.5
