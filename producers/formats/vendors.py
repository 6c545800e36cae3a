"""Files that a vendor writes, of one record a line or a row, read by its adapter (``producers/adapters``).

Events of agents belong on a topic of their own and are left out, as is what the adapter does not map; ``touchpath
adapt`` tells of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from journeys.touchpoint import Touchpoint
from producers.adapters import asterisk_queue_log, csv_rows
from producers.adapters.adapter import Adapter, How
from producers.adapters.csv_rows import records
from producers.formats.rows import BadLine, Format, Reject, WrongFormat


def lines(adapter: Adapter, how: How) -> Format:
    """Of files whose lines can be understood one by one."""

    def read(lines: Iterable[bytes], reject: Reject) -> Iterator[Touchpoint]:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield from _adapted(adapter, line, how, number, reject)

    return read


def table(adapter: Adapter, how: How) -> Format:
    """Of tables with a heading, which each row is read with."""

    def read(lines: Iterable[bytes], reject: Reject) -> Iterator[Touchpoint]:
        rows = records(lines)
        _, heading = next(rows, (1, b""))
        for invalid in adapter(heading, how).refused:
            raise WrongFormat(f"1: {invalid}")
        heading = heading.rstrip(b"\r\n") + b"\n"
        for number, row in rows:
            if row.strip():
                yield from _adapted(adapter, heading + row, how, number, reject)

    return read


def _adapted(adapter: Adapter, raw: bytes, how: How, number: int, reject: Reject) -> Iterator[Touchpoint]:
    adapted = adapter(raw, how)
    for invalid in adapted.refused:
        reject(BadLine.of(number, invalid))
    yield from adapted.touchpoints


def queue_log(how: How) -> Format:
    """Asterisk's queue log."""
    return lines(asterisk_queue_log.adapt, how)


def plain_csv(how: How) -> Format:
    """CSV whose columns are fields of the contract, or those that ``how.mapping`` reads."""
    return table(csv_rows.adapt, how)
