"""Events that no stage can take, each with the reason that its dead letter must give."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from journeys.touchpoint import MAX_BYTES

MOST_BYTES = 1_048_588
"""What the broker takes in one request, all its overhead included (message.max.bytes)."""
_RECORD_OVERHEAD = 200
_LARGEST = 0.02
"""The part of the too large ones that is as large as the broker just takes."""


def _event(rng: Random, **changed: Any) -> dict[str, Any]:
    number = rng.randrange(10**12)
    event = {
        "specversion": "1.0",
        "id": f"poison-{number}",
        "source": "trial",
        "type": "queued",
        "time": "2025-03-01T10:00:00Z",
        "data": {"channel": "voice", "contact_id": f"poison-contact-{number % 50}", "queue": "poisoned"},
    }
    return event | changed


def _json(event: Any) -> bytes:
    return msgspec.json.encode(event)


def _bad_json(rng: Random) -> bytes:
    whole = _json(_event(rng))
    return rng.choice((whole[: rng.randrange(1, len(whole) - 1)], b"hello", whole + b"}", b"{", whole[1:]))


def _bad_utf8(rng: Random) -> bytes:
    return _json(_event(rng, subject="spoilt")).replace(b"spoilt", bytes([0xFF, rng.randrange(0x80, 0x100)]) + b"\xc3(")


def _wrong_types(rng: Random) -> bytes:
    data = _event(rng)["data"]
    wrong: tuple[Any, ...] = (
        _event(rng, id=17),
        _event(rng, type=None),
        _event(rng, time=1_740_823_200),
        _event(rng, time="yesterday"),
        _event(rng, time="2025-03-01T10:00:00"),
        _event(rng, data=data | {"wait_s": "long"}),
        _event(rng, data=data | {"wait_s": -1}),
        _event(rng, data=data | {"identifiers": ["42"]}),
        _event(rng, data=data | {"identifiers": {"phone": 972}}),
        _event(rng, data=data | {"direction": "sideways"}),
        _event(rng, data="voice"),
        {"id": "poison-bare"},
        [1, 2, 3],
        "text",
        None,
        42,
    )
    return _json(rng.choice(wrong))


def _nothing(rng: Random) -> bytes | None:
    return None


def _too_large(rng: Random) -> bytes:
    size = rng.randrange(MAX_BYTES + 1, 2 * MAX_BYTES)
    if rng.random() < _LARGEST:
        size = MOST_BYTES - _RECORD_OVERHEAD
    event = _event(rng)
    event["data"]["attributes"] = {"text": ""}
    event["data"]["attributes"]["text"] = "x" * (size - len(_json(event)))
    return _json(event)


def _nan(rng: Random) -> bytes:
    number = rng.choice((b"NaN", b"Infinity", b"-Infinity", b"nan"))
    return _json(_event(rng)).replace(b'"queue"', b'"wait_s":' + number + b',"queue"')


def _year_1970(rng: Random) -> bytes:
    return _json(_event(rng, time=f"1970-01-01T00:00:{rng.randrange(60):02}Z"))


def _year_2100(rng: Random) -> bytes:
    return _json(_event(rng, time=f"2100-01-01T00:00:{rng.randrange(60):02}Z"))


def _unknown_version(rng: Random) -> bytes:
    return _json(_event(rng, **rng.choice(({"specversion": "2.0"}, {"dataschema": "touchpath:touchpoint:99"}))))


def _deep(rng: Random) -> bytes:
    depth = rng.randrange(3_000, 12_000)
    return _json(_event(rng)).replace(b'"queue"', b'"attributes":{"a":' + b"[" * depth + b"]" * depth + b'},"queue"')


def _gzip_bomb(rng: Random) -> bytes:
    return gzip.compress(_json(_event(rng)) + b" " * rng.randrange(10**5, 10**6), compresslevel=9)


KINDS: dict[str, tuple[str, Callable[[Random], bytes | None]]] = {
    "bad JSON": ("not_json", _bad_json),
    "bad UTF-8": ("not_json", _bad_utf8),
    "wrong types": ("invalid_field", _wrong_types),
    "null value": ("null_value", _nothing),
    "too large": ("too_large", _too_large),
    "NaN": ("not_json", _nan),
    "year 1970": ("implausible_time", _year_1970),
    "year 2100": ("in_the_future", _year_2100),
    "unknown version": ("unknown_version", _unknown_version),
    "deep nesting": ("not_json", _deep),
    "gzip bomb": ("not_json", _gzip_bomb),
}
