"""Contact events: what happens to a contact, as it happens; unordered, best effort.

https://docs.aws.amazon.com/connect/latest/adminguide/contact-events.html
"""

from __future__ import annotations

from collections.abc import Iterator

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.amazon_connect import words
from producers.adapters.payload import Fields, Made, Unmapped, kept

_MEANS = {
    "INITIATED": ("started", "initiationTimestamp"),
    "QUEUED": ("queued", "queueInfo.enqueueTimestamp"),
    "CONNECTED_TO_AGENT": ("connected", "agentInfo.connectedToAgentTimestamp"),
    "DISCONNECTED": ("ended", "disconnectTimestamp"),
    "COMPLETED": ("wrapped_up", "agentInfo.afterContactWorkEndTimestamp"),
}
"""What an event is here, and where it says when that was."""


def read(event: Fields, how: How) -> Iterator[Made]:
    """The touchpoint that one event is; its id is that of the same moment in the contact record."""
    kind = event.required("eventType")
    method = event.text("initiationMethod")
    if kind not in _MEANS or method == words.LISTENING:
        yield Unmapped(f"contact event, {kind if method != words.LISTENING else method}")
        return
    type_, when = _MEANS[kind]
    at = event.time(when, how)
    leg = event.required("contactId")
    initial = event.text("initialContactId")
    channel = words.channel(event.required("channel"), event.text("segmentAttributes.connect:Subtype.valueString"))
    passed_on = bool(initial) and initial != leg and method != "CALLBACK"
    if (type_ == "wrapped_up" and at is None) or (type_ == "started" and passed_on):
        yield Unmapped(f"contact event, {kind} {'of a transfer' if passed_on else 'without after-contact work'}")
        return
    queue = words.queue("", event.text("queueInfo.queueArn"), how)
    agent = words.key(event.text("agentInfo.agentArn"))
    waiting = event.time("queueInfo.enqueueTimestamp", how) is not None
    if type_ == "ended" and waiting and event.time("agentInfo.connectedToAgentTimestamp", how) is None:
        type_ = "abandoned"
    wrap = event.seconds("agentInfo.afterContactWorkDuration")
    yield Touchpoint(
        at=event.required_time(when, how) if at is None else at,
        id=f"{leg}/{'left' if type_ in ('ended', 'abandoned') else type_}",
        type=type_,
        channel=words.first_channel(method, channel) if type_ == "started" else channel,
        contact_id=words.whole(leg, initial, method),
        identifiers=words.customer(event.object("customerEndpoint"), "address", "type"),
        queue=queue if type_ in ("queued", "connected", "abandoned") else "",
        agent=agent if type_ in ("connected", "wrapped_up") else "",
        direction=words.direction(method, channel) if type_ == "started" else "",
        wrap_s=wrap if type_ == "wrapped_up" else None,
        attributes=kept("amazon_connect", event),
    )
