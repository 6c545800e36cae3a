"""The panels' tables (migrations/0017_panels.sql), which the engine computes anew by itself every so often: now."""

from __future__ import annotations

from sinks.store import Store


def names(store: Store) -> list[str]:
    """The tables that dashboards read of the past. Raises ``StoreError``."""
    return [name for (name,) in store.query("SELECT panel FROM v_panels").rows]


def refresh(store: Store) -> None:
    """Compute every panel's table anew and return when that is done. Raises ``StoreError`` if one fails."""
    for name in names(store):
        store.execute(f"SYSTEM REFRESH VIEW {name}")
        store.execute(f"SYSTEM WAIT VIEW {name}")
