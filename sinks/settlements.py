"""What was decided about a dead letter, as it stands on ``journey.settled_letters``: its id, and ``replayed`` or
``discarded``. The topic, and not the store, is where it is decided: a letter that is settled there is settled."""

from __future__ import annotations

from typing import Literal, get_args

TOPIC = "journey.settled_letters"

How = Literal["replayed", "discarded"]
_HOWS: dict[bytes | None, How] = {how.encode(): how for how in get_args(How)}


def message(letter_id: str, how: How) -> tuple[bytes, bytes]:
    """Key and value of the record that says it."""
    return letter_id.encode(), how.encode()


def read(key: bytes | None, value: bytes | None) -> tuple[str, How]:
    """The letter's id, and what became of it. Raises ``ValueError``."""
    if not key or value not in _HOWS:
        raise ValueError(f"expected the id of a letter and one of {', '.join(get_args(How))}, got {value!r}")
    return key.decode(), _HOWS[value]
