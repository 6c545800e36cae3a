"""What FreeSWITCH's two records of a call have in common: its contact, and how numbers of microseconds read."""

from __future__ import annotations

from producers.adapters.payload import Fields

CHANNEL = "voice"
US = 1_000_000
ON_ITS_OWN = frozenset({"TIMEOUT", "NO_AGENT_TIMEOUT", "EXIT_WITH_KEY"})
"""Why a queue let a caller go who had not hung up: the dial plan goes on, to another queue or a voice mail."""


def contact(uuid: str) -> str:
    """By the UUID of the caller's channel, which mod_callcenter calls the member's session."""
    return f"freeswitch:{uuid}"


def left(reason: str) -> str:
    """How a caller left a queue who nobody answered."""
    return "transferred" if reason in ON_ITS_OWN else "abandoned"


def since(fields: Fields, earlier: str, later: str) -> float | None:
    """Seconds between two fields of whole seconds; None unless both are there and in this order."""
    began, ended = fields.number(earlier), fields.number(later)
    return ended - began if began and ended and ended >= began else None
