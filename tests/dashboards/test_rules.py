"""The rules: valid, each alert tested while it does not fire and while it does, and with all that a reader needs."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from sinks.catalogue import COUNTERS, GAUGES, SinkMetrics
from streams import metrics as workers
from tests.dashboards.rewritten import DASHBOARDS, RULES

TESTS = sorted((Path(__file__).parent / "rules").glob("*.yml"))
RUNBOOKS = DASHBOARDS / "runbooks"
FIELDS_OF_A_STAFFING_PAGE = {
    "summary", "description", "queue", "service_level", "waiting", "forecast", "gap", "cause", "move", "deadline",
    "dashboard_url", "silence_url", "runbook_url",
}  # fmt: skip


def alerts() -> Iterator[dict[str, Any]]:
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


ALERTS = {rule["alert"]: rule for rule in alerts()}


def promtool(*arguments: str) -> str:
    """What it prints. Fails if it does."""
    done = subprocess.run(
        ["promtool", *arguments], env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True, timeout=120
    )
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.mark.usefixtures("tools")
def test_configuration_and_rules_are_valid() -> None:
    assert f"{len(RULES)} rule files found" in promtool(
        "check", "config", str(DASHBOARDS / "prometheus/prometheus.yml")
    )


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules(path: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", str(path))


def test_each_alert_is_seen_not_to_fire_and_to_fire_with_its_text() -> None:
    silent, firing = set(), set()
    for path in TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test.get("alert_rule_test", []):
                (firing if case.get("exp_alerts") else silent).add(case["alertname"])
    assert firing == set(ALERTS)
    assert silent == set(ALERTS) - {"JourneyWatchdog"}


def test_an_alert_is_declared_once_and_named_by_convention() -> None:
    assert len(list(alerts())) == len(ALERTS)
    assert not [name for name in ALERTS if not re.fullmatch("Journey([A-Z][a-z]+)+", name)]


@pytest.mark.parametrize("name", ALERTS)
def test_labels_and_annotations(name: str) -> None:
    rule = ALERTS[name]
    assert set(rule["labels"]) == {"severity", "team"}
    assert rule["labels"]["severity"] in ("page", "ticket", "none")
    assert rule["labels"]["team"] in ("workforce", "operations")
    least = {"summary", "description", "runbook_url"}
    if name != "JourneyWatchdog":
        least |= {"dashboard_url", "silence_url"}
        assert {"for", "keep_firing_for"} & set(rule)
    if rule["labels"] == {"severity": "page", "team": "workforce"}:
        least = FIELDS_OF_A_STAFFING_PAGE
    assert set(rule["annotations"]) >= least
    assert rule["annotations"]["runbook_url"] == f"{{{{ $externalLabels.runbooks_url }}}}/{name}.md"


def test_whatever_rules_read_is_exported_or_recorded() -> None:
    registry = CollectorRegistry()
    SinkMetrics(registry, "embedded")
    exported = {*GAUGES, *(f"{name}_total" for name in COUNTERS), *(one.name for one in registry.collect())}
    exported |= {one.name for one in workers.LAG.collect()}
    text = "".join(path.read_text() for path in RULES)
    recorded = set(re.findall(r"- record: (\S+)", text))
    assert recorded
    assert set(re.findall(r"\w+:journey_\w+:\w+", text)) == recorded
    read = set(re.findall(r"(?<![\w:])journey_\w+(?![\w:])", text))
    assert read
    assert read <= exported


def test_one_page_for_the_floor() -> None:
    pages = [name for name, rule in ALERTS.items() if rule["labels"] == {"severity": "page", "team": "workforce"}]
    assert pages == ["JourneyQueueUnderstaffed"]


def test_alerts_of_the_floor_do_not_start_on_stale_figures() -> None:
    rules = [rule for rule in ALERTS.values() if rule["labels"]["team"] == "workforce"]
    assert rules
    for rule in rules:
        assert rule["expr"].rstrip().endswith("unless on () pipeline:journey_stale:reason"), rule["alert"]


def test_a_runbook_for_each_alert_and_no_other() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_a_runbook_says_what_it_means_what_to_look_at_and_what_to_do(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    assert re.findall("^## (.+)$", text, re.MULTILINE) == ["What it means", "What to look at", "What to do"]
