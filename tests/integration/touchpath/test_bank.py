"""The whole way: a real call centre's fortnight through Kafka, Faust and the store, held against a count by hand."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from journeys.settings import DEFAULTS
from producers.bulk import BulkPublisher
from producers.formats.anonymous_bank import read
from tests.integration.touchpath import bank
from tests.integration.touchpath.command import Up, answer, report, run
from touchpath.brokers import Brokers
from touchpath.drain import drain, ends_of_touchpoints
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.sink import group_of
from touchpath.worker import APP_ID

pytestmark = pytest.mark.timeout(400)
SEED = 20_260_101
MADE_CALLS = 6_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bank's own file; where that is not to be had, one made up in its format. CI has to have it."""
    if bank.REAL.exists():
        return bank.REAL
    if os.environ.get("CI") == "true":
        pytest.fail(f"{bank.REAL} is not there")
    made = tmp_path_factory.mktemp("bank") / "made.tsv"
    bank.make(made, MADE_CALLS, SEED)
    return made


def figures(found: dict[str, Any]) -> dict[str, Any]:
    """A report in the form of ``bank.KNOWN``."""
    plain = {name: found[name] for name in bank.KNOWN if name not in ("service_level", "fcr", "redials")}
    return {
        **{name: round(value, 3) for name, value in plain.items()},
        "service_level": {level["dialect"]: round(level["service_level"], 4) for level in found["service_level"]},
        "fcr": {
            (row["window_days"], row["scope"]): (row["broken"], row["confirmed"], row["pending"])
            for row in found["fcr"]
            if row["window_days"] != 30 and row["attempt"] == "answered"
        },
        "redials": (found["redials"]["abandoned"], found["redials"]["redialled"]),
    }


def test_the_count_by_hand_is_the_published_one(file: Path) -> None:
    if file == bank.REAL:
        assert bank.count(file) == bank.KNOWN
    else:
        assert bank.count(file)["contacts"] == pytest.approx(MADE_CALLS * 0.98, rel=0.02)


def test_replayed_from_nothing(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "made.tsv"
    bank.make(file, 1_000, SEED)
    done = run("replay", file, "--format", "anonymous-bank", "--drain", "--data", data)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "service level" in done.stdout

    # Nothing runs any more; the report opens the directory itself.
    assert Layout(data).running() is None
    assert figures(report(data)) == bank.count(file)
    count = answer("sql", "SELECT count() AS n FROM v_contacts", "--format", "json", "--data", data)
    assert count == f'{{"n":{bank.count(file)["contacts"]}}}\n'


def test_shuffled_doubled_killed_and_rebuilt(file: Path, tmp_path: Path) -> None:
    """Two workers, touchpoints in no order, a tenth of them twice, a worker killed half-way: the same figures. Then the
    workers' state is deleted, and the whole file comes again: still the same, and not one touchpoint more."""
    rng = random.Random(SEED)
    with open(file, "rb") as lines:
        touchpoints = list(read(lines, lambda bad: pytest.fail(str(bad))))
    sent = touchpoints + rng.sample(touchpoints, len(touchpoints) // 10)
    rng.shuffle(sent)
    half = len(sent) // 2
    data = tmp_path / "data"
    expected = bank.count(file)

    with Up("--data", data, "--workers", "2") as up:
        up.ready()
        pseudonyms = pseudonyms_of(DEFAULTS, None, Layout(data))
        with BulkPublisher(up.bootstrap, pseudonyms=pseudonyms) as publisher:
            for touchpoint in sent[:half]:
                publisher.publish(touchpoint)
            publisher.flush()
            os.kill(up.part("--name worker-2"), 9)
            for touchpoint in sent[half:]:
                publisher.publish(touchpoint)
        wait_until_stored(up.bootstrap, data)
        assert figures(report(data)) == expected
        assert up.stop() == 0, str(up)
    assert "worker-2 ended unexpectedly" in Layout(data).log("touchpath").read_text()

    shutil.rmtree(data / "workers")
    done = run("replay", file, "--format", "anonymous-bank", "--drain", "--data", data)
    assert done.returncode == 0, done.stderr[-3000:]
    found = report(data)
    assert figures(found) == expected
    assert found["touchpoints"] == len({touchpoint.id for touchpoint in touchpoints})
    assert found["dead_letters"] == 0


def wait_until_stored(bootstrap: str, data: Path) -> None:
    from sinks.rows import READERS

    with Brokers(bootstrap) as brokers:
        partitions = brokers.count_partitions()
        published = ends_of_touchpoints(brokers, partitions)
        drain(brokers, partitions, published, APP_ID, {group_of(Layout(data), None): list(READERS)})
