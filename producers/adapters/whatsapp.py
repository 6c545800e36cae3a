"""WhatsApp Cloud API: what customers write, what became of what was written to them, and numbers that changed.

The field ``messages`` of the web hook:
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages

A message's id (wamid…) has the customer's number in it, base64-encoded, so ids are made of its hash. WhatsApp names no
conversation in a message: those that are less than half an hour apart read as one visit (docs/definitions.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.ids import hidden
from producers.adapters.lists import each
from producers.adapters.networks import international, member
from producers.adapters.payload import Fields, Made, Unmapped, adapter, kept, some, until_invalid

CHANNEL = "messenger"
STATUSES = ("sent", "delivered", "read", "played", "failed")
"""In their order: times are in seconds, so that ids have to sort right."""
_TEXTS = (
    "text.body", "button.text", "interactive.button_reply.title", "interactive.list_reply.title", "image.caption",
    "video.caption", "document.caption", "order.text",
)  # fmt: skip
_CONTENT = (
    "contacts", "location", "interactive.nfm_reply", "interactive.list_reply.description", "context.from",
    "document.filename", "image.url", "video.url", "audio.url", "document.url", "sticker.url",
)  # fmt: skip
"""What customers sent that is neither text nor a fact: other people's cards, places, forms, files."""


@adapter("whatsapp")
def adapt(payload: Fields, how: How) -> Iterator[Made]:
    yield from each(payload, "entry", _entry, how)


def _entry(entry: Fields, how: How) -> Iterator[Made]:
    yield from each(entry, "changes", _change, how)


def _change(change: Fields, how: How) -> Iterator[Made]:
    field = change.required("field")
    if field != "messages":
        yield Unmapped(field)
        return
    value = change.object("value")
    account = value.text("metadata.phone_number_id")
    messages, statuses = value.objects("messages"), value.objects("statuses")
    senders = value.objects("contacts")
    for message in messages:
        yield from until_invalid(partial(_message, account, senders), message, how)
    for status in statuses:
        yield from until_invalid(partial(_status, account, senders), status, how)
    if not (messages or statuses) or value.objects("errors"):
        yield Unmapped("errors")


def _message(account: str, senders: list[Fields], message: Fields, how: How) -> Iterator[Made]:
    at = message.required_epoch("timestamp")
    key = _key(message.required("id"))
    kind = message.required("type")
    if kind == "system":
        yield from _changed(at, key, message)
        return
    if kind == "request_welcome":
        yield Unmapped(kind)
        return
    identifiers = _who(message.text("from"), message.text("from_user_id"), senders)
    message.ignore(*_CONTENT)
    if (referral := message.object("referral")).value:
        yield _ad(at, key, identifiers, referral)
        message.ignore("referral")
    answers = message.text("context.id")
    if kind == "reaction":
        to = _key(message.required("reaction.message_id"))
        emoji = message.text("reaction.emoji")
        attributes = kept("whatsapp", message, message=to, reaction=emoji, account=account)
        yield Touchpoint(
            at, f"{key}/reaction", "reacted", CHANNEL, "", identifiers, direction="inbound", attributes=attributes
        )
        return
    text = next((found for path in _TEXTS if (found := message.text(path))), "")
    attributes = kept(
        "whatsapp", message, text=text, speaker="customer", kind=kind, account=account,
        in_reply_to=_key(answers) if answers else "",
    )  # fmt: skip
    yield Touchpoint(
        at, f"{key}/message", "message", CHANNEL, "", identifiers, direction="inbound", attributes=attributes
    )


def _ad(at: int, key: str, identifiers: dict[str, str], referral: Fields) -> Touchpoint:
    """The click on an ad, or on a post, that the message came from."""
    channel = "social" if referral.text("source_type") == "post" else "ad"
    attributes = kept("whatsapp", referral, campaign=referral.text("source_id"))
    return Touchpoint(at, f"{key}/ad", "clicked", channel, "", identifiers, direction="inbound", attributes=attributes)


def _changed(at: int, key: str, message: Fields) -> Iterator[Made]:
    """The customer has another number, or another id: both are one person's."""
    system = message.object("system")
    kind = system.required("type")
    if kind not in ("user_changed_number", "customer_changed_number", "user_changed_user_id"):
        yield Unmapped(f"system: {kind}")
        return
    before = _identifiers(message.text("from"), system.text("previous_user_id"))
    after = _identifiers(system.text("wa_id") or system.text("new_wa_id"), system.text("user_id"))
    yield Touchpoint(at, f"{key}/changed", "link", CHANNEL, "", before, other=after)


def _status(account: str, recipients: list[Fields], status: Fields, how: How) -> Iterator[Made]:
    """What became of a message of ours. All that is said of one is of the touchpoint that it was sent, which, as a
    message that a customer sends, is of no contact."""
    kind = status.required("status")
    if kind not in STATUSES:
        yield Unmapped(f"status: {kind}")
        return
    at = status.required_epoch("timestamp")
    key = _key(status.required("id"))
    recipient, user = status.text("recipient_id"), status.text("recipient_user_id")
    id_, contact = _id_of(key, kind), _id_of(key, "sent")
    if status.text("recipient_type") == "group":
        group = recipient
        recipient, user = status.text("recipient_participant_id"), status.text("recipient_participant_user_id")
        contact, id_ = key, f"{id_}/{hidden(key, group, recipient, user)}"
    status.ignore("recipient_parent_user_id", "recipient_participant_parent_user_id")
    attributes = kept("whatsapp", status, account=account)
    yield Touchpoint(
        at, id_, f"message_{kind}", CHANNEL, contact, _who(recipient, user, recipients), direction="outbound",
        attributes=attributes,
    )  # fmt: skip


def _who(number: str, user: str, people: list[Fields]) -> dict[str, str]:
    """The number and the business-scoped id of one of ``people``; of the only one if neither is said."""
    for person in people:
        known, known_user = person.text("wa_id"), person.text("user_id")
        if (number and number == known) or (user and user == known_user) or (not number and not user):
            return _identifiers(number or known, user or known_user)
    return _identifiers(number, user)


def _identifiers(number: str, user: str) -> dict[str, str]:
    return some(phone=international(number)) | member("whatsapp", user)


def _id_of(key: str, kind: str) -> str:
    return f"{key}/{STATUSES.index(kind)}-{kind}"


def _key(message_id: str) -> str:
    return f"whatsapp:{hidden(message_id)}"
