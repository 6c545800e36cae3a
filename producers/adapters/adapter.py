"""What an adapter is: a pure function from what a vendor sends to touchpoints."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple, Protocol

import msgspec

from journeys.agents import AgentEvent
from journeys.touchpoint import Invalid, Touchpoint


class How(msgspec.Struct, frozen=True):
    """What the payload does not say and whoever set the source up does."""

    source: str = ""
    """The CloudEvents source; else the vendor's name."""
    time_zone: str = ""
    """Of times without an offset (IANA name). Never guessed: without it such a time is refused."""
    mapping: str = ""
    """For the generic adapter: the text of its mapping file."""
    received: str = ""
    """When it came (ISO 8601, with an offset): the time of payloads that bear none, such as an SMS of Twilio's. Without
    it these are refused."""
    names: dict[str, str] = {}
    """What the ids of the vendor's queues are called, where its events name the id alone."""


class Adapted(NamedTuple):
    """What a payload became. All that it said is in one of these."""

    touchpoints: list[Touchpoint]
    agent_events: list[AgentEvent]
    unmapped: Counter[str]
    """Kinds of events that no touchpoint is made of, by the vendor's names."""
    refused: list[Invalid]
    """What should have become an event, and why it could not."""


class Adapter(Protocol):
    def __call__(self, raw: bytes, how: How) -> Adapted:
        """What one request, message or file of the vendor becomes. Never raises: what is wrong is in ``refused``."""
