"""What came before repeats, switches, escalations, transfers and failures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from journeys.causes import EVENTS
from journeys.contact import Contact
from journeys.definition.figures import Reference
from journeys.definition.order import order
from journeys.repeats import DAY


def tally(contacts: list[Contact], result: Reference) -> None:
    """Adds this customer's part of what came before repeats, switches, escalations and transfers."""
    inbound = [contact for contact in contacts if contact.direction == "inbound"]
    by_id = {contact.contact_id: contact for contact in contacts}
    met: set[tuple[int, int, str, str]] = set()
    for contact in sorted(inbound, key=lambda one: (one.ended_at, one.contact_id)):
        if not contact.closed and contact.attempt != "self_service":
            continue
        repeats = [one for one in inbound if one is not contact and 0 <= one.started_at - contact.ended_at <= DAY]
        repeat = min(repeats, key=order) if repeats and contact.attempt != "none" else None
        switch = next((by_id[after] for before, after, _ in result.switches if before == contact.contact_id), None)
        served = contact.outcome == "answered"
        onward = round(contact.onward_s * 1000)
        happened = [  # whether it could, whether it did, and what it cost
            (contact.attempt != "none", repeat is not None, _cost(repeat)),
            (True, switch is not None, _cost(switch)),
            (served or contact.escalations > 0, contact.escalations > 0, onward),
            (served or contact.transfers > 0, contact.transfers > 0, onward),
            (
                contact.attempt == "self_service" or contact.containment_failed,
                contact.attempt == "self_service" and contact.resolution == "failed",
                contact.ended_at - contact.started_at,
            ),
        ]
        hour = contact.ended_at // 3_600_000
        for dimension, cause, way in _causes(contact, result):
            place = hour, dimension, cause, contact.intent, way
            counted = result.tallies.setdefault(place, [(0, 0, 0, 0)] * len(happened))
            for event, (could, did, cost) in enumerate(happened):
                if not could or (dimension == "transfer_path" and EVENTS[event] == "transfer"):
                    continue
                first = did and (hour // 24, event, dimension, cause) not in met
                if did:
                    met.add((hour // 24, event, dimension, cause))
                exposed, count, spent, customers = counted[event]
                counted[event] = exposed + 1, count + did, spent + cost * did, customers + first


def _cost(contact: Contact | None) -> int:
    if contact is None:
        return 0
    return sum(round(seconds * 1000) for seconds in (contact.wait_s, contact.talk_s, contact.hold_s, contact.wrap_s))


def _causes(contact: Contact, result: Reference) -> Iterator[tuple[str, str, str]]:
    """Dimension, cause (empty: any) and the way in on which it is comparable."""
    journey = result.journeys[result.relations[contact.contact_id].journey_id]
    yield "intent", contact.intent, contact.channel
    yield "first_channel", result.contacts[journey[0]].channel, contact.channel
    for article in {"", *contact.articles} if contact.articles else ():
        yield "article", article, contact.channel
    for node in {"", *contact.nodes} if contact.nodes else ():
        yield "node", node, "menu" if contact.channel in ("ivr", "voice") else contact.channel
    for first in contact.queues[:1]:
        yield "queue", first, contact.channel
    for path in {f"{one}>{two}" for one, two in pairwise(contact.queues)}:
        yield "transfer_path", path, contact.channel
    for team in {"", contact.teams[0]} if contact.teams else ():
        yield "team", team, contact.queues[0] if contact.queues else contact.channel
