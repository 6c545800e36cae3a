"""`touchpath dead-letters`: what was refused is found again by those who have the key."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from typer.testing import CliRunner

from journeys import Touchpoint
from sinks.embedded import Embedded
from sinks.migrate import migrate
from sinks.rows import READERS
from streams import topics
from tests.journeys.scenes import KEY, OLDER_KEY, START
from tests.sinks.messages import Message, put
from tests.streams.pipeline import Pipeline
from touchpath.cli import app
from touchpath.layout import Layout
from touchpath.problem import Problem


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with a stage's dead letter and one of the sink's."""
    monkeypatch.delenv("TOUCHPATH_PRIVACY_KEYS", raising=False)
    monkeypatch.delenv("TOUCHPATH_CLICKHOUSE", raising=False)
    pipeline = Pipeline()
    pipeline.append(topics.TOUCHPOINTS, 0, b"c1", b'{"id":"+4930123456"', START, (("caller", b"+4930123456"),))
    pipeline.publish(Touchpoint(START, "t1", "visited", "web", "c1"))
    pipeline.drain()
    store = Embedded(tmp_path / "store")
    migrate(store)
    put(store, *(record for topic in READERS for record in pipeline.records(topic)))
    (stored,) = store.query("SELECT key, value, message FROM dead_letters").rows
    assert stored[0] == ""
    assert "4930123456" not in "".join(stored)
    letters = READERS[topics.DEAD_LETTERS]()
    found = Message("journey.signals", b"{broken", timestamp=START - 1)
    for unreadable in READERS["journey.signals"]().take(found):
        letters.add(unreadable)  # type: ignore[attr-defined]
    store.insert(letters.table, letters.columns())
    store.close()
    return tmp_path


def test_letters_are_opened_newest_first(data: Path) -> None:
    Layout(data).keys.write_bytes(urlsafe_b64encode(OLDER_KEY) + b"\n" + urlsafe_b64encode(KEY))
    done = CliRunner().invoke(app, ["dead-letters", "--data", str(data)])
    assert done.exit_code == 0, done.exception
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["reason"], first["key"], first["value"]) == ("not_json", "c1", '{"id":"+4930123456"')
    assert first["headers"] == {"caller": "+4930123456"}
    assert 'got b\'{"id":"+4930123456"\'' in first["message"]
    assert (second["stage"], second["reason"], second["value"]) == ("sink", "unreadable", "{broken")
    done = CliRunner().invoke(app, ["dead-letters", "--limit", "1", "--data", str(data)])
    assert len(done.stdout.splitlines()) == 1


def test_without_their_key_they_stay_shut(data: Path) -> None:
    Layout(data).keys.write_bytes(urlsafe_b64encode(OLDER_KEY))
    done = CliRunner().invoke(app, ["dead-letters", "--data", str(data)])
    assert isinstance(done.exception, Problem)
    assert str(done.exception).startswith("1 of 2 are sealed with keys that are not here")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["reason"], first["message"]) == ("not_json", "Input data was truncated")
    assert "4930123456" not in done.stdout
    assert second["value"] == "{broken"
