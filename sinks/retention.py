"""How long a table keeps its rows, by the time of their events: set as the tables' TTL, which merges carry out.

Rows that were superseded or deleted are only gone when the engine has merged them away. A tombstone has its id and
version alone, and stays: dropped before a row that it ends, it would bring that row back.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from journeys.settings import Duration
from sinks.store import Store
from sinks.tables import TABLES

log = logging.getLogger(__name__)

TIMES = {
    "touchpoints": "time",
    "contacts": "ended_at",
    "queue_visits": "entered_at",
    "journeys": "last_at",
    "signals": "at",
    "next_steps": "at",
    "queue_intervals": "starts_at",
    "agent_intervals": "starts_at",
    "root_causes": "day",
    "staffing": "starts_at",
    "forecasts": "starts_at",
    "forecast_accuracy": "day",
    "moves": "until",
    "dead_letters": "at",
    "settled_letters": "at",
}
"""By table, the time that its rows age by. What is known of an identifier has none, and is kept while it holds."""
_OLDEST = (20, 10)
"""The first version of ClickHouse that takes a TTL's WHERE away again."""
_TTL = re.compile(r" TTL (.+?)(?= SETTINGS |$)")


def keep(store: Store, tables: Mapping[str, Duration]) -> list[str]:
    """Have each of our tables keep its rows for as long as ``tables`` says; those that are not named, or of 0 seconds,
    for ever. Returns the names of those that were changed.

    Raises ``ValueError`` that names a table which is none, or whose rows have no time; ``StoreError``.
    """
    for name, period in tables.items():
        if name not in TIMES:
            raise ValueError(f"retention.tables: expected some of {', '.join(TIMES)}, got {name!r}")
        if period and period < 1:
            raise ValueError(f"retention.tables.{name}: expected 1s or more, or 0 for ever, got {period:g}s")
    ((version,),) = store.query("SELECT version()").rows
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        log.warning("ClickHouse %s knows no TTL as we need it: every table is kept for ever", version)
        return []
    changed = []
    for table in TABLES:
        if table.name not in TIMES:
            continue
        wanted = _ttl(table.name, "version" in table.columns, tables.get(table.name))
        found = store.query(
            f"SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = '{table.name}'"
        ).rows
        ttl = _TTL.search(found[0][0])
        if (ttl[1] if ttl else "") == wanted:
            continue
        store.execute(f"ALTER TABLE {table.name} " + (f"MODIFY TTL {wanted}" if wanted else "REMOVE TTL"))
        changed.append(table.name)
    return changed


def _ttl(table: str, has_tombstones: bool, period: Duration | None) -> str:
    """The clause in ClickHouse's own spelling, so that it can be compared with what is set; empty for ever."""
    if not period:
        return ""
    living = " WHERE is_deleted = 0" if has_tombstones else ""
    return f"toDateTime({TIMES[table]}) + toIntervalSecond({int(period)}){living}"
