"""Which contacts are one visit, and which are one journey."""

from __future__ import annotations

from collections.abc import Callable

from journeys.contact import Contact
from journeys.definition.order import order, silence_between
from journeys.settings import Settings


def visits_of(contacts: list[Contact], settings: Settings) -> list[list[Contact]]:
    """Touches of one channel without a contact id, with less than the gap between them, read as one visit; what the
    customer says after what we sent begins another."""
    groups: list[list[Contact]] = []
    for contact in contacts:
        mine = [
            group
            for group in groups
            if contact.lone
            and contact.channel in settings.contacts.visit_channels
            and group[0].lone
            and group[0].channel == contact.channel
        ]
        if (
            mine
            and any(contact.started_at - other.ended_at < settings.contacts.visit_gap.ms for other in mine[-1])
            and (contact.direction, mine[-1][0].direction) != ("inbound", "outbound")
        ):
            mine[-1].append(contact)
        else:
            groups.append([contact])
    return groups


def journeys_of(contacts: list[Contact], settings: Settings) -> list[list[Contact]]:
    anchored = [contact for contact in contacts if contact.intent or contact.references]
    strays = [contact for contact in contacts if not contact.intent and not contact.references]

    def linked(one: Contact, two: Contact) -> bool:
        silence = silence_between(one, two)
        if set(one.references) & set(two.references):
            return silence <= max(settings.gap_ms(one.intent), settings.gap_ms(two.intent))
        return bool(one.intent) and one.intent == two.intent and silence <= settings.gap_ms(one.intent)

    groups = _components(anchored, linked)
    joined: list[list[Contact]] = [[] for _ in groups]
    homeless = []
    for stray in strays:
        within = []
        for group, joining in zip(groups, joined, strict=True):
            intent = next((contact.intent for contact in group if contact.intent), "")
            distance = min(silence_between(stray, contact) for contact in group)
            if distance <= settings.gap_ms(intent):
                within.append((-distance, order(group[0]), joining))
        if within:
            max(within, key=lambda found: found[:2])[2].append(stray)
        else:
            homeless.append(stray)
    found = [sorted(group + joining, key=order) for group, joining in zip(groups, joined, strict=True)]
    return found + _components(homeless, lambda one, two: silence_between(one, two) <= settings.gap_ms(""))


def _components(contacts: list[Contact], linked: Callable[[Contact, Contact], bool]) -> list[list[Contact]]:
    """What is connected through links, by spreading from each contact until nothing is added."""
    left = list(contacts)
    groups = []
    while left:
        group = [left.pop(0)]
        for member in group:
            near = [other for other in left if linked(member, other)]
            group.extend(near)
            left = [other for other in left if other not in near]
        groups.append(sorted(group, key=order))
    return groups
