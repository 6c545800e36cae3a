from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.metrics import BACKFILLS
from sinks.rows import READERS
from tests.sinks.clickhouse_server import PACKAGE, ClickHouseServer, install
from tests.topics import emptied, removed
from touchpath.embedded_kafka import EmbeddedKafka


@pytest.fixture(scope="session")
def clickhouse_installed() -> None:
    if install():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{PACKAGE} is not installed and cannot be (apt-get, as root)")
    pytest.skip(f"{PACKAGE} is not installed and cannot be (apt-get, as root)")


@pytest.fixture
def clickhouse(clickhouse_installed: None, tmp_path: Path) -> Iterator[ClickHouseServer]:
    directory = tmp_path / "clickhouse"
    directory.mkdir()
    with ClickHouseServer(directory) as server:
        yield server


@pytest.fixture
def topics(kafka: EmbeddedKafka) -> Iterator[str]:
    """The sinks' topics, empty, two partitions each; gives the bootstrap address."""
    names = [*READERS, BACKFILLS]
    yield emptied(kafka, *names)
    removed(kafka, *names)
