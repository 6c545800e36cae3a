"""From figures of staffing to a page in a manager's hand: the real Prometheus and Alertmanager, with the shipped files.

What is scraped are the sinks' own metrics of a floor that the test makes up; seconds stand for minutes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dashboards import floor, rewritten
from tests.dashboards.conftest import tools  # noqa: F401
from tests.dashboards.exporter import Exporter
from tests.dashboards.hook import Hook
from tests.dashboards.servers import Alertmanager, Prometheus
from touchpath.loopback import fetch, port_for

pytestmark = pytest.mark.usefixtures("tools")
SETTLED_S = 3.0
"""Several scrapes, evaluations and intervals of a group: what was to come has come."""


class Scene:
    """The whole way, from an exporter to the hook."""

    def __init__(self, directory: Path, hook: Hook) -> None:
        self.hook = hook
        self.rows: Callable[[int], list[floor.Row]] = floor.quiet
        self.figures = Exporter(lambda: floor.exposition(self.rows(int(time.time() * 1000))))
        self.worker = Exporter(lambda: b'journey_input_lag_records{topic="t",partition="0"} 3\n')
        port = port_for(0)
        rewritten.alertmanager(directory / "alertmanager", hook.url)
        self.alertmanager = Alertmanager(directory / "alertmanager")
        targets = {"touchpath-metrics": self.figures.target, "touchpath-worker": self.worker.target}
        rewritten.prometheus(directory / "prometheus", targets, f"127.0.0.1:{self.alertmanager.port}", port)
        self.prometheus = Prometheus(directory / "prometheus", port)

    def pages(self) -> list[dict[str, Any]]:
        """Alerts that the floor was paged about, in the order in which that came."""
        return [alert for one in self.hook.to("workforce") for alert in one.alerts()]

    def stale(self) -> int:
        """How often operations were paged about stale figures."""
        return sum(len(one.alerts("JourneyPipelineStale")) for one in self.hook.to("operations-pages"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Hook() as hook:
        scene = Scene(tmp_path, hook)
        with scene.figures, scene.worker, scene.alertmanager, scene.prometheus:
            eventually("the heart beats", lambda: bool(hook.to("dead-man")), 30)
            yield scene


def eventually(what: str, check: Callable[[], bool], within_s: float = 30) -> float:
    """The seconds that it took."""
    started = time.monotonic()
    while not check():
        assert time.monotonic() - started < within_s, f"not within {within_s:g} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - started


def test_a_surge_is_one_page_with_all_that_a_manager_needs(scene: Scene) -> None:
    time.sleep(SETTLED_S)
    assert not scene.pages()
    assert not scene.stale()

    scene.rows = floor.surge
    eventually("a page", lambda: bool(scene.pages()))
    time.sleep(SETTLED_S)
    [page] = scene.pages()
    assert [one.receiver for one in scene.hook.to("workforce")] == ["workforce-early-shift"]
    assert page["labels"] == {
        "alertname": "JourneyQueueUnderstaffed", "queue": "billing", "channel": "voice", "site": "leeds",
        "severity": "page", "team": "workforce",
    }  # fmt: skip
    told = page["annotations"]
    clock = r"\d\d:\d\d UTC"
    for field, wanted in {
        "summary": rf"billing \(voice, leeds\): 2\.5 agents short from {clock}",
        "queue": r"billing \(voice, leeds\)",
        "service_level": r"82% of 63 over 15 min, 82% of 24 over 5 min; target 80% within 20s",
        "waiting": r"7 waiting, the longest for 1m 1\ds",
        "forecast": rf"71 expected by {clock} \(60 to 82\), 31 came so far; 71 in the next interval, "
        "12 of them from open journeys",
        "gap": rf"2\.5 agents missing from {clock} \(14\.5 required, 12\.0 there\), "
        r"2\.5 agents in the interval after it",
        "cause": "switches from chat",
        "move": rf"2 from orders \(voice\) until {clock}: billing 58% to 83%, orders 95% to 88%, "
        "21 more answered within target",
        "deadline": clock,
    }.items():
        assert re.fullmatch(wanted, told[field]), f"{field}: {told[field]}"
    status, body, _ = fetch(told["runbook_url"])
    assert (status, body.decode().splitlines()[0]) == (200, "# JourneyQueueUnderstaffed")
    assert told["silence_url"].startswith(f"{scene.alertmanager.url}/#/silences/new?filter=")
    assert fetch(f"{scene.alertmanager.url}/")[0] == 200
    assert not [label for label in page["labels"] if label.endswith("_url")]


@pytest.mark.timeout(240)
def test_restarts_repeat_no_page_and_stale_figures_page_nobody_on_the_floor(scene: Scene) -> None:
    """T24, with what is scraped made up."""
    scene.rows = floor.surge
    eventually("a page", lambda: bool(scene.pages()))
    time.sleep(2.5)  # what was sent is on disk

    for server in (scene.alertmanager, scene.prometheus):
        server.kill()
        server.start()
        beats = len(scene.hook.to("dead-man"))
        eventually("the heart beats again", lambda beats=beats: len(scene.hook.to("dead-man")) > beats)
        time.sleep(SETTLED_S)
        eventually("the alert fires again", lambda: "JourneyQueueUnderstaffed" in scene.prometheus.firing())
        assert len(scene.pages()) == 1

    for count, part in enumerate((scene.figures, scene.worker), 1):
        part.kill()
        eventually("operations are paged", lambda count=count: scene.stale() == count)
        # The alert's keep_firing_for is over by now: that it is so is told to nobody on the floor.
        if part is scene.figures:
            eventually("the alert is over", lambda: "JourneyQueueUnderstaffed" not in scene.prometheus.firing(), 60)
        time.sleep(SETTLED_S)
        assert len(scene.hook.to("workforce")) == 1
        part.start()
        eventually("not stale any more", lambda: "JourneyPipelineStale" not in scene.prometheus.firing())
        eventually("the alert fires again", lambda: "JourneyQueueUnderstaffed" in scene.prometheus.firing())
        time.sleep(SETTLED_S)
        assert len(scene.pages()) == 1  # the same trouble

    for server in (scene.alertmanager, scene.prometheus):
        killed = time.monotonic()
        server.kill()
        quiet_s = eventually("the heart stands still", lambda: scene.hook.quiet_for("dead-man", killed) > 5, 60)  # noqa: B023
        assert len(scene.hook.to("workforce")) == 1, f"{quiet_s:.0f} s after {server.url} was killed"
        server.start()
        beats = len(scene.hook.to("dead-man"))
        eventually("the heart beats again", lambda beats=beats: len(scene.hook.to("dead-man")) > beats)
