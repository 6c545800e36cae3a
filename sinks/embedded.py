"""The embedded store: ClickHouse's engine in this process (chDB), on a directory that belongs to this process alone."""

from __future__ import annotations

import fcntl
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

import pyarrow as pa

from sinks.store import MAX_ROWS, PINNED, Columns, Result, StoreError
from sinks.tables import Kind, Table

if TYPE_CHECKING:
    from chdb.state.sqlitelike import Connection

DATABASE = "touchpath"
READERS = 2

_ARROW: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "numbers": pa.list_(pa.float64()),
    "times": pa.list_(pa.timestamp("ms", "UTC")),
    "time": pa.timestamp("ms", "UTC"),
    "time?": pa.timestamp("ms", "UTC"),
    "seconds": pa.float64(),
    "seconds?": pa.float64(),
    "flag": pa.uint8(),
    "count": pa.uint32(),
    "counts": pa.list_(pa.uint32()),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
}


class _NoPandas:
    """Spares us an import: the first list that pyarrow is given it would show to pandas, for it might be one of those.

    That is a second of CPU before the first row is stored. Whoever wants pandas of pyarrow later on still gets it.
    """

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ImportError("not needed here")

    def __enter__(self) -> None:
        sys.meta_path.insert(0, self)

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)


with _NoPandas():
    pa.array([])


class Locked(StoreError):
    """Another process has the directory."""


class Embedded:
    """A ``Store`` in ``directory``, which is created where it does not exist.

    One connection writes; ``READERS`` others, read-only by the engine's own word, answer queries beside it. Raises
    ``Locked`` if another process has the directory, ``StoreError`` if the engine cannot open it.
    """

    def __init__(self, directory: Path, database: str = DATABASE) -> None:
        self.directory = directory
        self.database = database
        directory.mkdir(parents=True, exist_ok=True)
        self._lock_file = _lock(directory)
        self._write_lock = Lock()
        self._readers: SimpleQueue[Connection] = SimpleQueue()
        self._connections: list[Connection] = []
        try:
            self._writer = self._connect()
            run(self._writer, f"CREATE DATABASE IF NOT EXISTS {database}")
            run(self._writer, f"USE {database}")
            for _ in range(READERS):
                reader = self._connect()
                run(reader, f"USE {database}")
                # 2 and not 1: a reader may change settings, but not this one.
                run(reader, "SET readonly = 2, max_execution_time = 60, max_memory_usage = 4000000000")
                self._readers.put(reader)
        except BaseException:
            self.close()
            raise

    def insert(self, table: Table, columns: Columns, token: str = "") -> None:
        batch = _arrow(table, columns)
        if batch.num_rows > MAX_ROWS:
            raise ValueError(f"{table.name}: {batch.num_rows} rows in an insert, at most {MAX_ROWS}")
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        settings = ", ".join(f"{name} = {value}" for name, value in PINNED.items())
        if token:
            settings += f", insert_deduplication_token = '{token}'"
        names = ", ".join(f"`{name}`" for name in table.columns)
        sql = f"INSERT INTO {table.name} ({names}) SETTINGS {settings}"
        with self._write_lock, _errors(), self._writer.send_insert(sql, "ArrowStream") as stream:
            stream.append(sink.getvalue().to_pybytes())
            stream.finish()

    def query(self, sql: str) -> Result:
        with self.reader() as connection:
            return from_arrow(run(connection, sql, "ArrowStream"))

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """A connection that reads, for the time of the block; waits until one is free."""
        connection = self._readers.get()
        try:
            yield connection
        finally:
            self._readers.put(connection)

    def execute(self, sql: str) -> None:
        with self._write_lock:
            run(self._writer, sql)

    def ping(self) -> None:
        self.query("SELECT 1")

    def close(self) -> None:
        while self._connections:
            self._connections.pop().close()
        os.close(self._lock_file)

    def _connect(self) -> Connection:
        from chdb.state.sqlitelike import Connection  # 0.6 s to import, and an optional dependency

        with _errors():
            connection = Connection(str(self.directory))
        self._connections.append(connection)
        return connection


def from_arrow(stream: bytes) -> Result:
    """The rows in an Arrow stream, empty where the engine answered nothing at all."""
    if not stream:
        return Result((), [])
    table = pa.ipc.open_stream(stream).read_all()
    columns = [column.to_pylist(maps_as_pydicts="strict") for column in table.columns]
    return Result(tuple(table.column_names), list(zip(*columns, strict=True)))


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of a block of ``table`` in Arrow's words."""
    return pa.schema([(name, _ARROW[kind]) for name, kind in table.columns.items()])


def _arrow(table: Table, columns: Columns) -> pa.RecordBatch:
    arrays = [pa.array(values, _ARROW[kind]) for values, kind in zip(columns, table.columns.values(), strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=list(table.columns))


def run(
    connection: Connection, sql: str, output: str = "TabSeparated", parameters: Mapping[str, str] | None = None
) -> bytes:
    """What ``sql`` answers, in ClickHouse's format ``output`` unless it names one itself. Raises ``StoreError``."""
    with _errors():
        answer = connection.query(sql, output, params=dict(parameters) if parameters else None)
        return bytes(answer.bytes()) if answer is not None else b""


def streamed(connection: Connection, sql: str, rows: int = 50_000) -> Iterator[pa.RecordBatch]:
    """What ``sql`` answers, about so many ``rows`` after the others. Raises ``StoreError``."""
    with _errors(), closing(connection.send_query(sql, "Arrow")) as stream:
        yield from stream.record_batch(rows)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        text = str(error)
        code = re.search(r"Code: (\d+)", text)
        raise StoreError(text[code.start() :] if code else text, int(code[1]) if code else 0) from None


def _lock(directory: Path) -> int:
    """chDB's own lock says no more than "error initializing": ours names the process, and is let go when it ends."""
    path = directory / "touchpath.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise Locked(f"{directory}: in use by process {holder}; query it over HTTP instead, or stop it", 76) from None
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
