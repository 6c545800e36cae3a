"""Ids for what the vendor gives none, or one that tells too much: of the same content always the same."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec


def hidden(*parts: str) -> str:
    """128 bits of SHA-256 of ``parts``: for ids that contain a telephone number beside something that nobody can guess.
    (A number alone could be found again by trying all.)"""
    return _short("\0".join(parts).encode(errors="surrogatepass"))


def of_content(value: Mapping[str, Any]) -> str:
    """Of a JSON object without an id: the same for the same object, however its fields are ordered."""
    try:
        return _short(msgspec.json.encode(value, order="deterministic"))
    except (ValueError, OverflowError, RecursionError):  # half a character, a number or a depth that JSON has not
        return _short(repr(value)[:65_536].encode(errors="surrogatepass"))


def _short(content: bytes) -> str:
    return urlsafe_b64encode(sha256(content).digest()[:16]).decode().rstrip("=")
