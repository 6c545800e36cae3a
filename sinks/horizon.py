"""Since when figures are provisional: the store is told the lateness horizon, so that a view can say it."""

from __future__ import annotations

from journeys.settings import Duration
from sinks.store import Store


def note(store: Store, lateness: Duration) -> None:
    """Have ``v_horizon`` reckon with ``lateness``. Raises ``StoreError``."""
    known = store.query("SELECT value FROM settings_used FINAL WHERE name = 'lateness_s'").rows
    if known != [(float(lateness),)]:
        store.execute(
            "INSERT INTO settings_used (name, value, version) "  # SELECT: over the native protocol, values in the text
            f"SELECT 'lateness_s', {float(lateness)!r}, 1 + max(version) FROM settings_used"  # are not read
        )
