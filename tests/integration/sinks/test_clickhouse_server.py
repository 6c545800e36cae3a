"""The native protocol against a real server: Debian's ClickHouse 18.16, with types that it knows."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from pyarrow import parquet

from sinks import tables
from sinks.clickhouse import ClickHouse
from sinks.migrate import migrate
from sinks.store import StoreError, StoreUnavailable
from tests.sinks.clickhouse_server import ClickHouseServer, older_migrations
from tests.sinks.messages import START, contact, deleted, put, stitched


@pytest.fixture
def store(clickhouse: ClickHouseServer, tmp_path: Path) -> Iterator[ClickHouse]:
    store = ClickHouse(clickhouse.url(), connect_timeout_s=1, timeout_s=10)
    older = older_migrations(tmp_path / "migrations")
    assert migrate(store, older) == [path.stem for path in sorted(older.iterdir())]
    assert migrate(store, older) == []
    yield store
    store.close()


def test_rows_go_in_and_versions_collapse(store: ClickHouse) -> None:
    put(store, stitched(contact(agents=("a", "b"), touchpoints=1), version=1, first_repeat_any_at=START))
    put(store, stitched(contact(touchpoints=3), version=3))
    put(store, stitched(contact(touchpoints=2), version=2), deleted("journey.stitched", "stitched", "gone", 1))
    found = store.query(
        "SELECT contact_id, touchpoints, agents, first_repeat_any_at, version FROM contacts FINAL WHERE is_deleted = 0"
    )
    assert found.names == ("contact_id", "touchpoints", "agents", "first_repeat_any_at", "version")
    assert [tuple(row) for row in found.rows] == [("c1", 3, [], None, 3)]


def test_an_error_of_the_server_is_one_line_with_its_code(store: ClickHouse) -> None:
    with pytest.raises(StoreError, match=r"Table touchpath\.nothing doesn't exist") as error:
        store.query("SELECT * FROM nothing")
    assert error.value.code == 60
    assert "\n" not in str(error.value)
    assert "Stack trace" not in str(error.value)
    store.ping()


def test_a_reader_cannot_write(clickhouse: ClickHouseServer, store: ClickHouse) -> None:
    reader = ClickHouse(clickhouse.url("reader"))
    with pytest.raises(StoreError, match="readonly") as error:
        put(reader, stitched(contact()))
    assert error.value.code == 164
    reader.close()


def test_an_outage_is_told_and_over_when_it_is_over(clickhouse: ClickHouseServer, store: ClickHouse) -> None:
    put(store, stitched(contact("before")))
    clickhouse.kill()
    with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{clickhouse.port}"):
        put(store, stitched(contact("meanwhile")))
    clickhouse.start()
    put(store, stitched(contact("after")))
    found = store.query("SELECT contact_id FROM contacts ORDER BY contact_id").rows
    assert [tuple(row) for row in found] == [("after",), ("before",)]


def test_each_thread_has_a_connection_of_its_own(store: ClickHouse) -> None:
    errors: list[Exception] = []

    def work(name: str) -> None:
        try:
            for number in range(20):
                put(store, stitched(contact(f"{name}-{number}")))
                store.query("SELECT count() FROM contacts")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert store.query("SELECT count(), uniqExact(contact_id) FROM contacts").rows == [(60, 60)]


def test_killed_during_inserts_no_block_is_lost_or_partial(clickhouse: ClickHouseServer, store: ClickHouse) -> None:
    """T11, short: a block is stored once the insert has returned; until then the identical block is sent again."""
    seed = 11
    rng = Random(seed)
    print(f"seed {seed}")
    rows, blocks, kills, retries = 2_000, 0, 0, 0
    done = threading.Event()

    def write() -> None:
        nonlocal blocks, retries
        while not done.is_set():
            columns = _block(blocks, rows)
            while True:
                try:
                    store.insert(tables.CONTACTS, columns)
                    break
                except StoreError:
                    retries += 1
                    time.sleep(0.05)
            blocks += 1

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(5):
        time.sleep(rng.uniform(0.2, 1.0))
        clickhouse.kill()
        kills += 1
        clickhouse.start()
    done.set()
    writer.join(60)
    assert not writer.is_alive()
    stored = store.query(
        "SELECT block, count() FROM (SELECT DISTINCT contact_id, customer AS block FROM contacts FINAL) GROUP BY block"
    ).rows
    print(f"kills {kills}, blocks {blocks}, retries {retries}")
    assert retries > 0
    assert {tuple(row) for row in stored} == {(f"block-{number}", rows) for number in range(blocks)}
    assert store.query("SELECT count() FROM contacts FINAL").rows == [(blocks * rows,)]


def _block(number: int, rows: int) -> list[list[object]]:
    empty: dict[str, object] = {
        "text": "",
        "texts": (),
        "numbers": (),
        "counts": (),
        "times": (START,),
        "time": START,
        "seconds": 0.0,
        "flag": 0,
        "count": 0,
        "uint64": 1,
    }
    columns = [[empty.get(kind)] * rows for kind in tables.CONTACTS.columns.values()]
    columns[0] = [f"{number}-{row}" for row in range(rows)]
    columns[1] = [f"block-{number}"] * rows
    return columns


def test_a_table_is_exported(clickhouse: ClickHouseServer, store: ClickHouse, tmp_path: Path) -> None:
    """Through the native protocol; what it holds is what its types say, in a file as well."""
    put(store, *(stitched(contact(f"c{number}", agents=("a", "b")), redial_until=START) for number in range(3)))
    file = tmp_path / "contacts.parquet"
    command = ["export", "contacts", "-o", str(file), "--clickhouse", clickhouse.url(), "--limit", "2"]
    done = subprocess.run([sys.executable, "-m", "touchpath", *command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, f"{file}: 2 rows")
    rows = parquet.read_table(file).to_pylist()
    assert [(row["contact_id"], row["agents"], row["redial_until"]) for row in rows] == [
        (f"c{number}", ["a", "b"], START) for number in range(2)
    ]
