"""A terminal in what looks to a reader like a fresh clone: the files of the repository, and an environment in .venv."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from dataclasses import dataclass, field
from pathlib import Path

from docs.making.site import ROOT

_COMMAND_S = 100.0
_STARTED_S = 300.0  # of a machine that does much else
_STOPPED_S = 40.0


_WRITTEN = ("docs", "examples")
"""Where commands of the pages write: copied, that they write nowhere else."""


def clone(directory: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for top in sorted({line.split("/", 1)[0] for line in listed.splitlines()}):
        if top in _WRITTEN:
            shutil.copytree(ROOT / top, directory / top, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (directory / top).symlink_to(ROOT / top)
    _environment(directory / ".venv")


def _environment(directory: Path) -> None:
    """A .venv with what this run of the tests has, and the checkout itself, as `make` would have installed it."""
    venv.create(directory, with_pip=False, symlinks=True)
    (site,) = directory.glob("lib/python*/site-packages")
    (site / "as_installed.pth").write_text("\n".join([str(ROOT), *(path for path in sys.path if "packages" in path)]))
    command = directory / "bin" / "touchpath"
    command.write_text(f"#!{directory}/bin/python\nfrom touchpath.cli import main\nmain()\n")
    command.chmod(0o755)
    (directory / "ready").touch()


@dataclass
class Running:
    """A command that goes on until it is stopped; what it prints is in ``output``."""

    text: str
    process: subprocess.Popen[bytes]
    output: Path

    def said(self, pattern: str) -> bool:
        """Wait until it has printed that; false if it ended before, or takes too long."""
        until = time.monotonic() + _STARTED_S
        while time.monotonic() < until:
            if re.search(pattern, self.output.read_text(errors="replace")):
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.1)
        return False

    def stop(self) -> int:
        """As Ctrl-C does; returns the exit status."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(_STOPPED_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise


@dataclass
class Terminal:
    """What one command sets, the next one sees, as in a shell."""

    directory: Path
    variables: Path
    running: list[Running] = field(default_factory=list)

    def run(self, text: str) -> tuple[int, str]:
        """Exit status, and all that it printed."""
        done = subprocess.run(
            self._bash(text),
            cwd=self.directory,
            env=self._plain(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_COMMAND_S,
            check=False,
        )
        return done.returncode, done.stdout.decode(errors="replace")

    def start(self, text: str) -> Running:
        output = self.variables.parent / f"running-{len(self.running)}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                self._bash(f"exec {text}" if "\n" not in text and " | " not in text else text),
                cwd=self.directory,
                env=self._plain(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(Running(text, process, output))
        return self.running[-1]

    def _bash(self, text: str) -> list[str]:
        kept = f'[ ! -e "{self.variables}" ] || . "{self.variables}"; trap \'export -p > "{self.variables}"\' EXIT'
        return ["bash", "-c", f"set -a -o pipefail; {kept}\n{text}"]

    def _plain(self) -> dict[str, str]:
        """Without what pytest and this run's own environment say."""
        dropped = ("PYTEST", "VIRTUAL_ENV", "TOUCHPATH", "CI", "MAKE")
        return {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | {"COLUMNS": "120"}
