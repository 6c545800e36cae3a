"""The supervisor: parts as child processes, restarted when they fall, stopped in order."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from touchpath.embedded_kafka import EmbeddedKafka, EmbeddedKafkaError
from touchpath.lifeline import tied
from touchpath.problem import Problem

log = logging.getLogger(__name__)

DEATHS = 5
WITHIN_S = 60.0
_BACKOFF_S = (0.5, 8.0)
_LOG_BYTES = 20 << 20
_TAIL_LINES = 5


class Part(Protocol):
    """Something that is started, watched and stopped."""

    @property
    def name(self) -> str: ...

    @property
    def log_file(self) -> Path: ...

    @property
    def running(self) -> bool: ...

    def start(self) -> None: ...

    def ask_to_stop(self) -> None:
        """Begin the stop; returns at once."""

    def stop(self, timeout_s: float) -> None:
        """Stop, and kill after ``timeout_s``; no effect on what does not run."""


class Process:
    """A touchpath sub-command as a child, tied to our life. It writes to ``log_file``."""

    def __init__(
        self, name: str, arguments: Sequence[str], log_file: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """``environment``: beside our own; what is secret goes there, for everybody sees arguments."""
        self._environment = environment or {}
        self.name = name
        self.log_file = log_file
        self._arguments = list(arguments)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.running else None

    @property
    def status(self) -> int | None:
        """How it ended: an exit status, or the negative number of a signal; None before."""
        return self._process.poll() if self._process is not None else None

    def start(self) -> None:
        rotate(self.log_file)
        environment = tied({**os.environ, **self._environment})
        with open(self.log_file, "ab") as output:
            # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops all in order.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "touchpath", *self._arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=environment,
            )  # fmt: skip

    def ask_to_stop(self) -> None:
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGTERM)
            self._process.send_signal(signal.SIGCONT)

    def stop(self, timeout_s: float) -> None:
        if self._process is None or not self.running:
            return
        self.ask_to_stop()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop within %.0f s: killed", self.name, timeout_s)
            self._process.kill()
            self._process.wait()


class Broker:
    """The embedded Kafka broker as a part."""

    name = "kafka"

    def __init__(self, kafka: EmbeddedKafka) -> None:
        self._kafka = kafka
        self.log_file = kafka.log_file

    @property
    def running(self) -> bool:
        return self._kafka.running

    def start(self) -> None:
        self._kafka.start()

    def ask_to_stop(self) -> None:
        """Its stop is one step."""

    def stop(self, timeout_s: float) -> None:
        self._kafka.stop(timeout_s)


class Supervisor:
    """Starts parts in the order of ``start`` and stops them in reverse; ``check`` keeps them running meanwhile."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._deaths: dict[str, deque[float]] = {}
        self._due: dict[str, float] = {}

    def start(self, part: Part) -> None:
        self._parts.append(part)
        part.start()
        log.info("%s started", part.name)

    @property
    def parts(self) -> Sequence[Part]:
        return self._parts

    def check(self) -> None:
        """Restart what has ended. Raises ``Problem`` with a part's last words if it keeps dying."""
        for part in self._parts:
            if part.running:
                continue
            now = time.monotonic()
            due = self._due.get(part.name)
            if due is None:
                self._note_death(part, now)
            elif now >= due:
                del self._due[part.name]
                self._restart(part)

    def stop(self, steps: Iterable[tuple[Iterable[Part], float]]) -> None:
        """Stop the parts of each step together, within its seconds, one step after the other."""
        for parts, seconds in steps:
            deadline = time.monotonic() + seconds
            together = list(parts)
            for part in together:
                part.ask_to_stop()
            for part in together:
                part.stop(max(0.1, deadline - time.monotonic()))
                log.info("%s stopped", part.name)

    def _note_death(self, part: Part, now: float) -> None:
        deaths = self._deaths.setdefault(part.name, deque(maxlen=DEATHS))
        deaths.append(now)
        if len(deaths) == DEATHS and now - deaths[0] < WITHIN_S:
            raise Problem(f"{part.name} ended {DEATHS} times within a minute: {last_words(part.log_file)}")
        recent = sum(now - death < WITHIN_S for death in deaths)
        pause = min(_BACKOFF_S[0] * 2 ** (recent - 1), _BACKOFF_S[1])
        log.warning("%s ended unexpectedly, restarted in %.1f s: %s", part.name, pause, last_words(part.log_file))
        self._due[part.name] = now + pause

    def _restart(self, part: Part) -> None:
        try:
            part.start()
        except EmbeddedKafkaError as error:
            log.warning("%s", error)  # counted as a death by the next check


def last_words(log_file: Path, lines: int = _TAIL_LINES) -> str:
    """The end of a log in one line, with its path."""
    try:
        with open(log_file, "rb") as file:
            file.seek(max(0, log_file.stat().st_size - 4096))
            tail = file.read().decode(errors="replace").splitlines()
    except OSError:
        tail = []
    told = " | ".join(line.strip() for line in tail[-lines:] if line.strip())
    return f"{told[-1000:] or 'it wrote nothing'} (see {log_file})"


def rotate(log_file: Path) -> None:
    """Put a log that has grown large aside; one old one is kept."""
    try:
        if log_file.stat().st_size > _LOG_BYTES:
            log_file.replace(log_file.with_suffix(".log.1"))
    except FileNotFoundError:
        pass
