"""The plain batch definition of everything: slow, obvious, and what the stages are held against.

A function of the *set* of accepted touchpoints and of the as-of time, so neither the order of arrival nor a duplicate
can change it. Nothing here is shared with the incremental way but how one contact and one interval are read; the
relations between contacts are written down as they are defined, pair by pair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise

import msgspec

from journeys import queue, switching
from journeys.contact import Contact, QueueVisit, fold
from journeys.facts import IDENTIFY, verdicts
from journeys.identifiers import cleaned
from journeys.identity import Owner, Seen, Verdict, customer_of, identifiers_of, is_identified, itself, owners_of
from journeys.journey import UNKNOWN
from journeys.repeats import DAY
from journeys.sessions import merge
from journeys.settings import DEFAULTS, Settings
from journeys.touchpoint import FACTS, Touchpoint


class Relations(msgspec.Struct, frozen=True):
    """What holds of one contact because of the customer's others. Ids and ms, as in ``journey.Stitched``."""

    customer: str
    journey_id: str
    part_of: str
    first_repeat_same_at: int | None = None
    first_repeat_any_at: int | None = None
    repeat_of_same: str = ""
    repeat_of_any: str = ""
    redial_at: int | None = None
    redial_id: str = ""
    redial: str = ""
    survey_of: str = ""
    survey_joined_by: str = ""


class Fcr(msgspec.Struct, frozen=True):
    broken: int
    confirmed: int
    pending: int


class Reference(msgspec.Struct, frozen=True):
    """All figures as of ``as_of`` (ms UTC)."""

    as_of: int
    contacts: dict[str, Contact]
    relations: dict[str, Relations]
    visits: dict[str, QueueVisit]
    journeys: dict[str, tuple[str, ...]]
    """Journey id to its contacts in their order."""
    intents: dict[str, str]
    switches: set[tuple[str, str, str]]
    """(before, after, cause)"""
    drops: set[tuple[str, int, float, float]]
    """(contact, when, from, to): where sentiment fell suddenly"""
    intervals: dict[tuple[str, str, int], queue.QueueInterval]
    fcr: dict[tuple[int, str, str], Fcr]
    """(window in days, same_intent or any_intent, attempt) to the counts over identified customers' ended attempts."""


def reference(touchpoints: Iterable[Touchpoint], as_of: int | None = None, settings: Settings = DEFAULTS) -> Reference:
    """What ``touchpoints`` add up to as of ``as_of`` (ms UTC; unless given, the newest of their times)."""
    facts = {touchpoint.id: touchpoint for touchpoint in touchpoints}
    if as_of is None:
        as_of = max((touchpoint.at for touchpoint in facts.values()), default=0)
    by_contact: dict[str, list[Touchpoint]] = defaultdict(list)
    for touchpoint in sorted(facts.values(), key=lambda fact: (fact.at, fact.id)):
        if touchpoint.type not in FACTS:
            by_contact[touchpoint.contact_id].append(touchpoint)

    contacts: dict[str, Contact] = {}
    visits: dict[str, QueueVisit] = {}
    by_customer: dict[str, list[Contact]] = defaultdict(list)
    for own in by_contact.values():
        contact, stays = fold(own, settings)
        contacts[contact.contact_id] = contact
        visits.update((visit.visit_id, visit) for visit in stays)
    lookup = _owners(contacts.values(), facts.values(), settings).__getitem__ if settings.identity.resolve else itself
    for contact in contacts.values():
        by_customer[customer_of(contact, lookup, settings)].append(contact)

    result = Reference(as_of, contacts, {}, visits, {}, {}, set(), set(), _intervals(visits.values(), settings), {})
    counts: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for customer, own_contacts in by_customer.items():
        _customer(customer, sorted(own_contacts, key=_order), result, counts, settings)
    result.fcr.update((key, Fcr(*three)) for key, three in counts.items())
    return result


def _owners(contacts: Iterable[Contact], facts: Iterable[Touchpoint], settings: Settings) -> dict[str, Owner]:
    """To whom every identifier belongs, by what contacts and explicit facts say."""
    seen = [Seen(identifiers_of(contact.identifiers), contact.started_at) for contact in contacts]
    known: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for fact in (cleaned(fact, settings) for fact in facts if fact.type in FACTS):
        if fact.type == IDENTIFY:
            seen.append(Seen(identifiers_of(fact.identifiers.items()), fact.at))
        else:
            for one, other, verdict in verdicts(fact, settings):
                known[one][other] = max(known[one].get(other, verdict), verdict)
    return owners_of(seen, known, settings)


def _order(contact: Contact) -> tuple[int, str]:
    return contact.started_at, contact.contact_id


def _silence(one: Contact, two: Contact) -> int:
    """Milliseconds between two contacts; 0 if they overlap."""
    first, second = sorted((one, two), key=_order)
    return max(0, second.started_at - first.ended_at)


def _customer(
    customer: str,
    contacts: list[Contact],
    result: Reference,
    counts: dict[tuple[int, str, str], list[int]],
    settings: Settings,
) -> None:
    visits = _visits(contacts, settings)
    leading = [merge(group) for group in visits]
    for contact in leading:  # what a visit adds up to stands under its first touch's id
        result.contacts[contact.contact_id] = contact
    talks = [contact for contact in leading if contact.channel not in settings.contacts.feedback_channels]
    inbound = [contact for contact in talks if contact.direction == "inbound"]
    attempts = [contact for contact in talks if contact.attempt != "none"]
    widest = max(settings.journeys.repeat_windows_days) * DAY

    def repeats(contact: Contact, attempt: Contact) -> bool:
        return contact is not attempt and 0 <= contact.started_at - attempt.ended_at <= widest

    for journey in _journeys(leading, settings):
        journey_id = f"{customer}/{journey[0].contact_id}"
        result.journeys[journey_id] = tuple(contact.contact_id for contact in journey)
        result.intents[journey_id] = next((contact.intent for contact in journey if contact.intent), UNKNOWN)
        for before, after in pairwise(contact for contact in journey if contact in talks):
            late = after.started_at - before.ended_at > settings.journeys.switch_window.ms
            if before.channel != after.channel and not late:
                cause = switching.cause(before, settings)
                result.switches.add((before.contact_id, after.contact_id, cause))
        for contact in journey:
            drops = contact.mood.drops if contact.mood is not None else ()
            result.drops.update((contact.contact_id, *drop) for drop in drops)
            later = [other for other in inbound if contact in attempts and repeats(other, contact)]
            earlier = [other for other in attempts if contact in inbound and repeats(contact, other)]
            same_later = [other for other in later if other.intent == contact.intent]
            same_earlier = [other for other in earlier if other.intent == contact.intent]
            redial_at, redial_id, redial = _redial(contact, talks, settings)
            result.relations[contact.contact_id] = Relations(
                customer,
                journey_id,
                "",
                min((other.started_at for other in same_later), default=None),
                min((other.started_at for other in later), default=None),
                max(same_earlier, key=lambda other: (other.ended_at, other.contact_id)).contact_id
                if same_earlier
                else "",
                max(earlier, key=lambda other: (other.ended_at, other.contact_id)).contact_id if earlier else "",
                redial_at,
                redial_id,
                redial,
                *_survey(contact, visits, talks, settings),
            )
            if contact in attempts and is_identified(customer):
                _count(contact, result.relations[contact.contact_id], result.as_of, counts, settings)
    for group in visits:
        for part in group[1:]:
            leader = group[0].contact_id
            result.relations[part.contact_id] = Relations(customer, result.relations[leader].journey_id, leader)


def _visits(contacts: list[Contact], settings: Settings) -> list[list[Contact]]:
    """Web and app touches without a contact id, with less than the gap between them, read as one visit."""
    groups: list[list[Contact]] = []
    for contact in contacts:
        mine = [
            group
            for group in groups
            if contact.lone
            and contact.channel in settings.contacts.visit_channels
            and group[0].lone
            and group[0].channel == contact.channel
            and any(contact.started_at - other.ended_at < settings.contacts.visit_gap.ms for other in group)
        ]
        if mine:
            mine[-1].append(contact)
        else:
            groups.append([contact])
    return groups


def _journeys(contacts: list[Contact], settings: Settings) -> list[list[Contact]]:
    anchored = [contact for contact in contacts if contact.intent or contact.references]
    strays = [contact for contact in contacts if not contact.intent and not contact.references]

    def linked(one: Contact, two: Contact) -> bool:
        silence = _silence(one, two)
        if set(one.references) & set(two.references):
            return silence <= max(settings.gap_ms(one.intent), settings.gap_ms(two.intent))
        return bool(one.intent) and one.intent == two.intent and silence <= settings.gap_ms(one.intent)

    groups = _components(anchored, linked)
    joined: list[list[Contact]] = [[] for _ in groups]
    homeless = []
    for stray in strays:
        within = []
        for group, joining in zip(groups, joined, strict=True):
            intent = next((contact.intent for contact in group if contact.intent), "")
            distance = min(_silence(stray, contact) for contact in group)
            if distance <= settings.gap_ms(intent):
                within.append((-distance, _order(group[0]), joining))
        if within:
            max(within, key=lambda found: found[:2])[2].append(stray)
        else:
            homeless.append(stray)
    found = [sorted(group + joining, key=_order) for group, joining in zip(groups, joined, strict=True)]
    return found + _components(homeless, lambda one, two: _silence(one, two) <= settings.gap_ms(""))


def _components(contacts: list[Contact], linked: Callable[[Contact, Contact], bool]) -> list[list[Contact]]:
    """What is connected through links, by spreading from each contact until nothing is added."""
    left = list(contacts)
    groups = []
    while left:
        group = [left.pop(0)]
        for member in group:
            near = [other for other in left if linked(member, other)]
            group.extend(near)
            left = [other for other in left if other not in near]
        groups.append(sorted(group, key=_order))
    return groups


def _survey(survey: Contact, visits: list[list[Contact]], talks: list[Contact], settings: Settings) -> tuple[str, str]:
    """Which contact a survey is about, and how that is known."""
    if not survey.scores and survey.channel != "survey":
        return "", ""
    others = [contact for contact in talks if contact.contact_id != survey.contact_id]
    known = [group[0].contact_id for group in visits for part in group if part.contact_id == survey.about]
    named = known[0] if known else survey.about
    asked = [g[0].contact_id for g in visits if g[0].channel in settings.contacts.feedback_channels]
    bearing = [c for c in others if set(c.references) & set(survey.references) and _order(c) < _order(survey)]
    ended = [
        contact
        for contact in others
        if contact.outcome in ("answered", "self_service")
        and contact.ended_at <= survey.started_at <= contact.ended_at + settings.surveys.window.ms
    ]
    alike = [contact for contact in ended if contact.intent and contact.intent == survey.intent]
    if named not in ("", survey.contact_id, *asked):
        return named, "reference"
    if survey in talks:
        return survey.contact_id, "contact"
    if bearing:
        return max(bearing, key=_order).contact_id, "reference"
    if ended:
        return max(alike or ended, key=lambda contact: (contact.ended_at, contact.contact_id)).contact_id, "time"
    return "", ""


def _redial(contact: Contact, contacts: list[Contact], settings: Settings) -> tuple[int | None, str, str]:
    if contact.outcome != "abandoned" or contact.direction != "inbound" or contact not in contacts:
        return None, "", ""
    soon = [
        other
        for other in contacts
        if other is not contact
        and 0 <= other.started_at - contact.ended_at <= settings.journeys.redial_window.ms
        and (other.direction == "inbound" or other.outcome == "answered")
    ]
    if not soon:
        return None, "", ""
    # At the same moment the customer's own contact counts before the call-back.
    first = min(soon, key=lambda other: (other.started_at, other.direction == "outbound", other.contact_id))
    if first.direction == "outbound":
        return first.started_at, first.contact_id, "called_back"
    outcome = {"answered": "recovered", "open": ""}.get(first.outcome, "lost")
    return first.started_at, first.contact_id, outcome


def _count(
    attempt: Contact,
    relations: Relations,
    as_of: int,
    counts: dict[tuple[int, str, str], list[int]],
    settings: Settings,
) -> None:
    if not attempt.closed and as_of < attempt.times_out_at:
        return
    for days in settings.journeys.repeat_windows_days:
        for scope, repeat_at in (
            ("same_intent", relations.first_repeat_same_at),
            ("any_intent", relations.first_repeat_any_at),
        ):
            closes_at = attempt.ended_at + days * DAY
            broken = repeat_at is not None and repeat_at <= closes_at
            counts[days, scope, attempt.attempt][0 if broken else 1 if closes_at <= as_of else 2] += 1


def _intervals(visits: Iterable[QueueVisit], settings: Settings) -> dict[tuple[str, str, int], queue.QueueInterval]:
    own: dict[tuple[str, str, int], list[QueueVisit]] = defaultdict(list)
    for visit in visits:
        own[queue.interval_of(visit, settings)].append(visit)
    interval_s = round(settings.times.interval)
    return {key: queue.figures(*key, interval_s, those) for key, those in own.items()}
