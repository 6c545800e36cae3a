"""`touchpath adapt`: what a payload becomes, and what is wrong with it, before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from journeys import agents, touchpoint
from tests.producers.adapters.fixtures_of import FIXTURES
from touchpath.cli import app
from touchpath.problem import BadInput

RUNNER = CliRunner()


def test_touchpoints_go_to_stdout_as_on_the_wire_and_the_rest_is_told_beside_them() -> None:
    done = RUNNER.invoke(app, ["adapt", "zendesk", str(FIXTURES / "zendesk/ticket.jsonl"), "--source", "zendesk/eu"])
    assert done.exit_code == 1, done.exception
    made = [touchpoint.decode(line.encode()) for line in done.stdout.splitlines()]
    assert [one.type for one in made][:3] == ["queued", "started", "queued"]
    assert {one.source for one in made} == {"zendesk/eu"}
    assert "not mapped: ticket.priority_changed: 1" in done.stderr
    assert "refused, invalid_field: [13].event.satisfaction_score.score: expected GOOD, BAD or 1 to 5" in done.stderr


def test_what_is_whole_ends_well() -> None:
    done = RUNNER.invoke(app, ["adapt", "amazon-connect", str(FIXTURES / "amazon-connect/contact_record.json")])
    assert done.exit_code == 0, done.exception
    assert len(done.stdout.splitlines()) == 5
    assert done.stderr == "5 touchpoints, 0 events of agents\n"


def test_events_of_agents_are_printed_when_asked_for_and_stdin_is_read() -> None:
    raw = (FIXTURES / "amazon-connect/agent_events.json").read_bytes()
    done = RUNNER.invoke(app, ["adapt", "amazon-connect", "-", "--agents"], input=raw)
    assert done.exit_code == 0, done.exception
    states = [agents.decode(line.encode()).state for line in done.stdout.splitlines()]
    assert states == ["available", "on_contact", "after_contact_work", "team_meeting", "offline"]
    assert "not mapped: agent event, OTHER: 1" in done.stderr


def test_a_time_that_the_payload_lacks_may_be_given() -> None:
    file = str(FIXTURES / "twilio/sms.form")
    done = RUNNER.invoke(app, ["adapt", "twilio", file])
    assert done.exit_code == 1
    assert "refused, invalid_field: DateSent: is required, or when it was received" in done.stderr
    done = RUNNER.invoke(app, ["adapt", "twilio", file, "--received", "2026-03-02T16:00:00Z"])
    assert done.exit_code == 0
    assert '"time":"2026-03-02T16:00:00Z"' in done.stdout


def test_times_without_an_offset_are_of_the_zone_that_is_given(tmp_path: Path) -> None:
    file = tmp_path / "page.json"
    file.write_text('{"type": "page", "messageId": "m", "timestamp": "2026-03-02T16:00:00", "anonymousId": "a"}')
    assert (
        "has no offset from UTC, and no time zone is set" in RUNNER.invoke(app, ["adapt", "segment", str(file)]).stderr
    )
    done = RUNNER.invoke(app, ["adapt", "segment", str(file), "--time-zone", "Europe/Zurich"])
    assert '"time":"2026-03-02T15:00:00Z"' in done.stdout


def test_what_others_wrote_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"type": "\\u001b[31m[red]\\ud800"}')
    assert r"not mapped: \x1b[31m[red]\ud800: 1" in RUNNER.invoke(app, ["adapt", "zendesk", str(file)]).stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["acme", "-"], "VENDOR: no adapter for 'acme'; there are amazon-connect, "),
        (["segment", "nowhere.json"], "nowhere.json: No such file"),
        (["segment", "."], ".: is not a file"),
        (["segment", "-", "--time-zone", "Mars/Base"], "--time-zone Mars/Base: is no time zone that is known here"),
        (["segment", "-", "--received", "noon"], "--received noon: expected a time as ISO 8601"),
        (["segment", "-", "--received", "2026-03-02T16:00"], "--received 2026-03-02T16:00: has no offset from UTC"),
        (["segment", "-", "--mapping", "nowhere"], "nowhere: No such file"),
    ],
)
def test_wrong_input_is_named(arguments: list[str], says: str) -> None:
    done = RUNNER.invoke(app, ["adapt", *arguments], input=b"{}")
    assert isinstance(done.exception, BadInput)
    assert str(done.exception).startswith(says)
