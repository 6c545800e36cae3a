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
from journeys.touchpoint import OF_TWO, Touchpoint

IDENTIFY = "identify"


def verdicts(touchpoint: Touchpoint, settings: Settings) -> Iterator[tuple[str, str, Verdict]]:
    """(identifier, other, verdict) for all that ``touchpoint`` says; ``other`` is "" where it is about one alone."""
    if touchpoint.type == IDENTIFY:  # evidence, and no verdict
        return
    these = identifiers_of(touchpoint.identifiers.items())
    verdict = Verdict(touchpoint.at, touchpoint.id, "link" if touchpoint.type == "alias" else touchpoint.type)
    if touchpoint.type in OF_TWO:
        for one in these:
            for two in identifiers_of(touchpoint.other.items()):
                if one != two:
                    yield *about(one, two, settings), verdict
    else:
        for one in these:
            yield one, "", verdict
