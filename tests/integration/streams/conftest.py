from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.streams.scene import Scene
from touchpath.embedded_kafka import EmbeddedKafka


@pytest.fixture
def scene(kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(kafka, tmp_path)
    yield scene
    scene.close()


@pytest.fixture
def own_scene(own_kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(own_kafka, tmp_path)
    yield scene
    scene.close()
    del scene
    gc.collect()  # what the clients left open is this test's
