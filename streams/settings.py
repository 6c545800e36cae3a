"""What an application is made of and where it runs: plain values, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.dead_letters import Seal
from streams.stage import Stage


@dataclass(frozen=True)
class Topology:
    """Stages and topics. The topics must exist.

    `partitions`: of every topic that is read or written, changelogs and dead letters included.
    `changelogs`: by stage name, each with as many partitions as the stage's inputs; compacted.
    `seal`: what closes dead letters; without one they are written as they came.
    Raises ValueError that names what does not fit.
    """

    stages: tuple[Stage, ...]
    partitions: Mapping[str, int]
    changelogs: Mapping[str, str]
    dead_letters: str
    seal: Seal | None = None

    def __post_init__(self) -> None:
        readers: dict[str, str] = {}
        for stage in self.stages:
            if stage.name not in self.changelogs:
                raise ValueError(f"stage {stage.name}: no changelog topic")
            topics = (*stage.inputs, self.changelogs[stage.name])
            for topic in topics:
                if topic not in self.partitions:
                    raise ValueError(f"stage {stage.name}: topic {topic} has no number of partitions")
                # Offsets are kept per group and topic, so two stages of one application cannot share an input.
                if topic in readers:
                    raise ValueError(f"topic {topic} belongs to the stages {readers[topic]} and {stage.name}")
                readers[topic] = stage.name
            counts = {topic: self.partitions[topic] for topic in topics}
            if len(set(counts.values())) != 1:
                raise ValueError(f"stage {stage.name}: topics differ in partitions: {counts}")
            if stage.schema < 1:
                raise ValueError(f"stage {stage.name}: schema must be 1 or more, got {stage.schema}")
        if len({stage.name for stage in self.stages}) != len(self.stages):
            raise ValueError(f"two stages have one name: {[stage.name for stage in self.stages]}")
        if self.dead_letters not in self.partitions:
            raise ValueError(f"dead-letter topic {self.dead_letters} has no number of partitions")


@dataclass(frozen=True)
class EngineSettings:
    """How one worker runs. Times in seconds, sizes in bytes.

    `bootstrap`: host:port, or several with commas between.

    `data`: this worker's own directory. `epoch`: 0 to 127, raised when topics get another number of partitions, so that
    versions keep growing. `metrics_port`, at `metrics_host`: for /metrics and /ready; 0 takes a free one, None serves
    none. `security`: what Kafka's clients are given beside the address (producers/connection.py).
    """

    bootstrap: str
    app_id: str
    data: Path
    worker: str = "worker"
    max_batch: int = 10_000
    session_timeout_s: float = 6.0
    transaction_timeout_s: float = 60.0
    stop_timeout_s: float = 5.0
    broker_wait_s: float = 30.0
    metrics_port: int | None = None
    metrics_host: str = "127.0.0.1"
    epoch: int = 0
    security: Mapping[str, Any] = field(default_factory=dict)
    batch_bytes: int = 900_000
    max_record_bytes: int = 1_000_000
    cache_bytes: int = 32 << 20
    buffer_bytes: int = 48 << 20

    def __post_init__(self) -> None:
        if not 0 <= self.epoch < 128:
            raise ValueError(f"epoch must be 0 to 127, got {self.epoch}")
        if self.max_batch < 1:
            raise ValueError(f"max_batch must be 1 or more, got {self.max_batch}")
        if self.session_timeout_s < 1:
            raise ValueError(f"session_timeout_s must be 1 or more, got {self.session_timeout_s}")
