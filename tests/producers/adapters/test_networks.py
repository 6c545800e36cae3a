"""One person has one name, whichever vendor tells of them."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from producers.adapters.adapter import How
from producers.adapters.registry import adapter
from tests.producers.adapters.fixtures_of import FIXTURES, RECEIVED

PHONE = {"phone": "+41795550142"}


def by_meta(sender: str, object_: str = "page") -> tuple[str, bytes]:
    message = {"sender": {"id": sender}, "recipient": {"id": "1"}, "timestamp": 1772366400123, "message": {"mid": "m"}}
    return "messenger", json.dumps({"object": object_, "entry": [{"messaging": [message]}]}).encode()


def by_whatsapp(sender: str) -> tuple[str, bytes]:
    message = {"id": "wamid.1", "from": sender, "timestamp": "1772366400", "type": "text", "text": {"body": "hi"}}
    change = {"field": "messages", "value": {"messages": [message]}}
    return "whatsapp", json.dumps({"entry": [{"changes": [change]}]}).encode()


def by_twilio(sender: str) -> tuple[str, bytes]:
    return "twilio", urlencode({"MessageSid": "SM9", "From": sender, "Body": "hi"}).encode()


def by_genesys(kind: str, sender: str) -> tuple[str, bytes]:
    event = json.loads((FIXTURES / "genesys-cloud/whatsapp.json").read_bytes())
    event["detail"]["eventBody"] |= {"messageType": kind, "addressFrom": sender}
    return "genesys-cloud", json.dumps(event).encode()


def by_connect(sender: str) -> tuple[str, bytes]:
    event = {
        "eventType": "INITIATED", "contactId": "c", "channel": "CHAT", "initiationMethod": "API",
        "initiationTimestamp": "2026-03-01T12:00:00Z",
        "customerEndpoint": {"type": "TELEPHONE_NUMBER", "address": sender},
    }  # fmt: skip
    return "amazon-connect", json.dumps(event).encode()


@pytest.mark.parametrize(
    ("payload", "identifiers"),
    [
        (by_meta("7001"), {"social": "messenger:7001"}),
        (by_twilio("messenger:7001"), {"social": "messenger:7001"}),
        (by_genesys("FACEBOOK", "7001"), {"social": "messenger:7001"}),
        (by_meta("4004", "instagram"), {"social": "instagram:4004"}),
        (by_genesys("INSTAGRAM", "4004"), {"social": "instagram:4004"}),
        (by_whatsapp("41795550142"), PHONE),
        (by_twilio("whatsapp:+41795550142"), PHONE),
        (by_twilio("+41795550142"), PHONE),
        (by_genesys("WHATSAPP", "41795550142"), PHONE),
        (by_connect("+41795550142"), PHONE),
    ],
    ids=lambda found: found[0] if isinstance(found, tuple) else "",
)
def test_whoever_tells(payload: tuple[str, bytes], identifiers: dict[str, str]) -> None:
    vendor, raw = payload
    [told] = adapter(vendor)(raw, How(received=RECEIVED)).touchpoints
    assert told.identifiers == identifiers
