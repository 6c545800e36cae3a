"""The forecast on a real call centre: the bank's fortnight (done-when 5 of staffing), half-hour by half-hour.

Rolling origin: at the start of each half-hour a forecast is made of what had come by then, with no look ahead, and held
against what came. It is held against seasonal-naive: what came in the same half-hour a week before and a day before.
The first week has no week before it, so the days that are scored against that are the second week's; sums of absolute
errors are over the bank's queues, each forecast by itself. Call-backs are outbound and left out.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from journeys.contact import fold
from journeys.settings import DEFAULTS, Settings, convert
from journeys.staffing.forecast import DAY_MS, Clock, learn, outlook
from journeys.staffing.situation import Demand
from journeys.touchpoint import Touchpoint
from producers.formats import anonymous_bank

HALF_HOUR = 1_800_000
A_DAY = DAY_MS // HALF_HOUR
WEEK = 7
LEADS = {"the next half-hour": 0, "an hour ahead": 2, "3 hours ahead": 6, "the whole day, at midnight": None}
"""Half-hours between the origin and the interval."""
RESAMPLES = 2_000


class Scored(NamedTuple):
    """One half-hour of one queue."""

    day: int
    came: int
    forecast: float
    low: float
    high: float
    week_before: int | None
    day_before: int


def main(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="The fortnight, tab-separated.")],
) -> None:
    """Print the error of the forecast beside seasonal-naive's, and how many half-hours its 80 % intervals hold.

    Example: python -m benchmarks.staffing.bank anonymous_bank_1999-02-01_14.tsv
    """
    if not file.exists():
        print(f"{file}: there is no such file; the figures are of real calls or not at all", file=sys.stderr)
        raise typer.Exit(2)
    settings = convert({"times": {"interval": "30m"}, "sites": {"bank": {"time_zone": anonymous_bank.TIME_ZONE.key}}})
    with file.open("rb") as lines:
        demand = arrivals(anonymous_bank.read(lines, lambda bad: None))
    clock = Clock(anonymous_bank.TIME_ZONE.key, settings.interval_ms)
    console = Console(width=max(Console().width, 120))
    contacts = {queue: sum(one.offered for one in those.values()) for queue, those in demand.items()}
    console.print(", ".join(f"{queue} {number:,}" for queue, number in sorted(contacts.items())) + " calls")
    scored = score(demand, clock)
    for title, week in (
        ("Second week, against the week before", True),
        ("From the third day on, against the day before", False),
    ):
        those = [row for row in scored["the whole day, at midnight"] if not week or row.week_before is not None]
        calls = sum(row.came for row in those)
        console.print(_table(f"{title}: {len(those):,} half-hours, {calls:,} calls", scored, week))


def arrivals(touchpoints: Iterable[Touchpoint], settings: Settings = DEFAULTS) -> dict[str, dict[int, Demand]]:
    """By queue and half-hour, the inbound calls that were offered."""
    own: dict[str, list[Touchpoint]] = defaultdict(list)
    for touchpoint in touchpoints:
        own[touchpoint.contact_id].append(touchpoint)
    counted: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for those in own.values():
        _, visits = fold(sorted(those, key=lambda one: (one.at, one.id)), settings)
        for visit in visits:
            if visit.direction == "inbound":
                counted[visit.queue][visit.entered_at // HALF_HOUR * HALF_HOUR] += 1
    return {queue: {at: Demand(n) for at, n in by_time.items()} for queue, by_time in sorted(counted.items())}


def score(demand: Mapping[str, Mapping[int, Demand]], clock: Clock) -> dict[str, list[Scored]]:
    """By lead; from the third day on, so that a day before it is known whole."""
    found: dict[str, list[Scored]] = {lead: [] for lead in LEADS}
    begins = clock.midnight(min(min(by_time) for by_time in demand.values()))
    ends = clock.ends(max(max(by_time) for by_time in demand.values()))
    for by_time in demand.values():

        def came(at: int, of: Mapping[int, Demand] = by_time) -> int:
            return of[at].fresh if at in of else 0

        for midnight in range(begins + 2 * DAY_MS, ends, DAY_MS):
            day = (midnight - begins) // DAY_MS
            known = {at: one for at, one in by_time.items() if at < midnight}
            known.setdefault(begins, Demand())  # the bank was there from the first day on
            profile = learn(known, midnight, clock)
            for lead, behind in LEADS.items():
                ends_at = midnight + DAY_MS
                for begun in range(midnight, ends_at, HALF_HOUR) if behind is not None else [midnight]:
                    so_far = {at: one for at, one in by_time.items() if at < begun}
                    so_far.setdefault(begins, Demand())
                    ahead = [begun + HALF_HOUR * step for step in range(A_DAY if behind is None else behind + 1)]
                    looked = outlook(profile, so_far, ahead, begun, clock)
                    for step in range(A_DAY) if behind is None else [behind]:
                        at = ahead[step]
                        if at < ends_at:
                            before = came(at - WEEK * DAY_MS) if day >= WEEK else None
                            said = (float(each[step]) for each in (looked.expected, looked.low, looked.high))
                            found[lead].append(Scored(day, came(at), *said, before, came(at - DAY_MS)))
    return found


HEADINGS = ("", "MAE", "naive", "WAPE", "95 %", "naive", "less by", "95 %", "in the 80 %")


def _table(title: str, scored: Mapping[str, list[Scored]], week: bool) -> Table:
    printed = Table(title=title)
    for heading in HEADINGS:
        printed.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for lead, rows in scored.items():
        those = [row for row in rows if not week or row.week_before is not None]
        days = sorted({row.day for row in those})
        by_day = np.array([_sums([row for row in those if row.day == day], week) for day in days])
        random = np.random.default_rng(0)
        drawn = by_day[random.integers(0, len(days), (RESAMPLES, len(days)))].sum(axis=1)
        error, naive, calls, held, busy, number = by_day.sum(axis=0)
        printed.add_row(
            lead, f"{error / number:.2f}", f"{naive / number:.2f}", f"{error / calls:.3f}",
            _between(drawn[:, 0] / drawn[:, 2]), f"{naive / calls:.3f}", f"{1 - error / naive:.3f}",
            _between(1 - drawn[:, 0] / drawn[:, 1]), f"{held / busy:.3f}",
        )  # fmt: skip
    return printed


def _sums(rows: list[Scored], week: bool) -> tuple[float, ...]:
    """Absolute errors, ours and the naive ones; calls; half-hours that the interval held, of those with a call or an
    expected one; half-hours."""
    busy = [row for row in rows if row.forecast >= 1]
    return (
        sum(abs(row.came - row.forecast) for row in rows),
        sum(abs(row.came - ((row.week_before or 0) if week else row.day_before)) for row in rows),
        sum(row.came for row in rows),
        sum(round(row.low) <= row.came <= round(row.high) for row in busy),
        len(busy),
        len(rows),
    )


def _between(values: np.ndarray) -> str:
    low, high = np.percentile(values, (2.5, 97.5))
    return f"{low:.3f} to {high:.3f}"


if __name__ == "__main__":
    typer.run(main)
