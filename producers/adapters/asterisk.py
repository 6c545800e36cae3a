"""What Asterisk's three records of a call have in common: its contact, and ids that put its touchpoints in their order.

Channels' unique ids begin anew on every server: give each server a source of its own.
"""

from __future__ import annotations

from producers.adapters.adapter import How

CHANNEL = "voice"
_RANKS = {"queued": 1, "connected": 2, "abandoned": 3, "transferred": 4, "ended": 5}


def contact(how: How, uniqueid: str) -> str:
    """By the unique id of the caller's channel, which the queue log calls the call id."""
    return f"{how.source or 'asterisk'}:{uniqueid}"


def id_of(contact_id: str, at: int, kind: str, event: str, *spent: float | None) -> str:
    """Sorts right among touchpoints of one second (Asterisk tells whole ones): by when the stay in the queue began,
    which is ``at`` less the seconds ``spent`` in it, then by what can only follow what."""
    entered = int(at / 1000 - sum(seconds or 0 for seconds in spent))
    return f"{contact_id}/{entered}/{_RANKS[kind]}-{event}"


def member(name: str) -> str:
    """A queue member's name; NONE is nobody."""
    return "" if name == "NONE" else name
