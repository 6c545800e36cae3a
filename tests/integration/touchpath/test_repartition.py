"""More partitions, with the state that belongs to them; and what happens where somebody adds some by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from streams.partitioning import Partitioning
from streams.topics import CATALOGUE
from tests.integration.touchpath import bank
from tests.integration.touchpath.command import Up, eventually, report, run
from tests.integration.touchpath.test_bank import figures, wait_until_stored
from touchpath.brokers import Brokers
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.layout import Layout

pytestmark = pytest.mark.timeout(400)
CALLS = 1_500


def test_figures_are_the_same_with_more_partitions(tmp_path: Path) -> None:
    """Half of a fortnight, another number of partitions, the other half: the count by hand of the whole."""
    whole, half = tmp_path / "whole.tsv", tmp_path / "half.tsv"
    bank.make(whole, CALLS, 1)
    lines = whole.read_text().splitlines(keepends=True)
    half.write_text("".join(lines[: len(lines) // 2]))
    data = tmp_path / "data"
    done = run("replay", half, "--format", "anonymous-bank", "--drain", "--data", data)
    assert done.returncode == 0, done.stderr[-3000:]
    before = figures(report(data))

    fewer = run("repartition", "--partitions", "2", "--data", data)
    assert fewer.returncode == 2
    assert "the topics have 4, and Kafka takes none away" in fewer.stderr
    done = run("repartition", "--partitions", "6", "--data", data)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("6 partitions; ")

    with Up("--data", data, "--workers", "2") as up:
        up.ready()
        with Brokers(up.bootstrap) as brokers:
            assert brokers.partitioning() == Partitioning(6, epoch=1)
        wait_until_stored(up.bootstrap, data)
        assert figures(report(data)) == before == bank.count(half)
        done = run("replay", whole, "--format", "anonymous-bank", "--drain", "--data", data)
        assert done.returncode == 0, done.stderr[-3000:]
        found = report(data)
        assert figures(found) == bank.count(whole)
        assert found["dead_letters"] == 0
        assert up.stop() == 0, str(up)


def test_partitions_that_somebody_added_are_noticed(tmp_path: Path) -> None:
    """While it runs, to one topic: the worker ends. To all of them: none starts."""
    data = tmp_path / "data"
    log = Layout(data).log("worker-1")
    with Up("--data", data) as up:
        up.ready()
        with KafkaAdminClient(bootstrap_servers=up.bootstrap) as admin:
            admin.create_partitions({"journey.touchpoints": 5})
        told = ("journey.touchpoints 5", "journey.touchpoints has a partition 4")
        eventually("the worker says so", lambda: any(line in log.read_text() for line in told), 90)
        up.kill()
    with EmbeddedKafka(Layout(data).kafka) as kafka, KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.create_partitions({name: 5 for name in CATALOGUE if name != "journey.touchpoints"})
        refused = run("worker", "--bootstrap", kafka.bootstrap, "--data", data)
        assert refused.returncode == 1
        assert "the topics have 5 partitions, but the state was made for 4" in refused.stderr
        assert "touchpath repartition --partitions 5" in refused.stderr
        shutil.rmtree(data / "workers", ignore_errors=True)
