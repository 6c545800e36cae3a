"""Twilio: TaskRouter's events (call-back, event stream, API) and SMS, also WhatsApp and Messenger through its numbers.

https://www.twilio.com/docs/taskrouter/api/event/reference
https://www.twilio.com/docs/events/event-types/taskrouter/task
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from journeys import agents
from journeys.agents import AgentEvent
from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.networks import member
from producers.adapters.payload import (
    Fields,
    Made,
    Unmapped,
    form,
    from_bytes,
    kept,
    objects,
    received,
    some,
    until_invalid,
)

VENDOR = "twilio"
STREAM = "com.twilio."
TASK_ROUTER = "com.twilio.taskrouter."
CHANNELS = {
    "voice": "voice", "chat": "chat", "web": "chat", "sms": "sms", "email": "email", "video": "video",
    "whatsapp": "messenger", "messenger": "messenger", "facebook": "messenger", "default": "voice", "": "voice",
}  # fmt: skip
"""By the task's channel. Twilio's default channel is made for whatever comes; calls are what it most often is."""
_MEANS = {
    "task.created": "started",
    "task-queue.entered": "queued",
    "task-queue.moved": "queued",
    "reservation.accepted": "connected",
    "task.transfer-completed": "transferred",
    "task.canceled": "abandoned",
    "task.wrapup": "ended",
    "task.completed": "ended",
    "reservation.completed": "wrapped_up",
}
STATES = {"available": agents.AVAILABLE, "idle": agents.AVAILABLE, "offline": agents.OFFLINE}
"""By the name of the activity; a centre may have others, which keep their names."""
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@from_bytes(VENDOR)
def adapt(raw: bytes, how: How) -> Iterator[Made]:
    """Forms, as its call-backs are, and JSON, as its event streams and its API are."""
    if raw.lstrip()[:1] in (b"{", b"["):
        for one in objects(raw):
            if isinstance(one, Fields):
                yield from until_invalid(_one, one, how)
            else:
                yield one
    else:
        yield from _one(form(raw), how)


def _one(fields: Fields, how: How) -> Iterator[Made]:
    there = fields.value
    if "specversion" in there:
        kind = fields.required("type")
        if not kind.startswith(TASK_ROUTER):
            yield Unmapped(kind.removeprefix(STREAM))
            return
        data = fields.object("data")
        event = data.object("payload") if "payload" in data.value else data
        at = event.time("timestamp", how) or data.time("timestamp", how) or fields.time("time", how)
        id_ = data.text("sid") or fields.required("id")
        yield from _task_router(kind.removeprefix(TASK_ROUTER), id_, at, event, how)
    elif "EventType" in there:
        event = Fields({_WORD.sub("_", name).lower(): value for name, value in there.items()})
        at = event.epoch("timestamp_ms", per_second=1000) or event.epoch("timestamp")
        yield from _task_router(event.required("event_type"), event.required("sid"), at, event, how)
    elif "event_type" in there:
        event = fields.object("event_data")
        at = fields.epoch("event_date_ms", per_second=1000) or fields.time("event_date", how)
        yield from _task_router(fields.required("event_type"), fields.required("sid"), at, event, how)
    elif "MessageSid" in there or "SmsSid" in there:
        yield from _message(fields, how)
    elif "CallSid" in there:
        yield Unmapped(f"call {fields.text('CallStatus')}".strip())
    else:
        raise fields.wrong("EventType", "is required, or a MessageSid")


def _task_router(kind: str, id_: str, at: int | None, event: Fields, how: How) -> Iterator[Made]:
    if kind.startswith("worker.activity"):
        name = event.required("worker_activity_name")
        word = name.lower().replace(" ", "_")
        yield AgentEvent(
            at=_given(at, event),
            id=id_,
            agent=event.required("worker_sid"),
            state=STATES.get(word, word),
            name=event.text("worker_name"),
        )
        return
    if kind not in _MEANS:
        yield Unmapped(kind)
        return
    type_ = _MEANS[kind]
    task = event.json("task_attributes")
    channel = CHANNELS.get(task.text("channelType")) if task.text("channelType") else None
    name = event.text("task_channel_unique_name")
    agent = event.text("worker_sid") if type_ in ("connected", "transferred", "wrapped_up") else ""
    event.ignore("worker_name", "worker_attributes", "task_attributes")
    yield Touchpoint(
        at=_given(at, event),
        id=id_,
        type=type_,
        channel=channel or CHANNELS.get(name) or name,
        contact_id=event.required("task_sid"),
        identifiers=_customer(task),
        intent=task.text("intent"),
        reference=task.text("reference"),
        queue=event.text("task_queue_name") if type_ in ("queued", "connected", "abandoned") else "",
        agent=agent,
        direction=_direction(task.text("direction")) if type_ == "started" else "",
        attributes=kept(VENDOR, event),
    )


def _given(at: int | None, event: Fields) -> int:
    if at is None:
        raise event.wrong("timestamp", "is required")
    return at


def _direction(found: str) -> str:
    return "outbound" if found.lower().startswith("outbound") else "inbound"


def _customer(task: Fields) -> dict[str, str]:
    """From the attributes that Flex gives a task, and those that it reports on customers by.

    https://www.twilio.com/docs/flex/developer/insights/enhance-integration
    """
    ours_first = task.text("direction").lower().startswith("outbound")
    line = task.text("to" if ours_first else "from") or task.text("customerAddress") or task.text("caller")
    found = _address(line)
    return found | some(
        customer_id=task.text("customers.external_id") or task.text("customer_id"),
        email=task.text("customers.email") or task.text("email"),
        phone=task.text("customers.phone") or found.get("phone", ""),
    )


def _address(line: str) -> dict[str, str]:
    """``+1555…``, ``whatsapp:+1555…``, ``messenger:1234``, ``client:…``."""
    network, _, bare = line.rpartition(":")
    if bare.removeprefix("+").isdigit() and network in ("", "whatsapp", "sms", "tel"):
        return some(phone=bare)
    return member(network, bare) if network == "messenger" else {}


def _message(fields: Fields, how: How) -> Iterator[Made]:
    """A message that came, or the status of one that went out. Twilio does not say when: it is when we got it."""
    status = fields.text("SmsStatus").lower() or fields.text("MessageStatus").lower()
    came = status in ("received", "receiving", "")
    if not came and status != "sent":
        yield Unmapped(f"message {status}")
        return
    line = fields.required("From" if came else "To")
    network = line.partition(":")[0] if ":" in line else "sms"
    id_ = fields.text("MessageSid") or fields.required("SmsSid")
    fields.ignore("From", "To", "SmsSid", "SmsMessageSid", "ProfileName")
    yield Touchpoint(
        at=received(how, fields, "DateSent"),
        id=id_,
        type="message",
        channel=CHANNELS.get(network, network),
        contact_id=id_,
        identifiers=_address(line),
        direction="inbound" if came else "outbound",
        attributes=kept(VENDOR, fields, text=fields.text("Body"), speaker="customer" if came else "agent"),
    )
