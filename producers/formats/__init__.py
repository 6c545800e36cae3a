"""The file formats that replay reads, by the name that a user gives."""

from __future__ import annotations

from producers.adapters.adapter import How
from producers.formats import agent_states, anonymous_bank, touchpoints, vendors
from producers.formats.rows import BadLine, Format, Reject, WrongFormat

AGENT_STATES = "agent-states"
"""The one whose events go to journey.agents."""

FORMATS: dict[str, Format] = {
    AGENT_STATES: agent_states.read,
    "anonymous-bank": anonymous_bank.read,
    "asterisk-queue-log": vendors.queue_log(How()),
    "csv": vendors.plain_csv(How()),
    "touchpoints": touchpoints.read,
}

__all__ = ["AGENT_STATES", "FORMATS", "BadLine", "Format", "Reject", "WrongFormat"]
