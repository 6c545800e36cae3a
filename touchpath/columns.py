"""ClickHouse's types as Arrow's, so that a file has the same columns whichever way its rows come."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from touchpath.exporting import as_text

_SIMPLE = {
    "String": pa.string(), "Bool": pa.bool_(), "Float32": pa.float32(), "Float64": pa.float64(), "Date": pa.date32(),
    "Date32": pa.date32(), "Int8": pa.int8(), "Int16": pa.int16(), "Int32": pa.int32(), "Int64": pa.int64(),
    "UInt8": pa.uint8(), "UInt16": pa.uint16(), "UInt32": pa.uint32(), "UInt64": pa.uint64(),
}  # fmt: skip
_OF = re.compile(r"(\w+)\((.*)\)", re.DOTALL)


def arrow(type_: str) -> pa.DataType:
    """The type in Arrow's words; text for those that have none, such as maps and tuples, which are then JSON."""
    if type_ in _SIMPLE:
        return _SIMPLE[type_]
    if type_ == "DateTime":
        return pa.timestamp("s", "UTC")
    found = _OF.fullmatch(type_)
    name, inner = (found[1], found[2]) if found else ("", "")
    if name in ("Nullable", "LowCardinality"):
        return arrow(inner)
    if name == "Array":
        return pa.list_(arrow(inner))
    if name == "DateTime":
        return pa.timestamp("s", "UTC")
    if name == "DateTime64":
        return pa.timestamp("ms" if int(inner.split(",")[0]) <= 3 else "us", "UTC")
    return pa.string()


def schema(described: Iterable[Sequence[Any]]) -> pa.Schema:
    """Of what DESCRIBE says: names and types."""
    return pa.schema([(row[0], arrow(row[1])) for row in described])


def fitted(batch: pa.RecordBatch, wanted: pa.Schema) -> pa.RecordBatch:
    """``batch`` as ``wanted``: the engine's Arrow has a DateTime as a number, and maps and tuples as they are."""
    columns = [_column(column, field.type) for column, field in zip(batch.columns, wanted, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=wanted)


def of_rows(rows: Sequence[Sequence[Any]], wanted: pa.Schema) -> pa.RecordBatch:
    """``rows`` of Python's own values as ``wanted``."""
    columns = [
        pa.array([_value(row[place], field.type) for row in rows], field.type) for place, field in enumerate(wanted)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=wanted)


def _column(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(wanted) and pa.types.is_integer(column.type):
        return column.cast(pa.int64()).cast(wanted)
    if pa.types.is_string(wanted) and not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        values = column.to_pylist(maps_as_pydicts="strict") if pa.types.is_nested(column.type) else column.to_pylist()
        return pa.array([_value(value, wanted) for value in values], wanted)
    return column.cast(wanted, safe=False)  # nanoseconds become microseconds, as Python has them


def _value(value: Any, wanted: pa.DataType) -> Any:
    if value is not None and pa.types.is_string(wanted):
        return as_text(value)
    return value
