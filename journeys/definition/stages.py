"""Stages, friction and effort of contacts and journeys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from journeys.contact import Contact
from journeys.definition.figures import Reference, Told
from journeys.journey import UNKNOWN
from journeys.repeats import DAY
from journeys.settings import Settings
from journeys.touchpoint import Touchpoint


def tell(by_contact: dict[str, list[Touchpoint]], result: Reference, settings: Settings) -> None:
    """Stages, friction and effort of each contact that leads, and of each journey."""
    parts: dict[str, list[str]] = {}
    for key, one in result.relations.items():
        parts.setdefault(one.part_of, []).append(key)
    for journey_id, contact_ids in result.journeys.items():
        journey = [result.contacts[contact_id] for contact_id in contact_ids]
        friction: Counter[tuple[str, str]] = Counter()
        for contact in journey:
            keys = (contact.contact_id, *parts.get(contact.contact_id, ()))
            told = result.contacts_told[contact.contact_id] = _told(
                contact,
                [(touchpoint, key) for key in keys for touchpoint in by_contact[key]],
                {key: next((t.intent for t in reversed(by_contact[key]) if t.intent), "") for key in keys},
                settings,
            )
            friction += told.friction
            friction.update((told.path[0][0], kind) for kind in result.relations[contact.contact_id].friction)
        entered = [step for one in journey for step in result.contacts_told[one.contact_id].path]
        path = _collapsed(sorted(entered, key=lambda step: step[1]))
        points = sum(settings.weights[kind] * count for (_, kind), count in friction.items())
        last_words = [
            one.resolution == "resolved" if one.resolution else one.outcome == "answered"
            for one in journey
            if one.resolution or one.outcome in ("answered", "abandoned", "self_service")
        ]
        well = any(stage in settings.stages.goals for stage, _ in path) or last_words[-1:] == [True]
        last_at = max(contact.ended_at for contact in journey)
        open_s = _open_seconds(path, last_at, settings) if "stages" in settings.calendar.working_time else ()
        result.journeys_told[journey_id] = Told(path, friction, points, "" if well else path[-1][0], open_s)


def _open_seconds(path: tuple[tuple[str, int], ...], last_at: int, settings: Settings) -> tuple[float, ...]:
    """In each stage, the seconds in which the calendar's site was open, shift by shift."""
    site = settings.calendar.site
    if not site:
        return ()
    found = []
    for (_, start), (_, end) in pairwise([*path, ("", last_at)]):
        day = datetime.fromtimestamp(start / 1000, ZoneInfo(settings.sites[site].time_zone)).date() - timedelta(days=2)
        days = range((end - start) // DAY + 5 if end > start else 0)
        shifts = [shift for number in days for shift in settings.hours[site].shifts(day + timedelta(days=number))]
        found.append(sum(max(0, min(end, one.closes_at) - max(start, one.opens_at)) for one in shifts) / 1000)
    return tuple(found)


def _told(contact: Contact, touches: list[tuple[Touchpoint, str]], intents: dict[str, str], settings: Settings) -> Told:
    touches.sort(key=lambda touch: (touch[0].at, touch[0].id))
    stages = [_stage(touchpoint, touchpoint.intent or intents[key], settings) for touchpoint, key in touches]
    path = _collapsed((stage, touchpoint.at) for stage, (touchpoint, _) in zip(stages, touches, strict=True))
    friction: Counter[tuple[str, str]] = Counter()
    for stage, (touchpoint, _) in zip(stages, touches, strict=True):
        if touchpoint.type == "transferred":
            friction[stage, "transfer"] += 1
        if touchpoint.type == "escalated":
            friction[stage, "escalation"] += 1
        if touchpoint.type == "opted_out":
            friction[stage, "ivr_opt_out"] += 1
        if touchpoint.type == "searched" and touchpoint.attributes.get("results") in (0, "0"):
            friction[stage, "failed_search"] += 1
    self_service_failed = contact.outcome == "self_service" and contact.resolution in ("failed", "unresolved")
    attributes = [touchpoint.attributes for touchpoint, _ in touches]
    for kind, is_so in (
        ("abandonment", contact.outcome == "abandoned"),
        ("containment_failure", contact.containment_failed),
        ("self_service_failed", self_service_failed),
        ("failed_article", self_service_failed and any("article" in one for one in attributes)),
        ("ivr_dead_end", self_service_failed and any("node" in one for one in attributes)),
    ):
        if is_so:
            friction[stages[-1], kind] += 1
    return Told(path, friction)


def _stage(touchpoint: Touchpoint, intent: str, settings: Settings) -> str:
    """The stage of the first rule of which everything matches."""
    given = touchpoint.attributes
    score = ""
    for name, high in (("ces", 6), ("nps", 9), ("csat", 4)):
        if isinstance(given.get(name), (int, float)):
            score = "high" if given[name] >= high else "low"
    values = {"channel": touchpoint.channel, "type": touchpoint.type, "intent": intent, "score": score}
    values |= {name: str(given.get(name, "")) for name in ("page", "topic", "order_state")}
    for rule in settings.stage_rules:
        if all(fnmatchcase(value.lower(), getattr(rule, name).lower()) for name, value in values.items()):
            return rule.stage
    return UNKNOWN


def _collapsed(steps: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Of steps into one stage after another, the first."""
    return tuple(next(same) for _, same in groupby(steps, key=lambda step: step[0]))
