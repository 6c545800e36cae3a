"""Calls of Segment's, cut into messages that are whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from producers.collector.answers import Refused
from producers.collector.calls import calls
from producers.collector.limits import Limits

LIMITS = Limits(events=3)
WHOLE = {"type": "track", "event": "Ordered", "userId": "7", "messageId": "m1", "timestamp": "2026-01-01T10:00:00Z"}


def messages(body: object, name: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in calls(json.dumps(body).encode(), name, LIMITS).messages]


def test_messages_that_are_whole_stay_as_they_are() -> None:
    raw = json.dumps({"batch": [WHOLE, WHOLE], "sentAt": "2026-01-01T10:00:05Z"}).encode()
    found = calls(raw, "batch", LIMITS)
    assert found.messages == [json.dumps(WHOLE).encode()] * 2


def test_a_single_call_has_its_type_from_the_address_and_its_key_is_taken_out() -> None:
    body = {name: value for name, value in WHOLE.items() if name != "type"} | {"writeKey": "from a browser"}
    assert calls(json.dumps(body).encode(), "t", LIMITS).write_key == "from a browser"
    assert messages(body, "t") == [WHOLE | {"type": "track"}]
    assert messages(body, "identify")[0]["type"] == "identify"
    assert messages({"batch": [WHOLE | {"writeKey": "x"}]}, "batch") == [WHOLE]


def test_what_a_client_leaves_out_is_made() -> None:
    bare = {"event": "Ordered", "anonymousId": "a"}
    (one,), (again,) = messages(bare, "track"), messages(bare, "track")
    assert one["messageId"] != again["messageId"], "nothing tells whether it is sent again"
    for told in ({"timestamp": "2026-01-01T10:00:00Z"}, {"originalTimestamp": "2026-01-01T10:00:00Z"}):
        assert messages(bare | told, "track") == [bare | told | {"type": "track"}]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{", 400, "no call of Segment's"),
        (b"[]", 400, "no call of Segment's"),
        (b"{}", 400, r"batch: is required, a list of calls \(got None\)"),
        (b'{"batch": []}', 400, r"batch: expected one call or more \(got \[\]\)"),
        (b'{"batch": 7}', 400, "batch"),
        (b'{"batch": [1, 2, 3, 4]}', 413, r"a batch has at most 3 calls \(got 4\)"),
    ],
)
def test_what_is_no_batch_is_refused(body: bytes, status: int, says: str) -> None:
    with pytest.raises(Refused, match=says) as refused:
        calls(body, "batch", LIMITS)
    assert refused.value.status == status


def test_what_is_no_object_is_left_for_the_adapter() -> None:
    assert calls(b'{"batch": [7, "x", null]}', "batch", LIMITS).messages == [b"7", b'"x"', b"null"]
