"""Every migration as a cluster's: the engine reads it, on each replica, and no table keeps its rows for itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sinks.embedded import Embedded
from sinks.migrate import migrations
from sinks.replicated import replicated
from sinks.store import literal

EVERY = [(migration.name, one) for migration in migrations() for one in migration.statements]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "CREATE TABLE IF NOT EXISTS t (a Int8) ENGINE = ReplacingMergeTree(a) ORDER BY a "
            "SETTINGS non_replicated_deduplication_window = 9",
            "CREATE TABLE IF NOT EXISTS t ON CLUSTER `c` (a Int8) ENGINE = ReplicatedReplacingMergeTree(a) ORDER BY a "
            "SETTINGS replicated_deduplication_window = 9",
        ),
        ("CREATE VIEW v AS SELECT 1", "CREATE VIEW v ON CLUSTER `c` AS SELECT 1"),
        ("CREATE DATABASE IF NOT EXISTS `d-1`", "CREATE DATABASE IF NOT EXISTS `d-1` ON CLUSTER `c`"),
        ("ALTER TABLE t\n  ADD COLUMN b Int8", "ALTER TABLE t ON CLUSTER `c`\n  ADD COLUMN b Int8"),
        ("DROP VIEW IF EXISTS v", "DROP VIEW IF EXISTS v ON CLUSTER `c`"),
        ("RENAME TABLE a TO b", "RENAME TABLE a TO b ON CLUSTER `c`"),
        ("INSERT INTO t SELECT 1", "INSERT INTO t SELECT 1"),
        (
            "CREATE MATERIALIZED VIEW m REFRESH AFTER 1 MINUTE ENGINE = MergeTree ORDER BY a EMPTY AS SELECT 1 AS a",
            "CREATE MATERIALIZED VIEW m ON CLUSTER `c` REFRESH AFTER 1 MINUTE ENGINE = MergeTree ORDER BY a EMPTY AS "
            "SELECT 1 AS a",
        ),
    ],
)
def test_the_rule(statement: str, told: str) -> None:
    assert replicated(statement, "c") == told


def test_each_statement_of_each_migration(tmp_path: Path) -> None:
    store = Embedded(tmp_path / "store")
    try:
        for name, statement in EVERY:
            found = replicated(statement, "touchpath")
            # Raises where the engine cannot read it; its own words are one form for all ways to write it.
            ((read,),) = store.query(f"SELECT formatQuery({literal(found)})").rows
            if not statement.startswith("INSERT"):
                assert "ON CLUSTER touchpath" in read, (name, read)
            refreshed = re.match(r"CREATE MATERIALIZED VIEW .*\bREFRESH\b", read, re.DOTALL)
            for engine in re.findall(r"ENGINE = (\w+)", read):
                assert refreshed or engine.startswith("Replicated"), (name, read)
            assert "non_replicated" not in read
    finally:
        store.close()
    assert len(EVERY) > 50
