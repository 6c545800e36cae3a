"""The panels' tables (migrations/0017_panels.sql): the engine computes them anew by itself; how often, and now."""

from __future__ import annotations

import asyncio
import logging
import re

from sinks.store import Store, StoreError

log = logging.getLogger(__name__)

SHORTEST_S, LONGEST_S = 30, 3600
SHARE = 20
"""A table that takes a second rests for so many: each costs a twentieth of a core at most."""


def names(store: Store) -> list[str]:
    """The tables that dashboards read of the past. Raises ``StoreError``."""
    return [name for (name,) in store.query("SELECT panel FROM v_panels").rows]


def refresh(store: Store) -> None:
    """Compute every panel's table anew, one after the other, and return when that is done.

    Raises ``StoreError`` if one fails.
    """
    for name in names(store):
        store.execute(f"SYSTEM REFRESH VIEW {name}")
        store.execute(f"SYSTEM WAIT VIEW {name}")
        pace(store)  # of a large store it would begin again before the last is done


def pace(store: Store) -> dict[str, int]:
    """Let each table rest for as long as it can afford: a small store's are seconds old, a large one's minutes.

    Returns the seconds between two refreshes of those for which that was changed. Raises ``StoreError``.
    """
    changed = {}
    for name, took_s, created in store.query(_PACES).rows:
        wanted = min(LONGEST_S, max(SHORTEST_S, round(took_s * SHARE)))
        if not _rest_s(created) / 2 < wanted < _rest_s(created) * 2:
            store.execute(f"ALTER TABLE {name} MODIFY REFRESH AFTER {wanted} SECOND")
            changed[name] = wanted
    return changed


async def keep_pace(store: Store, every_s: float = 60) -> None:
    """``pace`` the tables, over and over, until cancelled; what the store refuses is tried again the next time."""
    while True:
        await asyncio.sleep(every_s)
        try:
            for name, rests_s in (await asyncio.to_thread(pace, store)).items():
                log.info("%s is computed anew every %d s", name, rests_s)
        except StoreError as error:
            log.debug("panels are not paced: %s", error)


_PACES = """
SELECT panel, took_s, create_table_query
FROM v_panels INNER JOIN system.tables AS tables ON tables.name = v_panels.panel
WHERE took_s IS NOT NULL AND tables.database = currentDatabase()
"""
_UNITS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600}


def _rest_s(created: str) -> int:
    """Of REFRESH AFTER 1 MINUTE 30 SECOND, as the engine writes it."""
    found = re.search(r"REFRESH AFTER ((?:\d+ [A-Z]+ ?)+)", created)
    parts = re.findall(r"(\d+) ([A-Z]+)", found[1]) if found else []
    return sum(int(number) * _UNITS[unit] for number, unit in parts)
