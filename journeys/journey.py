"""What one customer's contacts add up to: journeys, channel switches, repeats and redials (M6, M7, M9)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from journeys.contact import Contact
from journeys.settings import Settings

UNKNOWN = "unknown"


class Stitched(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A contact in its place: whose it is, in which journey, and what came of it."""

    contact: Contact
    customer: str
    journey_id: str
    part_of: str = ""
    """The contact that leads the visit which this one is a part of; empty for a contact that stands for itself."""
    first_repeat_same_at: int | None = None
    """Start of the first inbound contact after this attempt's end, same customer and intent; none if not an attempt."""
    first_repeat_any_at: int | None = None
    repeat_of_same: str = ""
    """The latest attempt, same customer and intent, that this inbound contact follows within the widest window."""
    repeat_of_any: str = ""
    redial_at: int | None = None
    """For an abandoned contact: when the next inbound one, or the answered call-back, started within the window."""
    redial_id: str = ""
    redial: str = ""
    """recovered, called_back or lost; empty while there is no redial (lost once the window has passed)."""
    survey_of: str = ""
    """Of a survey: the contact that its scores are about."""
    survey_joined_by: str = ""
    """contact, reference or time: how that was found."""
    friction: tuple[str, ...] = ()
    """What went wrong in it that only the customer's other contacts show (journeys/friction.py)."""
    window_days: tuple[int, ...] = ()
    """Of an attempt: the windows within which a contact repeats it, the widest last."""
    window_ends: tuple[int, ...] = ()
    """When each of them ends (ms)."""
    redial_until: int | None = None
    """For an abandoned inbound contact: when the window ends within which another one is a redial."""


class Friction(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What went wrong in one stage of a journey, of one kind."""

    stage: str
    kind: str
    count: int
    points: float
    """Of the effort score: the kind's weight, each time."""


class Journey(msgspec.Struct, frozen=True, omit_defaults=True):
    journey_id: str
    customer: str
    intent: str
    opened_at: int
    last_at: int
    """The latest end of its contacts."""
    contacts: int
    channels: tuple[str, ...]
    """In the order of their first contact."""
    switches: int
    repeats: int
    """Contacts of it that repeat an attempt about the same intent, within the widest window."""
    first_channel: str
    last_channel: str
    references: tuple[str, ...] = ()
    closes_at: int = 0
    """When it is over if nothing more comes: the last end and its intent's gap."""
    path: tuple[tuple[str, int], ...] = ()
    """Its stages, each with when it was entered (ms); two of one after another are one."""
    drops_off_at: str = ""
    """The last of them, if it counts as dropped off once it is over."""
    friction: tuple[Friction, ...] = ()
    """By stage and kind. The effort score is the points of all, and at most 100."""
    long_wait_points: float = 0.0
    """What each long wait adds to them; how many there were hangs on other customers, and is told when read."""
    stage_s: tuple[float, ...] = ()
    """How long each stage of its path lasted by working time, where the settings measure stages by it; else the path
    says so."""


class Signal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something worth acting on, about one customer."""

    signal_id: str
    kind: str
    """channel_switch, repeat_contact, redial, sentiment_drop, survey_score, likely_switch; emerging_cause, of no
    customer."""
    customer: str
    journey_id: str
    at: int
    contact_id: str
    """The contact that made it so."""
    previous_id: str = ""
    """The contact that it follows."""
    from_channel: str = ""
    to_channel: str = ""
    cause: str = ""
    details: dict[str, str | int | float | bool] = {}


def journeys_of(contacts: Sequence[Contact], settings: Settings) -> list[list[Contact]]:
    """``contacts`` of one customer, sorted by (start, id), grouped into journeys, each sorted alike.

    Two contacts are linked if they have the same intent, or share a reference, and the silence between them is no
    longer than the gap of the intent (of the longer-lived intent, for a reference). A journey is what links connect. A
    contact with neither intent nor reference then joins the nearest journey within whose gap it lies, at equal
    distance the one that opened later; those that find none make journeys of their own.
    """
    if len(contacts) == 1:  # most customers
        return [list(contacts)]
    groups = _linked([contact for contact in contacts if contact.intent or contact.references], settings)
    strays = [contact for contact in contacts if not contact.intent and not contact.references]
    if not strays:
        return groups
    places = [_Place(group, settings) for group in groups]
    homeless = []
    for stray in strays:
        near = [(place.distance(stray), place) for place in places]
        within = [(distance, -index) for index, (distance, place) in enumerate(near) if distance <= place.gap]
        if within:
            groups[-min(within)[1]].append(stray)
        else:
            homeless.append(stray)
    for group in groups:
        group.sort(key=_order)
    groups.extend(_linked(homeless, settings))
    return groups


def intent_of(group: Sequence[Contact]) -> str:
    """What a journey is about: the first intent named in it."""
    return next((contact.intent for contact in group if contact.intent), UNKNOWN)


def _order(contact: Contact) -> tuple[int, str]:
    return contact.started_at, contact.contact_id


def _linked(contacts: Sequence[Contact], settings: Settings) -> list[list[Contact]]:
    """The components of the links, in the order of their first contacts.

    Within an intent it is enough to look at the contact that ended latest so far: what is linked to an earlier one is
    linked to that one too. A reference joins intents with different gaps, where this does not hold, so there each
    contact is held against each earlier one; a case has few.
    """
    leaders = list(range(len(contacts)))
    latest: dict[str, tuple[int, int]] = {}  # intent -> index of the contact that ended latest, and its end
    cases: dict[str, list[int]] = {}  # reference -> indices

    def leader(index: int) -> int:
        while leaders[index] != index:
            leaders[index] = index = leaders[leaders[index]]
        return index

    def link(one: int, two: int) -> None:
        one, two = leader(one), leader(two)
        leaders[max(one, two)] = min(one, two)

    for index, contact in enumerate(contacts):
        gap = settings.gap_ms(contact.intent)
        if contact.intent or not contact.references:
            other, ended_at = latest.get(contact.intent, (index, contact.ended_at))
            if contact.started_at - ended_at <= gap:
                link(index, other)
            if contact.ended_at >= ended_at:
                latest[contact.intent] = index, contact.ended_at
        for reference in contact.references:
            case = cases.setdefault(reference, [])
            for other in case:
                earlier = contacts[other]
                if contact.started_at - earlier.ended_at <= max(gap, settings.gap_ms(earlier.intent)):
                    link(index, other)
            case.append(index)
    groups: dict[int, list[Contact]] = {}
    for index, contact in enumerate(contacts):
        groups.setdefault(leader(index), []).append(contact)
    return list(groups.values())


class _Place:
    """A journey as a stray contact sees it: how far away in time, and how far it reaches."""

    def __init__(self, group: Sequence[Contact], settings: Settings) -> None:
        self.gap = settings.gap_ms(intent_of(group))
        self._starts = [contact.started_at for contact in group]
        self._ends: list[int] = []
        for contact in group:
            self._ends.append(max(contact.ended_at, self._ends[-1]) if self._ends else contact.ended_at)

    def distance(self, stray: Contact) -> int:
        """Milliseconds between ``stray`` and the nearest contact of the journey; 0 if they overlap."""
        begun = bisect_right(self._starts, stray.ended_at)
        before = max(0, stray.started_at - self._ends[begun - 1]) if begun else None
        after = self._starts[begun] - stray.ended_at if begun < len(self._starts) else None
        return min(distance for distance in (before, after) if distance is not None)
