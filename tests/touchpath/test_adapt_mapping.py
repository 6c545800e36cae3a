"""`touchpath adapt generic`: a mapping file is tried on a payload before anything is sent."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from journeys import touchpoint
from touchpath.cli import app

EXAMPLES = Path(__file__).parents[2] / "examples" / "mappings"
RUNNER = CliRunner()


def test_the_example_prints_its_touchpoints_and_says_what_it_did_not_take() -> None:
    done = RUNNER.invoke(
        app, ["adapt", "generic", str(EXAMPLES / "till.json"), "--mapping", str(EXAMPLES / "till.toml")]
    )
    assert done.exit_code == 1, done.exception
    made = [touchpoint.decode(line.encode()) for line in done.stdout.splitlines()]
    assert [(one.type, one.channel) for one in made] == [("purchased", "store"), ("returned", "store")]
    assert "not mapped: no_sale: 1" in done.stderr
    assert "refused, invalid_field: each[3].time: is required (got None)" in done.stderr


def test_a_mapping_that_is_wrong_says_where(tmp_path: Path) -> None:
    mapping = tmp_path / "till.toml"
    mapping.write_text((EXAMPLES / "till.toml").read_text().replace("time = ", "tme = ", 1))
    done = RUNNER.invoke(app, ["adapt", "generic", str(EXAMPLES / "till.json"), "--mapping", str(mapping)])
    assert done.exit_code == 1, done.exception
    assert "refused, bad_mapping: touchpoint[0].from.tme: is no field of a touchpoint" in done.stderr


def test_without_a_mapping_there_is_nothing_to_read_by() -> None:
    done = RUNNER.invoke(app, ["adapt", "generic", str(EXAMPLES / "till.json")])
    assert "refused, bad_mapping: mapping: a mapping file is needed" in done.stderr
