"""A touchpoint from keyword fields, for services that do not want to know its type."""

from __future__ import annotations

import secrets
import threading
import time as clock
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Required, TypedDict
from uuid import UUID

import msgspec

from journeys.touchpoint import CloudEvent, Data, Invalid, Touchpoint, decode, encode


class Fields(TypedDict, total=False):
    """The fields of an event; see ``journeys.touchpoint.Data`` for what they mean."""

    type: Required[str]
    channel: Required[str]
    id: str
    """Unless given: a UUIDv7, so that events of one process that share a millisecond keep their order."""
    time: datetime
    """When it happened, with a time zone. Unless given: now."""
    contact_id: str
    identifiers: Mapping[str, str]
    intent: str
    reference: str
    queue: str
    agent: str
    direction: str
    outcome: str
    wait_s: float
    talk_s: float
    hold_s: float
    wrap_s: float
    invited: bool
    attributes: Mapping[str, Any]
    revision: int
    consent: bool | None
    recorded: bool | None


_CONTEXT = {"id", "time", "type"}
_KNOWN = frozenset(Fields.__annotations__)


def event_from(fields: Fields, source: str) -> tuple[Touchpoint, bytes]:
    """The touchpoint that ``fields`` describe, and its bytes on the wire; raises ``Invalid``."""
    for name in fields.keys() - _KNOWN:
        raise Invalid("invalid_field", name, fields[name], "is no field of a touchpoint; use attributes")  # type: ignore[literal-required]
    for name in ("type", "channel"):
        if name not in fields:
            raise Invalid("invalid_field", name, None, "is required")
    time = fields.get("time")
    if time is None:
        time = datetime.now(UTC)
    if not isinstance(time, datetime) or time.tzinfo is None:
        raise Invalid("invalid_field", "time", time, "expected a datetime with a time zone")
    data: dict[str, Any] = {name: value for name, value in fields.items() if name not in _CONTEXT}
    event = CloudEvent(fields.get("id") or uuid7(), source, fields["type"], time, Data(**data))
    try:
        raw = msgspec.json.encode(event)
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid("invalid_field", "attributes", fields.get("attributes"), str(error)) from None
    return decode(raw), raw


def checked(touchpoint: Touchpoint) -> bytes:
    """``touchpoint`` on the wire; raises ``Invalid`` if no stage would take it."""
    raw = encode(touchpoint)
    decode(raw)
    return raw


_lock = threading.Lock()
_last = 0


def uuid7() -> str:
    """A UUIDv7 (RFC 9562) with a counter in its 12 bits after the millisecond: ascending within a process."""
    global _last
    with _lock:
        _last = max(_last + 1, (clock.time_ns() // 1_000_000) << 12)
        ticks = _last
    high = (ticks >> 12 << 16) | 0x7000 | (ticks & 0xFFF)
    return str(UUID(int=(high << 64) | (0b10 << 62) | secrets.randbits(62)))
