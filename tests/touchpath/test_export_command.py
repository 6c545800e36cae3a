"""What `touchpath export` writes is what the store holds, read back by other libraries; on the real engine."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from pyarrow import parquet

from sinks.embedded import Embedded
from sinks.embedded_server import Server
from sinks.migrate import migrate
from tests.sinks.messages import DAY, HOUR, START, contact, deleted, newest, put, stitched, visit
from touchpath import exporting
from touchpath.cli import main
from touchpath.columns import arrow, fitted, of_rows, schema
from touchpath.exporting import as_text
from touchpath.queries import Served

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    store = Embedded(root / "store")
    migrate(store)
    put(
        store,
        newest(START + 40 * DAY),
        stitched(contact("=cmd|' /C calc'!A0", queues=("a", "b")), window_days=(1,), redial_until=START + HOUR),
        stitched(contact("new", started_at=START + 30 * DAY), window_ends=(START + DAY,)),
        stitched(contact("gone")),
        visit("v", "answered", 1.5),
    )
    put(store, deleted("journey.stitched", "stitched", "gone", 2))
    store.close()
    return root


@pytest.fixture
def export(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Iterator[object]:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["touchpath", "export", *arguments, "--data", str(data)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsysbinary.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, told.out.decode(), told.err.decode()

    return run  # type: ignore[return-value]


def sheet(path: Path) -> list[list[str | float | None]]:
    """The cells of a workbook, as its XML has them: no formula among them."""
    with zipfile.ZipFile(path) as book:
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not list(root.iter(f"{SHEET}f"))
    found = []
    for row in root.iter(f"{SHEET}row"):
        cells: list[str | float | None] = []
        for cell in row:
            text = "".join(part.text or "" for part in cell.iter(f"{SHEET}t"))
            value = cell.find(f"{SHEET}v")
            cells.append(text if value is None else float(value.text or ""))
        found.append(cells)
    return found


class TestTables:
    def test_parquet_keeps_the_types(self, export, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        status, out, err = export("contacts", "-o", "contacts.parquet")
        assert (status, out, err.splitlines()[-1]) == (0, "", "contacts.parquet: 2 rows")
        table = parquet.read_table(tmp_path / "contacts.parquet")
        assert table.schema.field("started_at").type == pa.timestamp("ms", "UTC")
        assert table.schema.field("window_days").type == pa.list_(pa.uint32())
        rows = {row["contact_id"]: row for row in table.to_pylist()}
        assert rows.keys() == {"=cmd|' /C calc'!A0", "new"}, "not what is deleted"
        assert rows["=cmd|' /C calc'!A0"]["queues"] == ["a", "b"]
        assert rows["new"]["window_ends"] == [datetime(2026, 1, 2, tzinfo=UTC)]
        assert "version" not in table.column_names
        assert {name: row["provisional"] for name, row in rows.items()} == {"=cmd|' /C calc'!A0": 0, "new": 1}

    def test_csv_is_text_that_no_spreadsheet_runs(self, export) -> None:  # type: ignore[no-untyped-def]
        status, out, err = export("v_contacts", "--to", "csv")
        assert (status, err.splitlines()[-1]) == (0, "stdout: 2 rows")
        rows = {row["contact_id"]: row for row in csv.DictReader(out.splitlines())}
        assert rows.keys() == {"'=cmd|' /C calc'!A0", "new"}
        first = rows["'=cmd|' /C calc'!A0"]
        assert json.loads(first["queues"]) == ["a", "b"]
        assert (first["started_at"], first["redial_until"]) == ("2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z")
        assert (rows["new"]["redial_until"], rows["new"]["provisional"]) == ("", "1")
        assert rows["new"]["window_ends"] == '["2026-01-02T00:00:00.000Z"]'

    def test_excel(self, export, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        sql = (
            "SELECT '=1+1' AS formula, 1.5 AS number, toUInt64(9007199254740993) AS long, [1, 2] AS list, "
            "toDateTime64(1.5, 3, 'UTC') AS at, true AS yes, nan AS none, NULL AS nothing, repeat('x', 40000) AS much"
        )
        status, _, err = export(sql, "-o", "x.xlsx")
        assert (status, err.splitlines()[-2]) == (0, "x.xlsx: 1 row")
        assert "1 texts were cut" in err.splitlines()[-1]
        header, row = sheet(tmp_path / "x.xlsx")
        assert header == ["formula", "number", "long", "list", "at", "yes", "none", "nothing", "much"]
        assert row[:7] == ["=1+1", 1.5, "9007199254740993", "[1,2]", "1970-01-01T00:00:01.500Z", 1.0, "nan"]
        assert row[7:] == ["x" * exporting.EXCEL_TEXT]

    def test_rows_of_no_time_are_not_provisional(self, export) -> None:  # type: ignore[no-untyped-def]
        for name, has in (("v_visits", True), ("v_fcr", False), ("dead_letters", False)):
            assert ("provisional" in export(name, "--to", "csv")[1].splitlines()[0]) == has


class TestSql:
    def test_types_that_a_file_has_no_word_for_are_json(self, export, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        sql = "SELECT map('a', 1) AS m, (1, 'x') AS t, toDateTime(60, 'UTC') AS at, toDate('2026-01-02') AS day"
        assert export(f"{sql};", "-o", "x.parquet")[0] == 0
        assert parquet.read_table(tmp_path / "x.parquet").to_pylist() == [
            {
                "m": '{"a":1}',
                "t": '{"1":1,"2":"x"}',
                "at": datetime(1970, 1, 1, 0, 1, tzinfo=UTC),
                "day": datetime(2026, 1, 2).date(),  # noqa: DTZ001
            }
        ]

    def test_nothing_has_a_header(self, export, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        assert export("SELECT 1 AS a, 'x' AS b WHERE 0", "--to", "csv")[1] == '"a","b"\n'
        assert export("SELECT 1 AS a WHERE 0", "-o", "x.parquet")[0] == 0
        assert parquet.read_table(tmp_path / "x.parquet").column_names == ["a"]

    def test_many_rows_in_their_order_up_to_the_limit(self, export) -> None:  # type: ignore[no-untyped-def]
        sql = "SELECT number AS n FROM numbers(300000) ORDER BY n DESC"
        assert export(sql, "--to", "csv", "--limit", "120000")[1].split() == [
            '"n"', *(str(number) for number in range(299_999, 179_999, -1)),
        ]  # fmt: skip


class TestRefusals:
    @pytest.mark.parametrize(
        ("line", "status", "said"),
        [
            ("v_contact --to csv", 1, "v_contact: there is no such table or view; there are "),
            ("contacts", 2, "--to: expected one of csv, parquet, xlsx, or a FILE that ends in one (-o), got None"),
            ("contacts -o x.txt", 2, "got x.txt"),
            ("contacts --to xml", 2, "--to xml: expected one of csv, parquet, xlsx"),
            ("contacts --to xlsx", 2, "-o: expected a FILE for xlsx, got none"),
            ("contacts -o none/x.csv", 2, "-o none/x.csv: there is no directory none"),
            ("contacts -o there.csv", 2, "-o there.csv: is there already; --force overwrites it"),
            ("contacts --to csv --limit 0", 2, "--limit"),
        ],
    )
    def test_in_one_line(self, export, tmp_path: Path, line: str, status: int, said: str) -> None:  # type: ignore[no-untyped-def]
        (tmp_path / "there.csv").write_text("mine")
        found, out, err = export(*line.split())
        assert (found, out, err.count("\n")) == (status, "", 1)
        assert said in err
        assert (tmp_path / "there.csv").read_text() == "mine"
        assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]

    @pytest.mark.parametrize(
        ("sql", "said"),
        [
            ("DROP TABLE contacts", "Syntax error"),
            ("SELECT 1 FORMAT CSV", "Syntax error"),
            ("SELECT nothing FROM contacts", "nothing"),
            ("  ", "expected a name or a statement, got nothing"),
        ],
    )
    def test_what_does_not_only_read(self, export, sql: str, said: str) -> None:  # type: ignore[no-untyped-def]
        status, out, err = export(sql, "--to", "csv")
        assert status in (1, 2)
        assert out == ""
        assert said in err

    def test_forced(self, export, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        (tmp_path / "x.csv").write_text("old")
        assert export("SELECT 1 AS a", "-o", "x.csv", "--force")[0] == 0
        assert (tmp_path / "x.csv").read_text() == '"a"\n1\n'

    def test_a_failure_half_way_leaves_nothing(self, export, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        status, _, err = export("SELECT throwIf(number = 200000) AS a FROM numbers(400000)", "-o", "x.csv")
        assert status == 1
        assert "throwIf" in err
        assert list(tmp_path.iterdir()) == []

    def test_more_rows_than_a_sheet_holds(self, export, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
        status, _, err = export("SELECT number FROM numbers(1048576)", "-o", "x.xlsx")
        assert status == 1
        assert "1,048,576 rows: a sheet of Excel holds 1,048,575; take parquet or csv, or --limit" in err
        assert list(tmp_path.iterdir()) == []


def test_the_same_from_a_store_that_runs(data: Path) -> None:
    """Over HTTP, as while `touchpath up` runs."""
    asked = "SELECT contact_id, started_at, queues, toDateTime(started_at) AS s FROM contacts ORDER BY contact_id"
    store = Embedded(data / "store")
    columns = schema(store.query(f"DESCRIBE TABLE ({asked})").rows)
    ready, done = Event(), Event()
    ports: list[int] = []

    async def serve() -> None:
        server = Server(store, 0)
        ports.append(await server.start())
        ready.set()
        await asyncio.to_thread(done.wait)
        await server.stop()

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        batches = list(Served(f"http://127.0.0.1:{ports[0]}").batches(asked, columns))
    finally:
        done.set()
        thread.join()
        store.close()
    table = pa.Table.from_batches(batches, columns)
    assert table.column("s").to_pylist()[0] == datetime(2026, 1, 1, tzinfo=UTC)
    assert len(table) >= 2


def test_rows_of_a_server_have_the_same_columns() -> None:
    columns = schema([("a", "Array(LowCardinality(String))"), ("m", "Map(String, UInt8)"), ("t", "DateTime")])
    at = datetime(2026, 1, 1, tzinfo=UTC)
    batch = of_rows([(["x"], {"k": 1}, at), ([], {}, at)], columns)
    assert batch.to_pylist()[0] == {"a": ["x"], "m": '{"k":1}', "t": at}
    assert fitted(batch, columns).equals(batch)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LowCardinality(Nullable(String))", pa.string()),
        ("Nullable(DateTime64(3, 'UTC'))", pa.timestamp("ms", "UTC")),
        ("DateTime64(9)", pa.timestamp("us", "UTC")),
        ("DateTime('Europe/Berlin')", pa.timestamp("s", "UTC")),
        ("Array(DateTime64(3, 'UTC'))", pa.list_(pa.timestamp("ms", "UTC"))),
        ("Tuple(a UInt8, b String)", pa.string()),
    ],
)
def test_types(name: str, expected: pa.DataType) -> None:
    assert arrow(name) == expected


def test_times_as_text_are_utc() -> None:
    at = datetime.fromisoformat("2026-01-01T02:00:00.000120+02:00")
    assert as_text(at) == "2026-01-01T00:00:00.000120Z"
    assert as_text([at + timedelta(milliseconds=1)]) == '["2026-01-01T00:00:00.001120Z"]'
