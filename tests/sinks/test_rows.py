from __future__ import annotations

import msgspec
import pytest

from journeys.identity import SeenWith
from journeys.queue import QueueNow
from journeys.touchpoint import Touchpoint
from sinks.rows import READERS, DeadLetterRows, Rows
from sinks.tables import TABLES
from tests.sinks.messages import (
    START,
    Message,
    accepted,
    changed,
    contact,
    deleted,
    identifier,
    interval,
    signal,
    stitched,
)


def block(*messages: Message) -> dict[str, list[object]]:
    rows = READERS[messages[0].topic]()
    for message in messages:
        assert not list(rows.take(message))
    return dict(zip(rows.table.columns, rows.columns(), strict=True))


def test_each_table_is_fed_by_one_topic() -> None:
    fed = [rows.table.name for topic in READERS for rows in READERS[topic]().parts()]
    assert sorted(fed) == sorted(table.name for table in TABLES)


def test_a_tombstone_is_its_id_and_version() -> None:
    columns = block(stitched(contact(), version=3), deleted("journey.stitched", "stitched", "gone", 8))
    assert columns["contact_id"] == ["c1", "gone"]
    assert columns["version"] == [3, 8]
    assert columns["is_deleted"] == [0, 1]
    assert columns["channel"] == ["voice", ""]


def test_a_tombstone_beats_an_older_version_in_the_same_block() -> None:
    columns = block(
        deleted("journey.stitched", "stitched", "c1", 8), stitched(contact(), version=7), stitched(contact("c2"))
    )
    assert sorted(zip(columns["contact_id"], columns["is_deleted"], strict=True)) == [("c1", 1), ("c2", 0)]


def test_the_live_state_of_a_queue_is_no_row() -> None:
    now = changed("journey.queues", "now", "billing|voice", QueueNow("billing", "voice", START, 2), 1)
    columns = block(now, interval(entered=4), deleted("journey.queues", "now", "billing|voice", 2))
    assert columns["entered"] == [4]
    assert columns["interval_id"] == [f"billing|voice|{START}"]


def test_a_block_of_touchpoints_keeps_each_line_as_it_is() -> None:
    first, second = Touchpoint(START, "a", "queued", "voice", "c"), Touchpoint(START + 7, "b", "x", "web", "b")
    message = accepted(first, second, first)
    columns = block(message)
    assert columns["id"] == ["a", "b"]
    assert columns["time"] == [START, START + 7]
    assert columns["contact_id"] == ["c", "b"]  # one without a contact is a contact of its own
    assert message.value is not None
    assert columns["raw"] == message.value.split(b"\n")[:0:-1]


@pytest.mark.parametrize(
    "value", [b"{", b"[]", b'{"id":1}', b"\xff", b"[" * 5000, b'{"entity":"x","id":"\\ud800","version":1}']
)
@pytest.mark.parametrize("topic", [topic for topic in READERS if not topic.endswith("dlq")])
def test_what_cannot_be_read_is_said_and_stops_nothing(topic: str, value: bytes) -> None:
    rows: Rows = READERS[topic]()
    (found,) = rows.take(Message(topic, value, 7, 3))
    assert (found.record.offset, found.value) == (7, value)
    assert found.message
    assert len(rows) == 0

    letters = DeadLetterRows()
    letters.add(found)
    columns = dict(zip(letters.table.columns, letters.columns(), strict=True))
    assert (columns["topic"], columns["partition"], columns["offset"]) == ([topic], [3], [7])
    assert (columns["stage"], columns["reason"]) == (["sink"], ["unreadable"])


def test_one_bad_line_does_not_take_the_others_with_it() -> None:
    rows = READERS["journey.accepted"]()
    good = accepted(Touchpoint(START, "a", "queued", "voice", "c")).value
    assert good is not None
    assert [found.value for found in rows.take(Message("journey.accepted", b"{\n" + good))] == [b"{"]
    assert len(rows) == 1


def test_a_value_compacted_away_is_nothing() -> None:
    for topic in ("journey.stitched", "journey.accepted"):
        rows = READERS[topic]()
        assert not list(rows.take(Message(topic, None)))
        assert len(rows) == 0


def test_a_dead_letter_says_where_it_came_from() -> None:
    headers = {
        "topic": b"journey.touchpoints",
        "partition": b"3",
        "offset": b"17",
        "stage": b"contact",
        "exception.class.name": b"too_late",
        "exception.message": b"older than 35 d",
    }
    letter = Message(
        "journey.touchpoints.dlq",
        b"\xff\x00raw",
        2,
        1,
        headers=tuple(("__connect.errors." + name, value) for name, value in headers.items()),
    )
    columns = {name: values[0] for name, values in block(letter).items()}
    assert columns == {
        "letter_id": "journey.touchpoints.dlq/1/2",
        "topic": "journey.touchpoints",
        "partition": 3,
        "offset": 17,
        "stage": "contact",
        "reason": "too_late",
        "message": "older than 35 d",
        "key": "key",
        "value": "\\xff\x00raw",
        "value_bytes": 0,
        "at": START,
    }


@pytest.mark.parametrize("forged", [b"", b"-1", b"x", b"9" * 30, "٣".encode(), b"\xff"])
def test_a_forged_header_is_left_out(forged: bytes) -> None:
    letter = Message("journey.touchpoints.dlq", None, 5, 2, key=None, headers=(("__connect.errors.partition", forged),))
    columns = {name: values[0] for name, values in block(letter).items()}
    assert (columns["topic"], columns["partition"], columns["offset"]) == ("journey.touchpoints.dlq", 2, 5)
    assert (columns["key"], columns["value"]) == ("", "")


def test_details_of_a_signal_are_json() -> None:
    columns = block(signal("s", "channel_switch", details={"seconds": 1.5, "step": "a_to_b"}), signal("t", "redial"))
    assert msgspec.json.decode(columns["details"][0]) == {"seconds": 1.5, "step": "a_to_b"}  # type: ignore[arg-type]
    assert columns["details"][1] == b""


def test_the_evidence_of_an_identifier_is_json() -> None:
    seen = SeenWith(("customer_id:42", "phone:5"), 3, START, START)
    columns = block(
        identifier("email:a", "", "shared", seen, links=("phone:5",)), identifier("cookie:x", "cookie:x", "unclaimed")
    )
    assert (columns["kind"], columns["state"]) == (["email", "cookie"], ["shared", "unclaimed"])
    assert (columns["contacts"], columns["sets"], columns["links"]) == ([3, 0], [1, 0], [("phone:5",), ()])
    assert msgspec.json.decode(columns["evidence"][0], type=tuple[SeenWith, ...]) == (seen,)  # type: ignore[arg-type]
    assert columns["evidence"][1] == b""
