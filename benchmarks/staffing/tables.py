"""What the scores of many days add up to, with how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from rich.table import Table
from scipy.stats import t as student

from benchmarks.meaning.proportions import wilson
from benchmarks.staffing.score import BLIND, CLAIRVOYANT, REACTIVE, STATIC, TOUCHPATH, Score
from producers.simulator.floor.surges import Kind

DRAWS = 10_000
LONGEST_MIN = 600.0
"""What was not found is worse than any lead time; below this a median is none."""


def tables(scores: Sequence[Score]) -> list[Table]:
    found = []
    told = [score for score in scores if score.paging]
    if told:
        found.append(_lead_times(told))
        if any(score.scenario is Kind.CALM for score in told):
            found.append(_pages(told))
    for journeys in (True, False):
        those = [one for one in scores if one.journeys is journeys and TOUCHPATH in one.answered]
        if those:
            found.append(_answered(those, journeys))
    return found


def _lead_times(scores: Sequence[Score]) -> Table:
    printed = _table(
        "from the page to the fall below target over 15 min",
        (
            "scenario",
            "way",
            "days",
            "with a fall",
            "paged before",
            "95 % (Wilson)",
            "median lead, min",
            "95 % (bootstrap)",
        ),
    )
    groups = [(kind.value, [one for one in scores if one.scenario is kind]) for kind in Kind if kind is not Kind.CALM]
    groups.append(("all three", [one for one in scores if one.scenario is not Kind.CALM]))
    for name, those in groups:
        fell = [one for one in those if one.fall_s is not None]
        for way in (REACTIVE, TOUCHPATH):
            if not fell:
                continue
            leads = np.array([_lead(one, way) for one in fell])
            early = int((leads > 0).sum())
            low, high = wilson(early, len(fell))
            ends = _bootstrap(len(leads), lambda drawn, leads=leads: np.median(leads[drawn], axis=-1))  # type: ignore[misc]
            printed.add_row(
                name, way, str(len(those)), str(len(fell)), f"{early / len(fell):.2f}", f"{low:.2f} to {high:.2f}",
                _minutes(float(np.median(leads))), f"{_minutes(ends[0])} to {_minutes(ends[1])}",
            )  # fmt: skip
    return printed


def _lead(one: Score, way: str) -> float:
    first = one.paging[way].first_s
    assert one.fall_s is not None, "it fell"
    return -LONGEST_MIN if first is None else (one.fall_s - first) / 60


def _minutes(value: float) -> str:
    return "none" if value <= -LONGEST_MIN / 2 else f"{value:.1f}"


def _pages(scores: Sequence[Score]) -> Table:
    printed = _table(
        "pages on calm days, where all are false",
        ("way", "days", "pages a day", "95 % (Student)", "no fall within the hour", "95 % (Student)"),
    )
    those = [one for one in scores if one.scenario is Kind.CALM]
    for way in (REACTIVE, TOUCHPATH):
        pages = [one.paging[way].pages for one in those]
        unfounded = [one.paging[way].unfounded for one in those]
        printed.add_row(way, str(len(those)), *_mean(pages, 2), *_mean(unfounded, 2))
    return printed


def _answered(scores: Sequence[Score], journeys: bool) -> Table:
    title = "contacts answered within target, a day" if journeys else "the same, journeys bringing no contacts"
    printed = _table(
        title,
        ("scenario", "way", "days", "answered in time", "service level", "more than static", "95 % (Student)",
         "recovered", "95 % (bootstrap)"),
    )  # fmt: skip
    groups = [(kind.value, [one for one in scores if one.scenario is kind]) for kind in Kind]
    groups.append(("surges", [one for one in scores if one.scenario is not Kind.CALM]))
    for name, those in groups:
        for way in (STATIC, REACTIVE, BLIND, TOUCHPATH, CLAIRVOYANT):
            own = [one for one in those if way in one.answered]
            if not own:
                continue
            within, static, best = (
                np.array([one.answered[each].within for one in own], float) for each in (way, STATIC, CLAIRVOYANT)
            )
            sums = [one.answered[way] for one in own]
            level = sum(one.within for one in sums) / sum(one.answered + one.late_abandoned for one in sums)
            gained, reached = within - static, best - static
            ends = _bootstrap(
                len(own),
                lambda drawn, gained=gained, reached=reached: gained[drawn].sum(-1) / reached[drawn].sum(-1),  # type: ignore[misc]
            )
            more = ("", "") if way == STATIC else _mean(gained, 0)
            share = ("", "") if way in (STATIC, CLAIRVOYANT) else (
                f"{gained.sum() / reached.sum():.2f}", f"{ends[0]:.2f} to {ends[1]:.2f}",
            )  # fmt: skip
            printed.add_row(name, way, str(len(own)), f"{within.mean():,.0f}", f"{level:.3f}", *more, *share)
    return printed


def _table(title: str, headings: Sequence[str]) -> Table:
    printed = Table(title=title)
    for heading in headings:
        printed.add_column(heading, justify="left" if heading in ("scenario", "way") else "right", no_wrap=True)
    return printed


def _mean(values: Sequence[float] | np.ndarray, digits: int) -> tuple[str, str]:
    """With Student's interval."""
    array = np.asarray(values, float)
    mean = float(array.mean())
    if len(array) < 2:
        return f"{mean:.{digits}f}", ""
    margin = float(student.ppf(0.975, len(array) - 1) * array.std(ddof=1) / math.sqrt(len(array)))
    return f"{mean:,.{digits}f}", f"{mean - margin:,.{digits}f} to {mean + margin:,.{digits}f}"


def _bootstrap(size: int, statistic: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
    """The 95 % interval of ``statistic`` of days drawn anew; whatever cannot be divided is left out."""
    drawn = np.random.default_rng(7).integers(0, size, (DRAWS, size))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = statistic(drawn)
    found = found[np.isfinite(found)]
    return tuple(np.quantile(found, (0.025, 0.975)).tolist()) if len(found) else (math.nan, math.nan)  # type: ignore[return-value]
