"""An agent's day by hand: what is counted, what the clock measures, and both occupancies."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from journeys.agents import AgentEvent
from journeys.contact import Mood, fold
from journeys.service import Service, is_hard, services
from journeys.settings import DEFAULTS, Settings, convert
from journeys.touchpoint import Touchpoint
from journeys.workload import DAY_MS, AgentInterval, day_of, figures, kept, newest, now
from tests.journeys.scenes import HOUR, MINUTE, START
from tests.journeys.test_contact import read, touch

QUARTER = 15 * MINUTE


def service(name: str, start: float, end: float | None, channel: str = "voice", **more: Any) -> Service:
    """In minutes of the first day."""
    connected_at = START + round(start * MINUTE)
    return Service(
        name, "ann", name, channel, "sales", connected_at, None if end is None else START + round(end * MINUTE),
        connected_at + 4 * HOUR, **more,
    )  # fmt: skip


def state(minute: float, what: str, **more: Any) -> AgentEvent:
    return AgentEvent(START + round(minute * MINUTE), f"s{minute}", "ann", what, **more)


def day(
    states: list[AgentEvent], *served: Service, settings: Settings = DEFAULTS, number: int = 0
) -> list[AgentInterval]:
    until = newest(states, served, settings)
    rows = figures("ann", day_of(START) + number, states, served, until, settings)
    return [rows[at] for at in sorted(rows)]


def test_one_call_between_waiting_and_a_break() -> None:
    [row] = day(
        [state(0, "available"), state(10, "break"), state(12, "offline"), state(14, "offline")],
        service("c", 2, 7, talk_s=250.0, hold_s=50.0, wrap_s=60.0, holds=2),
    )
    assert (row.starts_at, row.interval_s, row.channels, row.by_channel) == (START, 900, ("voice",), (1,))
    assert (row.contacts, row.handled, row.talk_s, row.hold_s, row.wrap_s, row.holds) == (1, 1, 250, 50, 60, 2)
    assert (row.staffed_s, row.busy_s, row.acw_s, row.available_s) == (720, 360, 60, 240)
    assert (row.slot_s, row.load_s) == (360, 360)


def test_chats_at_once_take_part_of_an_agent() -> None:
    slots = {"voice": 1, "chat": 3}
    [row] = day(
        [state(0, "available", slots=slots), state(10, "offline")],
        service("a", 0, 6, "chat"),
        service("b", 2, 6, "chat"),
    )
    assert row.busy_s / (row.busy_s + row.available_s) == 0.6
    assert row.load_s == 120 / 3 + 240 * 2 / 3
    assert row.slot_s / row.busy_s == pytest.approx(600 / 360)


def test_more_than_the_slots_is_still_one_agent_and_unknown_slots_are_the_settings() -> None:
    both = [service("a", 0, 5, "chat"), service("b", 0, 5, "chat")]
    [row] = day([], *both)
    assert (row.staffed_s, row.busy_s, row.slot_s, row.load_s) == (0, 300, 600, 300)
    [row] = day([], *both, settings=convert({"agents": {"slots": {"chat": 4}}}))
    assert row.load_s == 150


def test_states_that_say_busy_take_one_slot() -> None:
    [row] = day([state(0, "on_contact"), state(2, "after_contact_work"), state(5, "available"), state(6, "offline")])
    assert (row.busy_s, row.acw_s, row.slot_s, row.load_s, row.available_s) == (300, 180, 300, 300, 60)


def test_seconds_are_split_and_counts_stand_where_it_began() -> None:
    first, second = day([state(10, "available"), state(30, "offline")], service("c", 13, 18, talk_s=300.0, hard=True))
    assert (first.contacts, first.talk_s, first.hard, first.hard_run) == (1, 300, 1, 0)
    assert (second.contacts, second.talk_s, second.hard, second.hard_run) == (0, 0, 0, 1)
    assert (first.busy_s, second.busy_s, first.available_s, second.available_s) == (120, 180, 180, 720)


def test_what_lasts_counts_up_to_the_newest_event_and_no_longer_than_a_forgotten_one() -> None:
    [row] = day([state(0, "available"), state(9, "available", team="b")], service("c", 3, None))
    assert (row.contacts, row.handled, row.busy_s, row.available_s, row.team) == (1, 0, 360, 180, "")
    short = convert({"agents": {"longest": "5m"}})
    first, last = day(
        [state(0, "available"), state(40, "break"), state(41, "break")], service("c", 2, None), settings=short
    )
    assert (first.staffed_s, first.busy_s) == (300, 300)  # the state for 5 min, the service for 5 more from its start
    assert last.staffed_s == 60


def test_a_night_shift_goes_on_the_next_day() -> None:
    night = [state(23.5 * 60, "available"), state(25 * 60, "offline")]
    call = service("c", 23 * 60 + 55, 24 * 60 + 5)
    assert [row.busy_s for row in day(night, call)][-1] == 300
    after = day(night, call, number=1)
    assert (after[0].starts_at, after[0].busy_s, after[0].contacts) == (START + DAY_MS, 300, 0)
    assert sum(row.staffed_s for row in after) == 3600


def test_hard_ones_in_a_row_run_over_the_day_in_the_order_of_their_ends() -> None:
    rows = day(
        [],
        service("a", 0, 12, hard=True),
        service("b", 1, 5),
        service("c", 2, 20, hard=True),
        service("d", 14, 44, hard=True),
        service("e", 45, 46),
        service("f", 46, 47, hard=True),
    )
    assert [row.hard_run for row in rows] == [1, 2, 3, 1]


def test_team_site_and_name_are_those_of_the_last_state() -> None:
    named = convert({"agents": {"names": True}})
    told = [state(0, "available", team="a", name="Ann"), state(1, "offline", team="b", site="x", name="Ann")]
    [row] = day([kept(one, named) for one in told] + [state(2, "offline")])
    assert (row.team, row.site, row.name) == ("b", "x", "Ann")
    assert kept(told[0], DEFAULTS).name == ""


def test_now() -> None:
    told = [state(0, "available", slots={"chat": 3}, queues=("sales",), team="a"), state(1, "logged", type="login")]
    there = now("ann", told, [service("a", 0, None, "chat"), service("b", 0, 4, "chat")], START + 4 * MINUTE, DEFAULTS)
    assert (there.state, there.since, there.in_hand, there.queues) == ("available", START, {"chat": 1}, ("sales",))
    gone = now("ann", told, [service("a", 0, None, "chat")], START + 12 * HOUR, DEFAULTS)
    assert (gone.state, gone.in_hand) == ("", {})


def test_a_transferred_contact_is_the_work_of_each_of_its_agents() -> None:
    contact, visits = read(
        touch(0, "queued", queue="sales"),
        touch(10, "connected", agent="ann"),
        touch(20, "held"),
        touch(25, "resumed"),
        touch(30, "escalated"),
        touch(40, "transferred", queue="service"),
        touch(70, "connected", queue="service", agent="bob"),
        touch(75, "conferenced"),
        touch(100, "ended", outcome="resolved"),
    )
    first, second = services(contact, visits, DEFAULTS)
    assert (first.agent, first.queue, first.connected_at, first.ended_at) == ("ann", "sales", 10_000, 40_000)
    assert (first.holds, first.hold_s, first.transferred_in, first.transferred_out, first.escalated) == (1, 5, 0, 1, 1)
    assert (first.resolved, first.hard, first.conferenced) == (False, True, False)
    assert (second.agent, second.transferred_in, second.transferred_out) == ("bob", True, False)
    assert (second.escalated, second.resolved, second.hard, second.conferenced) == (False, True, False, True)
    assert (contact.resolved_by, contact.passed_on) == ("bob", ("ann",))


def test_passed_between_queues_by_no_agent_is_no_transfer_of_theirs() -> None:
    contact, visits = read(
        touch(0, "queued", queue="sales"),
        touch(30, "transferred", queue="service"),
        touch(40, "connected", agent="bob"),
    )
    [only] = services(contact, visits, DEFAULTS)
    assert (only.transferred_in, only.ended_at, contact.passed_on, contact.resolved_by) == (False, None, (), "")


def test_nobody_is_credited_with_what_nobody_had() -> None:
    contact, visits = read(touch(0, "queued", queue="sales"), touch(9, "abandoned"), touch(10, "resolved", agent="ann"))
    assert services(contact, visits, DEFAULTS) == []
    assert contact.resolved_by == ""


@pytest.mark.parametrize(
    ("hold_s", "last", "hard"), [(180.0, -0.4, False), (180.5, None, True), (0.0, -0.5, True), (0.0, None, False)]
)
def test_what_makes_a_contact_hard(hold_s: float, last: float | None, hard: bool) -> None:
    contact, [visit] = read(touch(0, "connected", agent="ann"), touch(9, "ended", hold_s=hold_s))
    mood = None if last is None else Mood(0.0, last, last, 2)
    assert is_hard(replace(contact, mood=mood), visit, DEFAULTS) == hard


def test_no_agent_no_service() -> None:
    contact, visits = fold([Touchpoint(START, "a", "connected", "voice", "c", queue="q")], DEFAULTS)
    assert visits[0].outcome == "answered"
    assert services(contact, visits, DEFAULTS) == []
