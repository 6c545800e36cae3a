"""The page as the alert rule has it (dashboards/prometheus/rules/staffing.yml), minute by minute, without Prometheus.

Why it is so is in docs/decisions/pages.md. The rule itself is tested by promtool; this is what simulated days are
judged by, as thousands of minutes are not for a server to wait out. One thing differs: where nothing was said a quarter
of an hour ago, the alert rule takes a gap for news. Here that is where somebody begins to look, and pages nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from statistics import fmean
from typing import TypeAlias

from journeys.settings import Settings
from journeys.staffing.figures import Floor, Staffing
from journeys.staffing.situation import Place

NEXT = 1
COMING = ((1, 2), (2, 3))
"""Two intervals after the one under way, of which on average nobody can be spared: any of these pairs."""
OPENED = 1.0
"""So many agents more are missing in them than the same intervals were said to miss"""
KNOWN_MS = 900_000
"""so long ago."""
LEAST = 50
"""Contacts in 15 minutes, for the target to be missed."""
FOR_MS = 60_000
"""The condition holds for so long before the page goes out,"""
SPARED = 0.5
"""or meanwhile as many can be spared, at the most."""
KEPT_MS = 1_200_000
"""A gap that comes back so soon after a page's condition held is the same page: it is kept for 10 minutes, and called
to mind for another 10."""
Gaps: TypeAlias = Mapping[tuple[Place, int], float]
"""By place and start of the interval."""


class Rule:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._since: dict[Place, int] = {}
        """From when on the condition has held."""
        self._paged: dict[Place, int] = {}
        """When it last held of a page."""
        self._said: dict[int, Gaps] = {}
        """What gaps were said to be, of late."""

    def pages(
        self, rows: Iterable[Staffing], floors: Iterable[Floor], helped: Collection[Place], as_of: int
    ) -> frozenset[Place]:
        """Places of which a page's condition holds. ``helped``: those that a move could help in time."""
        gaps = {((row.queue, row.channel), row.starts_at): row.gap for row in rows}
        known = self._said.get(as_of - KNOWN_MS, {})
        self._said = {at: one for at, one in self._said.items() if at > as_of - KNOWN_MS} | {as_of: gaps}
        holds = {
            (floor.queue, floor.channel)
            for floor in floors
            if self._misses(floor) and gaps.get(((floor.queue, floor.channel), self._starts(as_of, NEXT)), 0) > 0
        }
        for place in {place for place, _ in gaps}:
            gap, opened = self._ahead(place, gaps, known, as_of)
            if gap >= 0 and ((opened and place in helped) or self._lately(place, as_of)):
                holds.add(place)
            if gap >= -SPARED and place in self._since and self._paged.get(place, -1) < self._since[place]:
                holds.add(place)
        self._since = {place: self._since.get(place, as_of) for place in holds}
        paged = frozenset(place for place, since in self._since.items() if as_of - since >= FOR_MS)
        self._paged |= dict.fromkeys(paged, as_of)
        return paged

    def _ahead(self, place: Place, gaps: Gaps, known: Gaps, as_of: int) -> tuple[float, bool]:
        """The greatest gap of two coming intervals, and whether one of which nobody can be spared has opened."""
        greatest, opened = -float("inf"), False
        for pair in COMING:
            both = [(place, self._starts(as_of, ahead)) for ahead in pair]
            if not gaps.keys() >= {*both}:
                continue
            gap = fmean(gaps[one] for one in both)
            greatest = max(greatest, gap)
            if known.keys() >= {*both}:
                opened |= gap >= 0 and gap - fmean(known[one] for one in both) >= OPENED
        return greatest, opened

    def _starts(self, as_of: int, ahead: int) -> int:
        length = self._settings.interval_ms
        return as_of // length * length + ahead * length

    def _lately(self, place: Place, as_of: int) -> bool:
        return place in self._paged and as_of - self._paged[place] <= KEPT_MS

    def _misses(self, floor: Floor) -> bool:
        target = self._settings.queue_of(floor.queue).service_level
        return (
            floor.offered_15m >= LEAST
            and floor.service_level_5m is not None
            and floor.service_level_15m is not None
            and floor.service_level_5m < target
            and floor.service_level_15m < target
        )
