"""The embedded store over HTTP, as ClickHouse speaks it: for curl, clickhouse-connect, Grafana and our own commands.

One process owns the directory (chDB is exclusive) and writes; all others ask it here, read-only. A query comes as
``?query=`` or as the body; ``FORMAT`` in it, ``X-ClickHouse-Format`` or ``default_format`` choose the answer's form;
``param_*`` fill ``{name:Type}``; other parameters that name a setting hold for that query.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from aiohttp import web

from sinks.embedded import READERS, Embedded, run
from sinks.store import StoreError

if TYPE_CHECKING:
    from chdb.state.sqlitelike import Connection

log = logging.getLogger(__name__)

MAX_QUERY_BYTES = 1024 * 1024

READONLY = 164
_STATUS = {
    **dict.fromkeys((46, 47, 50, 60, 81), 404),  # unknown function, identifier, type, table, database
    **dict.fromkeys((36, 38, 41, 43, 44, 53, 62, 69, 70, 72, 73, 115, 456), 400),  # what the query itself has wrong
    48: 501,
    159: 408,
    READONLY: 403,
    497: 403,
}
# Parameters of the HTTP interface that are no settings; what they ask for does not apply here.
_NO_SETTINGS = {
    "query", "database", "user", "password", "quota_key", "role", "query_id", "session_id", "session_timeout",
    "session_check", "close_session", "default_format", "compress", "decompress", "enable_http_compression",
    "http_zlib_compression_level", "http_write_exception_in_output_format", "wait_end_of_query", "buffer_size",
    "stacktrace", "client_protocol_version", "readonly",
}  # fmt: skip
_CONTENT_TYPES = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
    "CSVWithNames": "text/csv; charset=UTF-8",
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "Native": "application/octet-stream",
    "ArrowStream": "application/vnd.apache.arrow.stream",
}
_READS = ("SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "(")
# chDB has no users, so the engine's read-only mode leaves these open: they reach files and other servers.
_HARMLESS = {
    "numbers", "numbers_mt", "zeros", "zeros_mt", "generate_series", "generateseries", "values", "view", "null",
    "merge", "generaterandom", "viewexplain", "primes", "format", "dictionary",
}  # fmt: skip
_REACHING = {"file", "catboostevaluate", "executable"}
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_CALL = re.compile(r"`?(\w+)`?\s*\(")
_FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*(?:SETTINGS\b.*)?;?\s*$", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Server:
    """Answers queries on ``store`` at ``host``:``port`` (0: a free one), which must be a loopback address."""

    def __init__(self, store: Embedded, port: int = 8123, host: str = "127.0.0.1") -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the embedded store has no users or passwords: expected a loopback address, got {host}")
        self._store = store
        self._host = host
        self._port = port
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="query")
        self._runner: web.AppRunner
        self._refused = _REACHING

    async def start(self) -> int:
        """Returns the port. Raises ``OSError`` if it is taken."""
        names = (str(name).lower() for (name,) in self._store.query("SELECT name FROM system.table_functions").rows)
        self._refused = _REACHING | set(names) - _HARMLESS
        app = web.Application(client_max_size=MAX_QUERY_BYTES)
        app.router.add_route("*", "/", self._query)
        for path, text in (("/ping", "Ok.\n"), ("/replicas_status", "Ok.\n")):
            app.router.add_get(path, self._say(text))
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = int(self._runner.addresses[0][1])
        return self._port

    async def stop(self) -> None:
        await self._runner.cleanup()
        self._threads.shutdown(cancel_futures=True)

    def _say(self, text: str) -> web.Handler:  # type: ignore[name-defined]
        async def answer(request: web.Request) -> web.Response:
            return self._foreign(request) or web.Response(text=text)

        return answer

    async def _query(self, request: web.Request) -> web.Response:
        if foreign := self._foreign(request):
            return foreign
        headers = {
            "X-ClickHouse-Query-Id": request.query.get("query_id") or str(uuid.uuid4()),
            "X-ClickHouse-Server-Display-Name": "touchpath",
            "X-ClickHouse-Timezone": "UTC",
        }
        try:
            sql = await _sql(request)
            if not sql:
                return web.Response(text="Ok.\n", headers=headers)
            output = request.headers.get("X-ClickHouse-Format") or request.query.get("default_format") or "TabSeparated"
            answer, output = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._answer, sql, output, dict(request.query)
            )
        except StoreError as error:
            headers["X-ClickHouse-Exception-Code"] = str(error.code)
            text = str(error).rstrip() + "\n"
            return web.Response(status=_STATUS.get(error.code, 500), text=text, headers=headers)
        headers["X-ClickHouse-Format"] = output
        headers["Content-Type"] = _CONTENT_TYPES.get(output, "text/plain; charset=UTF-8")
        return web.Response(body=answer, headers=headers)

    def _foreign(self, request: web.Request) -> web.Response | None:
        """A page in somebody's browser may reach loopback under a name of its own: only ours are answered."""
        name = (request.url.host or "").strip("[]")
        if name in ("localhost", self._host, "127.0.0.1", "::1"):
            return None
        return web.Response(status=403, text="this store answers on loopback only\n")

    def _answer(self, sql: str, output: str, query: Mapping[str, str]) -> tuple[bytes, str]:
        parameters = {name.removeprefix("param_"): value for name, value in query.items() if name.startswith("param_")}
        settings = {
            name: value for name, value in query.items() if name not in _NO_SETTINGS and not name.startswith("param_")
        }
        with self._store.reader() as connection:
            self._check(connection, sql)
            if not _NAME.fullmatch(output):
                raise StoreError(f"Code: 73. DB::Exception: Unknown format {output}. (UNKNOWN_FORMAT)", 73)
            database = query.get("database") or self._store.database
            if database in ("default", self._store.database):
                database = self._store.database
            with _Temporarily(connection, settings, database, self._store.database):
                answer = run(connection, sql, output, parameters)
        found = _FORMAT.search(sql)
        return answer, found[1] if found else output

    def _check(self, connection: Connection, sql: str) -> None:
        """Let only what reads the store through. The engine itself puts ``sql`` into its one canonical form first."""
        escaped = sql.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")  # parameters are read as TSV
        normal = run(connection, "SELECT formatQuery({sql:String})", "TSVRaw", {"sql": escaped}).decode().strip()
        bare = _STRING.sub("''", normal)
        if not bare.startswith(_READS):
            raise _refusal(f"{bare.split(None, 1)[0]}: this store is written by its own process alone")
        if re.search(r"\bINTO OUTFILE\b", bare):
            raise _refusal("INTO OUTFILE is not answered here")
        for name in _CALL.findall(bare):
            if name.lower() in self._refused:
                raise _refusal(f"{name}() reaches beyond the store")


class _Temporarily:
    """Settings and database of one query: a connection is used for many, so each is put back."""

    def __init__(self, connection: Connection, settings: Mapping[str, str], database: str, home: str) -> None:
        self._connection = connection
        self._settings = settings
        self._database = database
        self._home = home
        self._set: list[str] = []

    def __enter__(self) -> None:
        try:
            if self._database != self._home:
                if not _NAME.fullmatch(self._database):
                    raise StoreError(f"Code: 81. DB::Exception: Database {self._database} does not exist", 81)
                run(self._connection, f"USE {self._database}")
            for name, value in self._settings.items():
                if not _NAME.fullmatch(name):
                    raise StoreError(f"Code: 115. DB::Exception: Unknown setting {name}. (UNKNOWN_SETTING)", 115)
                escaped = value.replace("\\", "\\\\").replace("'", "\\'")
                run(self._connection, f"SET {name} = '{escaped}'")
                self._set.append(name)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        if self._set:
            run(self._connection, "SET " + ", ".join(f"{name} = DEFAULT" for name in self._set))
        if self._database != self._home:
            run(self._connection, f"USE {self._home}")


async def _sql(request: web.Request) -> str:
    if request.content_type.startswith("multipart/"):
        raise StoreError("Code: 48. DB::Exception: External data is not supported here. (NOT_IMPLEMENTED)", 48)
    if request.method not in ("GET", "POST", "HEAD"):
        raise StoreError(f"Code: 48. DB::Exception: {request.method} is not supported. (NOT_IMPLEMENTED)", 48)
    if request.headers.get("Content-Encoding", "identity").lower() not in ("identity", "gzip", "deflate"):
        raise _refusal("rows to insert: this store is written by its own process alone")  # nothing else comes so packed
    body = await request.read()  # aiohttp inflates a compressed one, and answers 413 to one that is too large
    start = (request.query.get("query", "").encode() + body).lstrip()[:6]
    if start.upper() == b"INSERT":  # what follows is data, in any format
        raise _refusal("INSERT: this store is written by its own process alone")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise StoreError("Code: 62. DB::Exception: Syntax error: the query is not UTF-8. (SYNTAX_ERROR)", 62) from None
    return "\n".join(part for part in (request.query.get("query", ""), text) if part.strip())


def _refusal(message: str) -> StoreError:
    text = f"Code: {READONLY}. DB::Exception: Cannot execute query in readonly mode: {message}. (READONLY)"
    return StoreError(text, READONLY)
