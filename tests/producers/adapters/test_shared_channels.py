"""What vendors of messages, calls, surveys and reviews really send, as they or others publish it."""

from __future__ import annotations

import json
import re

import pytest

from producers.adapters.adapter import Adapted, How
from producers.adapters.registry import adapter
from tests.producers.adapters.shared import PAYLOADS


def became(vendor: str, raw: bytes) -> Adapted:
    """What ``raw`` became; nothing of it may be refused."""
    adapted = adapter(vendor)(raw, How())
    assert adapted.refused == []
    return adapted


def read(vendor: str, name: str) -> Adapted:
    return became(vendor, (PAYLOADS / name).read_bytes())


def test_whatsapp_messages() -> None:
    reactions = {"reaction", "unreaction_empty", "unreaction_no_emoji"}
    for name, payload in json.loads((PAYLOADS / "whatsapp-cloud-message.json").read_bytes()).items():
        *clicks, last = became("whatsapp", json.dumps(payload).encode()).touchpoints
        kind = "reacted" if name in reactions else "message"
        assert (last.type, last.channel, last.direction) == (kind, "messenger", "inbound"), name
        assert last.identifiers["phone"].startswith("+"), name
        assert [click.channel for click in clicks] == (["ad"] if name == "referral" else []), name


def test_whatsapp_statuses() -> None:
    for name, payload in json.loads((PAYLOADS / "whatsapp-cloud-message_status.json").read_bytes()).items():
        [status] = became("whatsapp", json.dumps(payload).encode()).touchpoints
        said = {"with_tracker": "sent", "group": "read"}.get(name, name)
        assert (status.type, status.direction) == (f"message_{said}", "outbound"), name


def test_a_message_in_messenger_with_its_time_in_seconds() -> None:
    [message] = read("messenger", "facebook-messenger-message.json").touchpoints
    assert (message.type, message.channel, message.at) == ("message", "messenger", 1_700_001_000_000)


def test_a_conversation_of_intercom_that_is_closed() -> None:
    [ended] = read("intercom", "intercom-conversation-admin-closed.json").touchpoints
    assert (ended.type, ended.channel) == ("ended", "chat")
    assert ended.agent
    assert {"customer_id", "email"} <= ended.identifiers.keys()


def test_a_message_in_chatwoot() -> None:
    [message] = read("chatwoot", "chatwoot-message_created.json").touchpoints
    assert (message.type, message.channel, message.direction) == ("message", "chat", "inbound")
    assert "email" in message.identifiers


def test_a_conversation_of_chatwoot_that_goes_to_a_bot() -> None:
    found = read("chatwoot", "chatwoot-conversation_status_changed.json")
    assert (found.touchpoints, found.unmapped) == ([], {"conversation_status_changed: pending": 1})


def test_an_answer_to_delighted() -> None:
    [answer] = read("delighted", "delighted-nps-survey_response.json").touchpoints
    assert (answer.type, answer.channel, answer.attributes["nps"]) == ("surveyed", "survey", 5)
    assert "email" in answer.identifiers


def test_answers_to_satismeter() -> None:
    """They stand in a test of RudderStack's, as JavaScript objects, and are put into JSON here."""
    source = (PAYLOADS / "rudderstack-source-satismeter.ts.txt").read_text()
    payloads = re.findall(r"JSON\.stringify\((\{.*?\n {14}\})\)", source, re.DOTALL)
    assert len(payloads) == 2
    for payload in payloads:
        text = re.sub(r"(?m)(^|[{,])\s*(\w+):", r'\1 "\2":', payload)
        text = re.sub(r",(\s*[}\]])", r"\1", re.sub(r"'((?:[^'\\]|\\.)*)'", r'"\1"', text))
        [answer] = became("satismeter", text.encode()).touchpoints
        scores = {name: answer.attributes[name] for name in ("nps", "csat", "ces")}
        assert (answer.channel, scores) == ("survey", {"nps": 5, "csat": 4, "ces": 4})


def test_a_review_on_google_and_the_answer_to_it() -> None:
    review, reply = read("google-reviews", "google-business-review.json").touchpoints
    assert (review.type, review.attributes["stars"], reply.type) == ("reviewed", 5, "replied")
    assert review.identifiers == {}


def test_a_queue_log_of_asterisk() -> None:
    found = read("asterisk-queue-log", "asterisk-queue_log.txt")
    assert [one.type for one in found.touchpoints] == [
        "queued", "abandoned", "queued", "queued", "connected", "ended", "queued", "abandoned"
    ]  # fmt: skip
    assert set(found.unmapped) == {"QUEUESTART", "ADDMEMBER", "RINGNOANSWER"}
    assert [one.wait_s for one in found.touchpoints if one.type == "abandoned"] == [68, 90]


@pytest.mark.parametrize(
    ("event", "kind"), [("QueueCallerJoin", "queued"), ("QueueCallerAbandon", "abandoned"), ("AgentComplete", "ended")]
)
def test_events_of_asterisk_with_the_fields_of_its_reference(event: str, kind: str) -> None:
    page = (PAYLOADS / f"asterisk-ami-{event}.md.txt").read_text()
    values = {"Uniqueid": "1.1", "CallerIDNum": "41795550142", "HoldTime": "7", "TalkTime": "9", "Reason": "agent"}
    block = f"Event: {event}\r\nTimestamp: 1772366400.5\r\n" + "".join(
        f"{name}: {values.get(name, 'x')}\r\n" for name in re.findall(r"^(\w+): <value>$", page, re.MULTILINE)
    )
    [touchpoint] = became("asterisk-ami", block.encode()).touchpoints
    assert (touchpoint.type, touchpoint.queue, touchpoint.identifiers) == (kind, "x", {"phone": "41795550142"})
