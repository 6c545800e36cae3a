"""What is to be forgotten leaves a table without a trace: not as a version that is deleted, but as rows that are gone.

Statements are run before the rows of their block are stored, so what a block holds must have come after them. Each may
be run again: it finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from journeys.forgetting import Forgotten
from sinks.store import literal
from sinks.tables import Table

_AT_ONCE = 1_000
"""So many ids stand in one statement."""


def of_ids(table: Table, ids: Iterable[str]) -> Iterable[str]:
    """The rows with these identities, in every version."""
    column, listed = next(iter(table.columns)), list(ids)
    for start in range(0, len(listed), _AT_ONCE):
        yield _delete(table, f"{column} IN ({', '.join(map(literal, listed[start : start + _AT_ONCE]))})")


def of_mentions(table: Table, identifier: str) -> str:
    """Versions that others have superseded, and in which ``identifier`` was evidence."""
    column = next(iter(table.columns))
    name = literal(identifier)
    mentions = f"(position(evidence, {name}) > 0 OR has(links, {name}) OR has(unlinks, {name}) OR owner = {name})"
    newest = f"SELECT {column}, max(version) FROM {table.name} GROUP BY {column}"
    return _delete(table, f"{mentions} AND ({column}, version) NOT IN ({newest})")


def of_customer(table: Table, customer: str) -> str:
    """The rows of a customer, and those of whose ids the customer is part."""
    column = next(iter(table.columns))
    return _delete(table, f"customer = {literal(customer)} OR position({column}, {literal(customer + '/')}) > 0")


def is_of_customer(entity_id: str, payload: object, customer: str) -> bool:
    """The same of a row that is not stored yet."""
    return getattr(payload, "customer", "") == customer or f"{customer}/" in entity_id


def of_touchpoints(table: Table, gone: Sequence[Forgotten]) -> Iterable[str]:
    """Touchpoints, or the identifiers in them."""
    whole = [one for one in gone if not one.identifiers]
    for start in range(0, len(whole), _AT_ONCE):
        yield _delete(table, " OR ".join(map(_covers, whole[start : start + _AT_ONCE])))
    for one in gone:
        if one.identifiers:
            raw = "raw"
            for kind, value in one.identifiers:
                raw = f"replaceRegexpAll({raw}, {literal(_pattern(kind, value))}, {literal(_EMPTIED)})"
            kept = f"JSONExtract({raw}, 'data', 'identifiers', 'Map(LowCardinality(String), String)')"
            yield f"ALTER TABLE {table.name} UPDATE raw = {raw}, identifiers = {kept} WHERE {_covers(one)}{_WAIT}"


def emptied(raw: bytes, gone: Forgotten) -> bytes:
    """An event without the identifiers that are to go: they are left empty, which says nothing."""
    text = raw.decode()
    for kind, value in gone.identifiers:
        text = re.sub(_pattern(kind, value), _EMPTIED, text)
    return text.encode()


_EMPTIED = r'\1""'
_WAIT = " SETTINGS mutations_sync = 1"


def _pattern(kind: str, value: str) -> str:
    key, text = (re.escape(msgspec.json.encode(one).decode()) for one in (kind, value))
    return rf"({key}\s*:\s*){text}"


def _covers(one: Forgotten) -> str:
    return f"(contact_id = {literal(one.contact_id)} AND toUnixTimestamp64Milli(time) <= {one.until})"


def _delete(table: Table, condition: str) -> str:
    return f"ALTER TABLE {table.name} DELETE WHERE {condition}{_WAIT}"
