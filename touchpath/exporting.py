"""Rows into files that others read: CSV and Excel for people, Parquet for programs.

Batches come and are written one after the other, so that a file may be larger than memory. In Parquet a value keeps its
type. In CSV and Excel a time is UTC in ISO 8601 and an array is JSON, both as text, and no text is ever a formula: it
may come from a customer, and a spreadsheet runs what begins with = + - or @ (CWE-1236, "Improper Neutralization of
Formula Elements in a CSV File"). In CSV such text gets a ' before it, as OWASP advises ("CSV Injection"); Excel's own
format says that it is text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from touchpath.problem import Problem

EXCEL_ROWS = 1_048_576 - 1
"""The rows of a sheet without the header's. https://support.microsoft.com: "Excel specifications and limits"."""
EXCEL_TEXT = 32_767
_EXACT = 2**53
"""Excel's numbers are doubles: beyond this not every whole number is one."""
_FORMULA = r"^([=+\-@\t\r])"


class Writer(Protocol):
    def write(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None: ...


class Csv:
    def __init__(self, file: Path | BinaryIO, schema: pa.Schema) -> None:
        from pyarrow.csv import CSVWriter

        self._schema = pa.schema([(field.name, pa.string() if _is_text(field) else field.type) for field in schema])
        self._writer = CSVWriter(str(file) if isinstance(file, Path) else file, self._schema)

    def write(self, batch: pa.RecordBatch) -> None:
        columns = [_unharmed(column) for column in batch.columns]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


class Parquet:
    def __init__(self, file: Path, schema: pa.Schema) -> None:
        from pyarrow.parquet import ParquetWriter

        self._writer = ParquetWriter(str(file), schema, compression="zstd")

    def write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)

    def close(self) -> None:
        self._writer.close()


class Xlsx:
    """One sheet, written row by row in constant memory. ``cut`` texts were longer than Excel holds, and were cut."""

    def __init__(self, file: Path, schema: pa.Schema) -> None:
        from xlsxwriter import Workbook

        self._book = Workbook(str(file), {"constant_memory": True})
        self._sheet = self._book.add_worksheet()
        self._sheet.freeze_panes(1, 0)
        bold = self._book.add_format({"bold": True})
        for place, name in enumerate(schema.names):
            self._sheet.write_string(0, place, name, bold)
        self._row = count(1)
        self.cut = 0

    def write(self, batch: pa.RecordBatch) -> None:
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            row = next(self._row)
            if row > EXCEL_ROWS:
                raise Problem(f"over {EXCEL_ROWS:,} rows, which is all that a sheet of Excel holds")
            for place, value in enumerate(values):
                if value is not None:
                    self._cell(row, place, value)

    def _cell(self, row: int, place: int, value: Any) -> None:
        if isinstance(value, bool):
            self._sheet.write_boolean(row, place, value)
        elif isinstance(value, (int, float)) and abs(value) <= _EXACT:
            self._sheet.write_number(row, place, value)
        else:
            text = as_text(value)
            if len(text) > EXCEL_TEXT:
                self.cut += 1
                text = text[:EXCEL_TEXT]
            self._sheet.write_string(row, place, text)

    def close(self) -> None:
        self._book.close()


FORMATS: dict[str, Callable[[Path, pa.Schema], Writer]] = {"csv": Csv, "parquet": Parquet, "xlsx": Xlsx}


def write(batches: Iterator[pa.RecordBatch], writer: Writer, tell: Callable[[int], None]) -> int:
    """All of ``batches``; returns the number of rows, which ``tell`` hears after each batch."""
    rows = 0
    with closing(writer):
        for batch in batches:
            writer.write(batch)
            rows += batch.num_rows
            tell(rows)
    return rows


def as_text(value: Any) -> str:
    """A value of any type as a person reads it."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        precise = "microseconds" if value.microsecond % 1000 else "milliseconds"
        return value.astimezone(UTC).isoformat(timespec=precise).removesuffix("+00:00") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, (list, tuple, dict)):
        return msgspec.json.encode(_plain(value)).decode()
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {as_text(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return as_text(value) if isinstance(value, (datetime, date, bytes)) else value


def _is_text(field: pa.Field) -> bool:
    """Whether its values are text in CSV."""
    return any(is_one(field.type) for is_one in (pa.types.is_string, pa.types.is_list, pa.types.is_timestamp))


def _unharmed(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type) or pa.types.is_list(column.type):
        return pa.array([None if value is None else as_text(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_string(column.type):
        return pc.replace_substring_regex(column, _FORMULA, r"'\1")
    return column
