"""Asking the store, wherever it is: the server of a running embedded store, its directory, or a ClickHouse server."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from sinks.store import Result, StoreError, StoreUnavailable
from touchpath.layout import Layout
from touchpath.loopback import fetch
from touchpath.problem import Problem

if TYPE_CHECKING:
    import pyarrow as pa

_QUERY_S = 120.0
_OPEN_S = 15.0
_ARROW = "ArrowStream"
_BATCH = 50_000


class Queries(Protocol):
    """Reads, and nothing else."""

    def answer(self, sql: str) -> Result | bytes:
        """The rows of ``sql``, or the text if ``sql`` itself says FORMAT. Raises ``StoreError``."""

    def query(self, sql: str) -> Result:
        """The rows of ``sql``, which does not say FORMAT. Raises ``StoreError``."""

    def batches(self, sql: str, columns: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The same rows, some after the others, as ``columns``. Raises ``StoreError``."""


class _Rows(ABC):
    @abstractmethod
    def answer(self, sql: str) -> Result | bytes: ...

    def query(self, sql: str) -> Result:
        found = self.answer(sql)
        assert isinstance(found, Result)
        return found

    @abstractmethod
    def batches(self, sql: str, columns: pa.Schema) -> Iterator[pa.RecordBatch]: ...


class Served(_Rows):
    """The embedded store through its HTTP server."""

    def __init__(self, url: str, timeout_s: float = _QUERY_S) -> None:
        self._url = url
        self._timeout_s = timeout_s

    def answer(self, sql: str) -> Result | bytes:
        from sinks.embedded import from_arrow

        body, output = self._ask(sql)
        return from_arrow(body) if output == _ARROW else body

    def batches(self, sql: str, columns: pa.Schema) -> Iterator[pa.RecordBatch]:
        from pyarrow import ipc

        from touchpath.columns import fitted

        body, _ = self._ask(sql)
        for batch in ipc.open_stream(body) if body else ():
            yield fitted(batch, columns)

    def _ask(self, sql: str) -> tuple[bytes, str]:
        """The answer, and its format."""
        parameters = urlencode({"default_format": _ARROW})
        try:
            status, body, headers = fetch(f"{self._url}/?{parameters}", sql.encode(), self._timeout_s)
        except OSError as error:
            raise StoreUnavailable(f"the store at {self._url} does not answer: {error}") from None
        if status != 200:
            raise StoreError(_line(body.decode(errors="replace")), int(headers.get("x-clickhouse-exception-code", "0")))
        return body, headers.get("x-clickhouse-format", _ARROW)


class Opened(_Rows):
    """The embedded store's directory, opened by this process."""

    def __init__(self, directory: Path) -> None:
        from sinks.embedded import Embedded, Locked

        deadline = time.monotonic() + _OPEN_S
        while True:
            try:
                self._store = Embedded(directory)
            except Locked:  # by another command that reads, most likely
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def answer(self, sql: str) -> Result | bytes:
        from pyarrow import ArrowInvalid

        from sinks.embedded import from_arrow, run

        with self._store.reader() as connection:
            answer = run(connection, sql, _ARROW)
        try:
            return from_arrow(answer)
        except ArrowInvalid:
            return answer

    def batches(self, sql: str, columns: pa.Schema) -> Iterator[pa.RecordBatch]:
        from sinks.embedded import streamed
        from touchpath.columns import fitted

        with self._store.reader() as connection:
            for batch in streamed(connection, sql):
                yield fitted(batch, columns)

    def close(self) -> None:
        self._store.close()


class Native(_Rows):
    """A ClickHouse server through its native protocol, read-only by the server's own word."""

    def __init__(self, url: str) -> None:
        from clickhouse_driver import Client

        parts = urlsplit(url)
        secure = parts.scheme == "clickhouses"
        options = dict(parse_qsl(parts.query))
        options.pop("cluster", None)  # of definitions (sinks/clickhouse.py)
        self._place = f"{parts.hostname}:{parts.port or (9440 if secure else 9000)}"
        self._client = Client(
            host=parts.hostname, port=parts.port or (9440 if secure else 9000), secure=secure,
            user=unquote(parts.username or "default"), password=unquote(parts.password or ""),
            database=unquote(parts.path.lstrip("/")) or "touchpath", connect_timeout=5, send_receive_timeout=_QUERY_S,
            client_name="touchpath", settings={"readonly": 2}, **options,
        )  # fmt: skip

    def answer(self, sql: str) -> Result | bytes:
        from clickhouse_driver.errors import Error, ServerException

        try:
            rows, described = self._client.execute(sql, with_column_types=True)
        except ServerException as error:
            raise StoreError(_line(error.message), error.code) from None
        except (Error, OSError, EOFError) as error:
            raise StoreUnavailable(f"ClickHouse at {self._place} does not answer: {_line(str(error))}") from None
        return Result(tuple(name for name, _ in described), rows)

    def batches(self, sql: str, columns: pa.Schema) -> Iterator[pa.RecordBatch]:
        from clickhouse_driver.errors import Error, ServerException

        from touchpath.columns import of_rows

        try:
            rows = self._client.execute_iter(sql, settings={"max_block_size": _BATCH}, chunk_size=_BATCH)
            for chunk in rows:
                yield of_rows(chunk, columns)
        except ServerException as error:
            raise StoreError(_line(error.message), error.code) from None
        except (Error, OSError, EOFError) as error:
            raise StoreUnavailable(f"ClickHouse at {self._place} does not answer: {_line(str(error))}") from None

    def close(self) -> None:
        self._client.disconnect()


@contextmanager
def queries(layout: Layout, clickhouse: str | None = None) -> Iterator[Queries]:
    """The store of a data directory, running or not, or the ClickHouse server that was given.

    Raises ``Problem`` if there is none, ``StoreError`` if it cannot be opened.
    """
    if clickhouse is None:
        running = layout.running()
        if running is not None and running.store.startswith("http"):
            yield Served(running.store)
            return
        last = running or layout.last_run()
        if last is not None and not last.store.startswith("http"):
            clickhouse = last.store
    if clickhouse is None and not layout.store.is_dir():
        raise Problem(f"--data {layout.root}: nothing is stored there yet; touchpath up, or replay --drain")
    store = Native(clickhouse) if clickhouse else Opened(layout.store)
    try:
        yield store
    finally:
        store.close()


def _line(message: str) -> str:
    """ClickHouse's message without the stack trace and the version."""
    return " ".join(message.split(" Stack trace:", 1)[0].split())
