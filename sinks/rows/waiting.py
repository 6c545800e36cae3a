"""Rows that wait to be stored: at most one an entity, the one with the highest version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from journeys.change import Change
from sinks import erasure, tables
from sinks.store import Columns
from sinks.tables import Table


class Record(Protocol):
    """What we use of a Kafka record (aiokafka's ``ConsumerRecord``)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Unreadable(NamedTuple):
    """A record, or a line of it, that is not what its topic promises: it goes to ``dead_letters`` and stops nothing."""

    record: Record
    value: bytes
    message: str


class Rows(Protocol):
    """The rows of one table that wait to be stored; at most one an identity, the one with the highest version."""

    table: Table

    def __len__(self) -> int: ...

    def take(self, record: Record) -> Iterable[Unreadable]:
        """Keep the rows in ``record``; returns what could not be read."""

    def columns(self) -> Columns:
        """All rows as columns, in the order of the table's."""

    def erasures(self) -> Iterable[str]:
        """Statements for what is to be forgotten, to be run before the rows are stored."""

    def parts(self) -> Sequence[Rows]:
        """Those of one table each: where a topic feeds several, they are stored one after the other."""
        return (self,)


class ChangedRows(Rows):
    """The rows of a table whose entities change: one message, one version of one entity."""

    def __init__(
        self, table: Table, decode: Callable[[bytes], Change[Any] | None], columns: Callable[..., Columns]
    ) -> None:
        self.table = table
        self._decode = decode
        self._columns = columns
        self._newest: dict[str, Change[Any]] = {}
        self._erased: list[str] = []
        self._forgotten: list[str] = []

    def __len__(self) -> int:
        return len(self._newest)

    def take(self, record: Record) -> Iterable[Unreadable]:
        value = record.value
        if value is None:  # compacted away upstream; a deletion that matters is a Change of its own
            return ()
        try:
            change = self._decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return (Unreadable(record, value, str(error)),)
        if change is None:
            return ()
        if change.erased:
            self._erase(change)
        else:
            self.keep(change)
        return ()

    def keep(self, change: Change[Any]) -> None:
        """Its row waits to be stored, unless a later version does."""
        kept = self._newest.get(change.id)
        if kept is None or change.version >= kept.version:
            self._newest[change.id] = change

    def _erase(self, change: Change[Any]) -> None:
        """What waits to be stored goes at once, what is stored with the next block; what comes later stays."""
        if change.entity == "customer":
            self._forgotten.append(change.id)
            for key, kept in list(self._newest.items()):
                if erasure.is_of_customer(key, kept.payload, change.id):
                    del self._newest[key]
        else:
            self._erased.append(change.id)
            self._newest.pop(change.id, None)

    def erasures(self) -> Iterable[str]:
        yield from erasure.of_ids(self.table, self._erased)
        if self.table is tables.IDENTIFIERS:
            for identifier in self._erased:
                yield erasure.of_mentions(self.table, identifier)
        for customer in self._forgotten:
            yield erasure.of_customer(self.table, customer)

    def columns(self) -> Columns:
        changes = self._newest.values()
        live = [change for change in changes if change.payload is not None]
        gone = [change for change in changes if change.payload is None]
        columns = [*self._columns(live), [change.version for change in live], [int(change.deleted) for change in live]]
        if gone:  # a tombstone is its id and version; every other column is empty
            kinds = list(self.table.columns.values())
            empty = [[_EMPTY[kind]] * len(gone) for kind in kinds]
            empty[0] = [change.id for change in gone]
            empty[-2] = [change.version for change in gone]
            empty[-1] = [1] * len(gone)
            columns = [own + none for own, none in zip(columns, empty, strict=True)]
        return columns


_EMPTY: dict[str, Any] = {
    "text": "", "texts": (), "time": 0, "time?": None, "times": (), "seconds": 0.0, "seconds?": None, "numbers": (),
    "flag": 0, "count": 0, "counts": (), "int32": 0, "int64": 0, "uint64": 0,
}  # fmt: skip


def fields(table: Table) -> Callable[[list[Change[Any]]], Columns]:
    """Columns of an id, and of fields that are named as the columns are."""
    names = list(table.columns)[1:-2]

    def columns(changes: list[Change[Any]]) -> Columns:
        live = [change for change in changes if change.payload is not None]
        figures = [change.payload for change in live]
        return [[change.id for change in live], *([getattr(one, name) for one in figures] for name in names)]

    return columns
