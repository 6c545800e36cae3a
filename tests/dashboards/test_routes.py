"""Who is told what: the routes by amtool, and Alertmanager itself with a web hook in every receiver's place."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dashboards import rewritten
from tests.dashboards.hook import Hook, named
from tests.dashboards.rewritten import DASHBOARDS
from tests.dashboards.servers import Alertmanager

CONFIG = DASHBOARDS / "alertmanager/alertmanager.yml"
TEMPLATES = DASHBOARDS / "alertmanager/templates/*.tmpl"
SETTLED_S = 1.5
"""Several intervals of a group, and longer than it takes until what was sent is on disk."""
SHIFTS = "workforce-early-shift,workforce-late-shift,workforce-on-call"

pytestmark = pytest.mark.usefixtures("tools")


def amtool(*arguments: str) -> str:
    done = subprocess.run(["amtool", *arguments], capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stdout + done.stderr
    return done.stdout.strip()


def test_configuration_is_valid() -> None:
    assert "SUCCESS" in amtool("check-config", str(CONFIG))


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ("alertname=JourneyWatchdog team=operations severity=none", "dead-man"),
        ("alertname=JourneyPipelineStale team=operations severity=page", "operations-pages"),
        ("alertname=JourneyTargetDown team=operations severity=ticket", "operations-tickets"),
        ("alertname=JourneyQueueUnderstaffed team=workforce severity=page site=leeds channel=voice", SHIFTS),
        ("alertname=JourneyNobodyToMove team=workforce severity=ticket", "workforce-tickets"),
        ("alertname=JourneyRepeatsSpike team=workforce severity=ticket channel=chat", "workforce-tickets"),
        ("alertname=SomebodyElses severity=page", "operations-tickets"),
    ],
)
def test_routes(labels: str, receivers: str) -> None:
    assert amtool("config", "routes", "test", f"--config.file={CONFIG}", *labels.split()) == receivers


@contextmanager
def running(directory: Path, now: str = "early-shift") -> Iterator[tuple[Alertmanager, Hook]]:
    with Hook() as hook:
        rewritten.alertmanager(directory, hook.url, now)
        with Alertmanager(directory) as server:
            yield server, hook


def understaffed(queue: str, channel: str = "voice", site: str = "leeds") -> dict[str, Any]:
    labels = {"alertname": "JourneyQueueUnderstaffed", "severity": "page", "team": "workforce"}
    return {"labels": labels | {"queue": queue, "channel": channel, "site": site}, "annotations": {"summary": queue}}


def other(name: str, severity: str, team: str) -> dict[str, Any]:
    return {"labels": {"alertname": name, "severity": severity, "team": team}}


def eventually(check: Callable[[], bool], within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_page_a_site_and_channel(tmp_path: Path) -> None:
    with running(tmp_path) as (alertmanager, hook):
        alertmanager.tell(
            understaffed("billing"),
            understaffed("orders"),
            understaffed("billing", site="york"),
            understaffed("help", "chat"),
        )
        eventually(lambda: len(hook.to("workforce")) >= 3)
        time.sleep(SETTLED_S)  # more would come with the groups' next interval
        pages = {
            (page.body["groupLabels"]["site"], page.body["groupLabels"]["channel"]): sorted(
                one["labels"]["queue"] for one in page.alerts()
            )
            for page in hook.to("workforce")
        }
        assert len(hook.to("workforce")) == 3
        assert pages == {
            ("leeds", "voice"): ["billing", "orders"], ("york", "voice"): ["billing"], ("leeds", "chat"): ["help"]
        }  # fmt: skip


@pytest.mark.parametrize(
    ("now", "paged", "tickets"),
    [
        ("early-shift", "workforce-early-shift", 1),
        ("late-shift", "workforce-late-shift", 1),
        ("quiet-hours", "workforce-on-call", 0),
    ],
)
def test_shifts_and_quiet_hours(tmp_path: Path, now: str, paged: str, tickets: int) -> None:
    with running(tmp_path, now) as (alertmanager, hook):
        alertmanager.tell(understaffed("billing"), other("JourneyRepeatsSpike", "ticket", "workforce"))
        alertmanager.tell(other("JourneyTargetDown", "ticket", "operations"))
        eventually(lambda: bool(hook.to("workforce-") and hook.to("operations-tickets")))
        time.sleep(SETTLED_S)
        assert [one.receiver for one in hook.to("workforce") if one.receiver != "workforce-tickets"] == [paged]
        assert len(hook.to("workforce-tickets")) == tickets


def test_shifts_and_quiet_hours_leave_no_gap() -> None:
    """Each minute of the day is one interval's."""
    covered = [0] * 1440
    for interval in yaml.safe_load(CONFIG.read_text())["time_intervals"]:
        for part in interval["time_intervals"]:
            assert part["location"] == "Local"
            for times in part["times"]:
                start, end = (sum(map(int.__mul__, map(int, times[key].split(":")), (60, 1))) for key in times)
                for minute in range(start, end):
                    covered[minute] += 1
    assert set(covered) == {1}


def test_while_the_pipeline_is_stale_the_floor_hears_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as (alertmanager, hook):
        alertmanager.tell(other("JourneyPipelineStale", "page", "operations"))
        eventually(lambda: bool(hook.to("operations-pages")))
        alertmanager.tell(understaffed("billing"), other("JourneyRepeatsSpike", "ticket", "workforce"))
        alertmanager.tell(other("JourneyTargetDown", "ticket", "operations"))
        eventually(lambda: bool(hook.to("operations-tickets")))
        time.sleep(SETTLED_S)
        assert not hook.to("workforce")


def test_the_heart_beats(tmp_path: Path) -> None:
    with running(tmp_path) as (alertmanager, hook):
        alertmanager.tell(other("JourneyWatchdog", "none", "operations"))
        eventually(lambda: len(hook.to("dead-man")) >= 4)
        assert all(map(named, (one for beat in hook.to("dead-man") for one in beat.alerts("JourneyWatchdog"))))
        assert hook.quiet_for("dead-man", 0) < 2
        assert not hook.to("operations")


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_restart_repeats_no_page(tmp_path: Path, how: str) -> None:
    with running(tmp_path) as (alertmanager, hook):
        alertmanager.tell(understaffed("billing"))
        eventually(lambda: bool(hook.to("workforce")))
        time.sleep(2 * SETTLED_S)  # what was sent is written down every second here, every 10 s in earnest
        getattr(alertmanager, how)()
        alertmanager.start()
        alertmanager.tell(understaffed("billing"), understaffed("help", "chat"))
        eventually(lambda: len(hook.to("workforce")) >= 2)
        time.sleep(SETTLED_S)
        assert [[one["labels"]["queue"] for one in page.alerts()] for page in hook.to("workforce")] == [
            ["billing"],
            ["help"],
        ]


def test_what_is_over_is_not_announced(tmp_path: Path) -> None:
    """To Alertmanager it looks the same as a Prometheus that is gone."""
    with running(tmp_path) as (alertmanager, hook):
        alertmanager.tell(understaffed("billing"))
        eventually(lambda: bool(hook.to("workforce")))
        alertmanager.tell(understaffed("billing") | {"endsAt": "2026-01-01T00:00:00Z"})
        time.sleep(2 * SETTLED_S)
        assert len(hook.to("workforce")) == 1


def test_text_for_people(tmp_path: Path) -> None:
    """The fields of a page as mail and chat show them; those that an alert has not are no empty lines."""
    page = understaffed("billing")
    page["annotations"] = {
        "summary": "billing (voice): 2.4 agents short from 10:15", "move": "2 from orders", "deadline": "10:25",
        "gap": "2.4 agents", "service_level": "86% of 44", "waiting": "3 waiting", "forecast": "48 expected",
        "cause": "switches from chat", "description": "Agents will be missing.", "dashboard_url": "http://d",
        "runbook_url": "http://r", "silence_url": "http://s",
    }  # fmt: skip
    ticket = other("JourneyTargetDown", "ticket", "operations") | {"annotations": {"summary": "worker is down"}}
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"status": "firing", "alerts": [one | {"status": "firing"} for one in (page, ticket)]}))

    def rendered(name: str) -> str:
        text = f'--template.text={{{{ template "{name}" . }}}}'
        return amtool("template", "render", f"--template.glob={TEMPLATES}", f"--template.data={data}", text)

    assert rendered("touchpath.title") == "billing (voice): 2.4 agents short from 10:15 | worker is down"
    assert rendered("touchpath.text").splitlines() == [
        "billing (voice): 2.4 agents short from 10:15",
        "Move: 2 from orders",
        "Decide by: 10:25",
        "Gap: 2.4 agents",
        "Service level: 86% of 44",
        "Now: 3 waiting",
        "Forecast: 48 expected",
        "Cause: switches from chat",
        "Agents will be missing.",
        "Look: http://d",
        "What to do: http://r",
        "Silence it: http://s",
        "",
        "worker is down",
    ]
