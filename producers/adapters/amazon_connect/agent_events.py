"""Agent events: a snapshot of what an agent does, whenever that changes and every 120 s.

https://docs.aws.amazon.com/connect/latest/adminguide/agent-event-stream-model.html
"""

from __future__ import annotations

from collections.abc import Iterator

from journeys import agents
from journeys.agents import AgentEvent
from producers.adapters.adapter import How
from producers.adapters.amazon_connect import words
from producers.adapters.payload import Fields, Made, Unmapped

KINDS = frozenset({"LOGIN", "LOGOUT", "STATE_CHANGE", "HEART_BEAT"})
_IN_HAND = frozenset({"CONNECTED", "CONNECTED_ONHOLD", "CONNECTING", "INCOMING", "PENDING"})


def read(event: Fields, how: How) -> Iterator[Made]:
    """What the agent does from now on. Of a heartbeat too: an event before it may have been lost."""
    kind = event.required("EventType")
    if kind not in KINDS:
        yield Unmapped(f"agent event, {kind}")
        return
    now = event.object("CurrentAgentSnapshot")
    profile = now.object("Configuration.RoutingProfile")
    slots: dict[str, int] = {}
    for one in profile.objects("Concurrency"):
        most = one.number("MaximumSlots")
        if most is not None:
            slots[words.channel(one.required("Channel"), "")] = int(most)
    queues = [
        words.queue(one.text("Name"), one.text("ARN"), how)
        for one in profile.objects("InboundQueues")
        if "/queue/agent/" not in one.text("ARN")  # the agent's own
    ]
    name = f"{now.text('Configuration.FirstName')} {now.text('Configuration.LastName')}".strip()
    yield AgentEvent(
        at=event.required_time("EventTimestamp", how),
        id=event.required("EventId"),
        agent=words.key(event.required("AgentARN")),
        state=agents.OFFLINE if kind == "LOGOUT" else _state(now),
        slots=slots,
        queues=tuple(queue for queue in queues if queue),
        team=_team(now.object("Configuration.AgentHierarchyGroups")),
        name=name,
    )


def _state(now: Fields) -> str:
    contacts = {one.text("State") for one in now.objects("Contacts")}
    if contacts & _IN_HAND:
        return "on_contact"
    if "ENDED" in contacts:
        return agents.AFTER_CONTACT_WORK
    status = now.required("AgentStatus.Name")
    kind = now.text("AgentStatus.Type")
    if kind == "ROUTABLE" or (not kind and status == "Available"):
        return agents.AVAILABLE
    if kind == "OFFLINE" or (not kind and status == "Offline"):
        return agents.OFFLINE
    return status.lower().replace(" ", "_")


def _team(groups: Fields) -> str:
    """The lowest level of the hierarchy that the agent is in."""
    named = (groups.text(f"Level{level}.Name") for level in (5, 4, 3, 2, 1))
    return next((name for name in named if name), "")
