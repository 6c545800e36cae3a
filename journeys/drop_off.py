"""Where a journey drops off (M2): the stage that it was in when the customer was heard of no more, unless all was well.

All was well if the journey came into a stage that the settings call a goal, or if its last word was that it is
resolved. Where nobody said whether it is, an answered contact without another after it counts as resolved, as it does
for first contact resolution; one given up, or self-service left without a word, does not.
"""

from __future__ import annotations

from collections.abc import Sequence

from journeys.contact import Contact
from journeys.stages import Path


def drops_off_at(journey: Sequence[Contact], path: Path, goals: frozenset[str]) -> str:
    """The last stage of ``path``, the way of ``journey`` (sorted by (start, id)), or nothing if all was well."""
    if _settled(journey) or not goals.isdisjoint([stage for stage, _ in path]):
        return ""
    return path[-1][0] if path else ""


def _settled(journey: Sequence[Contact]) -> bool:
    for contact in reversed(journey):
        if contact.resolution:
            return contact.resolution == "resolved"
        if contact.outcome in ("answered", "abandoned", "self_service"):
            return contact.outcome == "answered"
    return False
