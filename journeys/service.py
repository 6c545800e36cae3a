"""What an agent served: one contact's stays that somebody had, as that agent's work (M14).

A contact that was transferred has a visit for each queue, and so a service for each of its agents.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from journeys.contact import Contact, QueueVisit
from journeys.settings import Settings


class Service(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One contact while one agent had it. Times in ms since the epoch (UTC), durations in seconds."""

    service_id: str
    """That of its queue visit."""
    agent: str
    contact_id: str
    channel: str
    queue: str
    connected_at: int
    ended_at: int | None
    """When the agent's part in it ended; none while it lasts."""
    times_out_at: int
    """When it counts as over though no event said so."""
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_s: float = 0.0
    holds: int = 0
    transferred_in: bool = False
    """Another agent had it before, and passed it on."""
    transferred_out: bool = False
    escalated: bool = False
    conferenced: bool = False
    resolved: bool = False
    """The contact was resolved, and this agent had it last."""
    hard: bool = False


def services(contact: Contact, visits: Sequence[QueueVisit], settings: Settings) -> list[Service]:
    """What agents had of ``contact``, whose ``visits`` these are, in their order."""
    found = []
    passed_on = False
    for visit in visits:
        if visit.outcome != "answered" or visit.left_at is None:
            continue
        if visit.agent:
            found.append(
                Service(
                    visit.visit_id,
                    visit.agent,
                    visit.contact_id,
                    visit.channel,
                    visit.queue,
                    visit.left_at,
                    visit.ended_at,
                    visit.times_out_at + visit.left_at - visit.entered_at,
                    visit.talk_s,
                    visit.hold_s,
                    visit.wrap_s,
                    visit.holds,
                    passed_on,
                    visit.passed_on,
                    visit.escalated,
                    visit.conferenced,
                    contact.resolution == "resolved" and visit is visits[-1],
                    is_hard(contact, visit, settings),
                )
            )
        passed_on = visit.passed_on
    return found


def is_hard(contact: Contact, visit: QueueVisit, settings: Settings) -> bool:
    """Whether it was a hard one for who had it: escalated, passed on, long on hold, or left in a bad mood."""
    return (
        visit.escalated
        or visit.passed_on
        or visit.hold_s > settings.agents.hard_hold
        or (contact.mood is not None and contact.mood.last <= settings.agents.hard_mood)
    )
