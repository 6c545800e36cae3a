"""How the store's identifiers stand: how many of which kind belong to whom, what is shared, who has the most."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from touchpath.queries import Queries

MOST_LISTED = 20


class Count(msgspec.Struct, frozen=True):
    kind: str
    state: str
    """owned, unclaimed, shared or blocked."""
    identifiers: int


class Shared(msgspec.Struct, frozen=True):
    identifier: str
    contacts: int
    """In how many contacts it was seen with stronger identifiers."""
    sets: int
    """How many different sets of stronger identifiers these were."""


class Customer(msgspec.Struct, frozen=True):
    customer: str
    contacts: int
    identifiers: int


class Changed(msgspec.Struct, frozen=True):
    """How many identifiers of a kind have another owner than a day ago, by what the last change was."""

    kind: str
    joined: int
    """It belongs to another now."""
    parted: int
    """It belongs to itself again, or to nobody."""
    moved: int
    """It went from one customer to another."""


class Audit(msgspec.Struct, frozen=True):
    """As of the newest touchpoint. The lists hold at most ``MOST_LISTED``, those of the most contacts first."""

    as_of: datetime | None
    counts: tuple[Count, ...]
    shared: tuple[Shared, ...]
    customers: tuple[Customer, ...]
    changed: tuple[Changed, ...]
    """In the 24 hours before now."""


_AS_OF = "SELECT count() AS touchpoints, max(time) AS as_of FROM touchpoints"
_COUNTS = "SELECT kind, state, count() AS identifiers FROM v_identifiers GROUP BY kind, state ORDER BY kind, state"
_SHARED = f"""
SELECT identifier, contacts, sets FROM v_identifiers AS known
WHERE state = 'shared' ORDER BY known.contacts DESC, identifier LIMIT {MOST_LISTED}
"""
_CUSTOMERS = f"""
SELECT c.customer AS customer, c.contacts AS contacts, i.identifiers AS identifiers
FROM (SELECT customer, count() AS contacts FROM v_contacts WHERE identified GROUP BY customer) AS c
LEFT JOIN (SELECT owner, count() AS identifiers FROM v_identifiers WHERE owner != '' GROUP BY owner) AS i
    ON i.owner = c.customer
ORDER BY contacts DESC, identifiers DESC, customer LIMIT {MOST_LISTED}
"""
_CHANGED = """
SELECT
    kind,
    countIf(change = 'joined') AS joined,
    countIf(change = 'parted') AS parted,
    countIf(change = 'moved') AS moved
FROM v_identifiers WHERE change != '' AND changed_at > now() - INTERVAL 1 DAY GROUP BY kind ORDER BY kind
"""


def audit(store: Queries) -> Audit:
    """The figures in ``store`` now. Raises ``StoreError``."""

    def rows(sql: str) -> list[dict[str, Any]]:
        return store.query(sql).dicts()

    (newest,) = rows(_AS_OF)
    return Audit(
        newest["as_of"] if newest["touchpoints"] else None,
        tuple(Count(**row) for row in rows(_COUNTS)),
        tuple(Shared(**row) for row in rows(_SHARED)),
        tuple(Customer(**row) for row in rows(_CUSTOMERS)),
        tuple(Changed(**row) for row in rows(_CHANGED)),
    )
