from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sinks.embedded import Embedded
from sinks.migrate import DIRECTORY, migrate, migrations
from sinks.store import StoreError
from sinks.tables import TABLES, Table


def test_each_migration_is_applied_once(store: Embedded) -> None:
    names = [migration.name for migration in migrations()]
    assert [name for (name,) in store.query("SELECT name FROM schema_migrations ORDER BY number").rows] == names
    assert migrate(store) == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_blocks_have_the_columns_of_the_tables(store: Embedded, table: Table) -> None:
    name, kinds = table
    sql = f"SELECT name, type, default_kind FROM system.columns WHERE database = 'touchpath' AND table = '{name}'"
    columns = {column: type_ for column, type_, default in store.query(sql).rows if not default}
    assert list(columns) == list(kinds)
    types = {
        "text": {"String", "LowCardinality(String)"},
        "texts": {"Array(String)", "Array(LowCardinality(String))"},
        "numbers": {"Array(Float64)"},
        "times": {"Array(DateTime64(3, 'UTC'))"},
        "time": {"DateTime64(3, 'UTC')"},
        "time?": {"Nullable(DateTime64(3, 'UTC'))"},
        "seconds": {"Float64"},
        "seconds?": {"Nullable(Float64)"},
        "flag": {"UInt8"},
        "count": {"UInt32"},
        "counts": {"Array(UInt32)"},
        "int32": {"Int32"},
        "int64": {"Int64"},
        "uint64": {"UInt64"},
    }
    assert not {column: type_ for column, type_ in columns.items() if type_ not in types[kinds[column]]}


def test_a_migration_cut_short_is_taken_up_again(tmp_path: Path) -> None:
    directory = tmp_path / "migrations"
    directory.mkdir()
    file = directory / "0001_two.sql"
    file.write_text("CREATE TABLE one (a UInt8) ENGINE = Memory;\nCREATE TABLE two (a Nonsense) ENGINE = Memory;")
    store = Embedded(tmp_path / "store")
    try:
        with pytest.raises(StoreError, match="Nonsense"):
            migrate(store, directory)
        assert store.query("SELECT count() FROM schema_migrations").rows == [(0,)]
        file.write_text(file.read_text().replace("Nonsense", "UInt8"))
        assert migrate(store, directory) == ["0001_two"]
        file.write_text(file.read_text() + "-- an afterthought")
        with pytest.raises(StoreError, match="0001_two has changed since it was applied"):
            migrate(store, directory)
    finally:
        store.close()


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    shutil.copytree(DIRECTORY, newer)
    (newer / "9000_of_the_future.sql").write_text("CREATE TABLE future (a UInt8) ENGINE = Memory")
    store = Embedded(tmp_path / "store")
    try:
        assert migrate(store, newer)[-1] == "9000_of_the_future"
        with pytest.raises(StoreError, match=r"does not know \(9000\): it was opened by a newer touchpath"):
            migrate(store)
    finally:
        store.close()


def test_numbers_are_unique_and_named(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text("SELECT 1")
    (tmp_path / "0001_b.sql").write_text("SELECT 1")
    with pytest.raises(ValueError, match="the same number 1"):
        migrations(tmp_path)
    (tmp_path / "0001_b.sql").rename(tmp_path / "last.sql")
    with pytest.raises(ValueError, match=r"migration last\.sql: expected a name such as"):
        migrations(tmp_path)
    numbers = [migration.number for migration in migrations(DIRECTORY)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_touchpoints_stay_when_their_table_is_made_anew_and_the_highest_revision_counts(tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for file in sorted(DIRECTORY.glob("*.sql"))[:11]:
        shutil.copy(file, older)
    store = Embedded(tmp_path / "store")

    def insert(time: str, revision: int, queue: str) -> None:
        raw = f'{{"data":{{"identifiers":{{"phone":"1"}},"revision":{revision}}}}}'
        store.execute(f"INSERT INTO touchpoints (id, time, queue, raw) VALUES ('t', '{time}', '{queue}', '{raw}')")

    try:
        migrate(store, older)
        insert("2026-01-31 23:59:59", 1, "old")
        assert "0012_revisions" in migrate(store)
        assert store.query("SELECT queue, revision, identifiers['phone'] FROM touchpoints").rows == [("old", 1, "1")]
        insert("2026-02-01 00:00:01", 3, "highest")
        insert("2026-01-31 23:59:58", 2, "last")
        assert store.query("SELECT queue, revision FROM touchpoints FINAL").rows == [("highest", 3)]
    finally:
        store.close()
