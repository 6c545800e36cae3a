"""The service level by name (M16): one queue, six answers, because the vendors mean different things by the word.

Within means at or below the target. What each vendor says of its own is cited beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from journeys.contact import QueueVisit


class Counts(NamedTuple):
    """Visits of whatever is asked about: a queue, an interval, everything."""

    answered: int
    answered_within: int
    abandoned: int
    abandoned_within: int
    short_abandoned: int


class Dialect(NamedTuple):
    formula: str
    source: str
    within: Callable[[Counts], int]
    offered: Callable[[Counts], int]

    def service_level(self, counts: Counts) -> float | None:
        """From 0 to 1; none if nothing was offered."""
        offered = self.offered(counts)
        return self.within(counts) / offered if offered else None


def _answered_within(counts: Counts) -> int:
    return counts.answered_within


DIALECTS: dict[str, Dialect] = {
    "ours": Dialect(
        "answered within T / (answered + abandoned after more than T)",
        "docs/definitions.md",
        _answered_within,
        lambda counts: counts.answered + counts.abandoned - counts.abandoned_within,
    ),
    "cisco": Dialect(
        "service level calls / (calls offered - abandoned within T)",
        "Cisco Unified ICM, service level type 'abandoned calls ignored': Reporting User Guide, service levels",
        _answered_within,
        lambda counts: counts.answered + (counts.abandoned - counts.abandoned_within),
    ),
    "amazon_connect": Dialect(
        "(answered within T + abandoned within T) / all that were queued",
        "Amazon Connect Administrator Guide, metric definitions, 'Service level X'",
        lambda counts: counts.answered_within + counts.abandoned_within,
        lambda counts: counts.answered + counts.abandoned,
    ),
    "genesys": Dialect(
        "answered within T / (answered + abandoned - short abandons)",
        "Genesys Cloud Resource Center, 'Configure the service level calculation', short abandons off",
        _answered_within,
        lambda counts: counts.answered + counts.abandoned - counts.short_abandoned,
    ),
    "answered_only": Dialect(
        "answered within T / answered", "docs/definitions.md", _answered_within, lambda counts: counts.answered
    ),
    "all_offered": Dialect(
        "answered within T / (answered + abandoned)",
        "docs/definitions.md",
        _answered_within,
        lambda counts: counts.answered + counts.abandoned,
    ),
}


def count(visits: Iterable[QueueVisit]) -> Counts:
    """The counts of ``visits``, each held against its own queue's target and short-abandon threshold."""
    answered = answered_within = abandoned = abandoned_within = short = 0
    for visit in visits:
        wait = visit.wait_s or 0.0
        if visit.outcome == "answered":
            answered += 1
            answered_within += wait <= visit.target_s
        elif visit.outcome == "abandoned":
            abandoned += 1
            abandoned_within += wait <= visit.target_s
            short += wait <= visit.short_s
    return Counts(answered, answered_within, abandoned, abandoned_within, short)
