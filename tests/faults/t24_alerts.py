"""T24: what is scraped, the pipeline, Prometheus or Alertmanager is killed while a queue is short of agents.

A marketing e-mail leaves sales short (tests/faults/busy_floor.py): that is one page to the floor, with all its fields.
Then something is killed with SIGKILL. Who runs it is told in time, by a page or by the watchdog's silence; the floor is
told nothing meanwhile; and afterwards nothing that it was told before is told again. But for one case: where Prometheus
was away for so long that Alertmanager took all alerts for over (2 min), what still holds is told again when it is back.

At scale 1 the files are as they are shipped, but for addresses; below it seconds stand for minutes.
"""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import Any

from tests.dashboards import rewritten
from tests.dashboards.hook import Hook
from tests.dashboards.servers import Alertmanager, Monitor, Prometheus, install
from tests.faults.busy_floor import SHORT, LiveFeed, settings
from tests.faults.harness import Bench, Off, Part, eventually
from tests.faults.trial import Result, Trial
from touchpath.loopback import port_for

ALERT = "JourneyQueueUnderstaffed"
NOT_FILLED = ("", "none", "not known", "none found")
VICTIMS = ("exporter of figures", "worker", "prometheus", "alertmanager")


class AlertingBench(Bench):
    """With Prometheus, Alertmanager and a hook, and a floor that is live."""

    def __init__(self, directory: Path) -> None:
        if not install():
            raise Off("prometheus and prometheus-alertmanager are not installed and cannot be (apt-get, as root)")
        super().__init__(directory, settings=settings())
        self.hook = Hook()
        self.hook.__enter__()
        self.live = self.new_metrics()
        self.feed: LiveFeed | None = None
        self.servers: list[Monitor] = []
        self.shipped = False
        """Whether times are those that are shipped."""

    def watch(self, seed: int, *, shipped: bool) -> Result:
        """Once: let the floor live and watch it, until the floor's managers are paged. What that page was like."""
        if self.feed is not None:
            return Result()
        self.shipped = shipped
        self.live.start()
        self.live.wait_ready(60)
        self.feed = LiveFeed(self.kafka.bootstrap, seed)
        self.feed.catch_up(self.drain_workers)
        self.feed.start()
        eventually("a move is recommended", lambda: self.live.metric("journey_move_agents") > 0, 60)
        rewritten.alertmanager(self.directory / "alertmanager", self.hook.url, faster=not shipped)
        alertmanager = Alertmanager(self.directory / "alertmanager")
        port = port_for(0)
        targets = {"touchpath-metrics": self.live.target, "touchpath-worker": self.worker.target}
        where = f"127.0.0.1:{alertmanager.port}"
        rewritten.prometheus(self.directory / "prometheus", targets, where, port, faster=not shipped)
        self.prometheus = Prometheus(self.directory / "prometheus", port)
        self.servers = [self.prometheus, alertmanager]
        for server in self.servers:
            server.start()
        paged_s = eventually("the floor is paged", lambda: bool(self.paged(SHORT)), 360 if shipped else 90)
        [page] = self.paged(SHORT)
        unfilled = [field for field, text in page["annotations"].items() if text in NOT_FILLED]
        return Result(
            {"page after s max": paged_s, "fields not filled": len(unfilled)},
            [f"{field}: {text}" for field, text in page["annotations"].items()],
        )

    def paged(self, queue: str = "") -> list[dict[str, Any]]:
        """What the floor was paged about."""
        found = [alert for one in self.hook.to("workforce") for alert in one.alerts(ALERT)]
        return [alert for alert in found if queue in ("", alert["labels"]["queue"])]

    def stale_pages(self) -> int:
        return sum(len(one.alerts("JourneyPipelineStale")) for one in self.hook.to("operations-pages"))

    def beats(self) -> int:
        return len(self.hook.to("dead-man"))

    def close(self) -> None:
        if self.feed is not None:
            self.feed.stop()
        for server in self.servers:
            server.stop()
        super().close()
        self.hook.__exit__()


def run(bench: Bench, seed: int, scale: float) -> Result:
    assert isinstance(bench, AlertingBench)
    rng = Random(seed)
    result = bench.watch(seed, shipped=scale >= 1)
    time.sleep(rng.uniform(2.5, 5) if not bench.shipped else rng.uniform(12, 60))  # what was sent is on disk
    victim = rng.choice(VICTIMS)
    before = bench.paged()
    killed = time.monotonic()
    if victim in VICTIMS[:2]:
        part = bench.live if victim == VICTIMS[0] else bench.worker
        figures = {"stale page after s max": _without_figures(bench, part)}
    else:
        server = bench.servers[VICTIMS.index(victim) - 2]
        figures = {"silence noticed after s max": _without_alerting(bench, server, outage=rng.random() < 0.5)}
    noticed = killed + max(figures.values())
    paged_meanwhile = sum(killed <= one.at <= noticed for one in bench.hook.to("workforce"))
    eventually("the alert fires again", lambda: _fires(bench), 240)
    eventually("figures are of now again", lambda: "JourneyPipelineStale" not in bench.prometheus.firing(), 300)
    time.sleep(150 if bench.shipped else 4)  # longer than a group's interval
    repeated = sum(alert["labels"] in [one["labels"] for one in before] for alert in bench.paged()[len(before) :])
    if bench.feed is None or bench.feed.failed:
        raise Off(f"the floor does not live: {bench.feed and bench.feed.failed}")
    away = victim == "prometheus" and figures["silence noticed after s max"] > 0
    figures |= {
        "floor paged meanwhile": paged_meanwhile,
        "pages repeated": 0,
        "told again after Prometheus was away": 0,
    }
    figures["told again after Prometheus was away" if away else "pages repeated"] = repeated
    return result.add(Result(figures, [f"seed {seed}: {victim}"]))


def _without_figures(bench: AlertingBench, part: Part) -> float:
    """Kill it until operations are paged, then start it again. The seconds until they were."""
    told = bench.stale_pages()
    part.kill()
    noticed_s = eventually("operations are paged", lambda: bench.stale_pages() > told, 300)
    part.start()
    part.wait_ready(60)
    return noticed_s


def _without_alerting(bench: AlertingBench, server: Monitor, *, outage: bool) -> float:
    """Kill it, until a dead man's service would page or not at all, and start it again. The seconds until that service
    would; 0 without an outage."""
    killed = time.monotonic()
    server.kill()
    noticed_s = 0.0
    if outage:
        silence_s = 120 if bench.shipped else 5
        noticed_s = eventually(
            "the watchdog is silent", lambda: bench.hook.quiet_for("dead-man", killed) > silence_s, 360
        )
    beats = bench.beats()
    server.start()
    eventually("the watchdog is heard again", lambda: bench.beats() > beats, 120)
    return noticed_s


def _fires(bench: AlertingBench) -> bool:
    return any(
        labels["queue"] == SHORT
        for labels, _ in bench.prometheus.query(f'ALERTS{{alertname="{ALERT}",alertstate="firing"}}')
    )


def finish(bench: Bench) -> Result:
    assert isinstance(bench, AlertingBench)
    bench.check()
    return Result()


TRIAL = Trial(
    "T24",
    "alerts: what is scraped, the pipeline, Prometheus or Alertmanager killed",
    runs=30,
    run=run,
    bench=AlertingBench,
    most={
        "fields not filled": 0,
        "floor paged meanwhile": 0,
        "pages repeated": 0,
        "page after s max": 360,
    },
    least={"stale page after s max": 0.1, "silence noticed after s max": 0.1},
    finish=finish,
    compares=False,
)
