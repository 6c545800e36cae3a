"""Contacts in their order, and the silence between them."""

from __future__ import annotations

from journeys.contact import Contact


def order(contact: Contact) -> tuple[int, str]:
    return contact.started_at, contact.contact_id


def silence_between(one: Contact, two: Contact) -> int:
    """Milliseconds between two contacts; 0 if they overlap."""
    first, second = sorted((one, two), key=order)
    return max(0, second.started_at - first.ended_at)
