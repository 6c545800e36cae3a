from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from streams.settings import EngineSettings, Topology


@dataclass
class Step:
    name: str = "step"
    inputs: tuple[str, ...] = ("in",)
    schema: int = 1
    linger_s: float = 0.0
    fewest: int = 1

    def process(self, batch):
        pass

    def migrate(self, key, value, schema):
        return value


PARTITIONS = {"in": 4, "other": 4, "narrow": 2, "log": 4, "log2": 4, "dead": 1}


@pytest.mark.parametrize(
    ("stages", "changelogs", "dead", "message"),
    [
        ([Step()], {}, "dead", "stage step: no changelog topic"),
        ([Step(inputs=("in", "nowhere"))], {"step": "log"}, "dead", "topic nowhere has no number of partitions"),
        ([Step(inputs=("in", "narrow"))], {"step": "log"}, "dead", "topics differ in partitions.*'narrow': 2"),
        ([Step(), Step("b")], {"step": "log", "b": "log2"}, "dead", "topic in belongs to the stages step and b"),
        ([Step(), Step(inputs=("other",))], {"step": "log"}, "dead", "belongs to the stages step and step"),
        ([Step(schema=0)], {"step": "log"}, "dead", "schema must be 1 or more, got 0"),
        ([Step()], {"step": "log"}, "missing", "dead-letter topic missing"),
    ],
)
def test_what_does_not_fit_is_named(stages, changelogs, dead, message):
    with pytest.raises(ValueError, match=message):
        Topology(tuple(stages), PARTITIONS, changelogs, dead)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epoch": 128}, "epoch must be 0 to 127, got 128"),
        ({"max_batch": 0}, "max_batch must be 1 or more, got 0"),
        ({"session_timeout_s": 0.5}, "session_timeout_s must be 1 or more, got 0.5"),
    ],
)
def test_bad_settings_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        EngineSettings("127.0.0.1:9092", "app", Path("data"), **options)
