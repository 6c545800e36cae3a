"""What an operator does to a pipeline that has data: back up, lose the store, lose everything, restore, add partitions.

After each, the figures are the count by hand of the bank's file.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaAdminClient

from journeys.settings import DEFAULTS
from producers.bulk import BulkPublisher
from producers.formats.anonymous_bank import read
from sinks.report import report as counted
from streams.partitioning import Partitioning
from streams.topics import CATALOGUE
from tests.integration.touchpath import bank
from tests.integration.touchpath.test_bank import figures, wait_until_stored
from tests.topics import removed
from touchpath.brokers import Brokers
from touchpath.cli import app
from touchpath.drain import drain, ends_of_touchpoints
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem
from touchpath.processes import Process
from touchpath.queries import queries
from touchpath.rebuilding import begin
from touchpath.worker import APP_ID

pytestmark = pytest.mark.timeout(900)
CALLS = 300


class Operated:
    """A Kafka that stays, and what is started and stopped around a data directory."""

    def __init__(self, bootstrap: str, data: Path) -> None:
        self.bootstrap = bootstrap
        self.layout = Layout(data)
        self.layout.create()
        self._running: dict[str, Process] = {}

    def start(self, *parts: str) -> None:
        for part in parts:
            arguments = [part, "--bootstrap", self.bootstrap, "--data", str(self.layout.root)]
            process = self._running[part] = Process(part, arguments, self.layout.log(part))
            process.start()

    def stop(self, *parts: str) -> None:
        for part in parts or tuple(self._running):
            self._running.pop(part).stop(60)

    def touchpath(self, command: str, *arguments: str | Path) -> None:
        where = ("--bootstrap", self.bootstrap, "--data", str(self.layout.root))
        app([command, *map(str, arguments), *where], standalone_mode=False)

    def publish(self, file: Path) -> None:
        pseudonyms = pseudonyms_of(DEFAULTS, None, self.layout)
        with open(file, "rb") as lines, BulkPublisher(self.bootstrap, pseudonyms=pseudonyms) as publisher:
            for touchpoint in read(lines, lambda bad: pytest.fail(str(bad))):
                publisher.publish(touchpoint)

    def wait_until_taken(self) -> None:
        """By the workers, whatever the sink does."""
        with Brokers(self.bootstrap) as brokers:
            partitions = brokers.count_partitions()
            drain(brokers, partitions, ends_of_touchpoints(brokers, partitions), APP_ID, {})

    def figures(self) -> dict[str, object]:
        """Once all is stored and the sink has stopped."""
        wait_until_stored(self.bootstrap, self.layout.root)
        self.stop("sink")
        with queries(self.layout) as store:
            return figures(msgspec.to_builtins(counted(store)))


@pytest.fixture
def operated(own_kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[Operated]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}  # commands set theirs
    pipeline = Operated(own_kafka.bootstrap, tmp_path / "data")
    yield pipeline
    pipeline.stop()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    removed(own_kafka, *CATALOGUE)


def test_backed_up_destroyed_restored_and_repartitioned(
    operated: Operated, own_kafka: EmbeddedKafka, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, half, kept = tmp_path / "whole.tsv", tmp_path / "half.tsv", tmp_path / "backup"
    bank.make(whole, CALLS, 1)
    lines = whole.read_text().splitlines(keepends=True)
    half.write_text("".join(lines[: len(lines) // 2]))

    operated.touchpath("migrate")
    app(["keys", "new", "--data", str(operated.layout.root)], standalone_mode=False)
    operated.start("worker", "sink")
    operated.publish(half)
    assert operated.figures() == bank.count(half)
    operated.touchpath("backup", "--to", kept)
    with pytest.raises(BadInput, match=r"--to .*: is not empty"):
        operated.touchpath("backup", "--to", kept)

    # It goes on, and then the store is lost: the sink catches up from where the backup stood.
    with pytest.raises(Problem, match="stop them first"):
        operated.touchpath("repartition", "--partitions", "6", "--wait", "1")
    operated.publish(whole)
    operated.wait_until_taken()
    operated.stop("worker")
    with pytest.raises(Problem, match="into an empty one"):
        operated.touchpath("restore", "--from", kept)
    shutil.rmtree(operated.layout.store)
    operated.touchpath("restore", "--from", kept)
    assert "goes on from where it stood" in capsys.readouterr().out
    operated.start("sink")
    assert operated.figures() == bank.count(whole)

    # All is lost but the backup and the keys; and the new Kafka gets other partitions, and then more.
    keys = operated.layout.keys.read_bytes()
    shutil.rmtree(operated.layout.root)
    removed(own_kafka, *CATALOGUE)
    with KafkaAdminClient(bootstrap_servers=own_kafka.bootstrap) as admin:
        admin.delete_groups([group["group_id"] for group in admin.list_groups()])
    with pytest.raises(Problem, match="there are no keys"):
        operated.touchpath("restore", "--from", kept)
    operated.layout.create()
    operated.layout.keys.write_bytes(keys)
    operated.touchpath("restore", "--from", kept, "--partitions", "2")
    with Brokers(operated.bootstrap) as brokers:
        assert brokers.partitioning() == Partitioning(2, epoch=1)
    operated.touchpath("repartition", "--partitions", "3")
    with Brokers(operated.bootstrap) as brokers:
        assert brokers.partitioning() == Partitioning(3, epoch=2)
    operated.start("worker", "sink")
    assert operated.figures() == bank.count(half)

    spoilt = kept / "touchpoints.parquet"
    spoilt.write_bytes(spoilt.read_bytes()[:-1])
    with pytest.raises(BadInput, match=r"touchpoints\.parquet: is not as it was written"):
        operated.touchpath("restore", "--from", kept)


def test_partitions_that_somebody_added_are_noticed(own_kafka: EmbeddedKafka) -> None:
    """To some topics, or to all: no worker starts on either."""
    with Brokers(own_kafka.bootstrap) as brokers:
        assert brokers.create_topics(None) == 4
        assert brokers.partitioning() == Partitioning(4)
        with KafkaAdminClient(bootstrap_servers=own_kafka.bootstrap) as admin:
            admin.create_partitions({"journey.touchpoints": 5})
            with pytest.raises(Problem, match=r"repartition --partitions 5 makes it so; .*journey.touchpoints 5"):
                brokers.partitioning()
            admin.create_partitions({name: 5 for name in CATALOGUE if name != "journey.touchpoints"})
        for ask in (brokers.partitioning, lambda: brokers.create_topics(None)):
            with pytest.raises(Problem, match=r"have 5 partitions, but the state was made for 4.*--partitions 5"):
                ask()
        with pytest.raises(BadInput, match="--partitions 4: the topics have 5, and Kafka takes none away"):
            begin(brokers, 4, lambda line: None)
        assert begin(brokers, 5, lambda line: None) == Partitioning(4)
        with pytest.raises(Problem, match="from 4 to 5 partitions was begun and not ended"):
            brokers.partitioning()
        brokers.note(Partitioning(5, epoch=1))
        assert brokers.partitioning() == Partitioning(5, epoch=1)
