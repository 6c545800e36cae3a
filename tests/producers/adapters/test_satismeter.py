"""Satismeter: answers with several scores."""

from __future__ import annotations

import json
import re

from producers.adapters.adapter import How
from producers.adapters.satismeter import adapt
from tests.producers.adapters.told import adapted, says, shared, told


def test_an_answer_with_three_scores() -> None:
    [answer] = adapted("satismeter", "completed.json").touchpoints
    assert told(answer) == {
        "at": "2026-03-01T12:00:00.250000Z", "id": "satismeter:r-77", "type": "surveyed", "channel": "survey",
        "identifiers": {"customer_id": "C-9001", "email": "mara@shop.example", "satismeter": "sm-9"},
        "direction": "inbound",
        "attributes": {
            "nps": 9, "ces": 6, "csat": 5, "text": "Quick and kind", "speaker": "customer",
            "satismeter": {
                "response.dismissed": False, "response.category": "promoter", "response.device.os": "macOS",
                "response.method": "In-app", "campaign.id": "c1", "campaign.name": "After a call",
            },
        },
    }  # fmt: skip


def test_a_rating_alone_is_nps() -> None:
    [answer] = adapted("satismeter", "rating_alone.json").touchpoints
    assert answer.attributes["nps"] == 4
    assert "text" not in answer.attributes


def test_a_survey_that_was_closed_is_no_answer() -> None:
    assert adapted("satismeter", "dismissed.json").unmapped == {"dismissed": 1}


def test_what_cannot_be_taken_is_named() -> None:
    assert says(adapt(b"{}", How())) == ["event: is required (got None)"]
    assert says(adapt(b'{"event": "completed", "response": {"id": 1}}', How())) == [
        "response.created: is required (got None)"
    ]


def test_the_shared_answers() -> None:
    source = shared("rudderstack-source-satismeter.ts.txt").decode()
    payloads = re.findall(r"JSON\.stringify\((\{.*?\n {14}\})\)", source, re.DOTALL)
    assert len(payloads) == 2
    for payload in payloads:
        text = re.sub(r"(?m)(^|[{,])\s*(\w+):", r'\1 "\2":', payload)
        text = re.sub(r",(\s*[}\]])", r"\1", re.sub(r"'((?:[^'\\]|\\.)*)'", r'"\1"', text))
        [answer] = adapt(json.dumps(json.loads(text)).encode(), How()).touchpoints
        scores = {name: answer.attributes[name] for name in ("nps", "csat", "ces")}
        assert (answer.channel, scores) == ("survey", {"nps": 5, "csat": 4, "ces": 4})
