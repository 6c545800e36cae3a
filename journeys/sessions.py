"""Touchpoints on the web, in an app or in messages that name no contact: with less than half an hour between them they
read as one visit."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from journeys import mood
from journeys.contact import Contact
from journeys.friction import OF_TOUCHPOINTS, in_ending
from journeys.settings import Settings
from journeys.stages import UNKNOWN, joined


def sessions(contacts: Sequence[Contact], settings: Settings) -> list[list[Contact]]:
    """``contacts`` of one customer, sorted by (start, id), grouped: most alone, the touches of one visit together.

    A visit stays in one channel, since going from the web site to the app is a switch; and it does not begin with what
    we sent, since who answers that makes contact. The groups come in the order of their first contact.
    """
    channels = settings.contacts.visit_channels
    gap = settings.contacts.visit_gap.ms
    groups: list[list[Contact]] = []
    latest: dict[str, tuple[list[Contact], int]] = {}
    for contact in contacts:
        if not contact.lone or contact.channel not in channels:
            groups.append([contact])
            continue
        group, ended_at = latest.get(contact.channel, ([], 0))
        if group and contact.started_at - ended_at < gap and not answers(contact, group[0]):
            group.append(contact)
            ended_at = max(ended_at, contact.ended_at)
        else:
            group = [contact]
            groups.append(group)
            ended_at = contact.ended_at
        latest[contact.channel] = group, ended_at
    return groups


def answers(contact: Contact, first: Contact) -> bool:
    """Whether ``contact`` is the customer's, after a visit's ``first`` that is ours."""
    return contact.direction == "inbound" and first.direction == "outbound"


def merge(group: Sequence[Contact]) -> Contact:
    """The one contact that a visit's touches, sorted by (start, id), read as; it bears the first one's id."""
    first = group[0]
    if len(group) == 1:
        return first
    resolution = next((contact.resolution for contact in reversed(group) if contact.resolution), "")
    articles = tuple(dict.fromkeys(article for contact in group for article in contact.articles))
    nodes = tuple(dict.fromkeys(node for contact in group for node in contact.nodes))
    path = joined([contact.path for contact in group])
    felt = [
        (kind, stage)
        for contact in group
        for kind, stage in zip(contact.friction, contact.friction_stages, strict=True)
        if kind in OF_TOUCHPOINTS
    ]
    outcome = first.outcome
    if outcome in ("open", "ended"):  # each message times out by itself
        outcome = "ended" if group[-1].closed else "open"
    ending = in_ending(outcome, resolution, first.containment_failed, articles, nodes)
    felt += [(kind, path[-1][0] if path else UNKNOWN) for kind in ending]
    return msgspec.structs.replace(
        first,
        ended_at=max(contact.ended_at for contact in group),
        closed=group[-1].closed,
        times_out_at=max(contact.times_out_at for contact in group),
        identifiers=tuple(sorted({known for contact in group for known in contact.identifiers})),
        outcome=outcome,
        intent=next((contact.intent for contact in reversed(group) if contact.intent), ""),
        references=tuple(sorted({reference for contact in group for reference in contact.references})),
        resolution=resolution,
        invited=any(contact.invited for contact in group),
        touchpoints=sum(contact.touchpoints for contact in group),
        mood=mood.joined([contact.mood for contact in group if contact.mood is not None]),
        scores=tuple(sorted({kind: score for contact in group for kind, score in contact.scores}.items())),
        about=next((contact.about for contact in reversed(group) if contact.about), ""),
        articles=articles,
        nodes=nodes,
        path=path,
        friction=tuple(kind for kind, _ in felt),
        friction_stages=tuple(stage for _, stage in felt),
    )
