"""Identifiers under keyed hashes: whoever has the key can find a customer again, nobody else can tell who it is.

What GDPR article 4(5) calls pseudonymisation. A pseudonym is HMAC-SHA256 (RFC 2104, cut to 128 bits as its section 5
allows) over kind and normalised value, so the two spellings that meet in clear meet here too, and one value in two
kinds does not. It names the key that it was made with: ``~<4 characters: the key's id>.<22 characters, base64url>``.

Which keys there are, and where they come from, is the caller's business (touchpath/keys.py). The first is current: it
makes new pseudonyms; the others find what older ones made (docs/decisions/privacy.md).
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from journeys.identifiers import normalise
from journeys.sentiment import facts
from journeys.settings import Settings
from journeys.spelling import PSEUDONYM, REMEMBERED, is_pseudonym
from journeys.touchpoint import FACTS, MAX_BYTES, Invalid, Touchpoint, unread

__all__ = ["KEY_BYTES", "KeysError", "Pseudonyms", "alike", "is_pseudonym", "key_id", "keys_from"]

KEY_BYTES = 32
"""As long as the hash: more add nothing (RFC 2104 section 3)."""
LEAST_SECRET = 5
"""Shorter values are left where they occur in other text: half of what stands there would be hidden by chance."""
DEEPEST = 100
"""Values that lie within so many others are not searched, and not taken."""
OF_THE_CENTRE = frozenset(("id", "source", "type", "time", "specversion", "dataschema", "datacontenttype"))
"""Attributes of an event that are the centre's, and what it counts by: never searched. Likewise those of its data."""
DATA_OF_THE_CENTRE = frozenset(
    ("channel", "contact_id", "identifiers", "other", "intent", "queue", "agent", "direction", "outcome")
)
NOBODY = "~"
"""Stands for an identifier that may not be known."""
_matches = PSEUDONYM.fullmatch


class KeysError(ValueError):
    """Keys that cannot be used; one line that says which and why, and shows none."""


def keys_from(lines: Iterable[str]) -> tuple[bytes, ...]:
    """The keys in ``lines``, each ``KEY_BYTES`` as base64url; empty lines are passed over. Raises ``KeysError``."""
    keys: list[bytes] = []
    for number, line in enumerate(lines, 1):
        text = line.strip().rstrip("=")
        if not text:
            continue
        try:
            key = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise KeysError(f"key {number}: expected base64url") from None
        if len(key) != KEY_BYTES:
            raise KeysError(f"key {number}: expected {KEY_BYTES} bytes as base64url, got {len(key)}")
        keys.append(key)
    return tuple(keys)


def key_id(value: bytes | str) -> str:
    """The id of a key, or of the key that the pseudonym ``value`` was made with; "" for text that is none."""
    if isinstance(value, bytes):
        return _text(hmac.digest(value, b"key id", "sha256"))[:4]
    return value[1:5] if is_pseudonym(value) else ""


class Pseudonyms:
    """Made with ``keys``, the current one first, and by what ``settings`` says of identifiers.

    Thread-safe: all that it keeps is what it has worked out before. Raises ``KeysError`` if there is no key, or two
    have one id.
    """

    def __init__(self, keys: Sequence[bytes], settings: Settings) -> None:
        if not keys:
            raise KeysError("keys: expected at least one")
        self._keys = {key_id(key): key for key in keys}
        if len(self._keys) < len(keys):
            raise KeysError("keys: two of them are the same")
        self._current = next(iter(self._keys))
        self._clear = frozenset(settings.privacy.clear)
        self._marking = dict(zip(self._keys, self.derived(b"forgotten"), strict=True))
        self.settings = self.blocking(settings)
        self._blocked = self.settings.blocked
        self._of = lru_cache(REMEMBERED)(self._made)
        self._forms = lru_cache(REMEMBERED)(self._spellings)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Of the keys, the current one first."""
        return tuple(self._keys)

    def derived(self, purpose: bytes) -> tuple[bytes, ...]:
        """Keys for another purpose, as many and in the same order: HKDF-Expand (RFC 5869 section 2.3, one block)."""
        return tuple(hmac.digest(key, purpose + b"\x01", "sha256") for key in self._keys.values())

    def blocking(self, settings: Settings) -> Settings:
        """``settings`` that block what they block under its pseudonyms too: for those who see nothing else."""
        clear = sorted((kind, text) for kind, text in settings.blocked if not is_pseudonym(text))
        hidden = (f"{kind}:{self._under(name, kind, text)}" for kind, text in clear for name in self._keys)
        blocked = tuple(dict.fromkeys((*settings.identity.blocked, *hidden)))
        identity = msgspec.structs.replace(settings.identity, blocked=blocked)
        return msgspec.structs.replace(settings, identity=identity)

    def of(self, kind: str, value: str) -> str | None:
        """The pseudonym of ``value``, an identifier of ``kind``; None if it says nothing about anybody. Never raises.

        A pseudonym stays as it is; a kind that is kept clear is normalised.
        """
        return self._of(kind, value)

    def every(self, kind: str, value: str) -> tuple[str, ...]:
        """All that ``value`` may be stored as, what is made now first: one for each key."""
        text = normalise(kind, value, self.settings)
        if text is None:
            return ()
        if is_pseudonym(text):
            return (text,)
        hidden = [self._under(name, kind, text) for name in self._keys]
        return (text, *hidden) if kind in self._clear else tuple(hidden)

    def mark(self, kind: str, value: str) -> tuple[bytes, ...]:
        """What remembers that ``value`` (clear, or a pseudonym) was forgotten: 16 bytes for each key, that identify
        nobody and lead back to no pseudonym. Those of a clear value contain that of each of its pseudonyms."""
        marks = []
        for one in self.every(kind, value):
            made_with = key_id(one)
            names = (made_with,) if made_with in self._marking else tuple(self._marking)
            marks += [hmac.digest(self._marking[name], _message(kind, one), "sha256")[:16] for name in names]
        return tuple(marks)

    def hide(self, touchpoint: Touchpoint) -> Touchpoint:
        """``touchpoint`` with pseudonyms for its identifiers, itself if nothing is to hide.

        Identifiers that say nothing are left out, except in a fact, which needs one to be valid. Where a clear value of
        ``LEAST_SECRET`` characters or more occurs in the reference or in the attributes, its pseudonym takes its place.
        Raises ``Invalid`` if these lie too deep to be searched.
        """
        fact = touchpoint.type in FACTS
        if self._is_hidden(touchpoint.identifiers, fact) and (
            not touchpoint.other or self._is_hidden(touchpoint.other, fact)
        ):
            return touchpoint
        own, other = self._hidden(touchpoint.identifiers, fact), self._hidden(touchpoint.other, fact)
        if not touchpoint.reference and not touchpoint.attributes:
            return msgspec.structs.replace(touchpoint, identifiers=own, other=other)
        secrets = self._secrets(touchpoint.identifiers, touchpoint.other)
        return msgspec.structs.replace(
            touchpoint,
            identifiers=own,
            other=other,
            reference=secrets.hide(touchpoint.reference),
            attributes=secrets.hide(touchpoint.attributes),
        )

    def hide_event(self, raw: bytes) -> bytes:
        """``raw``, a valid event, as ``hide`` leaves its touchpoint, and with fields that the contract does not know
        searched as well. Slow; for events of producers that do not hide. Raises ``Invalid`` if that cannot be done."""
        try:
            event = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid("not_json", "", raw[:40], unread(error)) from None
        data = event["data"]
        fact = event["type"] in FACTS
        own, other = data.get("identifiers", {}), data.get("other", {})
        secrets = self._secrets(own, other)
        for name in event.keys() - OF_THE_CENTRE - {"data"}:
            event[name] = secrets.hide(event[name])
        for name in data.keys() - DATA_OF_THE_CENTRE:
            data[name] = secrets.hide(data[name])
        for name, values in (("identifiers", own), ("other", other)):
            if name in data:
                data[name] = self._hidden(values, fact)
        hidden = msgspec.json.encode(event)
        if len(hidden) > MAX_BYTES:
            problem = f"an event has at most {MAX_BYTES} bytes, this one with its pseudonyms {len(hidden)}"
            raise Invalid("too_large", "", raw[:40], problem)
        return hidden

    def unnamed(self, raw: bytes) -> bytes:
        """``raw``, an event as ``hide_event`` leaves it, without its identifiers, and with ``NOBODY`` wherever one of
        them stands besides. Raises ``Invalid`` as ``hide_event`` does."""
        event = msgspec.json.decode(raw)
        data = event["data"]
        values = [*data.pop("identifiers", {}).values(), *data.pop("other", {}).values()]
        secrets = _Secrets({value: NOBODY for value in values if len(value) >= LEAST_SECRET})
        for place, kept in ((event, OF_THE_CENTRE | {"data"}), (data, DATA_OF_THE_CENTRE)):
            for name in place.keys() - kept:
                place[name] = secrets.hide(place[name])
        return msgspec.json.encode(event)

    def _is_hidden(self, identifiers: Mapping[str, str], fact: bool) -> bool:
        blocked = self._blocked
        for kind, value in identifiers.items():
            if _matches(value) and (not blocked or (kind, value) not in blocked):
                continue  # by far the most; asked of the pattern, as what was worked out before is of clear values
            hidden = self._of(kind, value)
            if hidden != value and not (fact and hidden is None):
                return False
        return True

    def _hidden(self, identifiers: Mapping[str, str], fact: bool) -> dict[str, str]:
        found = {}
        for kind, value in identifiers.items():
            hidden = self._of(kind, value)
            if hidden is not None:
                found[kind] = hidden
            elif fact:
                found[kind] = value
        return found

    def _secrets(self, *identifiers: Mapping[str, str]) -> _Secrets:
        """The clear values among ``identifiers``, as they came and as they are compared."""
        found: dict[str, str] = {}
        for one in identifiers:
            for kind, value in one.items():
                found |= self._forms(kind, value)
        return _Secrets(found)

    def _spellings(self, kind: str, value: str) -> dict[str, str]:
        """How a clear ``value`` may be written elsewhere in its event, each with its pseudonym."""
        hidden = self._of(kind, value)
        if hidden is None or kind in self._clear or is_pseudonym(value.strip()):
            return {}
        text = normalise(kind, value, self.settings) or value
        forms = (value, value.strip(), text, text.removeprefix("+"))
        return {clear: hidden for clear in forms if len(clear) >= LEAST_SECRET}

    def _made(self, kind: str, value: str) -> str | None:
        text = normalise(kind, value, self.settings)
        if text is None or kind in self._clear or is_pseudonym(text):
            return text
        return self._under(self._current, kind, text)

    def _under(self, name: str, kind: str, text: str) -> str:
        return f"~{name}.{_text(hmac.digest(self._keys[name], _message(kind, text), 'sha256')[:16])}"


class _Secrets:
    """Clear values, and what takes their place in any JSON value: in text in any case, and as a number of its own."""

    def __init__(self, found: Mapping[str, str]) -> None:
        self._pairs = sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0]))
        self._folded = [clear.casefold() for clear, _ in self._pairs]
        self._found = found

    def hide(self, value: Any, depth: int = 0) -> Any:
        if not self._pairs or not value:
            return value
        if depth > DEEPEST:
            raise Invalid("invalid_field", "data", depth, f"a value lies within more than {DEEPEST} others")
        if isinstance(value, str):
            return self._in_text(value)
        if isinstance(value, dict):
            return {self._in_text(name): self.hide(one, depth + 1) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide(one, depth + 1) for one in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return self._found.get(str(value), value)
        return value

    def _in_text(self, text: str) -> str:
        folded = text.casefold()
        if not any(clear in folded for clear in self._folded):
            return text
        anyone = re.compile("|".join(f"({re.escape(clear)})" for clear, _ in self._pairs), re.IGNORECASE)
        return anyone.sub(lambda match: self._pairs[(match.lastindex or 1) - 1][1], text)


def alike(one: Touchpoint, two: Touchpoint) -> bool:
    """Whether they are the same, or would be if they had been hidden with the same key, and text scored alike."""
    if one == two:
        return True
    if not (_alike(one.identifiers, two.identifiers) and _alike(one.other, two.other)):
        return False
    if PSEUDONYM.sub("~", one.reference) != PSEUDONYM.sub("~", two.reference):
        return False
    if facts(one.attributes) != facts(two.attributes):
        return False
    rest = msgspec.structs.replace(
        one, identifiers=two.identifiers, other=two.other, reference=two.reference, attributes=two.attributes
    )
    return rest == two


def _alike(one: Mapping[str, str], two: Mapping[str, str]) -> bool:
    return one.keys() == two.keys() and all(
        value == two[kind] or "" != key_id(value) != key_id(two[kind]) != "" for kind, value in one.items()
    )


def _message(kind: str, text: str) -> bytes:
    return f"{kind}\0{text}".encode(errors="surrogatepass")


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
