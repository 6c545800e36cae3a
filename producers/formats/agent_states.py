"""JSON Lines of agent events: one CloudEvent a line, as on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from journeys.agents import AgentEvent, decode
from journeys.touchpoint import Invalid
from producers.formats.rows import BadLine, Reject


def read(lines: Iterable[bytes], reject: Reject) -> Iterator[AgentEvent]:
    """One agent event a line; empty lines are skipped."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield decode(line.strip())
        except Invalid as invalid:
            reject(BadLine.of(number, invalid))
