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

from journeys.contact import Contact
from journeys.definition import Reference, reference
from journeys.identity import is_identified
from journeys.touchpoint import Touchpoint, decode, encode
from sinks import tables
from sinks.store import Result as Rows
from sinks.tables import Table
from streams.dead_letters import Seal, Unopened
from tests.faults.slices import Slice
from tests.faults.trial import Result
from tests.journeys.scenes import PSEUDONYMS

SEAL = Seal(PSEUDONYMS)
_SHOWN = 3
_IDENTITY = {table.name: next(iter(table.columns)) for table in tables.TABLES}
_SIGNAL = (
    "signal_id",
    "kind",
    "customer",
    "journey_id",
    "at",
    "contact_id",
    "previous_id",
    "from_channel",
    "to_channel",
    "cause",
)
_JOURNEY = tuple(name for name in tables.JOURNEYS.columns if name not in ("closes_at", "version", "is_deleted"))


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
                PSEUDONYMS.hide(decode(encode(fact)))
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
        expected = reference(accepted)
        result = Result({"mismatch": 0.0, "duplicates": 0.0})
        own_contact = f"startsWith(contact_id, '{part.prefix}')"
        if self._plain_times:
            own_contact = f"substring(contact_id, 1, {len(part.prefix)}) = '{part.prefix}'"
        in_days = f"{self._time('starts_at')} >= {part.first} AND {self._time('starts_at')} < {part.last}"
        own_journey = f"position(journey_id, '{part.prefix}') > 0"
        self._hold(tables.CONTACTS, tables.CONTACTS.columns, own_contact, _contacts(expected), result)
        self._hold(
            tables.QUEUE_VISITS,
            tables.QUEUE_VISITS.columns,
            own_contact,
            [_row(tables.QUEUE_VISITS.columns, visit) for visit in expected.visits.values()],
            result,
        )
        self._hold(tables.JOURNEYS, _JOURNEY, own_journey, _journeys(expected), result)
        facts = f"{own_journey} AND kind != 'likely_switch'"  # that one is a judgement of its moment
        self._hold(tables.SIGNALS, _SIGNAL, facts, _signals(expected), result)
        self._hold(tables.QUEUE_INTERVALS, tables.QUEUE_INTERVALS.columns, in_days, _intervals(expected), result)
        return result

    def _hold(
        self, table: Table, columns: Iterable[str], where: str, expected: Iterable[tuple[Any, ...]], result: Result
    ) -> None:
        names = [name for name in columns if name not in ("version", "is_deleted")]
        shown = ", ".join(self._time(name) if table.columns[name].startswith("time") else name for name in names)
        found = self._store.query(f"SELECT {shown} FROM {table.name} FINAL WHERE is_deleted = 0 AND {where}").rows
        stored = {tuple(_plain(value) for value in row) for row in found}
        result.figures["duplicates"] += len(found) - len({row[0] for row in found})
        wanted = set(expected)
        for what, rows in (("missing", wanted - stored), ("wrong", stored - wanted)):
            result.figures["mismatch"] += len(rows)
            result.remarks += [f"{table.name} {what}: {row}" for row in sorted(rows, key=str)[:_SHOWN]]

    def _ids(self, table: Table, prefixes: Sequence[str], result: Result) -> set[str]:
        rows = self._store.query(f"SELECT id FROM {table.name} FINAL{_where('id', prefixes)}").rows
        ids = {str(found) for (found,) in rows}
        result.figures["duplicates"] += len(rows) - len(ids)
        return ids

    def _time(self, column: str) -> str:
        return column if self._plain_times else f"toUnixTimestamp64Milli({column})"


def _where(column: str, prefixes: Sequence[str]) -> str:
    if not prefixes:
        return ""
    return " WHERE " + " OR ".join(f"substring({column}, 1, {len(prefix)}) = '{prefix}'" for prefix in prefixes)


def _contacts(expected: Reference) -> list[tuple[Any, ...]]:
    return [
        _row(
            tables.CONTACTS.columns,
            contact,
            expected.relations[key],
            identified=is_identified(expected.relations[key].customer),
        )
        for key, contact in expected.contacts.items()
    ]


def _journeys(expected: Reference) -> list[tuple[Any, ...]]:
    rows = []
    switched = {after for _, after, _ in expected.switches}
    for journey_id, ids in expected.journeys.items():
        contacts = [expected.contacts[each] for each in ids]
        relations = [expected.relations[each] for each in ids]
        rows.append(
            _row(
                _JOURNEY,
                journey_id=journey_id,
                customer=relations[0].customer,
                identified=is_identified(relations[0].customer),
                intent=expected.intents[journey_id],
                opened_at=contacts[0].started_at,
                last_at=max(contact.ended_at for contact in contacts),
                contacts=len(contacts),
                channels=tuple(dict.fromkeys(contact.channel for contact in contacts)),
                switches=sum(each in switched for each in ids),
                repeats=sum(bool(own.repeat_of_same) for own in relations),
                first_channel=contacts[0].channel,
                last_channel=contacts[-1].channel,
                references=tuple(sorted({name for contact in contacts for name in contact.references})),
            )
        )
    return rows


def _signals(expected: Reference) -> list[tuple[Any, ...]]:
    def row(
        kind: str,
        about: str,
        journey_id: str,
        at: int | None,
        contact: str,
        previous: str,
        cause: str,
        from_channel: str,
        to_channel: str,
    ) -> tuple[Any, ...]:
        customer = expected.relations[about].customer
        return (
            f"{kind}:{customer}/{about}",
            kind,
            customer,
            journey_id,
            at,
            contact,
            previous,
            from_channel,
            to_channel,
            cause,
        )

    def of(key: str) -> Contact:
        return expected.contacts[key]

    rows = [
        row(
            "channel_switch",
            after,
            expected.relations[after].journey_id,
            of(after).started_at,
            after,
            before,
            cause,
            of(before).channel,
            of(after).channel,
        )
        for before, after, cause in expected.switches
    ]
    for key, own in expected.relations.items():
        if own.repeat_of_any:
            cause = "same_intent" if own.repeat_of_same else "any_intent"
            previous = own.repeat_of_same or own.repeat_of_any
            rows.append(
                row(
                    "repeat_contact", key, own.journey_id, of(key).started_at, key, previous, cause, "", of(key).channel
                )
            )
        if own.redial:
            rows.append(
                row("redial", key, own.journey_id, own.redial_at, own.redial_id, key, own.redial, of(key).channel, "")
            )
    return rows


def _intervals(expected: Reference) -> list[tuple[Any, ...]]:
    columns = [name for name in tables.QUEUE_INTERVALS.columns if name not in ("version", "is_deleted")]
    return [
        _row(columns, interval, interval_id="|".join(map(str, key))) for key, interval in expected.intervals.items()
    ]


def _row(columns: Iterable[str], *sources: object, **given: Any) -> tuple[Any, ...]:
    """The values of ``columns``, each from the first of ``sources`` that has it."""
    values = []
    for name in columns:
        if name in ("version", "is_deleted"):
            continue
        value = given[name] if name in given else next(getattr(one, name) for one in sources if hasattr(one, name))
        values.append(_plain(value))
    return tuple(values)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return tuple(value) if isinstance(value, list) else value
