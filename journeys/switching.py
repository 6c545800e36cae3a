"""Channel switches (M7): two consecutive contacts of a journey in different channels, the second soon after the first.

No vendor publishes a definition; this one is ours: the second starts within the switch window (24 h unless set) of
the first one's end. Contacts that overlap are as close as can be. Surveys and reviews are left out: who is asked how it
was has not gone elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from journeys.contact import Contact
from journeys.settings import Settings


class Switch(NamedTuple):
    before: Contact
    after: Contact
    seconds: float
    """From the end of the one to the start of the other; 0 if they overlap."""
    cause: str
    """abandoned, self_service_failed, unresolved or transferred: what failed before; else choice."""


def switches(journey: Sequence[Contact], settings: Settings) -> Iterator[Switch]:
    """The switches within one journey's contacts, sorted by (start, id)."""
    window = settings.journeys.switch_window.ms
    if len(journey) < 2:
        return
    feedback = settings.feedback
    for before, after in pairwise(contact for contact in journey if contact.channel not in feedback):
        if before.channel != after.channel and after.started_at - before.ended_at <= window:
            seconds = max(0, after.started_at - before.ended_at) / 1000
            yield Switch(before, after, seconds, cause(before, settings))


def cause(before: Contact, settings: Settings) -> str:
    """What about ``before`` made the customer go elsewhere."""
    if before.outcome == "abandoned":
        return "abandoned"
    if before.resolution in ("failed", "unresolved"):
        self_service = settings.kinds.get(before.channel) == "self_service"
        return "self_service_failed" if self_service else "unresolved"
    if before.transfers:
        return "transferred"
    return "choice"


def step(before: Contact, after: Contact, settings: Settings) -> str:
    """From which kind of channel to which, such as "self_service_to_assisted"."""
    kinds = settings.kinds
    return f"{kinds.get(before.channel, 'other')}_to_{kinds.get(after.channel, 'other')}"
