"""The benchmark of dashboards' queries, on a small centre: what it fills is what it says, and every query answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.queries.__main__ import table, verdict
from benchmarks.queries.asked import queries
from benchmarks.queries.filling import fill
from benchmarks.queries.stopwatch import timed
from sinks import panels
from sinks.embedded import Embedded
from tests.sinks.messages import START

TOUCHPOINTS = 10_000


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    store = Embedded(tmp_path_factory.mktemp("store") / "db")
    for _ in fill(store, TOUCHPOINTS, 2, START):
        pass
    panels.refresh(store)
    yield store
    store.close()


def test_rows_versions_and_tombstones_are_as_many_as_it_says(centre: Embedded) -> None:
    ((touchpoints, stored),) = centre.query(
        "SELECT (SELECT count() FROM touchpoints FINAL), (SELECT count() FROM touchpoints)"
    ).rows
    assert (touchpoints, stored) == (TOUCHPOINTS, TOUCHPOINTS * 101 // 100)
    ((contacts, open_ones),) = centre.query("SELECT count(), countIf(outcome = 'open') FROM v_contacts").rows
    ((deleted,),) = centre.query("SELECT count() FROM contacts WHERE is_deleted").rows
    assert contacts + deleted == TOUCHPOINTS // 10
    assert 0 < deleted < TOUCHPOINTS // 100 * 3 // 10
    assert open_ones == 0  # earlier versions have no say
    ((journeys, deleted),) = centre.query(
        "SELECT (SELECT count() FROM v_journeys), (SELECT count() FROM journeys WHERE is_deleted)"
    ).rows
    assert journeys + deleted == TOUCHPOINTS // 100
    assert centre.query("SELECT max(time) <= fromUnixTimestamp64Milli(1767225600000) FROM touchpoints").rows == [(1,)]


def test_every_query_of_the_dashboards_answers(centre: Embedded) -> None:
    ((newest,),) = centre.query("SELECT max(time) FROM touchpoints").rows
    found = [timed(centre, query, 1) for query in queries(centre, newest)]
    assert {one.query.panel: one.error for one in found if one.error} == {}
    assert {one.query.dashboard for one in found} >= {"console", "switches", "journeys", "staffing", "agents", "voice"}
    assert all(one.cold > 0 and one.warm > 0 for one in found)
    assert table(found).row_count == len(found)
    slow = found[0]._replace(warm=1.5)
    assert f"1 s or more, warm: {slow.query.dashboard}: {slow.query.panel}" in verdict([slow])
