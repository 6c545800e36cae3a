"""An agent event from what a desktop knows, for services that do not want to know its type.

publisher.publish_state(agent_state("a-7", "available", slots={"voice": 1, "chat": 3}, queues=["billing"]))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from journeys.agents import AgentEvent
from journeys.touchpoint import Invalid, moment
from producers.event import uuid7


def agent_state(
    agent: str,
    state: str,
    *,
    slots: Mapping[str, int] | None = None,
    queues: Iterable[str] = (),
    team: str = "",
    site: str = "",
    name: str = "",
    id: str = "",  # noqa: A002 (the contract's word)
    time: datetime | None = None,
    source: str = "touchpath",
) -> AgentEvent:
    """``agent`` is in ``state`` from ``time`` on; see ``journeys.agents.AgentData`` for what the others mean.

    id: unless given, a UUIDv7. time: with a time zone; unless given, now. Raises ``Invalid`` if it has none.
    """
    if time is not None and time.tzinfo is None:
        raise Invalid("invalid_field", "time", time, "expected a datetime with a time zone")
    at = moment(time or datetime.now(UTC))
    return AgentEvent(
        at, id or uuid7(), agent, state, dict(slots or {}), tuple(queues), team, site, name, source=source
    )
