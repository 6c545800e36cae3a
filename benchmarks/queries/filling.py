"""Fills a store with a centre that never was (``centre/*.sql``), as a sink leaves it: with versions and tombstones.

Rows are made by the engine itself, a million at a time, so that a hundred million need no Kafka and no hours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import NamedTuple

from sinks.embedded import Embedded
from sinks.migrate import migrate
from sinks.tables import TABLES

TOUCHPOINTS_A_CONTACT = 10
CONTACTS_A_JOURNEY = 10
BYTES_A_TOUCHPOINT = 140
"""Of disk, all tables together, while merges hold what they merge twice."""
_SQL = Path(__file__).parent / "centre"
_CHUNK = 1_000_000
BY_NAME = {table.name: table for table in TABLES}
_DAY_MS = 86_400_000


class Step(NamedTuple):
    """An INSERT of ``centre/<table>.sql``: which version of the rows with the numbers from ``first``, so many."""

    table: str
    version: int = 2
    first: int = 0
    count: int = 0


def steps(touchpoints: int) -> Iterator[Step]:
    """What is inserted, in order. Of what changes, an eighth is there in an earlier version too, and of that a part
    comes after the newest one; a hundredth of the touchpoints is there twice."""
    contacts = touchpoints // TOUCHPOINTS_A_CONTACT
    yield from _chunks("contact", contacts)
    for table in ("contacts", "queue_visits", "journeys", "signals", "next_steps"):
        some = contacts // 1600 * 100
        yield Step(table, 1, 0, some)
        yield from _chunks(table, contacts)
        yield Step(table, 1, contacts - some, some)
    for table in ("queue_intervals", "staffing"):
        yield Step(table, 1)
        yield Step(table, 2)
    for table in ("forecasts", "forecast_accuracy", "agent_intervals", "root_causes", "moves"):
        yield Step(table)
    yield Step("dead_letters", count=max(100, touchpoints // 5000))
    yield from _chunks("touchpoints", contacts, _CHUNK // TOUCHPOINTS_A_CONTACT)
    yield Step("touchpoints", first=0, count=contacts // 100)


def fill(store: Embedded, touchpoints: int, days: int, now_ms: int) -> Iterator[tuple[Step, float]]:
    """Migrate ``store`` and do ``steps``, each given back with the seconds that it took. Raises ``StoreError``."""
    migrate(store)
    store.execute("SYSTEM STOP VIEWS")  # no panel's table is computed meanwhile
    given = {
        "now": now_ms,
        "worked": _by_work(now_ms),
        "span": days * _DAY_MS,
        "journeys": touchpoints // TOUCHPOINTS_A_CONTACT // CONTACTS_A_JOURNEY,
    }
    for statement in _text("words").template.split(";\n"):
        store.execute(statement)
    for step in steps(touchpoints):
        started = time.monotonic()
        store.execute(_text(step.table).substitute(given, version=step.version, first=step.first, count=step.count))
        yield step, time.monotonic() - started
    for table in ("contacts", "queue_visits", "journeys", "signals", "next_steps"):
        store.execute(_tombstones(table))
    store.execute("DROP TABLE centre.contact")
    store.execute("SYSTEM START VIEWS")


def _chunks(table: str, count: int, size: int = _CHUNK) -> Iterator[Step]:
    for first in range(0, count, size):
        yield Step(table, 2, first, min(size, count - first))


def _tombstones(table: str) -> str:
    """A hundredth of a table's rows are deleted: what is left is an id and a version."""
    identity = next(iter(BY_NAME[table].columns))
    return (
        f"INSERT INTO {table} ({identity}, version, is_deleted) "
        f"SELECT DISTINCT {identity}, 3, 1 FROM {table} WHERE cityHash64({identity}) % 100 = 0"
    )


def _text(name: str) -> Template:
    return Template((_SQL / f"{name}.sql").read_text(encoding="utf-8"))


def _by_work(now_ms: int) -> int:
    """The time that centre/contact.sql turns into ``now_ms``: there most of a day's contacts come while it is light."""
    day, within = divmod(now_ms, _DAY_MS)
    night, morning, evening = 4_320_000, 25_200_000, 75_600_000
    if within < morning:
        own = within * night // morning
    elif within < evening:
        own = night + (within - morning) * 77_760 // 50_400
    else:
        own = 82_080_000 + (within - evening) * 4_320 // 10_800
    return day * _DAY_MS + own
