"""Where the keys come from, who may read them, and what is said when there are none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from journeys.pseudonyms import key_id, keys_from
from journeys.settings import DEFAULTS
from touchpath import options
from touchpath.cli import app
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem

ONE, TWO = "A" * 42 + "E", "B" * 42 + "E"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("TOUCHPATH_DATA", "TOUCHPATH_PRIVACY_KEYS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def ids(*lines: str) -> tuple[str, ...]:
    return tuple(map(key_id, keys_from(lines)))


def test_none_are_a_problem_and_made_only_where_that_is_asked_for(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    with pytest.raises(Problem, match="there are no keys"):
        pseudonyms_of(DEFAULTS, None, layout)
    made = pseudonyms_of(DEFAULTS, None, layout, make=True)
    assert pseudonyms_of(DEFAULTS, None, layout, make=True).key_ids == made.key_ids
    assert pseudonyms_of(DEFAULTS, None, layout).key_ids == made.key_ids
    assert stat.S_IMODE(layout.keys.stat().st_mode) == 0o600


def test_the_environment_goes_before_the_settings_file_before_the_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    file = tmp_path / "etc" / "touchpath.toml"
    file.write_text('[privacy]\nkeys_file = "secret.keys"\n')
    settings, source = options.settings_of(file)
    layout = Layout(tmp_path / "data")
    made = pseudonyms_of(DEFAULTS, None, layout, make=True)
    with pytest.raises(Problem, match=r"secret\.keys: there are no keys"):
        pseudonyms_of(settings, source, layout, make=True)
    (tmp_path / "etc" / "secret.keys").write_text(f"{ONE}\n")
    assert pseudonyms_of(settings, source, layout).key_ids == ids(ONE) != made.key_ids
    monkeypatch.setenv("TOUCHPATH_PRIVACY_KEYS", f"{TWO},{ONE}")
    assert pseudonyms_of(settings, source, layout).key_ids == ids(TWO, ONE)
    monkeypatch.setenv("TOUCHPATH_PRIVACY_KEYS", f"{TWO},short")
    with pytest.raises(BadInput, match="TOUCHPATH_PRIVACY_KEYS: key 2: expected") as caught:
        pseudonyms_of(settings, source, layout)
    assert TWO not in str(caught.value)


def test_a_new_key_goes_before_the_others_and_none_is_shown(tmp_path: Path) -> None:
    run = CliRunner()
    first = run.invoke(app, ["keys", "new"])
    second = run.invoke(app, ["keys", "new"])
    shown = run.invoke(app, ["keys"])
    lines = (tmp_path / "data" / "privacy.keys").read_text().splitlines()
    assert second.stdout.split() + first.stdout.split() == list(ids(*lines))
    assert shown.stdout.split() == list(ids(*lines))
    for done in (first, second, shown):
        assert not [line for line in lines if line in done.output]


def test_one_that_the_environment_gives_is_not_renewed_by_accident(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHPATH_PRIVACY_KEYS", ONE)
    run = CliRunner()
    assert isinstance(run.invoke(app, ["keys", "new"]).exception, Problem)
    assert not (tmp_path / "data").exists()
    assert run.invoke(app, ["keys", "new", "--file", "next.keys"]).exit_code == 0
    assert run.invoke(app, ["keys"]).stdout.split() == list(ids(ONE))
