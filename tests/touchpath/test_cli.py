"""Bad input to each command: one line on stderr that names what and the value, and the exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from touchpath.cli import app, main

COMMANDS = [found.name or found.callback.__name__ for found in app.registered_commands if found.callback]
COMMANDS += ["identity", "identity audit", "keys", "keys new", "schedule", "schedule load"]
CLOSED = "127.0.0.1:1"


def touchpath(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["touchpath", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("TOUCHPATH_DATA", "TOUCHPATH_BOOTSTRAP", "TOUCHPATH_CLICKHOUSE", "TOUCHPATH_PRIVACY_KEYS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "file").write_text("text\n")
    (tmp_path / "shifts.csv").write_text("agent,start,end,activity\nann,soon,later,work\n")
    (tmp_path / "slow.toml").write_text('[times]\nlateness = "soon"\n')
    (tmp_path / "typo.toml").write_text("[journeys]\ngap = 3\n")
    (tmp_path / "broken.toml").write_text("x = [")
    (tmp_path / "keys.toml").write_text("[collector.keys.web]\n")
    (tmp_path / "hooks.toml").write_text('[collector.hooks.a]\nadapter = "nobody"\n')
    return tmp_path


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("upp", 2, ["No such command 'upp'"]),
        ("up --workers 0", 2, ["--workers", "'0'"]),
        ("up --workers many", 2, ["--workers", "'many'"]),
        ("up --partitions -1", 2, ["--partitions", "'-1'"]),
        ("up --kafka-port 70000", 2, ["--kafka-port", "'70000'"]),
        ("up --bootstrap localhost", 2, ["--bootstrap", "host:port", "'localhost'"]),
        ("up --bootstrap localhost:99999", 2, ["--bootstrap", "'localhost:99999'"]),
        ("up --clickhouse http://localhost:8123", 2, ["--clickhouse", "'http://localhost:8123'"]),
        ("up --clickhouse clickhouse://h:99999", 2, ["--clickhouse", "'clickhouse://h:99999'"]),
        ("up --speed 60", 2, ["--speed", "--simulate"]),
        ("up --simulate --speed 0.5", 2, ["--speed", "'0.5'"]),
        ("up --data file", 2, ["--data", "file is not a directory"]),
        ("up --nonsense", 2, ["--nonsense"]),
        ("schedule load none.csv", 2, ["none.csv: No such file"]),
        ("schedule load file", 2, ["file: line 1: expected the fields agent, start, end, activity", "got text"]),
        ("schedule load shifts.csv", 2, ["shifts.csv: line 2: start: expected a time such as", "'soon'"]),
        ("up --settings none.toml", 2, ["--settings none.toml", "No such file"]),
        ("up --settings slow.toml", 2, ["--settings slow.toml", "times.lateness", "'soon'"]),
        ("up --settings typo.toml", 2, ["--settings typo.toml", "journeys", "gap"]),
        ("up --settings broken.toml", 2, ["--settings broken.toml", "Invalid value"]),
        ("settings --settings slow.toml", 2, ["--settings slow.toml", "times.lateness", "'soon'"]),
        ("forget", 2, ["IDENTIFIER"]),
        ("forget ann@example.org", 2, ["IDENTIFIER", "email:ann@example.org", "'ann@example.org'"]),
        ("forget email:", 2, ["IDENTIFIER", "'email:'"]),
        ("forget email:ann@example.org", 1, ["--data data", "does not run there"]),
        ("worker --bootstrap :9092", 2, ["--bootstrap", "':9092'"]),
        ("worker --bootstrap 127.0.0.1:1 --name ../x", 2, ["--name", "'../x'"]),
        ("worker", 1, ["--data data", "does not run there", "--bootstrap"]),
        ("sink", 1, ["--data data", "does not run there"]),
        ("sink --http-port x", 2, ["--http-port", "'x'"]),
        ("store", 1, ["--data data", "nothing is stored there"]),
        ("collect", 1, ["--data data", "does not run there"]),
        ("collect --port x", 2, ["--port", "'x'"]),
        (
            "collect --bootstrap 127.0.0.1:1 --host 0.0.0.0",
            2,
            ["--host 0.0.0.0", "TOUCHPATH_WRITE_KEY_NAME", "127.0.0.1"],
        ),
        ("collect --bootstrap 127.0.0.1:1 --settings keys.toml", 2, ["collector.keys.web", "TOUCHPATH_WRITE_KEY_WEB"]),
        ("collect --bootstrap 127.0.0.1:1 --settings hooks.toml", 2, ["collector.hooks.a.adapter", "'nobody'"]),
        ("metrics", 1, ["--data data", "does not run there"]),
        ("metrics --metrics-port -1", 2, ["--metrics-port", "'-1'"]),
        ("simulate", 1, ["--data data", "does not run there"]),
        ("simulate --size 0", 2, ["--size", "'0'"]),
        ("simulate --seed one", 2, ["--seed", "'one'"]),
        ("simulate --plant noon", 2, ["--plant", "'noon'"]),
        ("simulate --plant 24:00", 2, ["--plant", "'24:00'"]),
        ("migrate --partitions 0", 2, ["--partitions", "'0'"]),
        ("replay", 2, ["FILE"]),
        ("replay file", 2, ["--format"]),
        ("replay file --format xml", 2, ["--format xml", "anonymous-bank, ", ", touchpoints"]),
        ("replay none --format touchpoints", 2, ["none: No such file"]),
        ("replay . --format touchpoints", 2, [".: is not a file"]),
        ("replay file --format touchpoints", 1, ["--data data", "does not run there"]),
        ("replay file --format touchpoints --speed 0", 2, ["--speed", "got 0"]),
        ("replay file --format touchpoints --speed fast", 2, ["--speed", "'fast'"]),
        ("report", 1, ["--data data", "nothing is stored there"]),
        ("report --clickhouse clickhouse://127.0.0.1:1/x", 1, ["127.0.0.1:1", "refused"]),
        ("sql", 2, ["SQL"]),
        ("sql SELECT", 1, ["--data data", "nothing is stored there"]),
        ("sql SELECT --format xml", 2, ["--format xml", "pretty, json, csv"]),
        ("export", 2, ["TABLE|VIEW|SQL"]),
        ("export contacts", 2, ["--to", "csv, parquet, xlsx"]),
        ("export contacts --to csv", 1, ["--data data", "nothing is stored there"]),
        ("export contacts --to csv --clickhouse clickhouse://127.0.0.1:1/x", 1, ["127.0.0.1:1", "refused"]),
        ("customer", 2, ["IDENTIFIER"]),
        ("customer email:ann@example.org", 1, ["--data data", "nothing is stored there"]),
        ("customer anonymous:x --clickhouse clickhouse://127.0.0.1:1/x", 1, ["127.0.0.1:1", "refused"]),
        ("identity", 2, ["Missing command"]),
        ("identity audits", 2, ["No such command 'audits'"]),
        ("identity audit", 1, ["--data data", "nothing is stored there"]),
        ("dlq list", 1, ["--data data", "nothing is stored there"]),
        ("dlq show", 1, ["--data data", "nothing is stored there"]),
        ("dlq show --limit 0", 2, ["--limit", "'0'"]),
        ("dlq show --state shut", 2, ["--state shut: expected one of open, replayed, discarded, any"]),
        ("dlq replay --since 5", 2, ["--since: expected how long ago", "'5'"]),
        ("dlq discard", 1, ["--data data", "does not run there"]),
        ("keys", 1, ["data/privacy.keys: there are no keys", "touchpath keys new", "TOUCHPATH_PRIVACY_KEYS"]),
        ("keys news", 2, ["No such command 'news'"]),
        ("keys --data data2 new", 2, ["options behind new"]),
        ("keys new --data file", 2, ["file is not a directory"]),
        ("keys new --file file", 2, ["file: key 1: expected 32 bytes", "got 3"]),
        ("keys new --file none/file", 2, ["none/file: No such file"]),
        ("doctor --bootstrap x", 2, ["--bootstrap", "'x'"]),
    ],
)
def test_bad_input(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    status: int,
    said: list[str],
) -> None:
    assert touchpath(monkeypatch, *line.split()) == status
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1, told.err
    assert told.err.startswith("touchpath")
    for part in said:
        assert part in told.err


def test_a_broker_that_does_not_answer(here: Path) -> None:
    # In a process of its own: kafka-python leaves the sockets of a failed bootstrap to the garbage collector.
    done = subprocess.run(
        [sys.executable, "-m", "touchpath", "worker", "--bootstrap", CLOSED],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"touchpath worker: --bootstrap {CLOSED}: no Kafka broker answers")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert touchpath(monkeypatch, *command.split(), "--help") == 0
    assert f"Example:\n    touchpath {command}" in capsys.readouterr().out


def test_the_unexpected_is_one_line_and_a_log(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(here))
    monkeypatch.setattr("touchpath.options.read", lambda path: {}["a bug"])
    assert touchpath(monkeypatch, "settings", "--settings", "slow.toml") == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "unexpected KeyError: 'a bug'" in told
    log = Path(told.rsplit("traceback: ", 1)[1].strip().rstrip(")"))
    assert log.parent == here
    assert "Traceback" in log.read_text()
