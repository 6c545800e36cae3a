"""The store, opened by a command that owns the data directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from touchpath.layout import Layout
from touchpath.problem import Problem
from touchpath.queries import Native, Opened, Queries


@contextmanager
def stored(layout: Layout, clickhouse: str | None) -> Iterator[Queries]:
    """The ClickHouse at ``clickhouse``, else the store in the directory, which nobody serves meanwhile."""
    if clickhouse is None and not layout.store.is_dir():
        raise Problem(f"--data {layout.root}: nothing is stored there; give --clickhouse")
    store = Native(clickhouse) if clickhouse else Opened(layout.store)
    try:
        yield store
    finally:
        store.close()
