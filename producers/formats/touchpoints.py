"""JSON Lines of the contract: one CloudEvent a line, as on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from journeys.touchpoint import Invalid, Touchpoint, decode
from producers.formats.rows import BadLine, Reject


def read(lines: Iterable[bytes], reject: Reject) -> Iterator[Touchpoint]:
    """One touchpoint a line; empty lines are skipped."""
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line:
            continue
        try:
            yield decode(line)
        except Invalid as invalid:
            reject(BadLine.of(number, invalid))
