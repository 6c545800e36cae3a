"""The command as a person runs it: a process of its own, its streams, its children."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from sinks.store import Result
from touchpath.layout import Layout
from touchpath.queries import queries

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}


def run(*arguments: str | Path, timeout_s: float = 150) -> subprocess.CompletedProcess[str]:
    """``touchpath`` with ``arguments``, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "touchpath", *map(str, arguments)],
        capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL, env=ENVIRONMENT, check=False,
    )  # fmt: skip


def answer(*arguments: str | Path) -> str:
    """What it says on stdout; fails unless it exits with 0."""
    done = run(*arguments)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def report(data: Path) -> dict[str, Any]:
    found = json.loads(answer("report", "--json", "--data", data))
    assert isinstance(found, dict)
    return found


def rows(data: Path, sql: str) -> list[dict[str, Any]]:
    """What the store on ``data`` answers, asked without starting the command: that is most of what it costs to poll."""
    with queries(Layout(data)) as store:
        answered = store.answer(sql)
    assert isinstance(answered, Result)
    return [json.loads(line) for line in answered.json_lines().splitlines()]


def eventually(what: str, check: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, f"not within {within_s:.0f} s: {what}"
        time.sleep(0.2)


class Up:
    """A running ``touchpath up``; what it says is in ``lines``. A context manager that leaves nothing behind."""

    def __init__(self, *arguments: str | Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "touchpath", "up", *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, env=ENVIRONMENT,
        )  # fmt: skip
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        self._reader.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        self.lines.extend(line.rstrip() for line in iter(self._process.stdout.readline, ""))

    def __str__(self) -> str:
        return "\n".join(self.lines[-30:])

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def bootstrap(self) -> str:
        (found,) = {match[1] for line in self.lines if (match := re.match(r"Kafka +(\S+)", line))}
        return found

    def says(self, pattern: str, within_s: float) -> None:
        def said() -> bool:
            assert self._process.poll() is None, f"ended: {self}"
            return any(re.search(pattern, line) for line in list(self.lines))

        eventually(f"it says {pattern!r}; it said:\n{self}", said, within_s)

    def ready(self, within_s: float = 180) -> None:
        self.says(r"^Kafka ", within_s)

    def children(self) -> dict[int, str]:
        """Its parts: process id to command line."""
        return {pid: line for pid, line in _processes() if _parent(pid) == self.pid}

    def part(self, name: str) -> int:
        (found,) = [pid for pid, line in self.children().items() if name in line]
        return found

    def stop(self, number: int = signal.SIGTERM, within_s: float = 20) -> int:
        """Ask it to stop; its exit status. Fails if it takes longer."""
        self._process.send_signal(number)
        return self._process.wait(within_s)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)


class Collecting:
    """A running ``touchpath collect`` on a free port, which writes to the file ``log``. A context manager that leaves
    nothing behind."""

    def __init__(self, log: Path, *arguments: str | Path, environment: Mapping[str, str]) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "touchpath", "collect", "--port", "0", *map(str, arguments)],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, env={**ENVIRONMENT, **environment},
            )  # fmt: skip
        self.url = ""

    def __enter__(self) -> Self:
        def listens() -> bool:
            said = self._log.read_text()
            assert self._process.poll() is None, said
            if found := re.search(r"listening on (http://\S+)", said):
                self.url = found[1]
            return bool(found)

        try:
            eventually("the collector listens", listens, 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)

    def stop(self, within_s: float = 20) -> int:
        """Ask it to stop; its exit status."""
        self._process.terminate()
        return self._process.wait(within_s)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _processes() -> list[tuple[int, str]]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
