"""Contact records: a contact (or one leg of it) when it is over, sent again whenever it changes.

They come at least once, and the one with the highest LastUpdateTimestamp holds: that is the revision of the touchpoints
made of one. Their ids are those that contact events make, so that both may be taken: the record then has the last word.
https://docs.aws.amazon.com/connect/latest/adminguide/ctr-data-model.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.amazon_connect import words
from producers.adapters.payload import Fields, Made, Unmapped, kept, some


def read(record: Fields, how: How) -> Iterator[Made]:
    """started, queued, connected, then transferred, abandoned or ended, and wrapped_up, as far as they happened."""
    leg = record.required("ContactId")
    method = record.text("InitiationMethod")
    if method == words.LISTENING:
        yield Unmapped(f"contact record, {method}")
        return
    made = list(_touchpoints(record, leg, method, how))
    if not made:
        yield Unmapped("contact record of a transfer that is not over")
        return
    record.ignore("Agent.Username")
    last = made.pop()
    last["attributes"] = kept("amazon_connect", record)
    for one in (*made, last):
        yield Touchpoint(**one)


def _touchpoints(record: Fields, leg: str, method: str, how: How) -> Iterator[dict[str, Any]]:
    channel = words.channel(record.required("Channel"), record.text("SegmentAttributes.connect:Subtype.ValueString"))
    initial = record.text("InitialContactId")
    said = record.object("Attributes")
    common: dict[str, Any] = {
        "contact_id": words.whole(leg, initial, method),
        "channel": channel,
        "revision": record.required_time("LastUpdateTimestamp", how) if record.text("LastUpdateTimestamp") else 0,
        "identifiers": words.customer(record.object("CustomerEndpoint"), "Address", "Type")
        | some(customer_id=said.text("customer_id"), email=said.text("email")),
        "intent": said.text("intent"),
        "reference": said.text("reference"),
    }
    queue = words.queue(record.text("Queue.Name"), record.text("Queue.ARN"), how)
    agent = words.key(record.text("Agent.ARN"))
    start = record.required_time("InitiationTimestamp", how)
    queued = record.time("Queue.EnqueueTimestamp", how)
    connected = record.time("Agent.ConnectedToAgentTimestamp", how)
    transferred = record.time("TransferCompletedTimestamp", how)
    ended = record.time("DisconnectTimestamp", how)
    wrapped = record.time("Agent.AfterContactWorkEndTimestamp", how)
    wait = record.seconds("Queue.Duration")
    served = {
        "talk_s": record.seconds("Agent.AgentInteractionDuration"),
        "hold_s": record.seconds("Agent.CustomerHoldDuration"),
    }
    wrap = record.seconds("Agent.AfterContactWorkDuration")

    def happened(at: int, kind: str, name: str = "", **more: Any) -> dict[str, Any]:
        return common | {"at": at, "type": kind, "id": f"{leg}/{name or kind}"} | more

    if not initial or initial == leg or method == "CALLBACK":
        direction = words.direction(method, channel)
        yield happened(start, "started", channel=words.first_channel(method, channel), direction=direction)
    if queued is not None:
        yield happened(queued, "queued", queue=queue)
    if connected is not None:
        yield happened(connected, "connected", queue=queue, agent=agent, wait_s=wait if queued is not None else None)
    if transferred is not None:  # the next leg goes on with the contact, so all that is known of this one is said now
        yield happened(transferred, "transferred", "left", queue="", agent=agent, **served, wrap_s=wrap)
    elif ended is not None and queued is not None and connected is None:
        yield happened(ended, "abandoned", "left", queue=queue, wait_s=wait)
    elif ended is not None:
        yield happened(ended, "ended", "left", **(served if connected is not None else {}))
    if wrapped is not None and transferred is None:
        yield happened(wrapped, "wrapped_up", agent=agent, wrap_s=wrap)
