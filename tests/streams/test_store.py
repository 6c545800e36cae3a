from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.store import Memory, Store, StoreCorrupt, StoreError, StoreLocked

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from pathlib import Path
from streams.store import Memory, Store
store = Store(Path(sys.argv[1]), Memory(1 << 20, 1 << 20))
n = 0
print("open", flush=True)
while True:
    n += 1
    store.apply({b"key-%d" % k: b"%d" % n + b"x" * 100 for k in range(50)}, n)
"""


@pytest.fixture
def memory():
    return Memory(1 << 20, 1 << 20)


def test_writes_deletes_and_offset_are_kept(tmp_path, memory):
    store = Store(tmp_path / "a", memory)
    assert (store.offset, store.meta) == (None, None)
    store.apply({b"a": b"1", b"b": b"2", b"\x00meta": b"m"}, 7)
    store.apply({b"a": None, b"c": b"3"}, 9)
    assert store.get_many([b"a", b"b", b"c"]) == {b"b": b"2", b"c": b"3"}
    store.close()
    store = Store(tmp_path / "a", memory)
    assert (store.offset, store.meta) == (9, b"m")
    assert list(store.items()) == [(b"b", b"2"), (b"c", b"3")]
    assert list(store.items(after=b"b")) == [(b"c", b"3")]
    store.close()


def test_a_deleted_key_is_out_of_the_files_once_they_are_tidied(tmp_path, memory):
    store = Store(tmp_path / "a", memory)
    store.apply({b"a-name-to-forget": b"1", b"b": b"2"}, 1)
    assert not store.tidy(), "nothing was deleted"
    store.apply({b"a-name-to-forget": None}, 2)
    assert store.tidy()
    assert not store.tidy()
    store.close()
    store = Store(tmp_path / "a", memory)  # which makes the list of files anew: it names their first and last keys
    assert list(store.items()) == [(b"b", b"2")]
    store.close()
    assert not [path for path in (tmp_path / "a").glob("*") if b"a-name-to-forget" in path.read_bytes()]


def test_kill_leaves_whole_writes_and_their_offset(tmp_path, memory):
    """Whatever the moment: all keys are of one write, and the offset is that write's."""
    for attempt in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT
        ) as writer:
            assert writer.stdout.readline() == b"open\n"
            time.sleep(0.15 + attempt * 0.1)
            writer.kill()
        store = Store(tmp_path, memory)
        values = {int(value.split(b"x")[0]) for _, value in store.items()}
        assert values == {store.offset}
        store.close()


def test_locked_by_another_process(tmp_path, memory):
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT) as writer:
        assert writer.stdout.readline() == b"open\n"
        with pytest.raises(StoreLocked, match=str(tmp_path)):
            Store(tmp_path, memory)
        writer.kill()


def test_a_directory_that_cannot_be_made_is_named(tmp_path, memory):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=f"state directory {tmp_path / 'file' / '0'} cannot be used"):
        Store(tmp_path / "file" / "0", memory)


def test_damage_is_told_when_opened_or_when_read(tmp_path, memory):
    store = Store(tmp_path, memory)
    store.apply({b"%d" % n: b"x" * 100 for n in range(1_000)}, 1)
    store._db.flush()
    store.close()
    (table,) = tmp_path.glob("*.sst")
    content = bytearray(table.read_bytes())
    content[100:200] = bytes(100)
    table.write_bytes(content)
    with pytest.raises(StoreCorrupt, match=str(tmp_path)):
        Store(tmp_path, memory).get_many([b"%d" % n for n in range(1_000)])
