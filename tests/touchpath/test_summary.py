from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, start_http_server

from sinks.embedded import Embedded
from sinks.migrate import migrate
from sinks.store import Result
from touchpath import summary
from touchpath.layout import Running
from touchpath.summary import Summary


class Counted(Embedded):
    """The real engine, which knows how often it was asked."""

    asked = 0

    def answer(self, sql: str) -> Result | bytes:
        self.asked += 1
        return self.query(sql)

    def query(self, sql: str) -> Result:
        self.asked += 1
        return super().query(sql)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Counted]:
    store = Counted(tmp_path / "store")
    migrate(store)
    store.asked = 0
    yield store
    store.close()


def test_the_store_is_asked_when_it_holds_more_than_it_did(store: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = CollectorRegistry()
    rows = Counter("journey_sink_rows", "As the sink's.", registry=registry)
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        shown = Summary(Running(1, "", "", "", {"sink": url}), store)
        monkeypatch.setattr(summary, "_EVERY_S", 0.0)
        monkeypatch.setattr(summary, "_SHARE", 1.0)
        shown.gather()
        assert (store.asked, shown.figures["touchpoints"]) == (2, 0)
        time.sleep(1)
        shown.gather()
        assert store.asked == 2, "asked again of the same rows"
        rows.inc()
        time.sleep(1)
        shown.gather()
        assert store.asked == 4
        monkeypatch.setattr(summary, "_AT_LAST_S", 0.0)  # other machines' sinks do not show in our metrics
        shown.gather()
        assert store.asked == 6
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
