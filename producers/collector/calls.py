"""Segment's tracking calls, as its own and RudderStack's client libraries make them, cut into messages.

https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ and
https://www.rudderstack.com/docs/api/http-api/: one call a request, or many in `/v1/batch`. What the service at the
other end adds to a message is added here: its type, from the address, and an id where nothing else tells it apart.
"""

from __future__ import annotations

from typing import Any

import msgspec

from producers.collector.answers import Refused
from producers.collector.limits import Limits
from producers.event import uuid7

CALLS = {
    "track": "track", "t": "track", "identify": "identify", "i": "identify", "page": "page", "p": "page",
    "screen": "screen", "s": "screen", "alias": "alias", "a": "alias", "group": "group", "g": "group",
}  # fmt: skip
"""The last part of the address, and the type of its message. The short ones are those of browsers."""
BATCHES = frozenset({"batch", "b", "import"})


class _Body(msgspec.Struct, rename="camel"):
    batch: list[msgspec.Raw] | None = None
    write_key: Any = None


class _Message(msgspec.Struct, rename="camel"):
    """What tells whether a message is whole as it is."""

    type: Any = None
    message_id: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    write_key: Any = None


class Calls(msgspec.Struct):
    messages: list[bytes]
    write_key: str
    """In the body, where browsers have it."""


_body = msgspec.json.Decoder(_Body).decode
_message = msgspec.json.Decoder(_Message).decode
_UNREAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def calls(body: bytes, name: str, limits: Limits) -> Calls:
    """The messages of a request to ``name``. Raises ``Refused``."""
    try:
        found = _body(body)
    except _UNREAD as error:
        raise Refused(400, "not_json", f"the body is no call of Segment's: {error}") from None
    key = found.write_key if isinstance(found.write_key, str) else ""
    if name in CALLS:
        return Calls([_whole(body, CALLS[name])], key)
    if found.batch is None:
        raise Refused(400, "invalid_field", "batch: is required, a list of calls (got None)", field="batch")
    if not found.batch:
        raise Refused(400, "invalid_field", "batch: expected one call or more (got [])", field="batch")
    if len(found.batch) > limits.events:
        raise Refused(413, "too_many", f"a batch has at most {limits.events} calls (got {len(found.batch)})")
    return Calls([_whole(bytes(one), "") for one in found.batch], key)


def _whole(raw: bytes, kind: str) -> bytes:
    """``raw`` with what it lacks. What is no object is left for the adapter to refuse."""
    try:
        found = _message(raw)
    except _UNREAD:
        return raw
    told = found.message_id or found.timestamp or found.original_timestamp
    if found.type and told and not found.write_key and not kind:
        return raw
    message: dict[str, Any] = msgspec.json.decode(raw)
    message.pop("writeKey", None)
    if kind:
        message["type"] = kind
    if not told:  # with a time of its own it is the same message when it is sent again; without, nobody can tell
        message["messageId"] = uuid7()
    return msgspec.json.encode(message)
