from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from touchpath.cli import main

Run = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def agents(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["touchpath", "agents", *arguments.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    return run


def test_the_issue_s_example(agents: Run) -> None:
    """The figures are those of the published example, tests/journeys/staffing/test_published.py."""
    status, out, err = agents("--contacts 100 --interval 30m --aht 180s --target 80%/20s")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "14 agents required; 10 erlangs, Erlang C, nobody abandons"
    assert " ".join(lines[1].split()) == "agents scheduled within 20s ASA, s abandoned occupancy"
    rows = [" ".join(line.split()) for line in lines[2:]]
    assert rows[3] == "required 14 14 88.8% 7.8 0.0% 71.4%"
    assert [row.split()[-6] for row in rows] == ["11", "12", "13", "14", "15", "16", "17"]


def test_the_page_shows_what_is_printed(agents: Run) -> None:
    page = (Path(__file__).parents[2] / "docs" / "staffing.md").read_text(encoding="utf-8")
    command, _, shown = page.partition("$ touchpath agents ")[2].partition("```")[0].partition("\n")
    assert [line.rstrip() for line in agents(command)[1].splitlines()] == shown.splitlines()


def test_all_options_at_once(agents: Run) -> None:
    asked = "--contacts 100 --aht 3m --patience 300s --shrinkage 0.3 --occupancy-cap 71% --target 80%/20s --agents 5"
    status, out, _ = agents(asked)
    assert status == 0
    assert out.splitlines()[0] == "14 agents required, 20 scheduled (0.3 shrinkage); 10 erlangs, Erlang A"
    rows = [line.split() for line in out.splitlines()[2:]]
    assert rows[0][:3] == ["asked", "5", "8"]
    assert rows[4][:3] == ["required", "14", "20"]
    found = json.loads(agents(f"{asked} --json")[1])
    assert (found["required"], found["scheduled"], found["model"], found["load"]) == (14, 20, "erlang_a", 10)
    assert [row["agents"] for row in found["rows"]] == [5, 11, 12, 13, 14, 15, 16, 17]
    assert [row["agents"] for row in found["rows"] if row["required"]] == [14]
    assert [row["agents"] for row in found["rows"] if row["asked"]] == [5]


def test_what_has_no_end_is_said_so_and_is_null(agents: Run) -> None:
    asked = "--contacts 100 --aht 180s --agents 9"
    assert "no end" in agents(asked)[1]
    first = json.loads(agents(f"{asked} --json")[1])["rows"][0]
    assert (first["agents"], first["asa_s"], first["service_level"]) == (9, None, 0)


def test_nothing_needs_nobody(agents: Run) -> None:
    status, out, _ = agents("--contacts 0 --aht 3m")
    assert status == 0
    assert out.startswith("0 agents required")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--contacts many --aht 3m", "'--contacts'.*'many'"),
        ("--contacts -1 --aht 3m", "--contacts: expected a number from 0 to 1e9, got -1"),
        ("--contacts nan --aht 3m", "--contacts: expected a number from 0 to 1e9, got nan"),
        ("--contacts 5", "Missing option '--aht'"),
        ("--contacts 5 --aht 3x", "--aht: expected a time such as 20s, 3m or 1h, got '3x'"),
        ("--contacts 5 --aht 3m --interval 0", "--interval: expected a time above 0, got '0'"),
        ("--contacts 5 --aht 3m --target 80%", "--target: expected a share and a time such as 80%/20s, got '80%'"),
        ("--contacts 5 --aht 3m --target 80/20", "--target: expected a share such as 80% or 0.8, got '80/20'"),
        ("--contacts 5 --aht 3m --target 80%/soon", "--target: expected a time such as 20s, .* got '80%/soon'"),
        ("--contacts 5 --aht 3m --patience=-1s", "--patience: expected a time such as 20s, 3m or 1h, got '-1s'"),
        ("--contacts 5 --aht 3m --shrinkage 100%", "--shrinkage: expected a share below 100%, got '100%'"),
        ("--contacts 5 --aht 3m --occupancy-cap 0", "--occupancy-cap: expected a share of 1% or more, got '0'"),
        ("--contacts 5 --aht 3m --agents=-3", "--agents: expected a number from 0 to 1e9, got -3"),
        ("--contacts 1e8 --aht 3h", "--contacts, --aht and --interval: the load is 600,000,000 erlangs"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_option_and_its_value(agents: Run, arguments: str, expected: str) -> None:
    status, out, err = agents(arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert re.search(expected, err)


def test_the_strictest_target_has_an_answer(agents: Run) -> None:
    status, out, _ = agents("--contacts 100 --aht 180s --target 100%/0s")
    assert status == 0
    assert "100.0%" in out


def test_no_other_command_waits_for_its_libraries() -> None:
    program = "import sys; import touchpath.agents; print('scipy' in sys.modules, 'numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split() == ["False", "False"]
