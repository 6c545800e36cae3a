from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sinks import tables
from sinks.embedded import Embedded, Locked
from sinks.store import MAX_ROWS, StoreError
from tests.sinks.messages import START, contact, put, stitched


def test_a_second_process_is_told_who_has_the_directory(store: Embedded) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom sinks.embedded import Embedded, Locked\n"
        "try:\n    Embedded(Path(sys.argv[1]))\nexcept Locked as error:\n    print(error)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, store.directory], capture_output=True, text=True, timeout=60, check=True
    )
    expected = f"{store.directory}: in use by process {os.getpid()}; query it over HTTP instead, or stop it"
    assert answer.stdout.strip() == expected


def test_closed_it_is_free_and_keeps_what_was_stored(tmp_path: Path) -> None:
    first = Embedded(tmp_path)
    first.execute("CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a")
    first.execute("INSERT INTO kept VALUES (7)")
    with pytest.raises(Locked):
        Embedded(tmp_path)
    first.close()
    second = Embedded(tmp_path)
    assert second.query("SELECT a FROM kept").rows == [(7,)]
    second.close()


def test_an_identical_block_sent_again_is_dropped(store: Embedded) -> None:
    rows = _visits("v")
    store.insert(tables.QUEUE_VISITS, rows, "token-1")
    store.insert(tables.QUEUE_VISITS, rows, "token-1")
    assert store.query("SELECT count() FROM queue_visits").rows == [(1,)]
    store.insert(tables.QUEUE_VISITS, _visits("w"), "token-2")
    assert store.query("SELECT count() FROM queue_visits").rows == [(2,)]


def _visits(visit_id: str) -> list[list[object]]:
    return [
        [visit_id], ["c"], ["q"], ["voice"], ["inbound"], [START], [None], [None], ["waiting"], [None], [0.0], [0.0],
        [0.0], [""], [20.0], [5.0], [START], [1], [0],
    ]  # fmt: skip


def test_a_block_has_a_limit(store: Embedded) -> None:
    with pytest.raises(ValueError, match=f"at most {MAX_ROWS}"):
        store.insert(tables.Table("queue_visits", {"visit_id": "text"}), [["v"] * (MAX_ROWS + 1)])


def test_queries_answer_python_values(store: Embedded) -> None:
    put(store, stitched(contact(agents=("a", "b")), first_repeat_any_at=START + 5))
    found = store.query(
        "SELECT started_at, first_repeat_any_at, first_repeat_same_at, agents, version, channel, map('k', 1) m "
        "FROM contacts"
    )
    assert found.rows == [
        (
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 1, 1, 0, 0, 0, 5000, UTC),
            None,
            ["a", "b"],
            1,
            "voice",
            {"k": 1},
        )
    ]
    assert (
        found.csv().splitlines()[1]
        == '2026-01-01 00:00:00,2026-01-01 00:00:00.005,,"[""a"",""b""]",1,voice,"{""k"":1}"'
    )
    assert found.json_lines().startswith('{"started_at":"2026-01-01T00:00:00Z",')
    assert store.query("SELECT 1 AS a WHERE 0") == (("a",), [])


def test_readers_cannot_write(store: Embedded) -> None:
    with pytest.raises(StoreError, match="readonly") as refused:
        store.query("INSERT INTO dead_letters (letter_id) VALUES ('x')")
    assert refused.value.code == 164


def test_an_error_has_its_code(store: Embedded) -> None:
    with pytest.raises(StoreError, match=r"^Code: 60\. DB::Exception: Unknown table") as error:
        store.query("SELECT * FROM nothing")
    assert error.value.code == 60
