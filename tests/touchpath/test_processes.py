from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from touchpath.problem import Problem
from touchpath.processes import DEATHS, Process, Supervisor, last_words, rotate


class Sleeper:
    """A part whose life the test decides."""

    def __init__(self, name: str, log_file: Path, order: list[str]) -> None:
        self.name = name
        self.log_file = log_file
        self.running = False
        self.starts = 0
        self._order = order

    def start(self) -> None:
        self.running = True
        self.starts += 1

    def ask_to_stop(self) -> None:
        self._order.append(f"ask {self.name}")

    def stop(self, timeout_s: float) -> None:
        self.running = False
        self._order.append(f"stop {self.name}")


def check_until(supervisor: Supervisor, part: Sleeper | Process, within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not part.running:
        assert time.monotonic() < deadline
        supervisor.check()
        time.sleep(0.02)


def test_what_falls_is_started_again_a_little_later(tmp_path: Path) -> None:
    supervisor, part = Supervisor(), Sleeper("a", tmp_path / "a.log", [])
    supervisor.start(part)
    part.running = False
    supervisor.check()
    assert not part.running, "not at once"
    check_until(supervisor, part)
    assert part.starts == 2


def test_what_keeps_dying_is_given_up_with_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\necho the reason\nexit 3\n")
    failing.chmod(0o755)
    monkeypatch.setattr("touchpath.processes.sys.executable", str(failing))
    monkeypatch.setattr("touchpath.processes._BACKOFF_S", (0.01, 0.1))
    supervisor = Supervisor()
    part = Process("worker-1", [], tmp_path / "a.log")

    def supervise() -> None:
        supervisor.start(part)
        while True:
            supervisor.check()
            time.sleep(0.01)

    with pytest.raises(Problem, match=rf"worker-1 ended {DEATHS} times within a minute: .*the reason .see .*a\.log"):
        supervise()
    assert (tmp_path / "a.log").read_text() == "the reason\n" * DEATHS
    assert part.status == 3


def test_parts_of_a_step_stop_together_and_the_steps_in_turn(tmp_path: Path) -> None:
    order: list[str] = []
    supervisor = Supervisor()
    kafka, one, two = (Sleeper(name, tmp_path / "log", order) for name in ("kafka", "one", "two"))
    for part in (kafka, one, two):
        supervisor.start(part)
    supervisor.stop([((one, two), 1.0), ((kafka,), 1.0)])
    assert order == ["ask one", "ask two", "stop one", "stop two", "ask kafka", "stop kafka"]


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from touchpath.processes import Process\n"
        f"part = Process('p', [], Path({str(tmp_path / 'log')!r}))\n"
        f"sys.executable = {_sleeping_python(tmp_path)!r}\n"
        "part.start(); print(part.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(10)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and _state(child) != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _sleeping_python(directory: Path) -> str:
    """Stands in for the interpreter: ties itself to its parent as every part does, then sleeps."""
    script = directory / "python"
    script.write_text(f"#!{sys.executable}\nfrom touchpath.lifeline import tie\ntie()\nimport time\ntime.sleep(60)\n")
    script.chmod(0o755)
    return str(script)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "Z"


def test_last_words_and_large_logs(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert last_words(log) == f"it wrote nothing (see {log})"
    log.write_text("\n".join(f"line {n}" for n in range(100)))
    assert last_words(log) == f"line 95 | line 96 | line 97 | line 98 | line 99 (see {log})"
    rotate(log)
    assert log.exists(), "small"
    with open(log, "r+b") as file:
        file.truncate(30 << 20)
    rotate(log)
    assert not log.exists()
    assert (tmp_path / "x.log.1").exists()
