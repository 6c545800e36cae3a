"""A ClickHouse server as the store, through its native protocol (clickhouse-driver)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Lock, get_ident
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ServerException

from sinks.replicated import replicated
from sinks.store import MAX_ROWS, PINNED, Columns, Result, StoreError, StoreUnavailable
from sinks.tables import Table

DATABASE = "touchpath"

# Each failed connection would be logged with its traceback, once a retry; the error that we raise says it.
logging.getLogger("clickhouse_driver.connection").setLevel(logging.ERROR)


class ClickHouse:
    """A ``Store`` at ``url``: clickhouse[s]://[user[:password]@]host[:9000][/database][?option=...&...].

    ``cluster``, an option, names the cluster whose replicas get every table, and of which most have acknowledged an
    insert before it counts as done. All others are clickhouse-driver's, such as ``alt_hosts`` and ``ca_certs``.

    A client belongs to one thread, and after any error its connection is dropped: what is left in it cannot be
    trusted. The database is created where it does not exist. Raises ``ValueError`` for a URL that is none.
    """

    def __init__(self, url: str, connect_timeout_s: float = 5, timeout_s: float = 120) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("clickhouse", "clickhouses") or not parts.hostname:
            raise ValueError(f"expected a URL such as clickhouse://user:password@host:9000/touchpath, got {url!r}")
        self.database = unquote(parts.path.lstrip("/")) or DATABASE
        self._options: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or (9440 if parts.scheme == "clickhouses" else 9000),
            "user": unquote(parts.username or "default"),
            "password": unquote(parts.password or ""),
            "secure": parts.scheme == "clickhouses",
            "connect_timeout": connect_timeout_s,
            "send_receive_timeout": timeout_s,
            "client_name": "touchpath",
            "compression": "lz4",
            **dict(parse_qsl(parts.query)),
        }
        self._cluster = str(self._options.pop("cluster", ""))
        self._lock = Lock()
        self._clients: dict[int, _Connection] = {}
        self._database_known = False

    def insert(self, table: Table, columns: Columns, token: str = "") -> None:
        rows = len(columns[0]) if columns else 0
        if rows > MAX_ROWS:
            raise ValueError(f"{table.name}: {rows} rows in an insert, at most {MAX_ROWS}")
        names = ", ".join(f"`{name}`" for name in table.columns)
        self._do(f"INSERT INTO {table.name} ({names}) VALUES", columns, token)

    def query(self, sql: str) -> Result:
        rows, described = self._do(sql)
        return Result(tuple(name for name, _ in described), rows)

    def execute(self, sql: str) -> None:
        self._do(self._defined(sql))

    def ping(self) -> None:
        self.query("SELECT 1")

    def close(self) -> None:
        with self._lock:
            clients, self._clients = self._clients, {}
        for connection in clients.values():
            connection.client.disconnect()

    def _do(self, sql: str, columns: Columns | None = None, token: str = "") -> Any:
        try:
            connection = self._connection()
            if columns is not None:
                settings = connection.insert_settings(token)
                return connection.client.execute(sql, columns, columnar=True, settings=settings)
            return connection.client.execute(sql, with_column_types=True)
        except ServerException as error:
            self._drop()
            raise StoreError(_line(error.message), error.code) from error
        except (Error, OSError, EOFError) as error:
            self._drop()
            raise StoreUnavailable(f"{self._options['host']}:{self._options['port']}: {_line(str(error))}") from error
        except BaseException:
            self._drop()
            raise

    def _defined(self, sql: str) -> str:
        return replicated(sql, self._cluster) if self._cluster else sql

    def _connection(self) -> _Connection:
        """This thread's connection, made where there is none."""
        with self._lock:
            found = self._clients.get(get_ident())
        if found is not None:
            return found
        if not self._database_known:
            first = Client(database="default", **self._options)
            try:
                first.execute(self._defined(f"CREATE DATABASE IF NOT EXISTS `{self.database}`"))
            finally:
                first.disconnect()
            self._database_known = True
        client = Client(database=self.database, **self._options)
        known = {name for (name,) in client.execute("SELECT name FROM system.settings")}
        quorum = {"insert_quorum": "auto"} if self._cluster and _knows_majorities(client) else {}
        connection = _Connection(client, known, quorum)
        with self._lock:
            self._clients[get_ident()] = connection
        return connection

    def _drop(self) -> None:
        with self._lock:
            connection = self._clients.pop(get_ident(), None)
        if connection is not None:
            connection.client.disconnect()


class _Connection:
    """A client, and which of the settings that we use its server knows."""

    def __init__(self, client: Client, known: set[str], more: Mapping[str, str]) -> None:
        self.client = client
        self._pins = {name: value for name, value in (PINNED | dict(more)).items() if name in known}
        self._knows_tokens = "insert_deduplication_token" in known

    def insert_settings(self, token: str) -> dict[str, Any]:
        settings: dict[str, Any] = {"insert_block_size": MAX_ROWS, **self._pins}
        if token and self._knows_tokens:
            settings["insert_deduplication_token"] = token
        return settings


def _knows_majorities(client: Client) -> bool:
    """``insert_quorum`` "auto", most of the replicas there are, is of 22.1:
    https://clickhouse.com/docs/operations/settings/settings#insert_quorum."""
    return bool(client.connection.server_info.version_major >= 22)


def _line(message: str) -> str:
    return message.split("\n", 1)[0].split(" Stack trace:", 1)[0].strip()
