"""Whose contact it is. For now: the strongest identifier's, taken at its word.

This is the door through which identity resolution will enter: it replaces ``customer_of`` by a stage of its own
between the contact and the journey stage, and nothing behind it changes.
"""

from __future__ import annotations

from journeys.contact import Contact
from journeys.settings import Settings

ANONYMOUS = "anonymous:"


def customer_of(contact: Contact, settings: Settings) -> str:
    """The key of ``contact``'s customer, "kind:value"; "anonymous:<contact id>" where nothing identifies them."""
    identifiers = contact.identifiers
    if not identifiers:
        return ANONYMOUS + contact.contact_id
    if len(identifiers) == 1:
        kind, value = identifiers[0]
    else:
        ranks = settings.rank_of
        kind, value = min(identifiers, key=lambda known: (ranks.get(known[0], len(ranks)), known))
    return f"{kind}:{value}"


def is_identified(customer: str) -> bool:
    return not customer.startswith(ANONYMOUS)
