"""The live figures of one queue and channel, from sums."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.contact import QueueVisit
from journeys.settings import DEFAULTS
from journeys.staffing.figures import Floor
from journeys.staffing.live import (
    DAY_MS,
    LEAN_ABANDONED,
    LEAN_HANDLED,
    MINUTE_MS,
    SLOT_MS,
    Book,
    Present,
    Slot,
    floor,
    stay,
)
from journeys.staffing.situation import Demand

NOW = 1_772_442_000_000
SECONDS = st.sampled_from((0.0, 4.0, 20.0, 21.0, 300.0))


@st.composite
def visits(draw: st.DrawFn) -> QueueVisit:
    entered = NOW - draw(st.integers(0, 40 * MINUTE_MS))
    outcome = draw(st.sampled_from(("waiting", "answered", "answered", "abandoned", "transferred")))
    wait = draw(SECONDS)
    left = None if outcome == "waiting" else entered + round(wait * 1000)
    over = outcome != "answered" or draw(st.booleans())
    talk = draw(SECONDS)
    ended = None if left is None or not over else left + round(talk * 1000)
    name = str(draw(st.integers(0, 10**9)))
    return QueueVisit(name, name, "q", "voice", "inbound", entered, left, ended, outcome, wait, talk)


def made(book: Book) -> Floor:
    slots = {number: Slot(*sums) for number, sums in book.slots.items()}
    demand = {at: Demand(*sums) for at, sums in book.demand.items()}
    return floor("q", "voice", NOW, Present(), slots, demand, DEFAULTS)


@given(st.lists(visits(), max_size=20), st.lists(visits(), max_size=10), st.integers(0, 2**32))
def test_what_left_again_leaves_no_trace(those: list[QueueVisit], others: list[QueueVisit], seed: int) -> None:
    plain, busy = Book(DEFAULTS.interval_ms), Book(DEFAULTS.interval_ms)
    for visit in those:
        plain.count(stay(visit))
    steps = [(visit, 1) for visit in those + others] + [(visit, -1) for visit in others]
    random.Random(seed).shuffle(steps)
    for visit, sign in steps:
        busy.count(stay(visit), sign)
    assert made(busy) == made(plain)


def test_figures_of_the_last_minutes() -> None:
    book = Book(DEFAULTS.interval_ms)

    def visit(name: str, minutes: float, outcome: str, wait: float) -> QueueVisit:
        entered = NOW - round(minutes * MINUTE_MS)
        left = entered + round(wait * 1000)
        return QueueVisit(name, name, "q", "voice", "inbound", entered, left, left + 60_000, outcome, wait, 60.0)

    for one in (
        visit("in time", 3, "answered", 20),
        visit("late", 4, "answered", 21),
        visit("gave up", 2, "abandoned", 30),
        visit("gave up at once", 1, "abandoned", 2),
        visit("before", 12, "answered", 5),
        visit("long before", 25, "answered", 5),
    ):
        book.count(stay(one))
    found = made(book)
    assert (found.offered_5m, found.offered_15m) == (4, 5)
    assert found.service_level_5m == pytest.approx(1 / 3)
    assert found.service_level_15m == pytest.approx(2 / 4)
    assert found.aht_s == 60
    assert found.patience_s == pytest.approx((20 + 21 + 30 + 2 + 5 + 5) / 2)


def test_handle_time_and_patience_lean_on_what_is_usual() -> None:
    week = {NOW - 3 * DAY_MS: Demand(offered=100, answered=90, abandoned=10, handled=90, handle_ms=90 * 200_000,
                                     wait_answered_ms=900_000, wait_abandoned_ms=100_000)}  # fmt: skip
    slots = {NOW // SLOT_MS - 3: Slot(handled=LEAN_HANDLED, handle_ms=LEAN_HANDLED * 400_000)}
    today = {NOW - MINUTE_MS: Demand(abandoned=LEAN_ABANDONED, wait_abandoned_ms=LEAN_ABANDONED * 50_000)}
    quiet = floor("q", "voice", NOW, Present(), {}, week, DEFAULTS)
    assert (quiet.aht_s, quiet.patience_s) == (200, 100)
    assert floor("q", "voice", NOW, Present(), slots, week, DEFAULTS).aht_s == 300
    usual = (1_000 + LEAN_ABANDONED * 50) / (10 + LEAN_ABANDONED)
    found = floor("q", "voice", NOW, Present(), {}, week | today, DEFAULTS).patience_s
    assert found == pytest.approx((LEAN_ABANDONED * 50 + LEAN_ABANDONED * usual) / (2 * LEAN_ABANDONED))


def test_nothing_known() -> None:
    found = floor("q", "voice", NOW, Present(), {}, {}, DEFAULTS)
    assert found == Floor("q", "voice", NOW)


def test_who_waited_too_long_ago_is_gone() -> None:
    there = Present(3, NOW - 60_000, 2, NOW + 1)
    assert floor("q", "voice", NOW, there, {}, {}, DEFAULTS).waiting == 3
    assert floor("q", "voice", NOW + 1, there, {}, {}, DEFAULTS).waiting == 0
