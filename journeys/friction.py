"""Friction (M11): what went wrong for the customer, a word for each time, and in which stage of the journey it did.

Here is what one contact shows by itself; what only the customer's others show is in journeys/effort.py. A long wait
depends on what other customers waited, so it is told when it is asked for (view ``v_friction``).
"""

from __future__ import annotations

from collections.abc import Collection

from journeys.touchpoint import Touchpoint

TROUBLED = {
    "transferred": "transfer",
    "escalated": "escalation",
    "opted_out": "ivr_opt_out",
    "searched": "failed_search",
}
"""Types of touchpoints in which something may go wrong, and what."""
UNSETTLED = ("failed", "unresolved")
OF_TOUCHPOINTS = frozenset(TROUBLED.values())


def in_touchpoint(touchpoint: Touchpoint) -> str:
    """What went wrong there; nothing if all was well."""
    if touchpoint.type == "searched" and touchpoint.attributes.get("results") not in (0, "0"):
        return ""
    return TROUBLED.get(touchpoint.type, "")


def in_ending(
    outcome: str, resolution: str, containment_failed: bool, articles: Collection[str], nodes: Collection[str]
) -> tuple[str, ...]:
    """What the end of a contact shows: given up, left for a queue, or self-service that failed, and in what."""
    found: tuple[str, ...] = ()
    if outcome == "abandoned":
        found += ("abandonment",)
    if containment_failed:
        found += ("containment_failure",)
    if outcome == "self_service" and resolution in UNSETTLED:
        found += ("self_service_failed",)
        if articles:
            found += ("failed_article",)
        if nodes:
            found += ("ivr_dead_end",)
    return found
