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
    """started (or transferred, for a leg that it was passed on to), queued, connected, and how it was left."""
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
    served: dict[str, Any] = {
        "talk_s": record.seconds("Agent.AgentInteractionDuration"),
        "hold_s": record.seconds("Agent.CustomerHoldDuration"),
        "wrap_s": record.seconds("Agent.AfterContactWorkDuration"),
    }
    goes_on = bool(record.text("NextContactId"))

    def happened(at: int, kind: str, moment: str = "", **more: Any) -> dict[str, Any]:
        return common | {"at": at, "type": kind, "id": words.id_of(leg, moment or kind)} | more

    if method == words.CALL_BACK and initial and initial != leg:
        for kind in ("called_back", "ended"):
            yield happened(start, kind, f"of_{kind}", contact_id=initial)
    if not initial or initial == leg or method == words.CALL_BACK:
        direction = words.direction(method, channel)
        yield happened(start, "started", channel=words.first_channel(method, channel), direction=direction)
    elif method in words.PASSED_ON:
        yield happened(start, "transferred", "started")
    if queued is not None:
        yield happened(queued, "queued", queue=queue)
    if connected is not None:
        # With what came of it: who passes a contact on may leave it after the next one has it.
        wait_s = wait if queued is not None else None
        yield happened(connected, "connected", queue=queue, agent=agent, wait_s=wait_s, **served)
    if transferred is not None:
        yield happened(transferred, "transferred", agent=agent)
    if ended is not None and goes_on:
        yield happened(ended, "left" if connected is None else "agent_left", "left", agent=agent)
    elif ended is not None and queued is not None and connected is None:
        yield happened(ended, "abandoned", "left", queue=queue, wait_s=wait)
    elif ended is not None:
        yield happened(ended, "ended", "left")
    if wrapped is not None and not goes_on:
        yield happened(wrapped, "wrapped_up", agent=agent)
