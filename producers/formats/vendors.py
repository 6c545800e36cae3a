"""Files of what vendors send, read by their adapters (``producers/adapters``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from producers.adapters.adapter import Adapter, How
from producers.adapters.csv_rows import records
from producers.adapters.registry import adapter
from producers.delivery import Event
from producers.formats.payloads import Cut, blocks, each, payloads
from producers.formats.rows import BadLine, Format, PassOver, Reject, WrongFormat

TABLES = ("csv",)
BLOCKS = ("asterisk-ami", "freeswitch-callcenter")


def of_vendor(vendor: str, how: How, pass_over: PassOver) -> Format:
    """Of files with payloads of ``vendor``; raises ``UnknownVendor``."""
    adapt = adapter(vendor)
    if vendor in TABLES:
        return _table(adapt, how, pass_over)
    return _payloads(adapt, how, pass_over, blocks if vendor in BLOCKS else each)


def _payloads(adapt: Adapter, how: How, pass_over: PassOver, text: Cut) -> Format:
    def read(lines: Iterable[bytes], reject: Reject) -> Iterator[Event]:
        for number, payload in payloads(lines, text):
            yield from _adapted(adapt, payload, how, number, reject, pass_over)

    return read


def _table(adapt: Adapter, how: How, pass_over: PassOver) -> Format:
    """With a heading, which each row is read with."""

    def read(lines: Iterable[bytes], reject: Reject) -> Iterator[Event]:
        rows = records(lines)
        _, heading = next(rows, (1, b""))
        for invalid in adapt(heading, how).refused:
            raise WrongFormat(f"1: {invalid}")
        heading = heading.rstrip(b"\r\n") + b"\n"
        for number, row in rows:
            if row.strip():
                yield from _adapted(adapt, heading + row, how, number, reject, pass_over)

    return read


def _adapted(
    adapt: Adapter, payload: bytes, how: How, number: int, reject: Reject, pass_over: PassOver
) -> Iterator[Event]:
    adapted = adapt(payload, how)
    for invalid in adapted.refused:
        reject(BadLine.of(number, invalid))
    if adapted.unmapped:
        pass_over(adapted.unmapped)
    yield from adapted.touchpoints
    yield from adapted.agent_events
