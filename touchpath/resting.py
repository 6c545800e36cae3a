"""The pipeline while its workers do not run, for what is done to their state: on a cluster, or in a data directory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sinks.rows import READERS
from touchpath.brokers import Brokers
from touchpath.drain import lag
from touchpath.embedded_kafka import EmbeddedKafka, EmbeddedKafkaError
from touchpath.layout import Layout
from touchpath.options import CLICKHOUSE
from touchpath.problem import Problem
from touchpath.processes import Process, last_words
from touchpath.sink import group_of
from touchpath.worker import APP_ID

_LOOK_S = 0.2
_STOP_S = 10.0

Tell = Callable[[str], None]


class Resting(NamedTuple):
    brokers: Brokers
    layout: Layout
    clickhouse: str | None
    embedded: bool
    """Whether the broker is our own, started for this."""
    settings: Path | None
    wait_s: float
    tell: Tell

    def until_stored(self, partitions: int) -> None:
        """Return when the sink has stored all that workers have said. Raises ``Problem`` after ``wait_s``.

        Where nothing else runs a sink is started for it.
        """
        group = group_of(self.layout, self.clickhouse)

        def left() -> int:
            return sum(lag(self.brokers, partitions, group, list(READERS)).values())

        if not left():
            return
        self.tell("waiting for the sink")
        if not self.embedded:
            _until(lambda: not left(), self.wait_s, lambda: f"the sink has {left():,} records to store: does it run?")
            return
        log = self.layout.log("sink")
        chosen = ["--settings", str(self.settings)] if self.settings else []
        common = ["--bootstrap", self.brokers.bootstrap, "--data", str(self.layout.root)]
        sink = Process(
            "sink", ["sink", *common, *chosen], log, {CLICKHOUSE: self.clickhouse} if self.clickhouse else {}
        )
        sink.start()
        try:
            _until(lambda: not left(), self.wait_s, lambda: f"the sink has not stored all: {last_words(log)}")
        finally:
            sink.stop(_STOP_S)


@contextmanager
def resting(
    layout: Layout,
    bootstrap: str | None,
    clickhouse: str | None,
    settings: Path | None,
    wait_s: float,
    tell: Tell,
    new: bool = False,
) -> Iterator[Resting]:
    """Kafka with no worker on it: the one at ``bootstrap``, once its workers have stopped, or the data directory's,
    which may be ``new``.

    Raises ``Problem`` where they do not stop within ``wait_s``.
    """
    if bootstrap:
        with Brokers(bootstrap) as brokers:
            if brokers.members(APP_ID):
                tell("waiting for the workers to be stopped")
                _until(
                    lambda: not brokers.members(APP_ID),
                    wait_s,
                    lambda: f"--bootstrap {bootstrap}: {brokers.members(APP_ID)} workers run; stop them first",
                )
            yield Resting(brokers, layout, clickhouse, False, settings, wait_s, tell)
        return
    if not new and not layout.kafka.is_dir():
        raise Problem(f"--data {layout.root}: no Kafka has run there; give --bootstrap")
    last = layout.last_run()
    if clickhouse is None and last is not None and not last.store.startswith("http"):
        clickhouse = last.store
    with layout.owned():
        tell("starting Kafka")
        try:
            with EmbeddedKafka(layout.kafka) as kafka, Brokers(kafka.bootstrap) as brokers:
                yield Resting(brokers, layout, clickhouse, True, settings, wait_s, tell)
        except EmbeddedKafkaError as error:
            raise Problem(str(error)) from None


def _until(done: Callable[[], bool], wait_s: float, told: Callable[[], str]) -> None:
    deadline = time.monotonic() + wait_s
    while not done():
        if time.monotonic() > deadline:
            raise Problem(told())
        time.sleep(_LOOK_S)
