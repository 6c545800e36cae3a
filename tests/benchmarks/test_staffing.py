"""The closed loop's own parts: what is counted, what is told, who is moved, and that knowing the future helps."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.staffing import clairvoyant as future
from benchmarks.staffing import seeds
from benchmarks.staffing.__main__ import main
from benchmarks.staffing.centre import midnight
from benchmarks.staffing.counted import Answers, answers, falls
from benchmarks.staffing.lived import Page, Pages, obeyed, unmanaged, watched
from benchmarks.staffing.reactive import MINUTES, Reactive
from benchmarks.staffing.score import CLAIRVOYANT, REACTIVE, STATIC, TOUCHPATH, Paging, Score
from benchmarks.staffing.tables import tables
from benchmarks.staffing.touchpath import Touchpath
from benchmarks.staffing.view import View
from benchmarks.staffing.world import World, redials_there
from journeys.staffing.figures import Floor
from journeys.staffing.situation import Agent, Situation
from producers.simulator.floor.centre import CENTRE
from producers.simulator.floor.day import Contact, Day
from producers.simulator.floor.needs import Luck, Need
from producers.simulator.floor.surges import Kind, Surge, planted

NOON = 12 * 3600.0
LUCK = Luck(1, 1, 1, 1, 1, 1)


@lru_cache(maxsize=1)
def world() -> World:
    return World(CENTRE, past_days=2)


def contact(entered_s: float, wait_s: float, answered: bool, queue: str = "billing_voice") -> Contact:
    one = Contact(1, Need(0, 1, "billing", "voice"), 0, queue, "voice", entered_s, LUCK, None)
    one.left_s = entered_s + wait_s
    one.answered_s = one.left_s if answered else None
    return one


def test_no_seed_is_used_for_two_things() -> None:
    used = [*chain(*seeds.NUMBERS.values()), *range(seeds.PAST, seeds.PAST + 28)]
    assert len(used) == len(set(used)) == 30 * 3 + 28


def test_what_is_answered_is_counted_as_the_service_level_has_it() -> None:
    still_waiting = contact(NOON, 0, False)
    still_waiting.left_s = None
    day = [contact(NOON, 20, True), contact(NOON, 21, True), contact(NOON, 5, False), contact(NOON, 30, False)]
    found = answers([*day, still_waiting], CENTRE)
    assert (
        found[""] == found["billing_voice"] == Answers(offered=5, answered=2, within=1, abandoned=2, late_abandoned=1)
    )
    assert found[""].service_level == pytest.approx(1 / 3)


def test_a_fall_needs_twenty_contacts_in_fifteen_minutes() -> None:
    late = [contact(NOON + second, 40, True) for second in range(19)]
    assert falls(late, CENTRE, "billing_voice") == []
    found = falls([*late, contact(NOON + 20, 0, True)], CENTRE, "billing_voice")
    assert found == [NOON + minute * 60 for minute in range(1, 16)]
    assert falls(late * 2, CENTRE, "sales_voice") == []


def test_a_page_lasts_until_it_has_not_held_for_fifteen_minutes() -> None:
    pages, place = Pages(), ("billing_voice", "voice")
    for minute in (0, 1, 10, 24, 41):
        pages.at(minute * 60.0, frozenset({place}))
    pages.at(2520.0, frozenset())
    assert pages.all() == [Page(place, 0.0, 1440.0), Page(place, 2460.0, 2460.0)]


def test_what_is_told_is_what_is_so() -> None:
    view = View(world())
    day = Day(CENTRE, world().people, 2, planted(Kind.INCIDENT, 2), witnesses=[view])
    for minute in range(8 * 60, 14 * 60 + 1, 20):
        day.advance(minute * 60.0)
        situation = view.situation(day.now)
    for floor in situation.floors:
        own = [one for one in day.contacts if one.queue == floor.queue]
        assert floor.waiting == len(day.waiting[floor.queue])
        assert floor.connected == sum(one.answered_s is not None and one.ended_s is None for one in own)
        assert floor.offered_15m == pytest.approx(sum(one.entered_s > day.now - 900 for one in own), abs=2)
        there = [one for one in day.agents.values() if one.queue == floor.queue and one.state != "offline"]
        assert floor.staffed == pytest.approx(len(there))
        assert floor.away == sum(one.state == "break" for one in there)
        today = [one for at, one in situation.demand[floor.queue, floor.channel].items() if at >= midnight()]
        assert sum(one.offered for one in today) == len(own)
        assert sum(one.redials for one in today) == sum(redials_there(one) for one in own)
        assert sum(one.abandoned for one in today) == sum(one.abandoned for one in own)
    assert len(situation.crew) == len(world().people)
    assert {one.channel for one in situation.bringing} >= {"voice", "chat"}


def test_an_incident_shows_in_what_open_journeys_bring() -> None:
    def soon(surge: Surge) -> float:
        view = View(world())
        day = Day(CENTRE, world().people, 2, surge, witnesses=[view])
        day.advance(planted(Kind.INCIDENT, 2).from_s + 2700)
        return sum(one.p_1h for one in view.situation(day.now).bringing if one.channel == "voice")

    assert soon(planted(Kind.INCIDENT, 2)) > 1.1 * soon(Surge())
    blind = View(world(), journeys=False)
    day = Day(CENTRE, world().people, 2, witnesses=[blind])
    day.advance(NOON)
    assert blind.situation(NOON).bringing == []


def test_the_reactive_alert_waits_and_then_moves_one_who_can() -> None:
    low = Floor("billing_voice", "voice", 0, offered_5m=9, service_level_5m=0.5, staffed=9)
    best = Floor("mail_desk", "email", 0, service_level_15m=1.0, staffed=9)
    good = Floor("sales_voice", "voice", 0, service_level_15m=0.9, staffed=9)
    crew = [
        Agent("a", "available", ("sales_voice",), ("sales_voice", "billing_voice")),
        Agent("b", "available", ("mail_desk",), ("mail_desk", "billing_voice"), in_hand={"email": 1}),
        Agent("c", "available", ("mail_desk",), ("mail_desk", "billing_voice")),
        Agent("d", "available", ("mail_desk",), ("mail_desk",)),
        Agent("e", "break", ("mail_desk",), ("mail_desk", "billing_voice")),
    ]
    policy = Reactive(world().settings)
    for minute in range(1, 2 * MINUTES + 1):
        said = policy.look(Situation(midnight() + minute * 60_000, [low, best, good], crew, {}, []))
        assert bool(said.pages) == (minute >= MINUTES)
        assert [wish.order.named for wish in said.moves] == ([("c",)] if minute % MINUTES == 0 else [])


def test_who_knows_the_future_does_better_with_the_same_people() -> None:
    surge = planted(Kind.SICK, 3)
    static = unmanaged(world(), 3, surge)
    best = future.clairvoyant(world(), 3, surge, margins=(1.0,), rounds=1)
    assert answers(best.contacts, CENTRE)[""].within > answers(static.contacts, CENTRE)[""].within + 100
    assert {one.person.key for one in best.agents.values()} == {one.person.key for one in static.agents.values()}


def test_a_concave_hull_lies_on_and_above_its_points() -> None:
    x, y = np.arange(8), np.array([0.0, 0.1, 0.3, 2.0, 3.0, 3.5, 3.6, 3.6])
    lines = list(future._lines(x, y))
    hull = np.min([slope * x + level for slope, level in lines], axis=0)
    assert np.all(hull >= y - 1e-9)
    assert hull[[0, 4, 5, 6, 7]] == pytest.approx(y[[0, 4, 5, 6, 7]])
    assert [slope for slope, _ in lines] == sorted((slope for slope, _ in lines), reverse=True)


def test_touchpath_looks_and_its_moves_are_obeyed() -> None:
    surge = planted(Kind.SICK, 4)
    pages = watched(world(), 4, surge, [Touchpath(world().settings)], surge.from_s, surge.from_s + 2400)
    assert all(surge.from_s <= page.begins_s <= surge.from_s + 2460 for page in pages[0])
    day = obeyed(world(), 4, surge, Touchpath(world().settings), every_s=1800)
    elsewhere = {one.agent for one in day.contacts if one.agent and day.agents[one.agent].person.queue != one.queue}
    assert elsewhere


def test_tables_say_what_the_scores_add_up_to() -> None:
    def scored(seed: int, first_s: float | None) -> Score:
        answered = {
            way: Answers(100, 100, within, 0, 0)
            for way, within in ((STATIC, 50), (REACTIVE, 60), (TOUCHPATH, 80), (CLAIRVOYANT, 90))
        }
        paging = {REACTIVE: Paging(None, 3, 1), TOUCHPATH: Paging(first_s, 2, 0)}
        return Score(Kind.SICK, seed, True, NOON, NOON + 1200, paging, answered)

    lead, loop = tables([scored(1, NOON), scored(2, NOON + 300), scored(3, None)])
    rows = list(zip(*(column.cells for column in lead.columns), strict=True))
    assert rows[1][:5] == ("sick", TOUCHPATH, "3", "3", "0.67")
    assert rows[1][6] == "15.0"
    assert rows[0][6] == "none"
    rows = list(zip(*(column.cells for column in loop.columns), strict=True))
    by_way = {row[1]: row for row in rows if row[0] == "sick"}
    assert by_way[TOUCHPATH][3:8] == ("80", "0.800", "30", "30 to 30", "0.75")
    assert by_way[REACTIVE][7] == "0.25"


def test_the_closed_loop_alone_has_no_pages() -> None:
    ways = (STATIC, REACTIVE, TOUCHPATH, CLAIRVOYANT)
    answered = {way: Answers(100, 100, 50 + 10 * number, 0, 0) for number, way in enumerate(ways)}
    (loop,) = tables([Score(Kind.SICK, 1, True, NOON, NOON + 1200, {}, answered)])
    assert "answered" in str(loop.title)


def test_what_is_not_kept_cannot_be_lived_in_one_way_only() -> None:
    run = typer.Typer()
    run.command()(main)
    said = CliRunner().invoke(run, ["--touchpath-anew"])
    assert said.exit_code == 2
    assert "expected --kept" in said.output
