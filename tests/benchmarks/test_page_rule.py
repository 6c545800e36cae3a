"""The page's condition, as simulated days are judged by it: the same cases as the alert rule's own tests."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.staffing.rule import Rule
from journeys.settings import DEFAULTS
from journeys.staffing.figures import Floor, Staffing
from journeys.staffing.situation import Place

MINUTE = 60_000
QUARTER = 15 * MINUTE
NOON = 20_000 * 96 * QUARTER + 48 * QUARTER
SALES: Place = ("sales", "voice")


def rows(as_of: int, gaps: Sequence[float]) -> list[Staffing]:
    """``gaps``: of the next intervals, one after the other; those after them are like the last."""
    starts = as_of // QUARTER * QUARTER
    return [
        Staffing("sales", "voice", starts + ahead * QUARTER, 900, as_of, gap=gap)
        for ahead, gap in enumerate((-9.0, *gaps, gaps[-1], gaps[-1]))
    ]


def paged(
    rule: Rule, minutes: range, gaps: Sequence[float], moves: bool = True, floor: Floor | None = None
) -> list[int]:
    """Minutes at which sales is paged."""
    found = []
    for minute in minutes:
        as_of = NOON + minute * MINUTE
        floors = [] if floor is None else [floor]
        if rule.pages(rows(as_of, gaps), floors, {SALES} if moves else set(), as_of):
            found.append(minute)
    return found


def at_work() -> Rule:
    """That has looked for a quarter of an hour, while there was much to spare."""
    rule = Rule(DEFAULTS)
    assert paged(rule, range(-15, 0), (-9.0, -9.0)) == []
    return rule


def test_nobody_to_spare_pages_after_a_minute_if_somebody_can_move() -> None:
    assert paged(at_work(), range(3), (0.0, 0.0)) == [1, 2]
    assert paged(at_work(), range(3), (0.0, 0.0), moves=False) == []
    assert paged(at_work(), range(3), (-1.0, 1.0, -9.0)) == [1, 2]
    assert paged(at_work(), range(3), (-9.0, 0.0, 0.0)) == [1, 2]
    assert paged(at_work(), range(3), (5.0, -6.0)) == []
    assert paged(at_work(), range(3), (-0.1, -0.1)) == []
    assert paged(Rule(DEFAULTS), range(3), (9.0, 9.0)) == []  # it begins to look


def test_it_does_not_begin_anew_for_a_minute_with_little_to_spare() -> None:
    for spared, pages in ((0.5, [1]), (0.6, [])):
        rule = at_work()
        assert paged(rule, range(1), (1.0, 1.0)) == []
        assert paged(rule, range(1, 2), (-spared, -spared)) == pages


def test_what_was_known_a_quarter_of_an_hour_ago_is_no_news_unless_it_grew() -> None:
    rule = at_work()
    assert paged(rule, range(30), (1.0, 1.0), moves=False) == []
    assert paged(rule, range(30, 40), (1.0, 1.0)) == []
    assert paged(rule, range(40, 43), (1.9, 1.9)) == []
    assert paged(rule, range(43, 46), (2.0, 2.0)) == [44, 45]
    rule = at_work()
    assert paged(rule, range(30), (-3.0, -3.0, 2.0, 2.0), moves=False) == []
    assert paged(rule, range(30, 33), (-3.0, 2.0, 2.0)) == []  # the same intervals, now one nearer


def test_a_page_goes_on_while_nobody_can_be_spared_and_for_a_while_after() -> None:
    rule = at_work()
    assert paged(rule, range(60), (3.0, 3.0)) == list(range(1, 60))
    assert paged(rule, range(60, 75), (-4.0, -4.0)) == []
    assert paged(rule, range(75, 78), (0.0, 0.0), moves=False) == [76, 77]
    assert paged(rule, range(78, 100), (-4.0, -4.0)) == []
    assert paged(rule, range(100, 103), (0.0, 0.0), moves=False) == []


def test_a_target_that_is_missed_pages_if_agents_will_be_missing() -> None:
    low = Floor("sales", "voice", NOON, offered_15m=50, service_level_5m=0.7, service_level_15m=0.7)
    assert paged(at_work(), range(2), (0.1, -3.0), moves=False, floor=low) == [1]
    assert paged(at_work(), range(2), (0.0, 3.0), moves=False, floor=low) == []
    few = Floor("sales", "voice", NOON, offered_15m=49, service_level_5m=0.7, service_level_15m=0.7)
    assert paged(at_work(), range(2), (0.1, -3.0), moves=False, floor=few) == []
