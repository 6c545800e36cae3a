from __future__ import annotations

from collections.abc import Iterator

import pytest

from touchpath.embedded_kafka import EmbeddedKafka


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker for the whole run. Tests that kill, suspend or restart a broker start one of their own."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker
