"""Everything together: which parts there are, in which order they start and stop, and where they are reached."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from producers.connection import SECURITY, secured
from touchpath import options
from touchpath.brokers import Brokers
from touchpath.console import PORT as CONSOLE_PORT
from touchpath.embedded_kafka import EmbeddedKafka, EmbeddedKafkaError
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout, Running
from touchpath.loopback import HOST, answers, port_for
from touchpath.problem import BadInput, Problem
from touchpath.processes import Broker, Part, Process, Supervisor, last_words

_READY_S = 300.0  # a worker that has its state to recover may take a while
# Together less than the 20 s that a stop may take.
_STOP_FEEDERS_S, _STOP_WORKERS_S, _STOP_SINKS_S, _STOP_KAFKA_S = 2.0, 7.0, 6.0, 4.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to run. Addresses that are not given mean the embedded part."""

    layout: Layout
    bootstrap: str | None = None
    clickhouse: str | None = None
    settings: Path | None = None
    workers: int = 1
    partitions: int | None = None
    metrics: bool = True
    simulate: Sequence[str] | None = None
    """Arguments of the simulator, if it shall run."""
    kafka_port: int = 0
    http_port: int = 0
    console: bool = False
    console_port: int = 0


@dataclass
class Pipeline:
    """The parts of a plan. A context manager: it owns the data directory meanwhile, and stops at its end what runs."""

    plan: Plan
    say: Say
    supervisor: Supervisor = field(default_factory=Supervisor)
    partitions: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)
    _kafka: Broker | None = None
    _feeders: list[Part] = field(default_factory=list)
    _workers: list[Part] = field(default_factory=list)
    _sinks: list[Part] = field(default_factory=list)
    _ready: dict[str, str] = field(default_factory=dict)
    _metrics: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._stack.enter_context(self.plan.layout.owned())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A second Ctrl-C does not hurry what is bounded anyway.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        try:
            self.stop()
        finally:
            self._stack.close()

    def start(self) -> Running:
        """Start all parts and return when they are ready. Raises ``Problem``."""
        plan, layout = self.plan, self.plan.layout
        settings, source = options.settings_of(plan.settings)
        pseudonyms_of(settings, source, layout, make=True)  # before anybody works without
        last = layout.last_run()
        layout.run_file.unlink(missing_ok=True)
        bootstrap = plan.bootstrap or self._start_kafka(last)
        with Brokers(bootstrap) as brokers:
            self.partitions = brokers.create_topics(plan.partitions, settings.retention.topics)
        store = plan.clickhouse or self._url(plan.http_port, last.store if last else "")
        running = Running(
            pid=os.getpid(),
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            bootstrap=bootstrap,
            store=store,
            metrics=self._metrics,
            console=self._start_console(last),
        )
        self._start_sinks(running, last)
        self._start_workers(running, last)
        self.say("starting the workers and the sink")
        self._wait_ready()
        layout.announce(running)
        if plan.simulate is not None:
            self._add(
                self._feeders, "simulator", ["simulate", *self._common(bootstrap), *self._settings(), *plan.simulate]
            )
        return running

    def check(self) -> None:
        """Keep everything running; to be called about every second. Raises ``Problem`` if a part keeps dying."""
        self.supervisor.check()

    def stop(self) -> None:
        """Feeders first, Kafka last. Takes at most 20 s."""
        steps: list[tuple[Sequence[Part], float]] = [
            (self._feeders, _STOP_FEEDERS_S),
            (self._workers, _STOP_WORKERS_S),
            (self._sinks, _STOP_SINKS_S),
            ([self._kafka] if self._kafka else [], _STOP_KAFKA_S),
        ]
        self.supervisor.stop(steps)

    def _start_kafka(self, last: Running | None) -> str:
        if secured():
            raise BadInput(f"{SECURITY}: is of a Kafka of your own, and the embedded one is plain: give --bootstrap")
        if not EmbeddedKafka.fetched():
            self.say("fetching Kafka, and making its starts quick (once, about 45 MB and 15 s)")
        self.say("starting Kafka")
        kafka = EmbeddedKafka(self.plan.layout.kafka, port_for(self.plan.kafka_port, last.bootstrap if last else ""))
        self._kafka = Broker(kafka)
        try:
            self.supervisor.start(self._kafka)
        except EmbeddedKafkaError as error:
            raise Problem(str(error)) from None
        return kafka.bootstrap

    def _start_sinks(self, running: Running, last: Running | None) -> None:
        plan = self.plan
        common = self._common(running.bootstrap)
        metrics_port = self._metrics_port("sink", last)
        if plan.clickhouse:
            where = []  # its URL may hold a password
            self._ready["sink"] = f"{self._metrics['sink']}"
        else:
            where = ["--http-port", running.store.rsplit(":", 1)[1]]
            self._ready["sink"] = f"{running.store}/ping"
        self._add(
            self._sinks,
            "sink",
            ["sink", *common, *where, "--metrics-port", str(metrics_port), *self._settings()],
            {options.CLICKHOUSE: plan.clickhouse} if plan.clickhouse else {},
        )
        if plan.metrics:
            port = self._metrics_port("metrics", last)
            self._ready["metrics"] = self._metrics["metrics"]
            self._add(self._sinks, "metrics", ["metrics", *common, "--metrics-port", str(port)])

    def _start_console(self, last: Running | None) -> str:
        """It finds the others by what is announced when they are ready."""
        if not self.plan.console:
            return ""
        url = self._url(
            self.plan.console_port, last.console if last and last.console else f"http://{HOST}:{CONSOLE_PORT}"
        )
        self._ready["console"] = f"{url}/health"
        where = ["--data", str(self.plan.layout.root), "--port", url.rsplit(":", 1)[1]]
        if self.plan.clickhouse:
            where += ["--clickhouse", self.plan.clickhouse]
        self._add(self._sinks, "console", ["console", *where, *self._settings()])
        return url

    def _start_workers(self, running: Running, last: Running | None) -> None:
        for number in range(1, self.plan.workers + 1):
            name = f"worker-{number}"
            port = self._metrics_port(name, last)
            self._ready[name] = self._metrics[name].replace("/metrics", "/ready")
            arguments = [
                *("worker", *self._common(running.bootstrap), "--name", name),
                *("--metrics-port", str(port), *self._settings()),
            ]
            self._add(self._workers, name, arguments)

    def _common(self, bootstrap: str) -> list[str]:
        return ["--bootstrap", bootstrap, "--data", str(self.plan.layout.root)]

    def _settings(self) -> list[str]:
        return ["--settings", str(self.plan.settings)] if self.plan.settings else []

    def _add(
        self, kind: list[Part], name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        part = Process(name, arguments, self.plan.layout.log(name), environment)
        kind.append(part)
        self.supervisor.start(part)

    def _metrics_port(self, part: str, last: Running | None) -> int:
        url = self._url(0, last.metrics.get(part, "") if last else "")
        self._metrics[part] = f"{url}/metrics"
        return int(url.rsplit(":", 1)[1])

    def _url(self, port: int, before: str) -> str:
        taken = {int(url.rsplit(":", 1)[1].split("/")[0]) for url in self._metrics.values()}
        while True:
            found = port_for(port, before)
            if found not in taken or port:
                return f"http://{HOST}:{found}"
            before = ""

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_S
        waiting = dict(self._ready)
        while waiting:
            self.check()
            waiting = {name: url for name, url in waiting.items() if not answers(url)}
            if time.monotonic() > deadline:
                name = next(iter(waiting))
                raise Problem(f"{name} was not ready within {_READY_S:.0f} s: {last_words(self.plan.layout.log(name))}")
            time.sleep(0.1)
