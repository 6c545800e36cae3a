"""Contacts, visits, journeys and what else the stages say of customers, queues and agents, as columns."""

from __future__ import annotations

from collections.abc import Callable
from math import fsum
from typing import Any

import msgspec

from journeys.causes import RootCause
from journeys.change import Change
from journeys.contact import QueueVisit
from journeys.identity import Identified, is_identified
from journeys.journey import Journey, Signal, Stitched
from journeys.next_step import NextStep, Score
from journeys.queue import QueueInterval, QueueNow
from journeys.stages import UNKNOWN, seconds
from journeys.workload import AgentInterval, AgentNow
from sinks import tables
from sinks.rows.waiting import ChangedRows, Rows, fields
from sinks.store import Columns
from sinks.tables import Table

_NONE: dict[str, float] = {}


def _friction_stages(placed: Stitched) -> tuple[str, ...]:
    """Beside ``friction``: what a contact came with is in the stage that it began in."""
    contact = placed.contact
    if not placed.friction:
        return contact.friction_stages
    began = contact.path[0][0] if contact.path else UNKNOWN
    return contact.friction_stages + (began,) * len(placed.friction)


def _contacts(changes: list[Change[Stitched]]) -> Columns:
    placed = [change.payload for change in changes if change.payload is not None]
    contacts = [one.contact for one in placed]
    moods = [contact.mood for contact in contacts]
    scores = [dict(contact.scores) if contact.scores else _NONE for contact in contacts]
    return [
        [contact.contact_id for contact in contacts],
        [one.customer for one in placed],
        [int(is_identified(one.customer)) for one in placed],
        [one.journey_id for one in placed],
        [one.part_of for one in placed],
        [contact.channel for contact in contacts],
        [contact.intent for contact in contacts],
        [contact.direction for contact in contacts],
        [contact.attempt for contact in contacts],
        [contact.started_at for contact in contacts],
        [contact.ended_at for contact in contacts],
        [int(contact.closed) for contact in contacts],
        [contact.times_out_at for contact in contacts],
        [contact.outcome for contact in contacts],
        [contact.resolution for contact in contacts],
        [contact.queue for contact in contacts],
        [contact.wait_s for contact in contacts],
        [contact.talk_s for contact in contacts],
        [contact.hold_s for contact in contacts],
        [contact.wrap_s for contact in contacts],
        [contact.transfers for contact in contacts],
        [contact.conferences for contact in contacts],
        [contact.escalations for contact in contacts],
        [contact.agents for contact in contacts],
        [contact.references for contact in contacts],
        [int(contact.containment_failed) for contact in contacts],
        [int(contact.invited) for contact in contacts],
        [contact.touchpoints for contact in contacts],
        [one.first_repeat_same_at for one in placed],
        [one.first_repeat_any_at for one in placed],
        [one.repeat_of_same for one in placed],
        [one.repeat_of_any for one in placed],
        [one.redial_at for one in placed],
        [one.redial_id for one in placed],
        [one.redial for one in placed],
        [one.window_days for one in placed],
        [one.window_ends for one in placed],
        [one.redial_until for one in placed],
        [contact.queues for contact in contacts],
        [contact.teams for contact in contacts],
        [contact.articles for contact in contacts],
        [contact.nodes for contact in contacts],
        [[stage for stage, _ in contact.path] for contact in contacts],
        [seconds(contact.path, contact.ended_at) for contact in contacts],
        [one.contact.friction + one.friction for one in placed],
        [mood.first if mood else None for mood in moods],
        [mood.last if mood else None for mood in moods],
        [mood.low if mood else None for mood in moods],
        [found.get("csat") for found in scores],
        [found.get("nps") for found in scores],
        [found.get("ces") for found in scores],
        [found.get("qa") for found in scores],
        [one.survey_of for one in placed],
        [one.survey_joined_by for one in placed],
        [contact.resolved_by for contact in contacts],
        [contact.passed_on for contact in contacts],
        [_friction_stages(one) for one in placed],
    ]


def _visits(changes: list[Change[QueueVisit]]) -> Columns:
    visits = [change.payload for change in changes if change.payload is not None]
    return [
        [visit.visit_id for visit in visits],
        [visit.contact_id for visit in visits],
        [visit.queue for visit in visits],
        [visit.channel for visit in visits],
        [visit.direction for visit in visits],
        [visit.entered_at for visit in visits],
        [visit.left_at for visit in visits],
        [visit.ended_at for visit in visits],
        [visit.outcome for visit in visits],
        [visit.wait_s for visit in visits],
        [visit.talk_s for visit in visits],
        [visit.hold_s for visit in visits],
        [visit.wrap_s for visit in visits],
        [visit.agent for visit in visits],
        [visit.target_s for visit in visits],
        [visit.short_s for visit in visits],
        [visit.times_out_at for visit in visits],
    ]


def _journeys(changes: list[Change[Journey]]) -> Columns:
    journeys = [change.payload for change in changes if change.payload is not None]
    return [
        [journey.journey_id for journey in journeys],
        [journey.customer for journey in journeys],
        [int(is_identified(journey.customer)) for journey in journeys],
        [journey.intent for journey in journeys],
        [journey.opened_at for journey in journeys],
        [journey.last_at for journey in journeys],
        [journey.closes_at for journey in journeys],
        [journey.contacts for journey in journeys],
        [journey.channels for journey in journeys],
        [journey.switches for journey in journeys],
        [journey.repeats for journey in journeys],
        [journey.first_channel for journey in journeys],
        [journey.last_channel for journey in journeys],
        [journey.references for journey in journeys],
        [[stage for stage, _ in journey.path] for journey in journeys],
        [journey.stage_s or seconds(journey.path, journey.last_at) for journey in journeys],
        [journey.drops_off_at for journey in journeys],
        [[one.kind for one in journey.friction] if journey.friction else () for journey in journeys],
        [[one.stage for one in journey.friction] if journey.friction else () for journey in journeys],
        [[one.count for one in journey.friction] if journey.friction else () for journey in journeys],
        [[one.points for one in journey.friction] if journey.friction else () for journey in journeys],
        [fsum(one.points for one in journey.friction) if journey.friction else 0.0 for journey in journeys],
        [journey.long_wait_points for journey in journeys],
    ]


def _signals(changes: list[Change[Signal]]) -> Columns:
    signals = [change.payload for change in changes if change.payload is not None]
    encode = msgspec.json.encode
    return [
        [signal.signal_id for signal in signals],
        [signal.kind for signal in signals],
        [signal.customer for signal in signals],
        [signal.journey_id for signal in signals],
        [signal.at for signal in signals],
        [signal.contact_id for signal in signals],
        [signal.previous_id for signal in signals],
        [signal.from_channel for signal in signals],
        [signal.to_channel for signal in signals],
        [signal.cause for signal in signals],
        [encode(signal.details) if signal.details else b"" for signal in signals],
    ]


_NEXT_STEP_FIELDS = tuple(tables.NEXT_STEPS.columns)[:-2]


def _next_steps(changes: list[Change[NextStep]]) -> Columns:
    steps = [change.payload for change in changes if change.payload is not None]
    return [[getattr(step, field) for step in steps] for field in _NEXT_STEP_FIELDS]


_next_change = msgspec.json.Decoder(Change[NextStep | Score]).decode


def _steps_only(value: bytes) -> Change[NextStep | Score] | None:
    """How good the predictions were stands on the same topic; it is for the metrics, not for a table."""
    change = _next_change(value)
    return None if change.entity == "score" else change


_INTERVAL_FIELDS = tuple(tables.QUEUE_INTERVALS.columns)[1:-2]


def _intervals(changes: list[Change[QueueInterval]]) -> Columns:
    live = [change for change in changes if change.payload is not None]
    figures = [change.payload for change in live]
    return [
        [change.id for change in live],
        *([getattr(interval, field) for interval in figures] for field in _INTERVAL_FIELDS),
    ]


def _identifiers(changes: list[Change[Identified]]) -> Columns:
    known = [change.payload for change in changes if change.payload is not None]
    encode = msgspec.json.encode
    return [
        [one.identifier for one in known],
        [one.kind for one in known],
        [one.owner for one in known],
        [one.state for one in known],
        [one.contacts for one in known],
        [one.sets for one in known],
        [encode(one.evidence) if one.evidence else b"" for one in known],
        [one.links for one in known],
        [one.unlinks for one in known],
        [one.change for one in known],
        [one.changed_at for one in known],
    ]


_CAUSE_FIELDS = tuple(tables.ROOT_CAUSES.columns)[1:-2]


def _causes(changes: list[Change[RootCause]]) -> Columns:
    live = [change for change in changes if change.payload is not None]
    causes = [change.payload for change in live]
    columns: dict[str, list[Any]] = {name: [getattr(cause, name) for cause in causes] for name in _CAUSE_FIELDS}
    columns["significant"] = list(map(int, columns["significant"]))
    return [[change.id for change in live], *columns.values()]


_queue_change = msgspec.json.Decoder(Change[QueueInterval | QueueNow]).decode


def _interval_only(value: bytes) -> Change[QueueInterval | QueueNow] | None:
    """The live state of a queue stands on the same topic; it is for the metrics, not for a table."""
    change = _queue_change(value)
    return change if change.entity == "interval" else None


_agent_change = msgspec.json.Decoder(Change[AgentInterval | AgentNow]).decode


def _agent_interval_only(value: bytes) -> Change[AgentInterval | AgentNow] | None:
    change = _agent_change(value)
    return change if change.entity == "interval" else None


def _changed(table: Table, payload: Any, columns: Callable[..., Columns]) -> Callable[[], Rows]:
    return lambda: ChangedRows(table, msgspec.json.Decoder(Change[payload]).decode, columns)


ENTITIES: dict[str, Callable[[], Rows]] = {
    "journey.stitched": _changed(tables.CONTACTS, Stitched, _contacts),
    "journey.visits": _changed(tables.QUEUE_VISITS, QueueVisit, _visits),
    "journey.journeys": _changed(tables.JOURNEYS, Journey, _journeys),
    "journey.signals": _changed(tables.SIGNALS, Signal, _signals),
    "journey.next": lambda: ChangedRows(tables.NEXT_STEPS, _steps_only, _next_steps),
    "journey.queues": lambda: ChangedRows(tables.QUEUE_INTERVALS, _interval_only, _intervals),
    "journey.agent_figures": lambda: ChangedRows(
        tables.AGENT_INTERVALS, _agent_interval_only, fields(tables.AGENT_INTERVALS)
    ),
    "journey.identifiers": _changed(tables.IDENTIFIERS, Identified, _identifiers),
    "journey.causes": _changed(tables.ROOT_CAUSES, RootCause, _causes),
}
"""By topic."""
