"""What is stored, held against what was acknowledged and against the plain batch definition.

lost         acknowledged, neither stored nor among the dead letters
duplicates   rows after FINAL beyond the distinct ids, over all tables
unseen       stored, never sent
unbalanced   acknowledged - (stored + dead letters), both of those acknowledged
mismatch     rows that `journeys.reference` has and a table has not, and the other way round
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from journeys.definition import reference
from journeys.sentiment import Scorer
from journeys.settings import DEFAULTS
from journeys.touchpoint import Touchpoint, decode, encode
from sinks import tables
from sinks.store import Result as Rows
from sinks.tables import Kind, Table
from streams.dead_letters import Seal, Unopened
from tests.faults import expected
from tests.faults.expected import plain
from tests.faults.slices import Slice
from tests.faults.trial import Result
from tests.journeys.scenes import PSEUDONYMS

SEAL = Seal(PSEUDONYMS)
SCORER = Scorer(DEFAULTS)
_SHOWN = 3
_IDENTITY = {table.name: next(iter(table.columns)) for table in tables.TABLES}


class Store(Protocol):
    def query(self, sql: str) -> Rows: ...


class Oracle:
    """``plain_times``: the store keeps times as whole milliseconds (the old server's substitute types)."""

    def __init__(self, store: Store, plain_times: bool = False) -> None:
        self._store = store
        self._plain_times = plain_times

    def compare(self, slices: Sequence[Slice], whole: bool = False) -> Result:
        """The rows of ``slices``; with ``whole`` all rows that there are, which must be those of ``slices``."""
        result = Result(dict.fromkeys(("lost", "duplicates", "unseen", "unbalanced", "mismatch"), 0.0))
        sent = {touchpoint.id for part in slices for touchpoint in part.touchpoints}
        ledger = set[str]().union(*(part.ledger for part in slices))
        prefixes = () if whole else tuple(part.prefix for part in slices)
        stored = self._ids(tables.TOUCHPOINTS, prefixes, result)
        dead = self.dead_ids() & sent
        result.figures["lost"] = len(ledger - stored - dead)
        result.figures["unseen"] = len(stored - sent)
        result.figures["unbalanced"] = abs(len(ledger) - len(ledger & stored) - len(ledger & dead)) + len(stored & dead)
        raw, ids = self._store.query(f"SELECT count(), uniqExact(id) FROM touchpoints{_where('id', prefixes)}").rows[0]
        result.figures["raw duplicates max"] = raw - ids
        result.figures["touchpoints"] = len(stored)
        for part in slices:
            # What was sent but not acknowledged may be stored or not; both are right.
            accepted = [
                PSEUDONYMS.hide(SCORER.scored(decode(encode(fact))))
                for fact in part.touchpoints
                if fact.id not in dead and (fact.id in part.ledger or fact.id in stored)
            ]
            result.add(self.against_reference(accepted, part))
        if whole:
            known = {fact.contact_id for part in slices for fact in part.touchpoints}
            for table in (tables.CONTACTS, tables.QUEUE_VISITS):
                (column,) = (name for name in table.columns if name == "contact_id")
                rows = self._store.query(f"SELECT {column} FROM {table.name} FINAL WHERE is_deleted = 0").rows
                result.figures["unseen"] += sum(contact_id not in known for (contact_id,) in rows)
        return result

    def dead_ids(self) -> set[str]:
        """The ids of touchpoints among the dead letters, where those can be read."""
        found = set()
        for (value,) in self._store.query("SELECT value FROM dead_letters FINAL WHERE length(value) < 60000").rows:
            try:
                read = msgspec.json.decode(SEAL.open(value).value or b"")
            except (Unopened, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            if isinstance(read, dict):
                found.add(str(read.get("id")))
        return found

    def against_reference(self, accepted: Iterable[Touchpoint], part: Slice) -> Result:
        """``mismatch`` and ``duplicates`` of the tables that follow from touchpoints."""
        is_so = reference(accepted)
        result = Result({"mismatch": 0.0, "duplicates": 0.0})
        own_contact, own_agent = self._starts("contact_id", part.prefix), self._starts("agent", part.prefix)
        in_days = f"{self._time('starts_at')} >= {part.first} AND {self._time('starts_at')} < {part.last}"
        own_journey = f"position(journey_id, '{part.prefix}') > 0"
        kinds = ", ".join(f"'{kind}'" for kind in expected.SIGNALS)
        self._hold(tables.CONTACTS, tables.CONTACTS.columns, own_contact, expected.contacts(is_so), result)
        self._hold(tables.QUEUE_VISITS, tables.QUEUE_VISITS.columns, own_contact, expected.visits(is_so), result)
        self._hold(tables.JOURNEYS, expected.JOURNEY, own_journey, expected.journeys(is_so), result)
        facts = f"{own_journey} AND kind IN ({kinds})"
        self._hold(tables.SIGNALS, expected.SIGNAL, facts, expected.signals(is_so), result)
        self._hold(tables.QUEUE_INTERVALS, tables.QUEUE_INTERVALS.columns, in_days, expected.intervals(is_so), result)
        agents = expected.agent_intervals(is_so)
        self._hold(tables.AGENT_INTERVALS, tables.AGENT_INTERVALS.columns, own_agent, agents, result)
        return result

    def _hold(
        self, table: Table, columns: Iterable[str], where: str, rows: Iterable[tuple[Any, ...]], result: Result
    ) -> None:
        names = [name for name in columns if name not in ("version", "is_deleted")]
        shown = ", ".join(self._shown(name, table.columns[name]) for name in names)
        found = self._store.query(f"SELECT {shown} FROM {table.name} FINAL WHERE is_deleted = 0 AND {where}").rows
        stored = {tuple(plain(value) for value in row) for row in found}
        result.figures["duplicates"] += len(found) - len({row[0] for row in found})
        wanted = set(rows)
        for what, others in (("missing", wanted - stored), ("wrong", stored - wanted)):
            result.figures["mismatch"] += len(others)
            result.remarks += [f"{table.name} {what}: {row}" for row in sorted(others, key=str)[:_SHOWN]]

    def _ids(self, table: Table, prefixes: Sequence[str], result: Result) -> set[str]:
        rows = self._store.query(f"SELECT id FROM {table.name} FINAL{_where('id', prefixes)}").rows
        ids = {str(found) for (found,) in rows}
        result.figures["duplicates"] += len(rows) - len(ids)
        return ids

    def _starts(self, column: str, prefix: str) -> str:
        return f"substring({column}, 1, {len(prefix)}) = '{prefix}'"

    def _shown(self, column: str, kind: Kind) -> str:
        """Times as whole milliseconds."""
        if kind == "times" and not self._plain_times:
            return f"arrayMap(each -> {self._time('each')}, {column})"
        return self._time(column) if kind in ("time", "time?") else column

    def _time(self, column: str) -> str:
        return column if self._plain_times else f"toUnixTimestamp64Milli({column})"


def _where(column: str, prefixes: Sequence[str]) -> str:
    if not prefixes:
        return ""
    return " WHERE " + " OR ".join(f"substring({column}, 1, {len(prefix)}) = '{prefix}'" for prefix in prefixes)
