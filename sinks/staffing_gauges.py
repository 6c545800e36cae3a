"""The gauges of staffing: what is said on ``journey.staffing``, as it is now.

A row is told when it changes, so what was told last holds however long ago that was. Now is the moment of the newest
plan: how far ahead an interval lies is counted from there, in a replay too. How old the plan is shows in
``journey_staffing_as_of_timestamp_seconds``; nobody is to be paged by an old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec
from prometheus_client.core import GaugeMetricFamily

from journeys.staffing.figures import Accuracy, Floor, Move, Staffing
from sinks.catalogue import Bounded

AHEAD = 5
"""So many intervals are shown, the one under way among them."""
DAY_MS = 86_400_000
FLOORS_KEPT_MS = 8 * DAY_MS
"""Floors are told again once a week, if nothing of them changes."""
Families = Mapping[str, GaugeMetricFamily]
Labels = tuple[str, str, str]
Row = TypeVar("Row")


class StaffingState(msgspec.Struct):
    """By id, version and row."""

    floors: dict[str, tuple[int, Floor]] = {}
    intervals: dict[str, tuple[int, Staffing]] = {}
    """That are not over."""
    moves: dict[str, tuple[int, Move]] = {}
    accuracies: dict[str, tuple[int, Accuracy]] = {}
    as_of: int = 0

    def take(self, name: str, version: int, row: Floor | Staffing | Move | Accuracy, as_of: int) -> None:
        self.as_of = max(self.as_of, as_of)
        if isinstance(row, Floor):
            _keep(self.floors, name, version, row)
        elif isinstance(row, Move):
            _keep(self.moves, name, version, row)
        elif isinstance(row, Accuracy):
            _keep(self.accuracies, name, version, row)
        elif row.starts_at <= as_of + AHEAD * 2000 * row.interval_s:  # others are told again before they are near
            _keep(self.intervals, name, version, row)

    def tidy(self) -> None:
        """Forget what is over."""
        now = self.as_of
        self.floors = {name: kept for name, kept in self.floors.items() if kept[1].as_of > now - FLOORS_KEPT_MS}
        self.intervals = {
            name: kept for name, kept in self.intervals.items() if kept[1].starts_at + 1000 * kept[1].interval_s > now
        }
        self.moves = {name: kept for name, kept in self.moves.items() if kept[1].until > now}
        self.accuracies = {name: kept for name, kept in self.accuracies.items() if kept[1].day >= now // DAY_MS - 1}


def _keep(held: dict[str, tuple[int, Row]], name: str, version: int, row: Row) -> None:
    kept = held.get(name)
    if kept is None or version >= kept[0]:
        held[name] = version, row


def show(state: StaffingState, families: Families, places: Bounded) -> None:
    """``places``: the queues that are shown; those beyond its limit are not, as their figures do not add up."""
    now = state.as_of
    if now:
        families["journey_staffing_as_of_timestamp_seconds"].add_metric((), now / 1000)
    sites = {}
    for _, floor in state.floors.values():
        sites[floor.queue, floor.channel] = floor.site
        for labels in _labels(floor, places):
            _show_floor(families, labels, floor)
    _show_intervals(state, families, now, places)
    _show_moves(state, families, now, places)
    for _, accuracy in state.accuracies.values():
        if accuracy.day == now // DAY_MS - 1 and accuracy.actual:
            site = sites.get((accuracy.queue, accuracy.channel), "")
            for labels in _labels(accuracy, places, site):
                for name, error in (("error", accuracy.error), ("naive_error", accuracy.error_naive)):
                    families[f"journey_forecast_{name}_ratio"].add_metric(labels, error / accuracy.actual)


def _labels(row: Floor | Staffing | Accuracy, places: Bounded, site: str | None = None) -> Iterator[Labels]:
    """Those of the row; none if it is one too many."""
    name = f"{row.queue}|{row.channel}"
    if places(name) == name:
        yield row.queue, row.channel, row.site if not isinstance(row, Accuracy) else site or ""


def _show_floor(families: Families, labels: Labels, floor: Floor) -> None:
    def add(name: str, value: float | None, *more: str) -> None:
        if value is not None:
            families[f"journey_staffing_{name}"].add_metric((*labels, *more), value)

    add("offered_contacts", floor.offered_5m, "5m")
    add("offered_contacts", floor.offered_15m, "15m")
    add("service_level_ratio", floor.service_level_5m, "5m")
    add("service_level_ratio", floor.service_level_15m, "15m")
    add("waiting_contacts", floor.waiting)
    add("oldest_entered_timestamp_seconds", (floor.oldest_entered_at or 0) / 1000)
    add("aht_seconds", floor.aht_s)
    add("patience_seconds", floor.patience_s)
    add("adherence_ratio", floor.adherence)
    add("arrived_contacts", floor.arrived)
    for state in ("available", "busy", "after_contact_work", "away"):
        add("agents", getattr(floor, state), state)


_AHEAD = {
    "required_agents": "required",
    "available_agents": "available",
    "scheduled_agents": "scheduled",
    "gap_agents": "gap",
    "service_level_projected_ratio": "service_level",
    "forecast_contacts": "expected",
    "forecast_low_contacts": "low",
    "forecast_high_contacts": "high",
    "from_journeys_contacts": "from_journeys",
}


def _show_intervals(state: StaffingState, families: Families, now: int, places: Bounded) -> None:
    causes: dict[Labels, tuple[int, str]] = {}
    for _, row in state.intervals.values():
        length = 1000 * row.interval_s
        ahead = (row.starts_at - now // length * length) // length
        if not 0 <= ahead < AHEAD:
            continue
        for labels in _labels(row, places):
            for name, field in _AHEAD.items():
                value = getattr(row, field)
                if value is not None:
                    families[f"journey_staffing_{name}"].add_metric((*labels, str(ahead)), value)
            if ahead == 0:
                families["journey_staffing_target_ratio"].add_metric(labels, row.target)
                families["journey_staffing_target_seconds"].add_metric(labels, row.target_s)
            if row.cause and ahead <= causes.get(labels, (AHEAD, ""))[0]:
                causes[labels] = ahead, row.cause
    for labels, (_, cause) in causes.items():
        families["journey_staffing_cause_info"].add_metric((*labels, cause), 1)


def _show_moves(state: StaffingState, families: Families, now: int, places: Bounded) -> None:
    """Of those between the same two, the newest."""
    newest: dict[tuple[str, ...], Move] = {}
    for _, move in sorted(state.moves.values(), key=lambda kept: (kept[1].as_of, kept[1].move_id)):
        giver, taker = move.giver, move.taker
        names = f"{giver.queue}|{giver.channel}", f"{taker.queue}|{taker.channel}"
        runs = move.until > now and not move.withdrawn and move.measured_at is None
        if runs and all(places(name) == name for name in names):
            newest[giver.queue, giver.channel, taker.queue, taker.channel, taker.site] = move
    for labels, move in newest.items():
        for name, value in (
            ("agents", float(move.agents)),
            ("gain_contacts", move.gain),
            ("deadline_timestamp_seconds", move.deadline / 1000),
            ("until_timestamp_seconds", move.until / 1000),
        ):
            families[f"journey_move_{name}"].add_metric(labels, value)
        for side, one in (("giver", move.giver), ("taker", move.taker)):
            for way, level in (("without", one.service_level_before), ("with", one.service_level_after)):
                families["journey_move_service_level_ratio"].add_metric((*labels, side, way), level)
