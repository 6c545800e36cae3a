"""What identifiers say: each in its one spelling, without those that say nothing about anybody.

They are normalised where a contact is folded, and where a fact is taken. What is stored, and the event on
journey.accepted, stay as they came: so other settings, or a library that knows more, make no duplicate look like
another event.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from journeys.settings import Settings
from journeys.spelling import spelled
from journeys.touchpoint import Touchpoint

RUN = 4
"""One character so many times or more says nothing: 0000, xxxx, 1111111."""


def normalise(kind: str, value: str, settings: Settings) -> str | None:
    """``value``, an identifier of ``kind``, as it is compared; None if it says nothing about anybody. Never raises."""
    rules = settings.identity
    text = spelled(kind, value, rules.region)
    folded = text.casefold()
    if not folded or folded in settings.placeholders:
        return None
    if folded[-RUN:] == folded[-1] * RUN and kind in rules.repeated and len(set(folded.removeprefix("+"))) == 1:
        return None
    blocked = settings.blocked
    return None if blocked and (kind, text) in blocked else text


def telling(pairs: Iterable[tuple[str, str]], settings: Settings) -> tuple[tuple[str, str], ...]:
    """(kind, value) for those of ``pairs`` that say something, normalised, in order."""
    found = ((kind, normalise(kind, value, settings)) for kind, value in pairs)
    return tuple(sorted({(kind, value) for kind, value in found if value is not None}))


def cleaned(touchpoint: Touchpoint, settings: Settings) -> Touchpoint:
    """``touchpoint`` with its identifiers normalised, itself if they are so; a fact that is left with none says
    nothing."""
    own = dict(telling(touchpoint.identifiers.items(), settings))
    other = dict(telling(touchpoint.other.items(), settings))
    if own == touchpoint.identifiers and other == touchpoint.other:
        return touchpoint
    return msgspec.structs.replace(touchpoint, identifiers=own, other=other)
