"""Accepted touchpoints, several a message, as rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from journeys.forgetting import KEY, Forgotten
from sinks import erasure, tables
from sinks.rows.waiting import Record, Rows, Unreadable
from sinks.store import Columns


class _Data(msgspec.Struct, gc=False):
    channel: str
    contact_id: str | None = None
    intent: str | None = None
    reference: str | None = None
    queue: str | None = None
    agent: str | None = None
    direction: str | None = None
    outcome: str | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    hold_s: float | None = None
    wrap_s: float | None = None
    invited: bool = False


class _Event(msgspec.Struct, gc=False):
    """An accepted touchpoint, so no rule of the contract is checked again; what has no column stays in ``raw``."""

    id: str
    type: str
    time: datetime
    data: _Data
    source: str = ""


_event = msgspec.json.Decoder(_Event).decode
_forgotten = msgspec.json.Decoder(Forgotten).decode


class TouchpointRows(Rows):
    """The rows of ``touchpoints``: a message is a block of accepted events, one a line."""

    table = tables.TOUCHPOINTS

    def __init__(self) -> None:
        self._events: dict[str, tuple[_Event, bytes]] = {}
        self._forgotten: list[Forgotten] = []

    def __len__(self) -> int:
        return len(self._events)

    def take(self, record: Record) -> Iterable[Unreadable]:
        if record.key == KEY:
            return self._forget(record)
        events = self._events
        unreadable = []
        for line in (record.value or b"").split(b"\n"):
            if not line:
                continue
            try:
                event = _event(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                unreadable.append(Unreadable(record, line, str(error)))
            else:
                events[event.id] = (event, line)
        return unreadable

    def _forget(self, record: Record) -> Iterable[Unreadable]:
        try:
            gone = _forgotten(record.value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return (Unreadable(record, record.value or b"", str(error)),)
        self._forgotten.append(gone)
        for key, (event, line) in list(self._events.items()):
            if gone.covers(event.data.contact_id or event.id, int(event.time.timestamp() * 1000)):
                if gone.identifiers:
                    self._events[key] = event, erasure.emptied(line, gone)
                else:
                    del self._events[key]
        return ()

    def erasures(self) -> Iterable[str]:
        return erasure.of_touchpoints(self.table, self._forgotten)

    def columns(self) -> Columns:
        events = [event for event, _ in self._events.values()]
        data = [event.data for event in events]
        return [
            list(self._events),
            [int(event.time.timestamp() * 1000) for event in events],
            [one.channel for one in data],
            [event.type for event in events],
            [event.data.contact_id or event.id for event in events],
            [one.intent or "" for one in data],
            [one.queue or "" for one in data],
            [one.agent or "" for one in data],
            [one.direction or "" for one in data],
            [one.outcome or "" for one in data],
            [one.reference or "" for one in data],
            [event.source for event in events],
            [one.wait_s for one in data],
            [one.talk_s for one in data],
            [one.hold_s for one in data],
            [one.wrap_s for one in data],
            [int(one.invited) for one in data],
            [raw for _, raw in self._events.values()],
        ]
