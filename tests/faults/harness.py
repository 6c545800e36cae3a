"""The bench: an embedded broker, and the pipeline's parts as processes started through the front door's commands."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import KafkaConnectionError

from journeys.settings import DEFAULTS
from journeys.touchpoint import Touchpoint
from producers.keys import VARIABLE
from sinks.rows import READERS
from streams.topics import CATALOGUE
from streams.topology import build
from tests.faults import slices
from tests.faults.oracle import Oracle, Store
from tests.faults.slices import Feed, Slice
from tests.faults.trial import Result
from tests.journeys.scenes import KEY, PSEUDONYMS
from touchpath.brokers import Brokers, Offsets
from touchpath.drain import drain, ends_of_touchpoints
from touchpath.embedded_kafka import EmbeddedKafka
from touchpath.layout import Layout
from touchpath.lifeline import tied
from touchpath.loopback import answers, fetch, port_for
from touchpath.problem import Problem
from touchpath.queries import Served
from touchpath.sink import group_of
from touchpath.worker import APP_ID

PARTITIONS = 4
STAGES = build(DEFAULTS, PSEUDONYMS, PARTITIONS).stages
ALL_SHARES = PARTITIONS * len(STAGES)
"""What all workers together own: a partition of a stage each."""


class Off(AssertionError):
    """A trial cannot go on: something died, or did not come within its time. One line, and where its log lies."""


def eventually(what: str, check: Callable[[], bool], within_s: float, every_s: float = 0.05) -> float:
    """Wait until ``check`` holds; the seconds that it took. Raises ``Off`` that names ``what``."""
    started = time.monotonic()
    while not check():
        if time.monotonic() - started > within_s:
            raise Off(f"not within {within_s:g} s: {what}")
        time.sleep(every_s)
    return time.monotonic() - started


class Part:
    """A sub-command as a child process. It dies with us; what it writes goes to ``log_file``."""

    def __init__(self, name: str, arguments: Sequence[str], log_file: Path, ready: str, metrics: str) -> None:
        self.name = name
        self.log_file = log_file
        self.module = ["touchpath"]
        """What is run: a module and the arguments before those of the sub-command."""
        self.environment: dict[str, str] = {}
        self._arguments = list(arguments)
        self._ready, self._metrics = ready, metrics
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with open(self.log_file, "ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self.module, *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=tied({**os.environ, VARIABLE: urlsafe_b64encode(KEY).decode(), **self.environment}),
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def ready(self) -> bool:
        if not self.running:
            raise Off(f"{self.name} ended by itself: {self.last_words()}")
        return answers(self._ready)

    def wait_ready(self, within_s: float = 30.0) -> float:
        return eventually(f"{self.name} ready ({self.last_words()})", lambda: self.ready, within_s)

    @property
    def target(self) -> str:
        """Host and port of its metrics."""
        return urlsplit(self._metrics).netloc

    def metric(self, name: str, **labels: str) -> float:
        """The sum over the samples of ``name`` that have these labels."""
        _, body, _ = fetch(self._metrics, timeout_s=5)
        total = 0.0
        for line in body.decode().splitlines():
            if re.match(name + r"(\{| )", line) and all(f'{key}="{value}"' in line for key, value in labels.items()):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def series(self) -> int:
        """How many samples its metrics have."""
        _, body, _ = fetch(self._metrics, timeout_s=5)
        return sum(not line.startswith("#") for line in body.decode().splitlines())

    def peak_mb(self) -> float:
        """The most memory that was resident at once since its start."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(10)

    def stop(self, within_s: float = 20.0) -> float:
        """SIGTERM; the seconds until the end. Raises ``Off`` if it does not end well."""
        started = time.monotonic()
        self.signal(signal.SIGTERM)
        assert self._process is not None
        try:
            status = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise Off(f"{self.name} did not stop within {within_s:g} s: {self.last_words()}") from None
        if status:
            raise Off(f"{self.name} ended with status {status}: {self.last_words()}")
        return time.monotonic() - started

    def signal(self, number: int) -> None:
        if not self.running:
            raise Off(f"{self.name} ended by itself: {self.last_words()}")
        assert self._process is not None
        self._process.send_signal(number)

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def last_words(self) -> str:
        lines = self.log_file.read_text(errors="replace").splitlines() if self.log_file.exists() else []
        return f"{' | '.join(lines[-3:])} (see {self.log_file})"


class Bench:
    """Broker, workers and a sink with its store, on a directory of their own. A context manager.

    ``clickhouse``: the URL of a server to store in, instead of the embedded store; ``store`` reads it then.
    ``settings``: what a settings file of the workers says.
    """

    def __init__(
        self,
        directory: Path,
        workers: int = 1,
        clickhouse: str | None = None,
        store: Store | None = None,
        plain_times: bool = False,
        settings: str = "",
    ) -> None:
        self.directory = directory
        self.layout = Layout(directory / "data")
        self.layout.create()
        self._settings = directory / "touchpath.toml"
        self._settings.write_text(settings)
        self.kafka = EmbeddedKafka(directory / "kafka")
        self.workers: list[Part] = []
        self.slices: list[Slice] = []
        self._clickhouse = clickhouse
        self._store = store
        self._plain_times = plain_times
        self._ports: set[int] = set()
        self._worker_count = workers
        self._extra: list[Part] = []
        self._day = 0

    def __enter__(self) -> Self:
        try:
            self.kafka.start()
            self.brokers = Brokers(self.kafka.bootstrap)
            self.brokers.create_topics(PARTITIONS)
            self.admin = KafkaAdminClient(bootstrap_servers=self.kafka.bootstrap)
            self.sink_group = group_of(self.layout, self._clickhouse)
            self.sink = self._new_sink()
            self.workers = [self.new_worker(f"worker-{n}") for n in range(1, self._worker_count + 1)]
            for part in (self.sink, *self.workers):
                part.start()
            for part in (self.sink, *self.workers):
                part.wait_ready(60)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for part in (*self.workers, *self._extra):
            part.close()
        self.kafka.stop(10)
        if hasattr(self, "brokers"):
            self.brokers.__exit__(None, None, None)
        if hasattr(self, "admin"):
            self.admin.close()

    # Parts.

    @property
    def worker(self) -> Part:
        return self.workers[0]

    def new_worker(self, name: str) -> Part:
        """Not started, and not among ``workers``."""
        port = self._port()
        arguments = ["worker", *self._common(), "--name", name, "--metrics-port", str(port)]
        arguments += ["--settings", str(self._settings)]
        url = f"http://127.0.0.1:{port}"
        return self._part(name, arguments, f"{url}/ready", f"{url}/metrics")

    def new_metrics(self) -> Part:
        """The exporter of live figures. Not started."""
        port = self._port()
        url = f"http://127.0.0.1:{port}/metrics"
        return self._part("metrics", ["metrics", *self._common(), "--metrics-port", str(port)], url, url)

    def new_collector(
        self, environment: dict[str, str], settings: Path, bootstrap: str | None = None
    ) -> tuple[Part, int]:
        """And the port that it listens on. Not started. ``bootstrap``: where the broker is for it."""
        port, metrics = self._port(), self._port()
        where = ["--port", str(port), "--metrics-port", str(metrics), "--settings", str(settings)]
        url, metrics_url = f"http://127.0.0.1:{port}/ready", f"http://127.0.0.1:{metrics}/metrics"
        part = self._part("collector", ["collect", *self._common(bootstrap), *where], url, metrics_url)
        part.environment = environment
        return part, port

    def new_program(self, module: str, name: str, arguments: Sequence[str]) -> Part:
        """One of the trials' own, which ends by itself. Not started."""
        part = self._part(name, arguments, "", "")
        part.module = [module]
        return part

    def _new_sink(self) -> Part:
        port, http = self._port(), self._port()
        url = f"http://127.0.0.1:{port}/metrics"
        where = ["--clickhouse", self._clickhouse] if self._clickhouse else ["--http-port", str(http)]
        ready = url if self._clickhouse else f"http://127.0.0.1:{http}/ping"
        self.store: Store = self._store or Served(f"http://127.0.0.1:{http}")
        return self._part("sink", ["sink", *self._common(), *where, "--metrics-port", str(port)], ready, url)

    def _part(self, name: str, arguments: Sequence[str], ready: str, metrics: str) -> Part:
        part = Part(name, arguments, self.layout.log(name), ready, metrics)
        self._extra.append(part)
        return part

    def _common(self, bootstrap: str | None = None) -> list[str]:
        return ["--bootstrap", bootstrap or self.kafka.bootstrap, "--data", str(self.layout.root)]

    def _port(self) -> int:
        while (port := port_for(0)) in self._ports:
            pass
        self._ports.add(port)
        return port

    def check(self) -> None:
        """Raises ``Off`` if a part that should run does not."""
        for part in (self.sink, *self.workers):
            if not part.running:
                raise Off(f"{part.name} ended by itself: {part.last_words()}")

    def wipe_state(self, part: Part) -> None:
        shutil.rmtree(self.layout.worker(part.name))

    # What flows through.

    def next_slice(self, seed: int, touchpoints: int, days: int = 1) -> Slice:
        """Facts of days that no other run of this bench has."""
        part = slices.make(seed, self._day, touchpoints, days)
        self._day += days
        self.slices.append(part)
        return part

    def feed(self, part: Slice, touchpoints: Sequence[Touchpoint], over_s: float) -> Feed:
        """Publish some of ``part`` in the background, evenly over so many seconds. Returns when it flows."""
        ledger = self.directory / f"{part.prefix}{time.monotonic_ns()}.ledger"
        feed = Feed(self.kafka.bootstrap, part, touchpoints, over_s, ledger)
        feed.flowing.wait()
        return feed

    def drain(self, patience_s: float = 60.0, check: bool = True) -> float:
        """Wait until all that was published is stored; the seconds that it took."""
        started = time.monotonic()
        while True:
            try:
                drain(
                    self.brokers,
                    PARTITIONS,
                    ends_of_touchpoints(self.brokers, PARTITIONS),
                    APP_ID,
                    {self.sink_group: list(READERS)},
                    lambda step, left: self.check() if check else None,
                    patience_s,
                )
            except (Problem, KafkaConnectionError) as problem:
                # The admin client may still be on its way back to a broker that was restarted.
                if time.monotonic() - started > patience_s:
                    raise Off(str(problem)) from None
                time.sleep(0.2)
            else:
                return time.monotonic() - started

    def drain_workers(self, patience_s: float = 60.0) -> float:
        """The same without the sink."""
        started = time.monotonic()
        drain(
            self.brokers,
            PARTITIONS,
            ends_of_touchpoints(self.brokers, PARTITIONS),
            APP_ID,
            {},
            lambda step, left: None,
            patience_s,
        )
        return time.monotonic() - started

    def open_transactions(self) -> int:
        """Partitions, of all topics, that hold a transaction that is not settled."""
        ends = self.brokers.ends(CATALOGUE, PARTITIONS)
        stable = self.brokers.stable(ends)
        return sum(stable[place] < end for place, end in ends.items())

    def committed(self, topic: str, group: str = APP_ID) -> Offsets:
        """By partition of ``topic``; 0 where nothing is committed."""
        known = self.brokers.committed(group)
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        return {place: known.get(place, 0) for place in places}

    def reconnect(self) -> None:
        """A fresh admin client, after the broker was restarted."""
        self.brokers.__exit__(None, None, None)
        self.brokers = Brokers(self.kafka.bootstrap)

    # What came of it.

    def compare(self, part: Slice) -> Result:
        return Oracle(self.store, self._plain_times).compare([part])

    def compare_all(self) -> Result:
        """Every table, whole, against all that was ever sent."""
        return Oracle(self.store, self._plain_times).compare(self.slices, whole=True)
