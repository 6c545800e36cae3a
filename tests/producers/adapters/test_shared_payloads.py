"""What vendors really send, as they publish it. Some of their samples are no JSON: they are mended here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import pytest

from producers.adapters.adapter import How
from producers.adapters.registry import adapter
from tests.producers.adapters.fixtures_of import RECEIVED
from tests.producers.adapters.shared import PAYLOADS

CONTACT_RECORD = {"started ivr": 1, "queued voice": 1, "connected voice": 1, "ended voice": 1, "wrapped_up voice": 1}
CONVERSATION = {
    "started chat": 1, "queued chat": 1, "connected chat": 1, "held chat": 1, "agent_left chat": 1, "ended chat": 1,
}  # fmt: skip
JOINED, LEFT, OVER = (
    f"Contact Lens, EVENT event.{what}" for what in ("participant.joined", "participant.left", "chat.ended")
)


def as_it_is(raw: bytes) -> bytes:
    return raw


def without_remarks(raw: bytes) -> bytes:
    """Without // remarks and commas at the end of a list, and with the brace where it belongs."""
    raw = re.sub(rb",(\s*[}\]])", rb"\1", re.sub(rb"//[^\n]*", b"", raw))
    return re.sub(rb"\}\s*\}\s*,(\s*\"Configuration\")", rb"},\1", raw, count=1)


def whole(raw: bytes) -> bytes:
    """What was cut out put back in its place."""
    parts = raw.partition(b"... (excerpt")
    return parts[0] + b'"payload": {"task_sid": "WT1", "worker_sid": "WK1", "task_attributes": "{}"}}}'


def call_in(raw: bytes) -> bytes:
    """The JSON of a page of documentation."""
    found = re.search(rb"```json\n(.*?)```", raw, re.DOTALL)
    assert found
    return found[1]


Mend = Callable[[bytes], bytes]
CASES: list[tuple[str, str, Mend, dict[str, int], dict[str, int], list[str]]] = [
    ("amazonconnect-ctr.json", "amazon-connect", as_it_is, CONTACT_RECORD, {}, []),
    ("amazonconnect-contact-event-1.json", "amazon-connect", as_it_is, {"connected voice": 1}, {}, []),
    ("amazonconnect-agent-event.txt", "amazon-connect", without_remarks, {"available": 1}, {}, []),
    ("amazonconnect-contactlens-chat-1.json", "amazon-connect", as_it_is, {"message chat": 31},
     {JOINED: 2, LEFT: 1, OVER: 1}, []),
    ("amazonconnect-contactlens-realtime-segment-1.json", "amazon-connect", as_it_is, {},
     {"Contact Lens live, STARTED": 1}, []),
    ("amazonconnect-contactlens-realtime-segment-2.json", "amazon-connect", as_it_is, {"message voice": 2},
     {"Contact Lens live, Utterance": 2, "Contact Lens live, Categories": 1}, []),
    ("amazonconnect-contactlens-voice-1.txt", "amazon-connect", as_it_is, {}, {},
     ["CustomerMetadata.ContactId: is required (got None)", "no JSON"]),  # the sample says nowhere of which contact
    ("genesys-analytics-conversation-detail-1.json", "genesys-cloud", as_it_is, CONVERSATION, {}, []),
    ("genesys-eventbridge-conversation-start-event.json", "genesys-cloud", as_it_is, {"started chat": 1}, {}, []),
    ("genesys-eventbridge-conversation-end-event.json", "genesys-cloud", as_it_is, {"ended chat": 1}, {}, []),
    ("twilio-sms-inbound-webhook.json", "twilio", as_it_is, {"message sms": 1}, {}, []),
    ("twilio-taskrouter-event-worker-activity.json", "twilio", as_it_is, {"offline": 1}, {}, []),
    ("twilio-taskrouter-eventstreams-reservation-accepted.PARTIAL.txt", "twilio", whole, {"connected voice": 1}, {},
     []),
    ("zendesk-event-ticket-created.json", "zendesk", as_it_is, {"started email": 1}, {}, []),
    ("segment-spec-common.md.txt", "segment", call_in, {"report_submitted app": 1}, {}, []),
    ("segment-spec-common.md.txt", "rudderstack", call_in, {"report_submitted app": 1}, {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "vendor", "mend", "made", "unmapped", "refused"), CASES)
def test_what_vendors_send_becomes_what_a_person_expects(
    name: str, vendor: str, mend: Mend, made: dict[str, int], unmapped: dict[str, int], refused: list[str]
) -> None:
    adapted = adapter(vendor)(mend((PAYLOADS / name).read_bytes()), How(received=RECEIVED))
    found = Counter(f"{one.type} {one.channel}" for one in adapted.touchpoints)
    found.update(one.state for one in adapted.agent_events)
    assert (found, adapted.unmapped) == (made, unmapped)
    assert len(adapted.refused) == len(refused)
    assert all(says in str(one) for says, one in zip(refused, adapted.refused, strict=True))
