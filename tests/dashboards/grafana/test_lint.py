"""dashboard-linter finds nothing in the committed dashboards but what their .lint excepts, with a reason each.

It is Grafana Labs' own (https://github.com/grafana/dashboard-linter), a Go program that is built here, of the version
in linter/go.mod. It cannot be installed by its name, for it has a ``replace``; and what it needs for dashboards of
Grafana's schema v2, which ours are not, is not to be had as a module: linter/dashboard has those types instead.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.dashboards.grafana.boards import BOARDS, JSON

LINTER = Path(__file__).parent / "linter"


@pytest.fixture(scope="module")
def linter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (needed,) = re.findall(r"^go (\S+)$", (LINTER / "go.mod").read_text(), re.MULTILINE)
    if not shutil.which("go") or number(run("go", "env", "GOVERSION").stdout) < number(needed):
        pytest.skip(f"Go {needed} or newer is not installed, of which dashboard-linter is built")
    program = tmp_path_factory.mktemp("linter") / "dashboard-linter"
    run("go", "build", "-o", str(program), "github.com/grafana/dashboard-linter")
    return program


def number(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
    done = subprocess.run(
        command, cwd=LINTER, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900
    )
    assert not done.returncode, done.stdout + done.stderr
    return done


@pytest.mark.examples
@pytest.mark.timeout(1000)
def test_the_linter_finds_nothing(linter: Path) -> None:
    for uid in BOARDS:
        assert run(str(linter), "lint", "--strict", str(JSON / f"{uid}.json"))


def test_each_exception_has_a_reason_and_is_of_a_panel_that_there_is() -> None:
    exceptions = yaml.safe_load((JSON / ".lint").read_text())["exclusions"]
    titles = {(board["title"], panel["title"]) for board in BOARDS.values() for panel in board["panels"]}
    for rule, exception in exceptions.items():
        assert len(exception["reason"]) > 40, rule
        for entry in exception.get("entries", []):
            assert (entry["dashboard"], entry["panel"]) in titles, rule
