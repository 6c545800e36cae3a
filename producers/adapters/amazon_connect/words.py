"""What Amazon Connect's words are here."""

from __future__ import annotations

from producers.adapters.adapter import How
from producers.adapters.payload import Fields, some

CHANNELS = {"VOICE": "voice", "CHAT": "chat", "EMAIL": "email", "TASK": "task"}
SUBTYPES = {"connect:sms": "sms", "connect:whatsapp": "messenger", "connect:apple": "messenger"}
"""Of a chat: https://docs.aws.amazon.com/connect/latest/adminguide/connect-contact-attributes.html"""
OUTBOUND = frozenset({"OUTBOUND", "CALLBACK", "EXTERNAL_OUTBOUND", "AGENT_REPLY"})
INBOUND = frozenset({"INBOUND", "WEBRTC_API"})
LISTENING = "MONITOR"
"""A supervisor who listens in; nothing that a customer lives through."""


def channel(found: str, subtype: str) -> str:
    return SUBTYPES.get(subtype.lower()) or CHANNELS.get(found) or found.lower()


def direction(method: str, channel: str) -> str:
    """Of a contact that was not passed on from another; an API starts calls to customers and chats from them."""
    if method in OUTBOUND or (method == "API" and channel == "voice"):
        return "outbound"
    return "inbound" if method in INBOUND or method == "API" else ""


def first_channel(method: str, channel: str) -> str:
    """Where it begins: a call that comes in is met by a flow."""
    return "ivr" if channel == "voice" and method in INBOUND else channel


def whole(contact_id: str, initial: str, method: str) -> str:
    """The contact that a leg is part of: the first of a chain of transfers. A call-back is a contact of its own."""
    return contact_id if method == "CALLBACK" else initial or contact_id


def key(arn: str) -> str:
    """The id in an ARN."""
    return arn.rpartition("/")[2]


def queue(name: str, arn: str, how: How) -> str:
    """As it is called in ``how``, else by the vendor; else its id."""
    found = key(arn)
    return how.names.get(found) or how.names.get(arn) or name or found


def customer(endpoint: Fields, address: str, kind: str) -> dict[str, str]:
    """The identifier at the customer's end of the line."""
    value, of = endpoint.text(address), endpoint.text(kind)
    if of == "TELEPHONE_NUMBER":
        return some(phone=value)
    return some(email=value) if of == "EMAIL_ADDRESS" else {}
