"""What an operator does to a pipeline that has data: back up, add partitions, lose the store, lose everything, restore.

After each, the figures are the count by hand of the bank's file.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from journeys.partition import partition_of
from streams.partitioning import Partitioning
from streams.topics import CATALOGUE
from tests.integration.touchpath import bank
from tests.integration.touchpath.command import Up, answer, report, run
from tests.integration.touchpath.test_bank import figures, wait_until_stored
from touchpath.brokers import Brokers
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.problem import Problem

pytestmark = pytest.mark.timeout(600)
CALLS = 400


def replayed(file: Path, data: Path) -> None:
    done = run("replay", file, "--format", "anonymous-bank", "--drain", "--data", data, timeout_s=300)
    assert done.returncode == 0, done.stderr[-3000:]


def test_backed_up_repartitioned_destroyed_and_restored(tmp_path: Path) -> None:
    whole, half = tmp_path / "whole.tsv", tmp_path / "half.tsv"
    bank.make(whole, CALLS, 1)
    lines = whole.read_text().splitlines(keepends=True)
    half.write_text("".join(lines[: len(lines) // 2]))
    data, kept = tmp_path / "data", tmp_path / "backup"
    replayed(half, data)
    assert figures(report(data)) == bank.count(half)

    answer("backup", "--to", kept, "--data", data)
    again = run("backup", "--to", kept, "--data", data)
    assert (again.returncode, again.stderr) == (2, f"touchpath backup: --to {kept}: is not empty\n")
    full = run("restore", "--from", kept, "--data", data)
    assert full.returncode == 1
    assert "a backup is restored into an empty one" in full.stderr

    fewer = run("repartition", "--partitions", "2", "--data", data)
    assert fewer.returncode == 2
    assert "the topics have 4, and Kafka takes none away" in fewer.stderr
    told = answer("repartition", "--partitions", "6", "--data", data)
    assert told.startswith("6 partitions; ")

    # The store is lost, beside a Kafka that has gone on since.
    shutil.rmtree(data / "store")
    assert "start the sink" in answer("restore", "--from", kept, "--data", data)
    with Up("--data", data) as up:
        up.ready()
        with Brokers(up.bootstrap) as brokers:
            assert brokers.partitioning() == Partitioning(6, epoch=1)
        wait_until_stored(up.bootstrap, data)
        assert figures(report(data)) == bank.count(half)
        replayed(whole, data)
        found = report(data)
        assert figures(found) == bank.count(whole)
        assert found["dead_letters"] == 0
        assert up.stop() == 0, str(up)

    # All is lost but the backup and the keys.
    keys = (data / "privacy.keys").read_bytes()
    shutil.rmtree(data)
    lost = run("restore", "--from", kept, "--data", data)
    assert lost.returncode == 1
    assert "there are no keys" in lost.stderr
    data.mkdir(exist_ok=True)
    (data / "privacy.keys").write_bytes(keys)
    assert answer("restore", "--from", kept, "--data", data, "--partitions", "2").splitlines()[-1].startswith("2 part")
    with Up("--data", data) as up:
        up.ready()
        with Brokers(up.bootstrap) as brokers:
            assert brokers.partitioning() == Partitioning(2, epoch=1)
        wait_until_stored(up.bootstrap, data)
        assert figures(report(data)) == bank.count(half)
        assert up.stop() == 0, str(up)

    table = next(kept.glob("touchpoints.*"))
    table.write_bytes(table.read_bytes()[:-1])
    spoilt = run("restore", "--from", kept, "--data", data)
    assert spoilt.returncode == 2
    assert f"{table}: is not as it was written" in spoilt.stderr


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
        assert partition_of(b"a-contact", 4) != partition_of(b"a-contact", 5)
        for ask in (brokers.partitioning, lambda: brokers.create_topics(None)):
            with pytest.raises(Problem, match=r"have 5 partitions, but the state was made for 4.*--partitions 5"):
                ask()
        brokers.note(Partitioning(4, becoming=5))
        with pytest.raises(Problem, match="from 4 to 5 partitions was begun and not ended"):
            brokers.partitioning()
        brokers.note(Partitioning(5, epoch=1))
        assert brokers.partitioning() == Partitioning(5, epoch=1)
