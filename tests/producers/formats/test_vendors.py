"""Files of vendors', line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from producers.adapters.adapter import How
from producers.adapters.csv_rows import adapt
from producers.formats import FORMATS, BadLine, WrongFormat
from producers.formats.vendors import plain_csv, queue_log
from producers.replay import Reading
from tests.producers.adapters.told import FIXTURES, adapted

LOG = FIXTURES / "asterisk-queue-log"
DIALLER = Path(__file__).parents[3] / "examples" / "mappings"


@pytest.mark.parametrize("name", ["queue_log.txt", "transfers.txt", "agents.txt"])
def test_a_log_line_by_line_is_what_it_is_as_a_whole(name: str) -> None:
    bad: list[BadLine] = []
    with open(LOG / name, "rb") as file:
        assert list(FORMATS["asterisk-queue-log"](file, bad.append)) == adapted("asterisk-queue-log", name).touchpoints
    assert bad == []


def test_bad_lines_are_named_by_their_number() -> None:
    bad: list[BadLine] = []
    with open(LOG / "broken.txt", "rb") as file:
        found = list(queue_log(How(source="bern"))(file, bad.append))
    assert [one.contact_id for one in found] == ["bern:1772366399.17"]
    assert [(line.line, line.field) for line in bad] == [(1, ""), (2, "time"), (3, "time"), (4, "callid")]
    assert str(bad[1]) == "2: time: expected a number (got 'soon')"


def test_a_replay_reads_a_log_in_the_order_in_which_it_happened() -> None:
    with Reading(LOG / "transfers.txt", "asterisk-queue-log") as reading:
        read = list(reading)
    assert [(one.at, one.id) for one in read] == sorted((one.at, one.id) for one in read)
    assert [one.queue for one in read[:4]] == ["billing", "", "orders", "orders"]


def test_a_table_row_by_row_is_what_it_is_as_a_whole() -> None:
    raw, how = (DIALLER / "dialler.csv").read_bytes(), How(mapping=(DIALLER / "dialler.toml").read_text())
    bad: list[BadLine] = []
    assert list(plain_csv(how)(raw.splitlines(keepends=True), bad.append)) == adapt(raw, how).touchpoints
    assert bad == []


def test_a_row_that_cannot_be_taken_is_named_by_its_number() -> None:
    rows = [
        b"time,type,channel,attributes.page\r\n",
        b'2026-03-01T12:00:00Z,viewed,web,"/a\n',
        b'b"\n',
        b"soon,a,b,c\n",
        b"\n",
    ]
    bad: list[BadLine] = []
    found = list(FORMATS["csv"](rows, bad.append))
    assert [one.attributes for one in found] == [{"page": "/a\nb"}]
    assert [str(line) for line in bad] == ["4: time: expected a time as ISO 8601 (got 'soon')"]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "1: there is nothing in it"),
        ([b"a,b\n", b"1,2\n"], "1: type: is no column, and no mapping says where it stands"),
    ],
)
def test_a_table_without_its_columns_is_of_another_format(rows: list[bytes], problem: str) -> None:
    with pytest.raises(WrongFormat) as raised:
        list(FORMATS["csv"](rows, lambda bad: None))
    assert str(raised.value).startswith(problem)
