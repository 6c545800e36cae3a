"""The file formats that replay and tail read, by the name that a user gives: ours, and each vendor's."""

from __future__ import annotations

from producers.adapters import registry
from producers.adapters.adapter import How
from producers.formats import agent_states, anonymous_bank, touchpoints
from producers.formats.rows import BadLine, Format, PassedOver, PassOver, Reject, WrongFormat
from producers.formats.vendors import of_vendor

AGENT_STATES = "agent-states"
"""The one of ours whose events go to journey.agents."""

OURS: dict[str, Format] = {
    AGENT_STATES: agent_states.read,
    "anonymous-bank": anonymous_bank.read,
    "touchpoints": touchpoints.read,
}
"""Their files say all that there is to say: source, and times with their offset."""


PLAIN = How()
"""What is said of files that say it all."""


class UnknownFormat(LookupError):
    """Names those that there are."""


def format_of(name: str, how: How, pass_over: PassOver) -> Format:
    """That of ``name``: one of ours, or the vendor's, for which ``how`` and ``pass_over`` are. Raises
    ``UnknownFormat``."""
    if name in OURS:
        return OURS[name]
    try:
        return of_vendor(name, how, pass_over)
    except registry.UnknownVendor:
        raise UnknownFormat(f"expected one of {', '.join(sorted({*OURS, *registry.vendors()}))}") from None


__all__ = [
    "AGENT_STATES",
    "OURS",
    "PLAIN",
    "BadLine",
    "Format",
    "PassOver",
    "PassedOver",
    "Reject",
    "UnknownFormat",
    "WrongFormat",
    "format_of",
]
