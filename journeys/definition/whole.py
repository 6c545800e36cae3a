"""All of it, from touchpoints to figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from journeys.agents import AgentEvent
from journeys.contact import Contact, QueueVisit, fold
from journeys.definition.customers import relate
from journeys.definition.figures import Fcr, Reference
from journeys.definition.floor import agent_intervals, intervals
from journeys.definition.order import order
from journeys.definition.stages import tell
from journeys.facts import IDENTIFY, verdicts
from journeys.identifiers import cleaned
from journeys.identity import Owner, Seen, Verdict, customer_of, identifiers_of, itself, owners_of
from journeys.service import Service, services
from journeys.settings import DEFAULTS, Settings
from journeys.touchpoint import FACTS, Touchpoint


def reference(
    touchpoints: Iterable[Touchpoint],
    as_of: int | None = None,
    settings: Settings = DEFAULTS,
    agents: Iterable[AgentEvent] = (),
) -> Reference:
    """What ``touchpoints`` add up to as of ``as_of`` (ms UTC; unless given, the newest of their times), with the states
    that ``agents`` told."""
    facts: dict[str, Touchpoint] = {}
    for touchpoint in touchpoints:
        if touchpoint.id not in facts or touchpoint.revision >= facts[touchpoint.id].revision:
            facts[touchpoint.id] = touchpoint
    if as_of is None:
        as_of = max((touchpoint.at for touchpoint in facts.values()), default=0)
    by_contact: dict[str, list[Touchpoint]] = defaultdict(list)
    for touchpoint in sorted(facts.values(), key=lambda fact: (fact.at, fact.id)):
        if touchpoint.type not in FACTS:
            by_contact[touchpoint.contact_id].append(touchpoint)

    contacts: dict[str, Contact] = {}
    visits: dict[str, QueueVisit] = {}
    served: list[Service] = []
    by_customer: dict[str, list[Contact]] = defaultdict(list)
    for own in by_contact.values():
        contact, stays = fold(own, settings)
        contacts[contact.contact_id] = contact
        visits.update((visit.visit_id, visit) for visit in stays)
        served += services(contact, stays, settings)
    lookup = _owners(contacts.values(), facts.values(), settings).__getitem__ if settings.identity.resolve else itself
    for contact in contacts.values():
        by_customer[customer_of(contact, lookup, settings)].append(contact)

    result = Reference(
        as_of=as_of,
        contacts=contacts,
        visits=visits,
        intervals=intervals(visits.values(), settings),
        agent_intervals=agent_intervals(list(agents), served, settings),
    )
    counts: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for customer, own_contacts in by_customer.items():
        relate(customer, sorted(own_contacts, key=order), result, counts, settings)
    result.fcr.update((key, Fcr(*three)) for key, three in counts.items())
    tell(by_contact, result, settings)
    return result


def _owners(contacts: Iterable[Contact], facts: Iterable[Touchpoint], settings: Settings) -> dict[str, Owner]:
    """To whom every identifier belongs, by what contacts and explicit facts say."""
    seen = [Seen(identifiers_of(contact.identifiers), contact.started_at) for contact in contacts]
    known: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for fact in (cleaned(fact, settings) for fact in facts if fact.type in FACTS):
        if fact.type == IDENTIFY:
            seen.append(Seen(identifiers_of(fact.identifiers.items()), fact.at))
        else:
            for one, other, verdict in verdicts(fact, settings):
                known[one][other] = max(known[one].get(other, verdict), verdict)
    return owners_of(seen, known, settings)
