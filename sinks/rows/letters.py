"""Dead letters, and what became of them, as rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sinks import settlements, tables
from sinks.rows.waiting import Record, Rows, Unreadable
from sinks.store import Columns


class DeadLetterRows(Rows):
    """The rows of ``dead_letters``: Kafka Connect's headers say where a record came from and what was wrong."""

    table = tables.DEAD_LETTERS

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Any, ...]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, record: Record) -> Iterable[Unreadable]:
        headers = {name: value for name, value in record.headers if name.startswith(_ERRORS)}

        def header(name: str) -> str:
            return headers.get(_ERRORS + name, b"").decode(errors="replace")

        letter_id = f"{record.topic}/{record.partition}/{record.offset}"
        self._rows[letter_id] = (
            letter_id,
            header("topic") or record.topic,
            _number(header("partition"), record.partition, 2**31),
            _number(header("offset"), record.offset, 2**63),
            header("stage"),
            header("exception.class.name"),
            header("exception.message"),
            _text(record.key),
            _text(record.value),
            _number(header("value.bytes"), 0, 2**63),
            record.timestamp,
        )
        return ()

    def add(self, found: Unreadable) -> None:
        """A record of the stages' own that the sink cannot read."""
        record = found.record
        letter_id = f"{record.topic}/{record.partition}/{record.offset}/{len(self._rows)}"
        self._rows[letter_id] = (
            letter_id, record.topic, record.partition, record.offset, "sink", "unreadable", found.message,
            _text(record.key), _text(found.value), 0, record.timestamp,
        )  # fmt: skip

    def columns(self) -> Columns:
        return [list(column) for column in zip(*self._rows.values(), strict=True)]

    def erasures(self) -> Iterable[str]:
        """None: dead letters are sealed, and go with their retention."""
        return ()


class SettledRows(Rows):
    """The rows of ``settled_letters``: the first word on a letter holds."""

    table = tables.SETTLED_LETTERS

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Any, ...]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, record: Record) -> Iterable[Unreadable]:
        try:
            letter_id, how = settlements.read(record.key, record.value)
        except ValueError as error:
            return (Unreadable(record, record.value or b"", str(error)),)
        self._rows.setdefault(letter_id, (letter_id, how, record.timestamp))
        return ()

    def columns(self) -> Columns:
        return [list(column) for column in zip(*self._rows.values(), strict=True)]

    def erasures(self) -> Iterable[str]:
        """None: the id of a letter says nothing about anybody."""
        return ()


_ERRORS = "__connect.errors."


def _number(text: str, otherwise: int, limit: int) -> int:
    """A header is anyone's to write: what is no number below ``limit`` is left out."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) < limit else otherwise


def _text(value: bytes | None) -> str:
    """Any bytes as text: what is no UTF-8 is shown as ``\\x..``, so that nothing is lost to sight."""
    return "" if value is None else value.decode(errors="backslashreplace")
