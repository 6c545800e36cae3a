"""The HTTP interface, asked as others will ask: clickhouse-connect, and plain HTTP as curl sends it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from sinks.embedded import Embedded
from sinks.embedded_server import MAX_QUERY_BYTES, Server
from tests.sinks.messages import contact, put, stitched


@pytest.fixture
def port(store: Embedded) -> Iterator[int]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = Server(store, 0)
    yield asyncio.run_coroutine_threadsafe(server.start(), loop).result(30)
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    connected = clickhouse_connect.get_client(host="127.0.0.1", port=port)
    yield connected
    connected.close()


def ask(
    port: int, body: bytes | None = None, headers: dict[str, str] | None = None, **query: str
) -> tuple[int, Any, str]:
    request = Request(f"http://127.0.0.1:{port}/?{urlencode(query)}", data=body, headers=headers or {})
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def test_clickhouse_connect_reads(store: Embedded, client: Client) -> None:
    put(store, stitched(contact(agents=("a",))))
    found = client.query("SELECT contact_id, channel, agents, started_at, redial_at FROM v_contacts")
    assert found.column_names == ("contact_id", "channel", "agents", "started_at", "redial_at")
    assert [row[:3] for row in found.result_rows] == [("c1", "voice", ["a"])]
    assert client.query("SELECT {x:UInt8} + 1", parameters={"x": 4}).result_rows == [(5,)]
    assert client.query("SELECT %(text)s", parameters={"text": "it's\n\\ 'so'"}).result_rows == [("it's\n\\ 'so'",)]
    assert client.query("SELECT getSetting('max_threads')", settings={"max_threads": 1}).result_rows == [(1,)]
    assert client.query_arrow("SELECT number FROM numbers(3)").num_rows == 3
    assert client.command("SELECT currentDatabase()") == "touchpath"


def test_a_setting_holds_for_its_query_alone(port: int) -> None:
    sql = b"SELECT getSetting('max_threads')"
    before = ask(port, sql)[2]
    assert ask(port, sql, max_threads="17")[2] == "17\n"
    assert {ask(port, sql)[2] for _ in range(4)} == {before}
    assert ask(port, sql, no_such_setting="1")[:1] == (400,)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO dead_letters (letter_id) VALUES ('x')",
        "DROP TABLE contacts",
        "SYSTEM SHUTDOWN",
        "KILL QUERY WHERE 1",
        "SET readonly = 0",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT file('/etc/passwd')",
        "SELECT * FROM `url`('http://127.0.0.1/', 'CSV', 'a String')",
        "SELECT 1 UNION ALL SELECT * FROM remote('127.0.0.1', system.one)",
        "WITH (SELECT count() FROM s3('http://127.0.0.1/x', 'CSV', 'a String')) AS n SELECT n",
        "SELECT 1 INTO OUTFILE '/tmp/never'",
        "EXPLAIN SELECT * FROM executable('x', 'CSV', 'a String')",
        "CREATE TEMPORARY TABLE t (a UInt8) ENGINE = Memory",
    ],
)
def test_what_does_not_read_the_store_is_refused(port: int, sql: str) -> None:
    status, headers, text = ask(port, sql.encode())
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (403, "164")
    assert text.startswith("Code: 164. DB::Exception: Cannot execute query in readonly mode: ")


def test_clickhouse_connect_is_told_that_it_cannot_write(client: Client) -> None:
    with pytest.raises(DatabaseError, match="readonly"):
        client.insert("dead_letters", [["x"]], column_names=["letter_id"])


def test_words_in_strings_and_comments_refuse_nothing(port: int) -> None:
    sql = "/* file('x') */ SELECT 'INTO OUTFILE url(1)' AS `drop`, 'it\\'s; file(' AS b -- remote('x')"
    assert ask(port, sql.encode())[2] == "INTO OUTFILE url(1)\tit\\'s; file(\n"


def test_two_statements_are_no_query(port: int) -> None:
    status, headers, _ = ask(port, b"SELECT 1; DROP TABLE contacts")
    assert (status, headers["X-ClickHouse-Exception-Code"]) == (400, "62")


@pytest.mark.parametrize(
    ("sql", "status", "code"), [("SELEC 1", 400, 62), ("SELECT x", 404, 47), ("SELECT * FROM x", 404, 60)]
)
def test_errors_are_clickhouse_s(port: int, sql: str, status: int, code: int) -> None:
    found, headers, text = ask(port, sql.encode())
    assert (found, headers["X-ClickHouse-Exception-Code"]) == (status, str(code))
    assert text.startswith(f"Code: {code}. DB::Exception: ")


def test_the_form_of_the_answer(port: int) -> None:
    assert ask(port, b"SELECT 1 AS a")[2] == "1\n"
    assert ask(port, query="SELECT 1 AS a FORMAT JSONEachRow")[2] == '{"a":1}\n'
    assert ask(port, b"SELECT 1 AS a", default_format="CSVWithNames")[2] == '"a"\n1\n'
    status, headers, text = ask(port, b"SELECT 1 AS a", {"X-ClickHouse-Format": "JSONEachRow"}, default_format="CSV")
    assert (status, text, headers["X-ClickHouse-Format"]) == (200, '{"a":1}\n', "JSONEachRow")
    assert ask(port, b"SELECT {n:UInt8} * 2", param_n="21")[2] == "42\n"
    assert ask(port, b", 2", query="SELECT 1")[2] == "1\t2\n"
    assert ask(port, b"SELECT 1", default_format="Nonsense")[0] == 400
    assert ask(port)[2] == "Ok.\n"
    with urlopen(f"http://127.0.0.1:{port}/ping", timeout=30) as answer:
        assert answer.read() == b"Ok.\n"


def test_only_loopback_names_are_answered(port: int) -> None:
    assert ask(port, b"SELECT 1", {"Host": "evil.example"})[0] == 403
    with pytest.raises(ValueError, match=r"expected a loopback address, got 0\.0\.0\.0"):
        Server(None, 0, "0.0.0.0")  # type: ignore[arg-type]


def test_a_query_has_a_limit(port: int) -> None:
    assert ask(port, b" " * (MAX_QUERY_BYTES + 1))[0] == 413


def test_queries_are_answered_while_rows_come_in(store: Embedded, port: int) -> None:
    stop = threading.Event()

    def write() -> int:
        number = 0
        while not stop.is_set():
            number += 1
            put(store, *(stitched(contact(f"c{number}-{n}")) for n in range(500)))
        return number

    def read() -> list[int]:
        return [int(ask(port, b"SELECT count() FROM v_contacts")[2]) for _ in range(15)]

    with ThreadPoolExecutor(5) as pool:
        writing = pool.submit(write)
        readers = [pool.submit(read) for _ in range(4)]
        counts = [reader.result(120) for reader in readers]
        stop.set()
        blocks = writing.result(60)
    assert all(count % 500 == 0 for those in counts for count in those)  # a block is seen whole or not at all
    assert all(those == sorted(those) for those in counts)
    assert int(ask(port, b"SELECT count() FROM v_contacts")[2]) == blocks * 500 > 0
