from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.embedded import Embedded
from sinks.migrate import migrate


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Embedded]:
    """The real engine, in a directory of the test's own, all migrations applied."""
    embedded = Embedded(tmp_path / "store")
    migrate(embedded)
    yield embedded
    embedded.close()
