"""What the store holds of one customer, as `touchpath forget` needs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from journeys.forgetting import says_anything, without
from journeys.identity import ANONYMOUS, is_identified
from journeys.touchpoint import FACTS, Touchpoint, decode
from sinks.store import literal
from touchpath.queries import Queries

Pair = tuple[str, str]
_NEEDLES = 200  # multiSearchAny takes fewer than 256


class Belongings(msgspec.Struct, frozen=True):
    """What goes when a customer is forgotten."""

    customers: tuple[str, ...]
    identifiers: tuple[str, ...]
    """Theirs, and those that were asked about."""
    contacts: tuple[str, ...]
    """Theirs, and facts that say nothing without their identifiers."""
    mentions: dict[str, tuple[Pair, ...]]
    """Contacts of others, and which of the identifiers they carry."""
    rows: dict[str, int]
    """By table, how many rows that is."""

    @property
    def gone(self) -> bool:
        """Whether nobody's touchpoints tell of them any more."""
        return not self.contacts and not self.mentions


def belongings(store: Queries, names: Sequence[str], until: int) -> Belongings:
    """What belongs to whoever owns one of the identifiers ``names``, up to ``until`` (event time in ms).

    An identifier that nobody owns is all that goes, out of everybody's contacts. Raises ``StoreError``.
    """
    owners = _column(store, f"SELECT DISTINCT owner FROM v_identifiers WHERE identifier IN ({_listed(names)})")
    customers = sorted({*filter(None, owners), *(name for name in names if name.startswith(ANONYMOUS))})
    owned = _column(store, f"SELECT identifier FROM v_identifiers WHERE owner IN ({_listed(customers)})")
    identified = [name for name in (*names, *customers) if is_identified(name)]
    identifiers = sorted({*identified, *owned})
    own = _column(store, _CONTACTS.format(_listed(customers), until))
    touched = _mentioning(store, identifiers, until)
    known = set(_column(store, f"SELECT contact_id FROM contacts FINAL WHERE contact_id IN ({_listed(touched)})"))
    pairs = _as_pairs(identifiers)
    silenced = {
        contact_id
        for contact_id, touchpoints in touched.items()
        if contact_id not in known
        and all(one.type in FACTS and not says_anything(without(one, pairs)) for one in touchpoints)
    }
    contacts = sorted({*own, *silenced})
    mentions = {
        contact_id: tuple(sorted({pair for one in touchpoints for pair in _pairs(one)} & pairs))
        for contact_id, touchpoints in sorted(touched.items())
        if contact_id not in contacts
    }
    return Belongings(
        tuple(customers),
        tuple(identifiers),
        tuple(contacts),
        mentions,
        _counts(store, contacts, customers, identifiers),
    )


_CONTACTS = """
SELECT contact_id FROM contacts FINAL
WHERE is_deleted = 0 AND customer IN ({}) AND toUnixTimestamp64Milli(started_at) <= {}
"""


def _mentioning(store: Queries, identifiers: Sequence[str], until: int) -> dict[str, list[Touchpoint]]:
    """By contact, the touchpoints that carry one of ``identifiers``."""
    wanted = _as_pairs(identifiers)
    values = sorted({value for _, value in wanted})
    found: dict[str, list[Touchpoint]] = defaultdict(list)
    for start in range(0, len(values), _NEEDLES):
        needles = ", ".join(literal(msgspec.json.encode(value).decode()) for value in values[start : start + _NEEDLES])
        sql = (
            f"SELECT raw FROM touchpoints FINAL WHERE multiSearchAny(raw, [{needles}]) "
            f"AND toUnixTimestamp64Milli(time) <= {until}"
        )
        for raw in _column(store, sql):
            touchpoint = decode(raw.encode())
            if wanted & set(_pairs(touchpoint)):
                found[touchpoint.contact_id].append(touchpoint)
    return found


def _counts(
    store: Queries, contacts: Sequence[str], customers: Sequence[str], identifiers: Sequence[str]
) -> dict[str, int]:
    of_contacts, of_customers = f"contact_id IN ({_listed(contacts)})", f"customer IN ({_listed(customers)})"
    where = {
        "touchpoints": of_contacts,
        "contacts": f"is_deleted = 0 AND {of_contacts}",
        "queue_visits": f"is_deleted = 0 AND {of_contacts}",
        "journeys": f"is_deleted = 0 AND {of_customers}",
        "signals": f"is_deleted = 0 AND {of_customers}",
        "next_steps": f"is_deleted = 0 AND ({of_contacts} OR {of_customers})",
        "identifiers": f"is_deleted = 0 AND identifier IN ({_listed(identifiers)})",
    }
    return {
        table: store.query(f"SELECT count() FROM {table} FINAL WHERE {condition}").rows[0][0]
        for table, condition in where.items()
    }


def _pairs(touchpoint: Touchpoint) -> Iterable[Pair]:
    return (*touchpoint.identifiers.items(), *touchpoint.other.items())


def _as_pairs(identifiers: Iterable[str]) -> set[Pair]:
    split = (name.partition(":") for name in identifiers)
    return {(kind, value) for kind, _, value in split}


def _column(store: Queries, sql: str) -> list[str]:
    return [row[0] for row in store.query(sql).rows]


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(literal, values)) or "''"
