"""Files of vendors', payload by payload."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from journeys import agents, touchpoint
from journeys.agents import AgentEvent
from producers.adapters.adapter import How
from producers.adapters.registry import BUILT_IN, adapter
from producers.delivery import Event
from producers.formats import PLAIN, BadLine, PassedOver, WrongFormat, format_of
from producers.formats.rows import MOST_KINDS, OTHER_KINDS
from producers.replay import Reading, ReplayError
from tests.producers.adapters.fixtures_of import fixtures
from tests.producers.adapters.told import FIXTURES

LOG = FIXTURES / "asterisk-queue-log"
DIALLER = Path(__file__).parents[3] / "examples" / "mappings"


def encoded(events: list[Event]) -> list[bytes]:
    return [agents.encode(one) if isinstance(one, AgentEvent) else touchpoint.encode(one) for one in events]


@pytest.mark.parametrize("vendor", BUILT_IN)
def test_a_file_piece_by_piece_is_what_it_is_as_a_whole(vendor: str) -> None:
    for name, raw, how in fixtures(vendor):
        bad: list[BadLine] = []
        passed_over = PassedOver()
        read = list(format_of(vendor, how, passed_over.add)(raw.splitlines(keepends=True), bad.append))
        whole = adapter(vendor)(raw, how)
        assert sorted(encoded(read)) == sorted(encoded([*whole.touchpoints, *whole.agent_events])), name
        assert len(bad) == len(whole.refused), name
        assert passed_over == whole.unmapped, name


def test_bad_lines_are_named_by_their_number() -> None:
    bad: list[BadLine] = []
    with open(LOG / "broken.txt", "rb") as file:
        found = list(format_of("asterisk-queue-log", How(source="bern"), Counter().update)(file, bad.append))
    assert [getattr(one, "contact_id", None) for one in found] == ["bern:1772366399.17"]
    assert [(line.line, line.field) for line in bad] == [(1, ""), (2, "time"), (3, "time"), (4, "callid")]
    assert str(bad[1]) == "2: time: expected a number (got 'soon')"


def test_a_replay_reads_a_log_in_the_order_in_which_it_happened() -> None:
    with Reading(LOG / "transfers.txt", "asterisk-queue-log") as reading:
        read = list(reading)
    assert [(one.at, one.id) for one in read] == sorted((one.at, one.id) for one in read)
    assert [getattr(one, "queue", None) for one in read[:4]] == ["billing", "", "orders", "orders"]


def test_what_nothing_is_made_of_is_counted_beside_touchpoints_and_agents(tmp_path: Path) -> None:
    raw = (FIXTURES / "amazon-connect/agent_events.json").read_bytes()
    record = (FIXTURES / "amazon-connect/contact_record.json").read_bytes()
    packed = tmp_path / "records-1"  # what S3 gives has no name that says so
    packed.write_bytes(gzip.compress(raw) + gzip.compress(record))
    with Reading(packed, "amazon-connect") as reading:
        events = list(reading)
        assert reading.expected == len(events)
    assert reading.of_agents == len([one for one in events if isinstance(one, AgentEvent)]) == 5
    assert len(events) == 10
    assert reading.passed_over == {"agent event, OTHER": 1}
    packed.write_bytes(packed.read_bytes()[:-20])
    with (
        Reading(packed, "amazon-connect") as reading,
        pytest.raises(ReplayError, match="records-1: its gzip is broken: "),
    ):
        list(reading)


def test_kinds_are_counted_by_name_as_long_as_there_are_not_too_many() -> None:
    counted = PassedOver()
    for number in range(MOST_KINDS + 5):
        counted.add({f"kind {number}": 1})
    counted.add({"kind 0": 2})
    assert (counted["kind 0"], counted[OTHER_KINDS], len(counted)) == (3, 5, MOST_KINDS + 1)


def test_a_row_that_cannot_be_taken_is_named_by_its_number() -> None:
    rows = [
        b"time,type,channel,attributes.page\r\n",
        b'2026-03-01T12:00:00Z,viewed,web,"/a\n',
        b'b"\n',
        b"soon,a,b,c\n",
        b"\n",
    ]
    bad: list[BadLine] = []
    found = list(format_of("csv", PLAIN, Counter().update)(rows, bad.append))
    assert [getattr(one, "attributes", None) for one in found] == [{"page": "/a\nb"}]
    assert [str(line) for line in bad] == ["4: time: expected a time as ISO 8601 (got 'soon')"]


def test_a_table_is_read_with_a_mapping() -> None:
    raw, how = (DIALLER / "dialler.csv").read_bytes(), How(mapping=(DIALLER / "dialler.toml").read_text())
    bad: list[BadLine] = []
    read = list(format_of("csv", how, Counter().update)(raw.splitlines(keepends=True), bad.append))
    assert read == adapter("csv")(raw, how).touchpoints
    assert bad == []


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "1: there is nothing in it"),
        ([b"a,b\n", b"1,2\n"], "1: type: is no column, and no mapping says where it stands"),
    ],
)
def test_a_table_without_its_columns_is_of_another_format(rows: list[bytes], problem: str) -> None:
    with pytest.raises(WrongFormat) as raised:
        list(format_of("csv", PLAIN, Counter().update)(rows, lambda bad: None))
    assert str(raised.value).startswith(problem)
