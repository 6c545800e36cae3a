"""The contract of ``journey.agents``: what an agent does from now on, as the source of its state says it.

An agent event is a CloudEvents 1.0 event in structured JSON, as a touchpoint is, of type ``agent_state_changed``. It is
complete, as an agent event of Amazon Connect is (a snapshot of status, routing profile and slots:
https://docs.aws.amazon.com/connect/latest/adminguide/agent-event-stream-model.html): what it leaves out is unknown from
then on, so that no event needs an older one to be understood.

States are an open list. Those with a meaning, and what they are called elsewhere:

===================  =============================================  ==================================================
state                Amazon Connect                                 Genesys Cloud (presence, routing status)
===================  =============================================  ==================================================
available            Available (type ROUTABLE)                      On Queue, IDLE
on_contact (busy)    a contact in CONNECTED, CONNECTED_ONHOLD …     On Queue, INTERACTING or COMMUNICATING
after_contact_work   a contact in ENDED (After contact work)        wrap-up, within INTERACTING
offline              Offline (type OFFLINE)                         Offline
any other            a status of type CUSTOM: break, training …     Break, Meal, Meeting, Training, Away, and also Busy
===================  =============================================  ==================================================

(https://help.mypurecloud.com/glossary/agent-status/; Genesys' presence Busy means that no work is wanted: call it
away.) An agent is known by its key; the name is kept only where ``[agents] names = true`` says so.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

from journeys.touchpoint import Invalid, Name, Text, moment, parsed

STATE_CHANGED = "agent_state_changed"
"""Events of other types are counted, and read by nobody."""

AVAILABLE = "available"
ON_CONTACT = frozenset({"on_contact", "busy"})
AFTER_CONTACT_WORK = "after_contact_work"
OFFLINE = "offline"

SCHEMA = "touchpath:agent:1"

Slots = Annotated[int, msgspec.Meta(ge=0, le=1_000)]


class AgentData(msgspec.Struct, omit_defaults=True, gc=False):
    """What the agent does. Every field but ``agent`` and ``state`` may be left out."""

    agent: Name
    """The key that touchpoints call it by."""
    state: Name
    slots: dict[Name, Slots] = {}
    """How many contacts of a channel it can have at once; one of a channel that is not named."""
    queues: list[Name] = []
    """That it takes contacts from."""
    team: Text | None = None
    site: Text | None = None
    name: Text | None = None
    skills: list[Name] = []
    """Queues whose contacts it could be given, beside those of ``queues``."""


class AgentCloudEvent(msgspec.Struct, gc=False):
    id: Name
    source: Name
    type: Name
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    data: AgentData
    specversion: Literal["1.0"] = msgspec.field(default="1.0")
    dataschema: str = SCHEMA
    subject: str | msgspec.UnsetType | None = msgspec.UNSET


class AgentEvent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An agent event as the core works with it: flat, its time in milliseconds since the epoch (UTC)."""

    at: int
    id: str
    agent: str
    state: str
    slots: dict[str, int] = {}
    queues: tuple[str, ...] = ()
    team: str = ""
    site: str = ""
    name: str = ""
    type: str = STATE_CHANGED
    source: str = ""
    skills: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(AgentCloudEvent)
_encoder = msgspec.json.Encoder()


def decode(raw: bytes) -> AgentEvent:
    """The agent event in ``raw``; raises ``Invalid``, with the reasons of ``touchpoint.decode``, and nothing else."""
    event = parsed(raw, _decoder)
    if event.dataschema != SCHEMA:
        raise Invalid("unknown_version", "dataschema", event.dataschema, f"this version reads {SCHEMA}")
    data = event.data
    return AgentEvent(
        moment(event.time),
        event.id,
        data.agent,
        data.state,
        data.slots,
        tuple(data.queues),
        data.team or "",
        data.site or "",
        data.name or "",
        event.type,
        event.source,
        tuple(data.skills),
    )


def encode(event: AgentEvent) -> bytes:
    """``event`` as it goes onto the wire, keyed by its agent."""
    return _encoder.encode(
        AgentCloudEvent(
            id=event.id,
            source=event.source or "touchpath",
            type=event.type,
            time=datetime.fromtimestamp(event.at / 1000, UTC),
            data=AgentData(
                event.agent,
                event.state,
                event.slots,
                list(event.queues),
                event.team or None,
                event.site or None,
                event.name or None,
                list(event.skills),
            ),
        )
    )
