from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.touchpoint import Invalid, Touchpoint, decode, encode
from producers.event import checked, event_from, uuid7

FIELDS: dict[str, Any] = {"type": "queued", "channel": "voice"}


def test_fields_become_a_touchpoint() -> None:
    time = datetime(2026, 1, 1, 12, 0, 0, 123_000, tzinfo=timezone(timedelta(hours=2)))
    fields = FIELDS | {
        "id": "e1", "time": time, "contact_id": "c1", "identifiers": {"phone": "+97250"}, "queue": "billing",
        "wait_s": 2.5, "attributes": {"skill": 3},
    }  # fmt: skip
    touchpoint, raw = event_from(fields, "acd")  # type: ignore[arg-type]
    assert touchpoint == Touchpoint(
        at=1767261600123, id="e1", type="queued", channel="voice", contact_id="c1", identifiers={"phone": "+97250"},
        queue="billing", wait_s=2.5, source="acd", attributes={"skill": 3},
    )  # fmt: skip
    assert decode(raw) == touchpoint


def test_id_and_time_need_not_be_given() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    touchpoint, _ = event_from(FIELDS, "acd")  # type: ignore[arg-type]
    assert before.timestamp() * 1000 <= touchpoint.at <= datetime.now(UTC).timestamp() * 1000
    assert UUID(touchpoint.id).version == 7
    assert touchpoint.contact_id == touchpoint.id


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"channel": ""}, "data.channel", ""),
        ({"type": ""}, "type", ""),
        ({"wait_s": -1}, "data.wait_s", -1),
        ({"talk_s": "long"}, "data.talk_s", "long"),
        ({"direction": "sideways"}, "data.direction", "sideways"),
        ({"identifiers": {"phone": 5}}, "data.identifiers", None),
        ({"time": datetime(2026, 1, 1)}, "time", datetime(2026, 1, 1)),  # noqa: DTZ001 (that is the point)
        ({"time": "noon"}, "time", "noon"),
        ({"time": datetime(1970, 1, 1, tzinfo=UTC)}, "time", "1970-01-01T00:00:00+00:00"),
        ({"queu": "billing"}, "queu", "billing"),
        ({"attributes": {"x": object}}, "attributes", {"x": object}),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], field: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        event_from(FIELDS | change, "acd")  # type: ignore[arg-type]
    assert refused.value.field.startswith(field)
    if value is not None:
        assert refused.value.value == value
    assert field in str(refused.value)


@pytest.mark.parametrize("missing", ["type", "channel"])
def test_type_and_channel_are_required(missing: str) -> None:
    with pytest.raises(Invalid, match=f"{missing}: is required"):
        event_from({name: value for name, value in FIELDS.items() if name != missing}, "acd")  # type: ignore[arg-type]


def test_ids_ascend_within_a_process() -> None:
    ids = [uuid7() for _ in range(20_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert abs(int(UUID(ids[0]).hex[:12], 16) - datetime.now(UTC).timestamp() * 1000) < 60_000


@given(st.text(max_size=300), st.floats(), st.integers(min_value=0, max_value=2**41))
def test_what_is_checked_can_be_read_by_the_stages(name: str, seconds: float, at: int) -> None:
    touchpoint = Touchpoint(at, "e1", name, "voice", "c1", wait_s=seconds)
    try:
        raw = checked(touchpoint)
    except Invalid:
        return
    assert decode(raw).type == name
    assert raw == encode(touchpoint)
