"""What holds of each of a customer's contacts because of the others."""

from __future__ import annotations

from itertools import pairwise

from journeys import switching
from journeys.contact import Contact
from journeys.definition.causes import tally
from journeys.definition.figures import Reference, Relations
from journeys.definition.grouping import journeys_of, visits_of
from journeys.definition.next_steps import trials
from journeys.definition.order import order
from journeys.definition.resolution import count_attempt, window_ends
from journeys.identity import is_identified
from journeys.journey import UNKNOWN
from journeys.sessions import merge
from journeys.settings import Settings


def relate(
    customer: str,
    contacts: list[Contact],
    result: Reference,
    counts: dict[tuple[int, str, str], list[int]],
    settings: Settings,
) -> None:
    visits = visits_of(contacts, settings)
    leading = [merge(group) for group in visits]
    for contact in leading:  # what a visit adds up to stands under its first touch's id
        result.contacts[contact.contact_id] = contact
    talks = [contact for contact in leading if contact.channel not in settings.contacts.feedback_channels]
    inbound = [contact for contact in talks if contact.direction == "inbound"]
    attempts = [contact for contact in talks if contact.attempt != "none"]
    windows = {attempt.contact_id: window_ends(attempt, settings) for attempt in attempts}

    def repeats(contact: Contact, attempt: Contact) -> bool:
        within = attempt.ended_at <= contact.started_at <= max(windows[attempt.contact_id].values())
        return contact is not attempt and within

    for journey in journeys_of(leading, settings):
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
            redial_at, redial_id, redial = redial_of(contact, talks, settings)
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
                *survey_of(contact, visits, talks, settings),
                tuple(end for _, end in sorted(windows.get(contact.contact_id, {}).items())),
                contact.ended_at + settings.journeys.redial_window.ms
                if contact in inbound and contact.outcome == "abandoned"
                else None,
                friction_among(contact, journey, bool(same_earlier), settings),
            )
            if contact in attempts and is_identified(customer):
                count_attempt(
                    contact,
                    result.relations[contact.contact_id],
                    windows[contact.contact_id],
                    result.as_of,
                    counts,
                )
        if is_identified(customer):
            trials(journey, inbound, result, settings)
    if is_identified(customer):
        tally(talks, result)
    for group in visits:
        for part in group[1:]:
            leader = group[0].contact_id
            result.relations[part.contact_id] = Relations(customer, result.relations[leader].journey_id, leader)


def survey_of(
    survey: Contact, visits: list[list[Contact]], talks: list[Contact], settings: Settings
) -> tuple[str, str]:
    """Which contact a survey is about, and how that is known."""
    if not survey.scores and survey.channel != "survey":
        return "", ""
    others = [contact for contact in talks if contact.contact_id != survey.contact_id]
    known = [group[0].contact_id for group in visits for part in group if part.contact_id == survey.about]
    named = known[0] if known else survey.about
    asked = [g[0].contact_id for g in visits if g[0].channel in settings.contacts.feedback_channels]
    bearing = [c for c in others if set(c.references) & set(survey.references) and order(c) < order(survey)]
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
        return max(bearing, key=order).contact_id, "reference"
    if ended:
        return max(alike or ended, key=lambda contact: (contact.ended_at, contact.contact_id)).contact_id, "time"
    return "", ""


def redial_of(contact: Contact, contacts: list[Contact], settings: Settings) -> tuple[int | None, str, str]:
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


def friction_among(contact: Contact, journey: list[Contact], repeats_same: bool, settings: Settings) -> tuple[str, ...]:
    """What went wrong with ``contact`` that only the customer's others show."""
    journey_intent = next((one.intent for one in journey if one.intent), UNKNOWN)
    earlier = journey[: journey.index(contact)]

    def to_people(one: Contact) -> bool:
        return one.direction == "inbound" and settings.kinds.get(one.channel) == "assisted"

    def is_answered(one: Contact) -> bool:
        return one.outcome == "answered" and bool(one.agents)

    found = []
    if repeats_same and contact.intent and to_people(contact):
        found.append("repeat")
    about = contact.intent or journey_intent
    told = [one for one in earlier if is_answered(one) and (one.intent or journey_intent) == about]
    if is_answered(contact) and told and contact.agents[0] not in told[-1].agents:
        found.append("repeated_explanation")
    for reference in contact.references if to_people(contact) else ():
        said = [one for one in earlier if reference in one.references and (to_people(one) or one.resolution)]
        if said and said[-1].resolution == "resolved":
            found.append("reopened")
            break
    return tuple(found)
