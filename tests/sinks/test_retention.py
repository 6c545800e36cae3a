"""What tables keep, for how long, and that nothing that had ended comes back."""

from __future__ import annotations

import time

import pytest

from journeys.settings import DEFAULTS, Duration, convert
from journeys.touchpoint import Touchpoint
from sinks.embedded import Embedded
from sinks.retention import TIMES, keep
from sinks.tables import TABLES
from tests.sinks.messages import DAY, Message, accepted, contact, deleted, put, stitched

KEPT = Duration(30 * 86_400)


def merged(store: Embedded, table: str) -> None:
    store.execute(f"OPTIMIZE TABLE {table} FINAL")


def test_every_table_of_events_has_a_time_of_its_own() -> None:
    for table in TABLES:
        if table.name == "identifiers":  # what is known of one is of no time
            continue
        times = [name for name, kind in table.columns.items() if kind == "time"]
        assert TIMES.get(table.name) in (times or [None])


def test_it_is_set_once_changed_and_taken_away(store: Embedded) -> None:
    assert keep(store, DEFAULTS.tables_kept) == ["dead_letters", "settled_letters"]
    assert keep(store, DEFAULTS.tables_kept) == []
    both = DEFAULTS.tables_kept | {"contacts": KEPT}
    assert keep(store, both) == ["contacts"]
    assert keep(store, both | {"contacts": Duration(86_400)}) == ["contacts"]
    assert keep(store, both | {"dead_letters": Duration(0)}) == ["contacts", "dead_letters"]
    assert keep(store, {}) == ["contacts", "settled_letters"]
    assert keep(store, {}) == []


def test_the_old_goes_and_the_new_and_the_undated_stay(store: Embedded) -> None:
    now = int(time.time() * 1000)
    put(store, accepted(*(Touchpoint(now - age * DAY, f"{age} days", "visited", "web", "c") for age in (40, 20))))
    put(store, *(Message("journey.touchpoints.dlq", b"sealed", offset, timestamp=at, key=None)
                 for offset, at in enumerate((now - 40 * DAY, now))))  # fmt: skip
    keep(store, DEFAULTS.tables_kept)
    for table in ("touchpoints", "dead_letters"):
        merged(store, table)
    assert store.query("SELECT letter_id FROM dead_letters").rows == [("journey.touchpoints.dlq/0/1",)]
    assert store.query("SELECT count() FROM touchpoints").rows == [(2,)], "for ever, unless it is asked for"
    keep(store, {"touchpoints": KEPT})
    merged(store, "touchpoints")
    assert store.query("SELECT id FROM touchpoints").rows == [("20 days",)]


def test_a_tombstone_outlives_what_it_ends(store: Embedded) -> None:
    now = int(time.time() * 1000)
    keep(store, {"contacts": KEPT})
    store.execute("SYSTEM STOP MERGES contacts")  # so that the parts stay apart: each is cut by itself
    put(store, stitched(contact("gone", started_at=now - DAY, ended_at=now - DAY), version=1))
    put(store, deleted("journey.stitched", "stitched", "gone", 2))
    put(store, stitched(contact("old", started_at=now - 40 * DAY, ended_at=now - 40 * DAY), version=1))
    store.execute("SYSTEM START MERGES contacts")
    store.execute("ALTER TABLE contacts MATERIALIZE TTL SETTINGS mutations_sync = 2")
    living = "SELECT contact_id FROM contacts FINAL WHERE is_deleted = 0"
    assert store.query(living).rows == []
    merged(store, "contacts")
    put(store, stitched(contact("gone", started_at=now - DAY, ended_at=now - DAY), version=1))  # it is read once more
    assert store.query(living).rows == []


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"contact": KEPT}, "retention.tables: expected some of touchpoints, contacts, .* got 'contact'"),
        ({"identifiers": KEPT}, "got 'identifiers'"),
        ({"contacts": Duration(0.5)}, "retention.tables.contacts: expected 1s or more, or 0 for ever, got 0.5s"),
    ],
)
def test_what_cannot_be_is_named(store: Embedded, tables: dict[str, Duration], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        keep(store, tables)


def test_settings_add_to_what_holds() -> None:
    chosen = convert({"retention": {"tables": {"contacts": "90d"}, "topics": {"*": "3d"}}})
    assert chosen.tables_kept == DEFAULTS.tables_kept | {"contacts": Duration(90 * 86_400)}
