"""State of one stage and partition on disk: RocksDB, a copy of the changelog up to a known offset."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import cast

from rocksdict import (
    BlockBasedOptions,
    BottommostLevelCompaction,
    Cache,
    CompactOptions,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteBufferManager,
)

META = b"\x00meta"  # the engine's entry in state and changelog: see streams.partition.Meta
_OFFSET = b"\x00offset"  # local only: the changelog offset that this copy stands for
_FIRST_KEY = b"\x01"


class StoreError(RuntimeError):
    """The state directory cannot be used."""


class StoreLocked(StoreError):
    """Another process has the directory open."""


class StoreCorrupt(StoreError):
    """The files are damaged; the changelog has the truth."""


class Memory:
    """What the stores of a process share: one block cache and one budget of write buffers, in bytes."""

    def __init__(self, cache_bytes: int = 32 << 20, buffer_bytes: int = 48 << 20) -> None:
        self.cache = Cache(cache_bytes)
        self.buffers = WriteBufferManager(buffer_bytes, False)

    def options(self) -> Options:
        table = BlockBasedOptions()
        table.set_block_cache(self.cache)
        table.set_bloom_filter(10, False)
        # Without this, index and filter blocks are outside the cache's limit and grow with the state.
        table.set_cache_index_and_filter_blocks(True)
        table.set_pin_l0_filter_and_index_blocks_in_cache(True)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_block_based_table_factory(table)
        options.set_write_buffer_manager(self.buffers)
        options.set_write_buffer_size(16 << 20)
        options.set_compression_type(DBCompressionType.lz4())
        options.set_max_open_files(64)
        options.set_keep_log_file_num(2)
        options.set_max_log_file_size(1 << 20)
        return options


class Store:
    """Keyed bytes and the changelog offset up to which they are complete.

    A write is one WriteBatch in one column family, offset included, so whatever a crash leaves is a prefix of the
    writes with the offset that belongs to it. The write-ahead log is on, unsynced: `kill -9` loses nothing, a power cut
    loses the end, and the changelog has that.
    """

    def __init__(self, directory: Path, memory: Memory) -> None:
        """Open or create. Raises StoreLocked and StoreCorrupt, naming the directory."""
        self._directory = directory
        self._tidying = Lock()
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"state directory {directory} cannot be used: {error.strerror}") from error
        try:
            self._db = Rdict(str(directory), memory.options())
        except Exception as error:
            raise _explain(directory, error) from error

    @property
    def offset(self) -> int | None:
        """The next changelog offset to read; None: from the beginning."""
        value = self._get(_OFFSET)
        return None if value is None else int.from_bytes(value, "big")

    @property
    def meta(self) -> bytes | None:
        return self._get(META)

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that exist."""
        get = self._db.get  # one call a key is faster than rocksdict's list form
        try:
            return {key: value for key in keys if (value := get(key)) is not None}
        except Exception as error:
            raise _explain(self._directory, error) from error

    def apply(self, writes: Mapping[bytes, bytes | None], offset: int) -> None:
        """Write all at once; None deletes. `offset`: the next changelog offset after these writes."""
        batch = WriteBatch(raw_mode=True)
        for key, value in writes.items():
            if value is None:
                del batch[key]
            else:
                batch[key] = value
        batch[_OFFSET] = offset.to_bytes(8, "big")
        try:
            self._db.write(batch)
        except Exception as error:
            raise _explain(self._directory, error) from error

    def items(self, after: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
        """A stage's entries in the order of their keys, those after the given key."""
        try:
            for key, value in self._db.items(from_key=after or _FIRST_KEY):
                if key != after:
                    yield cast(bytes, key), value
        except Exception as error:
            raise _explain(self._directory, error) from error

    def tidy(self) -> bool:
        """Rewrite the files if the keys of deleted entries still stand in them; whether they did.

        RocksDB does so by itself when more has come on top, which for what is to be forgotten may be too late. Takes
        some seconds a gigabyte; reads and writes go on beside it.
        """
        with self._tidying:
            try:
                self._db.flush()
                found = self._db.property_value("rocksdb.aggregated-table-properties") or ""
                if "# deletions=0;" in found:
                    return False
                options = CompactOptions()
                options.set_bottommost_level_compaction(BottommostLevelCompaction.force())
                self._db.compact_range(None, None, options)
                return True
            except Exception as error:
                raise _explain(self._directory, error) from error

    def close(self) -> None:
        with self._tidying:
            self._db.close()

    @staticmethod
    def wipe(directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)

    def _get(self, key: bytes) -> bytes | None:
        try:
            value = self._db.get(key)
        except Exception as error:
            raise _explain(self._directory, error) from error
        return None if value is None else bytes(value)


def _explain(directory: Path, error: Exception) -> StoreError:
    """rocksdict has one exception for everything, so its text decides."""
    text = str(error).splitlines()[0]
    if "lock" in text.lower() and ("LOCK" in text or "lock file" in text.lower()):
        return StoreLocked(f"state directory {directory} is in use by another process ({text})")
    if "No space left" in text or "Permission denied" in text or "Read-only" in text or "Too many open files" in text:
        return StoreError(f"state directory {directory} cannot be used: {text}")
    return StoreCorrupt(f"state directory {directory} is damaged: {text}")
