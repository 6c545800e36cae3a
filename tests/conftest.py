from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import hypothesis
import pytest

from touchpath.embedded_kafka import EmbeddedKafka

# How long an example takes says something of the machine, and nothing of the code.
hypothesis.settings.register_profile("touchpath", deadline=None)
hypothesis.settings.load_profile("touchpath")

# The tests' brokers live for seconds: Java's optimising compiler would cost each as much again as its start.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker for the whole run. Tests that kill, suspend or restart a broker start one of their own."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker for one module: its tests may kill it, or want topics with another number of partitions."""
    with EmbeddedKafka(tmp_path_factory.mktemp("own-kafka"), heap="256m") as broker:
        yield broker


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI=true a skipped test has failed: there every part can be installed."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report
