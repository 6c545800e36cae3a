"""Explicit facts about identifiers: touchpoints that say who is who, and are no contacts.

``identify`` (in Segment's meaning: https://segment.com/docs/connections/spec/identify/): the identifiers in it are one
person's, which is evidence as that of a contact. ``link`` and ``alias``: its identifiers and those in ``other`` are the
same person's. ``unlink``: they are not, and it stays so. ``auto`` withdraws either. ``block``: nobody's (a shop's
tablet); ``unblock`` withdraws it.
"""

from __future__ import annotations

from collections.abc import Iterator

from journeys.identity import Verdict, about, identifiers_of
from journeys.settings import Settings
from journeys.touchpoint import Touchpoint

IDENTIFY = "identify"
_OF_TWO = {"link": "link", "alias": "link", "unlink": "unlink", "auto": "auto"}
_OF_ONE = {"block": "block", "unblock": "unblock"}


def verdicts(touchpoint: Touchpoint, settings: Settings) -> Iterator[tuple[str, str, Verdict]]:
    """(identifier, other, verdict) for all that ``touchpoint`` says; ``other`` is "" where it is about one alone."""
    these = identifiers_of(touchpoint.identifiers.items())
    if touchpoint.type in _OF_ONE:
        verdict = Verdict(touchpoint.at, touchpoint.id, _OF_ONE[touchpoint.type])
        for one in these:
            yield one, "", verdict
    elif touchpoint.type in _OF_TWO:
        verdict = Verdict(touchpoint.at, touchpoint.id, _OF_TWO[touchpoint.type])
        for one in these:
            for two in identifiers_of(touchpoint.other.items()):
                if one != two:
                    yield *about(one, two, settings), verdict
