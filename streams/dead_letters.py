"""What could not be taken, sealed: an event that nobody could read may say anything about anybody, in any place.

The seal is Fernet (https://github.com/fernet/spec: AES-128-CBC and HMAC-SHA256) with keys that are derived from those
of the pseudonyms; a new key seals, the older ones go on to open (docs/decisions/privacy.md).
"""

from __future__ import annotations

from base64 import urlsafe_b64encode

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from journeys.pseudonyms import Pseudonyms


class Letter(msgspec.Struct, array_like=True, frozen=True):
    """A record as it came, and all that is wrong with it."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    message: str


class Unopened(ValueError):
    """None of the keys at hand sealed it, or it was changed since."""


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Letter).decode
_TOKEN, _BLOCK = 57, 16  # version, time, IV and HMAC of a Fernet token; the block that it is padded to


class Seal:
    def __init__(self, pseudonyms: Pseudonyms) -> None:
        derived = pseudonyms.derived(b"dead letters")
        self._fernet = MultiFernet([Fernet(urlsafe_b64encode(key)) for key in derived])

    def seal(self, letter: Letter, limit: int) -> tuple[bytes, bool]:
        """``letter`` as text of at most ``limit`` bytes, and whether it was cut for that: its value's end, and headers
        and the key's end only if they alone would take half of the room."""
        room = max(0, limit // 4 * 3 - _TOKEN - _BLOCK)
        packed = _pack(letter)
        if len(packed) <= room:
            return self._fernet.encrypt(packed), False
        value = letter.value or b""
        rest = len(packed) - len(value)
        if rest > room // 2:
            letter = Letter((letter.key or b"")[: room // 4], value, (), letter.message[: room // 16])
            rest = len(_pack(letter)) - len(value)
        packed = _pack(msgspec.structs.replace(letter, value=value[: max(0, room - rest)]))
        return self._fernet.encrypt(packed), True

    def open(self, sealed: bytes | str) -> Letter:
        """What ``seal`` was given. Raises ``Unopened``."""
        try:
            return _unpack(self._fernet.decrypt(sealed))
        except (InvalidToken, msgspec.DecodeError):
            raise Unopened("a dead letter that none of the keys opens") from None
