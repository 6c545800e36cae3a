"""What the full job is given: touchpoints of a simulated centre.

Both are backlogs, taken as fast as can be. What differs is how much time passes in them. With ``day`` a worker lives
days of a small centre, 20,000 customers' needs a day, each in half a minute: every second an hour ends somewhere, and
what is done once an hour, a plan or a minute is done all the time. With ``live`` it lives an hour or two of a large
one, 200,000 a day, as it must where so many touchpoints come in: by then models have learned, from a day and a half of
one customer in fifteen, and what is usual is known.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from journeys.touchpoint import Touchpoint
from producers.simulator import attributed, simulate

DAY = date(2026, 3, 2)
_SEED = 7
_A_DAY = 150_000
"""Touchpoints of 20,000 customers' needs, and some more."""
_LARGE, _SAMPLED = 200_000, 15
_LIVE_FROM = datetime.combine(DAY, time(10), UTC)


class Workload(StrEnum):
    DAY = "day"
    LIVE = "live"


class Traffic(NamedTuple):
    """Touchpoints in the order of their times."""

    earlier: list[Touchpoint]
    """What came before; nothing of it is measured."""
    measured: list[Touchpoint]


def traffic(workload: Workload, events: int) -> Traffic:
    """``events`` touchpoints and what came before them. Raises ``ValueError`` if there are not so many."""
    made = _live(events) if workload is Workload.LIVE else Traffic([], list(itertools.islice(_days(events), events)))
    if len(made.measured) < events:
        raise ValueError(f"the simulated days have {len(made.measured)} touchpoints, fewer than {events}")
    return made


def _days(events: int) -> Iterator[Touchpoint]:
    days = 1 + events // _A_DAY
    return simulate(_SEED, DAY - timedelta(days=days), 20_000, days=days)


def _live(events: int) -> Traffic:
    live_from = round(_LIVE_FROM.timestamp() * 1000)
    found = Traffic([], [])
    for touchpoint, customer in attributed(_SEED, DAY - timedelta(days=1), _LARGE, days=2):
        if touchpoint.at >= live_from:
            found.measured.append(touchpoint)
            if len(found.measured) == events:
                break
        elif customer.number % _SAMPLED == 0:
            found.earlier.append(touchpoint)
    return found
