"""Telephone numbers as a switch has them: which is the customer's, and which an extension of the centre's own.

A switch's records do not say which end of a call is the customer. So a number of at most ``EXTENSION`` digits is held
to be an extension: it is nobody's identifier, and a call from one to a longer number is outbound.
"""

from __future__ import annotations

EXTENSION = 6
"""Digits that an extension has at most. The shortest subscribers' numbers, with their area, have more."""


def is_extension(number: str) -> bool:
    return number.isdecimal() and len(number) <= EXTENSION


def phone(number: str) -> dict[str, str]:
    """The identifiers of whoever called from there."""
    return {} if not number or is_extension(number) else {"phone": number}


def ends(source: str, destination: str) -> tuple[str, dict[str, str]]:
    """Direction of a call between the two numbers, "" if it stays in the house, and the customer's identifiers."""
    if not is_extension(source):
        return "inbound", phone(source)
    if destination.lstrip("+").isdecimal() and not is_extension(destination):
        return "outbound", {"phone": destination}
    return "", {}
