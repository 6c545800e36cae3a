"""The rows that `journeys.reference` says a store has: of each table, the values of its columns in their order."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum
from typing import Any

from journeys.contact import Contact
from journeys.definition import Reference, Relations
from journeys.identity import is_identified
from journeys.settings import DEFAULTS
from sinks import tables

SIGNAL = (
    "signal_id",
    "kind",
    "customer",
    "journey_id",
    "at",
    "contact_id",
    "previous_id",
    "from_channel",
    "to_channel",
    "cause",
)
SIGNALS = ("channel_switch", "repeat_contact", "redial", "sentiment_drop", "survey_score")
"""Kinds that follow from the touchpoints; others are judgements of their moment."""
JOURNEY = tuple(name for name in tables.JOURNEYS.columns if name not in ("closes_at", "version", "is_deleted"))

Rows = list[tuple[Any, ...]]


def contacts(is_so: Reference) -> Rows:
    return [
        _row(tables.CONTACTS.columns, contact, is_so.relations[key], **_told(contact, is_so.relations[key]))
        for key, contact in is_so.contacts.items()
    ]


def _told(contact: Contact, own: Relations) -> dict[str, Any]:
    """What a row has in other words than the reference."""
    mood, scores = contact.mood, dict(contact.scores)
    began = contact.path[0][0]
    return {
        "identified": is_identified(own.customer),
        "window_days": DEFAULTS.journeys.repeat_windows_days if own.window_ends else (),
        "stages": tuple(stage for stage, _ in contact.path),
        "stage_s": _lasted(contact.path, contact.ended_at),
        "friction": contact.friction + own.friction,
        "friction_stages": contact.friction_stages + tuple(began for _ in own.friction),
        "sentiment_first": mood.first if mood else None,
        "sentiment_last": mood.last if mood else None,
        "sentiment_low": mood.low if mood else None,
        **{kind: scores.get(kind) for kind in ("csat", "nps", "ces", "qa")},
    }


def _lasted(path: tuple[tuple[str, int], ...], until: int) -> tuple[float, ...]:
    """Seconds in each stage: until the next one was entered."""
    left = [at for _, at in path[1:]] + [until]
    return tuple(max(0, two - one) / 1000 for (_, one), two in zip(path, left, strict=True))


def visits(is_so: Reference) -> Rows:
    return [_row(tables.QUEUE_VISITS.columns, visit) for visit in is_so.visits.values()]


def journeys(is_so: Reference) -> Rows:
    rows = []
    switched = {after for _, after, _ in is_so.switches}
    weights = DEFAULTS.weights
    for journey_id, ids in is_so.journeys.items():
        own = [is_so.contacts[each] for each in ids]
        relations = [is_so.relations[each] for each in ids]
        told = is_so.journeys_told[journey_id]
        friction = sorted(told.friction.items())
        points = tuple(weights[kind] * count for (_, kind), count in friction)
        last_at = max(contact.ended_at for contact in own)
        rows.append(
            _row(
                JOURNEY,
                journey_id=journey_id,
                customer=relations[0].customer,
                identified=is_identified(relations[0].customer),
                intent=is_so.intents[journey_id],
                opened_at=own[0].started_at,
                last_at=last_at,
                contacts=len(own),
                channels=tuple(dict.fromkeys(contact.channel for contact in own)),
                switches=sum(each in switched for each in ids),
                repeats=sum(bool(one.repeat_of_same) for one in relations),
                first_channel=own[0].channel,
                last_channel=own[-1].channel,
                references=tuple(sorted({name for contact in own for name in contact.references})),
                stages=tuple(stage for stage, _ in told.path),
                stage_s=_lasted(told.path, last_at),
                drops_off_at=told.drops_off_at,
                friction=tuple(kind for (_, kind), _ in friction),
                friction_stages=tuple(stage for (stage, _), _ in friction),
                friction_counts=tuple(count for _, count in friction),
                friction_points=points,
                effort_points=fsum(points),
                long_wait_points=weights["long_wait"],
            )
        )
    return rows


def signals(is_so: Reference) -> Rows:
    of = is_so.contacts

    def row(kind: str, name: str, about: str, at: int | None, **given: str) -> tuple[Any, ...]:
        own = is_so.relations[about]
        said = dict.fromkeys(("previous_id", "from_channel", "to_channel", "cause"), "") | {"contact_id": about} | given
        fixed = {"signal_id": f"{kind}:{own.customer}/{name}", "kind": kind, "at": at}
        return _row(SIGNAL, **said, **fixed, customer=own.customer, journey_id=own.journey_id)

    rows = [
        row(
            "channel_switch", after, after, of[after].started_at,
            previous_id=before, from_channel=of[before].channel, to_channel=of[after].channel, cause=cause,
        )
        for before, after, cause in is_so.switches
    ]  # fmt: skip
    rows += [row("sentiment_drop", f"{key}/{at}", key, at, to_channel=of[key].channel) for key, at, _, _ in is_so.drops]
    for key, own in is_so.relations.items():
        contact = of[key]
        here = {"to_channel": contact.channel}
        if own.repeat_of_any:
            cause = "same_intent" if own.repeat_of_same else "any_intent"
            previous = own.repeat_of_same or own.repeat_of_any
            rows.append(row("repeat_contact", key, key, contact.started_at, previous_id=previous, cause=cause, **here))
        if own.redial:
            told = {"contact_id": own.redial_id, "previous_id": key, "from_channel": contact.channel}
            rows.append(row("redial", key, key, own.redial_at, cause=own.redial, **told))
        for kind, _ in () if own.part_of else contact.scores:
            told = {"previous_id": own.survey_of, "cause": kind, **here}
            rows.append(row("survey_score", f"{key}/{kind}", key, contact.started_at, **told))
    return rows


def intervals(is_so: Reference) -> Rows:
    columns = tables.QUEUE_INTERVALS.columns
    return [_row(columns, one, interval_id="|".join(map(str, key))) for key, one in is_so.intervals.items()]


def agent_intervals(is_so: Reference) -> Rows:
    columns = tables.AGENT_INTERVALS.columns
    return [_row(columns, one, interval_id="|".join(map(str, key))) for key, one in is_so.agent_intervals.items()]


def _row(columns: Iterable[str], *sources: object, **given: Any) -> tuple[Any, ...]:
    """The values of ``columns``, each from the first of ``sources`` that has it."""
    values = []
    for name in columns:
        if name in ("version", "is_deleted"):
            continue
        value = given[name] if name in given else next(getattr(one, name) for one in sources if hasattr(one, name))
        values.append(plain(value))
    return tuple(values)


def plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return tuple(value) if isinstance(value, list) else value
