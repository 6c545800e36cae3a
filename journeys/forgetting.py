"""What is to be forgotten, and how that is said.

A ``forget`` event asks for it, in one of three ways: with a ``contact_id``, that contact's touchpoints up to the
event's time are to go; with a ``contact_id`` and identifiers, those identifiers are to go out of the contact's
touchpoints, which are another customer's; with identifiers alone, nothing may be kept of them. `touchpath forget` finds
out what belongs to a customer and sends all three. What comes later than the event's time starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from journeys.identity import rank_of
from journeys.settings import Settings
from journeys.touchpoint import FACTS, OF_TWO, Touchpoint

KEY = b"forgotten"
"""Under this key journey.accepted holds a ``Forgotten``, and no touchpoints."""


class Forgotten(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was forgotten of one contact: whoever has stored its touchpoints is to do the same."""

    contact_id: str
    until: int
    """Event time in ms since the epoch (UTC), inclusive."""
    identifiers: tuple[tuple[str, str], ...] = ()
    """(kind, value) that went out of its touchpoints; with none, the touchpoints themselves did."""

    def covers(self, contact_id: str, at: int) -> bool:
        return contact_id == self.contact_id and at <= self.until


def without(touchpoint: Touchpoint, gone: Iterable[tuple[str, str]]) -> Touchpoint:
    """``touchpoint`` without those of its identifiers that are ``gone``; itself if there are none."""
    names = set(gone)
    own = {kind: value for kind, value in touchpoint.identifiers.items() if (kind, value) not in names}
    other = {kind: value for kind, value in touchpoint.other.items() if (kind, value) not in names}
    if len(own) == len(touchpoint.identifiers) and len(other) == len(touchpoint.other):
        return touchpoint
    return msgspec.structs.replace(touchpoint, identifiers=own, other=other)


def rewritten(raw: bytes, left: Touchpoint) -> bytes:
    """The event ``raw`` with the identifiers that its touchpoint is ``left`` with; all else as it came."""
    event = msgspec.json.decode(raw)
    event["data"]["identifiers"] = left.identifiers
    if left.other:
        event["data"]["other"] = left.other
    return msgspec.json.encode(event)


def says_anything(fact: Touchpoint) -> bool:
    """Whether identifiers enough are left in ``fact`` for it to mean something."""
    return bool(fact.identifiers and (fact.other or fact.type not in OF_TWO))


def spared(touchpoint: Touchpoint, gone: Iterable[tuple[str, str]], settings: Settings) -> Touchpoint | None:
    """What may be taken of ``touchpoint`` if its identifiers ``gone`` are to be forgotten: all else, or, if it is about
    whoever they name, nothing. It is about whom its strongest identifiers name; a fact is about all of its own."""
    left = without(touchpoint, gone)
    if left is touchpoint:
        return touchpoint
    if touchpoint.type in FACTS:
        return left if says_anything(left) else None
    if not touchpoint.identifiers:
        return left
    strongest = min(rank_of(kind, settings) for kind in touchpoint.identifiers)
    return left if any(rank_of(kind, settings) == strongest for kind in left.identifiers) else None
