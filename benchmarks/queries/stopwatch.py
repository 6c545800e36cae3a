"""How long a query takes: with nothing of the store in memory, and again."""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.queries.asked import Query
from sinks.embedded import Embedded
from sinks.store import StoreError


class Timed(NamedTuple):
    """Seconds: ``cold`` once, ``warm`` the median. ``error`` in one line, if it failed."""

    query: Query
    cold: float = 0.0
    warm: float = 0.0
    rows_read: int = 0
    rows: int = 0
    error: str = ""


def timed(store: Embedded, query: Query, times: int) -> Timed:
    """Ask ``query`` with nothing of the store in memory, then so many ``times``."""
    try:
        forget_pages(store)
        cold, rows_read, rows = _ask(store, query.sql)
        warm = median(_ask(store, query.sql)[0] for _ in range(times))
    except StoreError as error:
        return Timed(query, error=str(error).splitlines()[0][:200])
    return Timed(query, cold, warm, rows_read, rows)


def forget_pages(store: Embedded) -> None:
    """Out of the engine's caches and the kernel's: what is asked next comes from the disk."""
    for cache in ("MARK", "UNCOMPRESSED", "QUERY CONDITION"):
        store.execute(f"SYSTEM DROP {cache} CACHE")
    for path in _files(store.directory):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:  # merged away
            continue
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.suffix in (".bin", ".mrk2", ".cmrk2", ".idx", ".cidx")]


def _ask(store: Embedded, sql: str) -> tuple[float, int, int]:
    """Seconds, rows that were read, and rows of the answer."""
    with store.reader() as connection:
        started = time.perf_counter()
        try:
            answer = connection.query(sql, "ArrowStream")
        except RuntimeError as error:
            raise StoreError(str(error)) from None
        return time.perf_counter() - started, int(answer.storage_rows_read()), int(answer.rows_read())
