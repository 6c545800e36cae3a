"""What customers answered when they were asked, and which contact that is about (M13).

Scores: CSAT from 1 to 5; NPS, "how likely are you to recommend us", from 0 to 10 (Reichheld, "The One Number You Need
to Grow", Harvard Business Review, December 2003); CES 2.0, "the company made it easy for me to handle my issue", from 1
to 7, the easiest (Dixon, Toman, DeLisi, "The Effortless Experience", 2013); QA, a reviewer's, from 0 to 100.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from journeys.settings import Settings

if TYPE_CHECKING:
    from journeys.contact import Contact

CHANNEL = "survey"
SCALES = {"csat": (1, 5), "nps": (0, 10), "ces": (1, 7), "qa": (0, 100)}
KINDS = frozenset(SCALES)
SERVED = frozenset({"answered", "self_service"})
"""Outcomes of the contacts that a survey can be about which names none."""


def scores(attributes: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The scores in a touchpoint's attributes that lie on their scale, given as numbers or as text."""
    for kind in KINDS & attributes.keys():
        score = score_of(kind, attributes[kind])
        if score is not None:
            yield kind, score


def score_of(kind: str, value: object) -> float | None:
    """``value`` as a score of ``kind``; None if it is none, or beyond the scale."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        score = float(value)
    except (ValueError, OverflowError):
        return None
    least, most = SCALES[kind]
    return score if isfinite(score) and least <= score <= most else None


def is_survey(contact: Contact) -> bool:
    """Whether it is to be joined: it has a score, or is an invitation or an answer in the survey channel."""
    return bool(contact.scores) or contact.channel == CHANNEL


def joins(contacts: Sequence[Contact], leaders: Mapping[str, str], settings: Settings) -> dict[str, tuple[str, str]]:
    """By the id of each survey among ``contacts`` (one customer's, those that lead): the contact that it is about, and
    how that was found. ``leaders``: of a visit's other contacts, the one that leads.

    - "reference": it names a contact (``about``), be that this customer's or not: who answers may be known otherwise;
    - "contact": it is part of the contact;
    - "reference": the latest contact that started before it and bears a reference of its own;
    - "time": the latest contact that was served and ended within the window before it; one with its intent if any is.

    It is never about another survey.
    """
    talks = {contact.contact_id: contact for contact in contacts if contact.channel not in settings.feedback}
    asked = {contact.contact_id for contact in contacts if contact.channel in settings.feedback}
    found = {}
    for survey in contacts:
        if not is_survey(survey):
            continue
        named = leaders.get(survey.about, survey.about)
        if named and named != survey.contact_id and named not in asked:
            found[survey.contact_id] = named, "reference"
        elif survey.contact_id in talks:
            found[survey.contact_id] = survey.contact_id, "contact"
        elif one := _by_reference(survey, talks):
            found[survey.contact_id] = one.contact_id, "reference"
        elif one := _by_time(survey, talks, settings.surveys.window.ms):
            found[survey.contact_id] = one.contact_id, "time"
    return found


def _by_reference(survey: Contact, talks: Mapping[str, Contact]) -> Contact | None:
    if not survey.references:
        return None
    own, latest = set(survey.references), None
    for contact in talks.values():  # in the order of their starts
        if (contact.started_at, contact.contact_id) > (survey.started_at, survey.contact_id):
            break
        if not own.isdisjoint(contact.references):
            latest = contact
    return latest


def _by_time(survey: Contact, talks: Mapping[str, Contact], window: int) -> Contact | None:
    latest: Contact | None = None
    rank = False, 0, ""
    for contact in talks.values():
        silence = survey.started_at - contact.ended_at
        if contact.outcome in SERVED and 0 <= silence <= window:
            own = bool(survey.intent) and contact.intent == survey.intent
            if latest is None or (own, contact.ended_at, contact.contact_id) > rank:
                latest, rank = contact, (own, contact.ended_at, contact.contact_id)
    return latest
