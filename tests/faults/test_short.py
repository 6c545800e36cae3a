"""Each trial once, in its short form; most of them one after the other on one bench. The full forms: `make trials`."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboards import servers
from tests.faults.__main__ import one, trials
from tests.faults.harness import Bench
from tests.faults.logs import look
from tests.faults.trial import Result, Trial
from tests.sinks import clickhouse_server

TRIALS = trials()
SCALES = {"T8": 0.02, "T12": 0.012, "T15": 0.02, "T19": 0.05, "T24": 0.02}
NEEDS = {"T12": clickhouse_server.install, "T24": servers.install}
SHARED = [name for name, trial in TRIALS.items() if trial.bench is Bench]
SEED = random.SystemRandom().randrange(10**6)

# Clients whose broker was killed leave sockets to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a trial left is its own, and no later test's."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench(tmp_path_factory.mktemp("bench")) as shared:
        yield shared


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", SHARED)
def test_trial(name: str, bench: Bench) -> None:
    trial = TRIALS[name]
    assert_nothing_off(trial, one(trial, bench, SEED, SCALES.get(name, 1.0), 0), finished=False)


@pytest.mark.timeout(300)
def test_all_that_the_trials_left(bench: Bench) -> None:
    """Every table whole, against all that was published."""
    result = look(bench).add(bench.compare_all())
    print(result)
    assert not result.figures["topic duplicates"]
    assert not [name for name in ("lost", "duplicates", "unseen", "unbalanced", "mismatch") if result.figures[name]]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [name for name in TRIALS if name not in SHARED])
def test_trial_on_its_own_bench(name: str, tmp_path: Path) -> None:
    if not NEEDS.get(name, lambda: True)():
        pytest.skip(f"what {name} needs is not installed and cannot be (apt-get, as root)")
    trial = TRIALS[name]
    with trial.bench(tmp_path) as bench:
        result = one(trial, bench, SEED, SCALES.get(name, 1.0), 0)
        result.add(trial.finish(bench))
    assert_nothing_off(trial, result, finished=True)


def assert_nothing_off(trial: Trial, result: Result, *, finished: bool) -> None:
    assert not trial.off(result, 1, finished=finished), "\n".join([f"seed {SEED}", *result.remarks])
