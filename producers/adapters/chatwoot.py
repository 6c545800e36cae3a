"""Chatwoot: conversations with customers, and what they gave for them.

https://www.chatwoot.com/hc/user-guide/articles/1677693021-how-to-use-webhooks

A conversation is a contact. It waits from when it is opened until somebody replies, and ends when it is resolved;
pending is with a bot. Numbers of conversations begin at 1 in each account: give each account a source of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.ids import of_content
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, some
from producers.adapters.words import plain

CHANNELS = {
    "Channel::WebWidget": "chat",
    "Channel::Api": "chat",
    "Channel::Email": "email",
    "Channel::Whatsapp": "messenger",
    "Channel::FacebookPage": "messenger",
    "Channel::Instagram": "messenger",
    "Channel::Telegram": "messenger",
    "Channel::Line": "messenger",
    "Channel::TwitterProfile": "social",
    "Channel::Tiktok": "social",
    "Channel::TwilioSms": "sms",
    "Channel::Sms": "sms",
    "Channel::Voice": "voice",
}
SPEAKERS = {"incoming": "customer", "outgoing": "agent"}
_PRIVATE = (
    "content", "sender", "contact", "messages", "meta", "contact_inbox", "attachments", "content_attributes",
    "processed_message_content", "additional_attributes.initiated_at", "additional_attributes.mail_subject",
    "custom_attributes",
)  # fmt: skip
"""People and their words: read where a touchpoint has a place for them, and not kept beside."""


@adapter("chatwoot")
def adapt(payload: Fields, how: How) -> Iterator[Made]:
    event = payload.required("event")
    payload.ignore(*_PRIVATE, *(f"conversation.{name}" for name in _PRIVATE))
    prefix = how.source or "chatwoot"
    if event == "message_created":
        yield from _message(prefix, payload, how)
    elif event == "message_updated" and payload.text("content_type") == "input_csat":
        yield _rated(prefix, payload, how)
    elif event == "conversation_created":
        yield from _created(prefix, payload, how)
    elif event == "conversation_status_changed":
        yield from _status_changed(prefix, payload, how)
    elif event == "conversation_updated" and (moved := _moved(payload)):
        yield from _passed_on(prefix, payload, moved, how)
    else:
        yield Unmapped(event)


def _message(prefix: str, payload: Fields, how: How) -> Iterator[Made]:
    kind = payload.required("message_type")
    speaker = SPEAKERS.get(kind, "")
    if not speaker or payload.flag("private"):
        yield Unmapped("message_created: private" if speaker else f"message_created: {kind}")
        return
    conversation = payload.object("conversation")
    at = _time(payload, "created_at", how) or _updated(conversation, how)
    contact_id = f"{prefix}:{conversation.required('id')}"
    key = f"{contact_id}/{payload.text('id') or of_content(payload.value)}"
    channel = _channel(conversation.text("channel") or payload.text("inbox.channel_type"))
    sender = payload.object("sender")
    identifiers = _who(sender if speaker == "customer" else conversation.object("meta.sender"))
    agent = sender.text("id") if speaker == "agent" and sender.text("type") in ("user", "") else ""
    if agent:
        yield Touchpoint(at, f"{key}/connected", "connected", channel, contact_id, identifiers, agent=agent)
    said_by = "bot" if speaker == "agent" and not agent else speaker
    attributes = kept("chatwoot", payload, text=plain(payload.text("content")), speaker=said_by)
    yield Touchpoint(
        at, f"{key}/message", "message", channel, contact_id, identifiers, agent=agent, attributes=attributes,
        direction="inbound" if speaker == "customer" else "",
    )  # fmt: skip


def _rated(prefix: str, payload: Fields, how: How) -> Made:
    response = payload.object("content_attributes.submitted_values.csat_survey_response")
    if not response.value:
        return Unmapped("message_updated: not rated yet")
    conversation = payload.object("conversation")
    at = _time(payload, "updated_at", how) or _updated(conversation, how)
    contact_id = f"{prefix}:{conversation.required('id')}"
    words = response.text("feedback_message")
    return Touchpoint(
        at, f"{contact_id}/{payload.required('id')}/rated", "surveyed", "survey", "",
        _who(conversation.object("meta.sender")), direction="inbound", revision=at, attributes=kept(
            "chatwoot", payload, csat=response.number("rating"), about=contact_id, text=words,
            speaker="customer" if words else "",
        ),
    )  # fmt: skip


def _created(prefix: str, payload: Fields, how: How) -> Iterator[Made]:
    status = payload.text("status")
    at = _time(payload, "created_at", how) or _updated(payload, how)
    contact_id = f"{prefix}:{payload.required('id')}"
    ours = any(message.text("message_type") in ("1", "outgoing") for message in payload.objects("messages")[:1])
    kind = "started" if ours or status == "pending" else "queued"
    yield Touchpoint(
        at, f"{contact_id}/0-{kind}", kind, _channel(payload.text("channel")), contact_id,
        _who(payload.object("meta.sender")), queue=_queue(payload) if kind == "queued" else "",
        direction="outbound" if ours else "inbound", attributes=kept("chatwoot", payload),
    )  # fmt: skip


def _status_changed(prefix: str, payload: Fields, how: How) -> Iterator[Made]:
    status = payload.required("status")
    before = str(_changes(payload).get("status", {}).get("previous_value", ""))
    kind = {"resolved": "ended", "open": "queued" if before == "pending" else "reopened"}.get(status)
    if kind is None or before == "snoozed":
        yield Unmapped(f"conversation_status_changed: {status}")
        return
    at = _updated(payload, how)
    contact_id = f"{prefix}:{payload.required('id')}"
    yield Touchpoint(
        at, f"{contact_id}/{at}/{kind}", kind, _channel(payload.text("channel")), contact_id,
        _who(payload.object("meta.sender")), queue=_queue(payload) if kind == "queued" else "",
        outcome="resolved" if kind == "ended" else "", attributes=kept("chatwoot", payload),
    )  # fmt: skip


def _passed_on(prefix: str, payload: Fields, moved: str, how: How) -> Iterator[Made]:
    """From one agent, or one team, to another."""
    at = _updated(payload, how)
    contact_id = f"{prefix}:{payload.required('id')}"
    yield Touchpoint(
        at, f"{contact_id}/{at}/transferred", "transferred", _channel(payload.text("channel")), contact_id,
        _who(payload.object("meta.sender")), queue=_queue(payload) if moved == "team_id" else "",
        attributes=kept("chatwoot", payload),
    )  # fmt: skip


def _moved(payload: Fields) -> str:
    """What a conversation that somebody already had was taken from: assignee_id or team_id; "" if nothing."""
    for name in ("team_id", "assignee_id"):
        change = _changes(payload).get(name, {})
        if change.get("previous_value") and change.get("current_value"):
            return name
    return ""


def _changes(payload: Fields) -> dict[str, Mapping[str, object]]:
    """What has changed, by name: an object each in a list."""
    return {
        name: change
        for one in payload.objects("changed_attributes")
        for name, change in one.value.items()
        if isinstance(change, Mapping)
    }


def _who(person: Fields) -> dict[str, str]:
    if person.text("type") not in ("contact", ""):
        return {}
    return some(
        customer_id=person.text("identifier"), email=person.text("email"), phone=person.text("phone_number"),
        chatwoot=person.text("id"),
    )  # fmt: skip


def _queue(conversation: Fields) -> str:
    inbox = conversation.text("inbox_id")
    return conversation.text("meta.team.name") or (f"inbox {inbox}" if inbox else "")


def _channel(kind: str) -> str:
    return CHANNELS.get(kind, "chat")


def _updated(conversation: Fields, how: How) -> int:
    for name in ("updated_at", "last_activity_at", "timestamp"):
        if (at := _time(conversation, name, how)) is not None:
            return at
    raise conversation.wrong("updated_at", "is required")


def _time(fields: Fields, name: str, how: How) -> int | None:
    """Chatwoot writes a time as text or as seconds since the epoch, event by event."""
    if isinstance(fields.get(name), str):
        text = fields.text(name).removesuffix(" UTC")
        return fields.time(name, how) if text == fields.text(name) else Fields({name: f"{text}Z"}).time(name, how)
    return fields.epoch(name)
