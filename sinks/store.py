"""What a store of the pipeline's rows can do: one interface, two engines (ClickHouse, embedded chDB)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

import msgspec

from sinks.tables import Table

Columns = Sequence[list[Any]]
"""The values of a block, one list a column, in the order of the table's columns; times in ms since the epoch (UTC)."""

PINNED: dict[str, int] = {"async_insert": 0, "optimize_on_insert": 0}
"""Settings of every insert, where the engine knows them. An answer is to mean that the rows are on disk (asynchronous
inserts are on by default since 26.3); and a block has a row once, so there are no versions in it to collapse."""

MAX_ROWS = 1_048_576
"""The most rows an insert may have: what the engine takes as one block, hence all or nothing per partition."""


class StoreError(Exception):
    """What the store refused or could not do, in one line; ``code`` is ClickHouse's number of it, 0 if it has none."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class StoreUnavailable(StoreError):
    """The store cannot be reached or has not answered: what was sent may or may not have been done."""


class Result(NamedTuple):
    """The answer to a query: values are Python's own (times timezone-aware, UTC unless the query says otherwise)."""

    names: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def dicts(self) -> list[dict[str, Any]]:
        """Each row by the names of its columns."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]

    def json_lines(self) -> str:
        """One JSON object a line."""
        lines = (msgspec.json.encode(row, enc_hook=str) for row in self.dicts())
        return "".join(line.decode() + "\n" for line in lines)

    def csv(self) -> str:
        """Comma-separated, with a header."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.names)
        writer.writerows([_text(value) for value in row] for row in self.rows)
        return out.getvalue()


class Store(Protocol):
    """Rows in, rows out. Methods may be called from any thread; an insert and queries go on side by side."""

    def insert(self, table: Table, columns: Columns, token: str = "") -> None:
        """Insert a block of at most ``MAX_ROWS`` rows, all of it or nothing per partition.

        An insert that failed may have happened: the identical block with the same ``token`` may be sent again and is
        then dropped by the engine, or, where it knows no tokens, collapses by identity and version.
        Raises ``StoreError``.
        """

    def query(self, sql: str) -> Result:
        """The rows of one statement that reads. Raises ``StoreError``."""

    def execute(self, sql: str) -> None:
        """Run one statement that answers nothing, such as a migration's. Raises ``StoreError``."""

    def ping(self) -> None:
        """Raises ``StoreError`` unless the store answers."""

    def close(self) -> None: ...


def literal(value: str) -> str:
    """``value`` as a literal of ClickHouse's SQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        precision = "milliseconds" if value.microsecond else "seconds"
        return value.isoformat(sep=" ", timespec=precision).removesuffix("+00:00")
    if isinstance(value, (list, tuple, dict, bool)) and not isinstance(value, date):
        return msgspec.json.encode(value, enc_hook=str).decode()
    return value
