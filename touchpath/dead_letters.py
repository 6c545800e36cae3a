"""`touchpath dead-letters`: the events that could not be taken, with their seals opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.problem import Problem
from touchpath.queries import queries

if TYPE_CHECKING:
    from streams.dead_letters import Seal

_LETTERS = """
SELECT at, topic, partition, offset, stage, reason, message, key, value FROM dead_letters FINAL
ORDER BY at DESC, letter_id LIMIT {}
"""


def dead_letters(
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1_000_000, metavar="N", help="The newest so many.")] = 20,
    settings: options.SettingsFile = None,
) -> None:
    """Print events that could not be taken, newest first, one JSON object a line, as they came and with what was wrong.

    They show whatever was sent, clear identifiers too.

    \b
    Example:
      touchpath dead-letters --limit 100 --data data
    """
    from sinks.store import StoreError
    from streams.dead_letters import Seal

    chosen, source = options.settings_of(settings)
    layout = Layout(data)
    try:
        with queries(layout, clickhouse) as store:
            found = store.query(_LETTERS.format(limit))
    except StoreError as error:
        raise Problem(str(error)) from None
    if not found.rows:
        return
    seal = Seal(pseudonyms_of(chosen, source, layout))
    unopened = 0
    for letter in found.dicts():
        if letter["stage"] != "sink":  # what the sink writes is not under a seal
            opened = _opened(seal, letter["value"])
            unopened += not opened
            letter |= opened
        print(msgspec.json.encode(letter).decode())
    if unopened:
        raise Problem(f"{unopened} of {len(found.rows)} are sealed with keys that are not here; see touchpath keys")


def _opened(seal: Seal, sealed: str) -> dict[str, object]:
    """What lies under the seal; nothing if no key opens it."""
    from streams.dead_letters import Unopened

    try:
        letter = seal.open(sealed)
    except Unopened:
        return {}
    headers = {name: _text(value) for name, value in letter.headers}
    return {"message": letter.message, "key": _text(letter.key), "value": _text(letter.value), "headers": headers}


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")
