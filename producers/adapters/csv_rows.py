"""Plain CSV: a row becomes a touchpoint. The header names the contract's fields, or those that a mapping file reads.

Without a mapping a column is a field of a touchpoint (``time``, ``type``, ``channel``, ``identifiers.phone``,
``attributes.page`` …), and any other is kept. With one the rows are its objects. Between columns stands a comma, a
semicolon or a tab, whichever the header has most of.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from journeys.touchpoint import MAX_BYTES, Invalid, unread
from producers.adapters.adapter import How
from producers.adapters.generic import mapped
from producers.adapters.mapping import as_named, mapping
from producers.adapters.payload import Fields, Made, from_bytes

VENDOR = "csv"
DELIMITERS = ",;\t"
_QUOTE = b'"'


@from_bytes(VENDOR)
def adapt(raw: bytes, how: How) -> Iterator[Made]:
    found = records(raw.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True))
    _, first = next(found, (1, b""))
    if not first.strip():
        raise Invalid("null_value", "", raw[:40], "there is nothing in it")
    delimiter = max(DELIMITERS, key=lambda one: first.count(one.encode()))
    header = [name.strip() for name in cells(first, delimiter, "line 1")]
    rules = mapping(how.mapping) if how.mapping else as_named(tuple(header))
    for number, record in found:
        where = f"line {number}"
        try:
            row = cells(record, delimiter, where)
            if len(row) > len(header):
                raise Invalid("invalid_field", where, row, f"expected {len(header)} columns")
        except Invalid as invalid:
            yield invalid
            continue
        if any(row):
            yield from mapped(Fields(dict(zip(header, row, strict=False)), where), rules, VENDOR, how)


def records(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The rows of a file, each with the number of its first line: several lines while a quote is open. A quote that
    stays open for longer than an event may be was none; its lines are rows of their own."""
    held: list[bytes] = []
    number = 1
    for line in lines:
        held.append(line)
        whole = b"".join(held)
        if whole.count(_QUOTE) % 2 == 0:
            yield number, whole
        elif len(whole) > MAX_BYTES:
            yield from enumerate(held, number)
        else:
            continue
        number += len(held)
        held = []
    yield from enumerate(held, number)


def cells(record: bytes, delimiter: str, where: str) -> list[str]:
    """The columns of one row; raises ``Invalid``."""
    try:
        rows = list(csv.reader([record.decode()], delimiter=delimiter, strict=True))
    except UnicodeDecodeError as error:
        raise Invalid("not_text", where, record[:40], unread(error)) from None
    except csv.Error as error:
        raise Invalid("not_csv", where, record[:40], str(error)) from None
    return rows[0] if rows else []
