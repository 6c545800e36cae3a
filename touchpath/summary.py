"""The live summary: what flows, what it adds up to, and where to look further."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from sinks.store import StoreError
from touchpath.layout import Layout, Running
from touchpath.loopback import fetch
from touchpath.queries import Queries, queries
from touchpath.terminal import ANSWERS

# The store is asked for at most this share of the time, so that looking never slows what is looked at.
_SHARE = 0.2
_EVERY_S, _SELDOM_S = 2.0, 6.0
# And after so long even if our own sink has stored nothing: on a server other machines' sinks store, too.
_AT_LAST_S = 30.0
_JOURNEYS_SHOWN = 6
_REFRESH_S = 1.0
_LINE_S = 5.0

# Rows of one, side by side. (Tuples would come out differently from the two kinds of store.)
_FIGURES = """
SELECT * FROM
    (SELECT count() AS touchpoints, max(time) AS as_of FROM touchpoints) AS t,
    (SELECT count() AS contacts FROM v_contacts) AS c,
    (
        SELECT count() AS journeys, countIf(state = 'open') AS open, countIf(contacts > 1) AS several FROM v_journeys
    ) AS j,
    (SELECT count() AS switches FROM v_switches) AS s,
    (SELECT count() AS repeats FROM signals FINAL WHERE is_deleted = 0 AND kind = 'repeat_contact') AS r,
    (
        SELECT sum(v.broken) AS broken, sum(v.confirmed) AS confirmed, sum(v.pending) AS pending
        FROM v_fcr AS v WHERE window_days = 1 AND scope = 'any_intent'
    ) AS f,
    (SELECT sum(v.within) AS within, sum(v.offered) AS offered FROM v_service_level AS v WHERE dialect = 'ours') AS l,
    (SELECT count() AS dead_letters FROM dead_letters) AS d
"""
_LATEST = f"""
SELECT customer, intent, channels, contacts, switches, repeats
FROM v_journeys WHERE contacts > 1 ORDER BY last_at DESC LIMIT {_JOURNEYS_SHOWN}
"""


class Summary:
    """Gathers the figures of a running pipeline and shows them, as a panel or as a line."""

    def __init__(self, running: Running, store: Queries) -> None:
        self._running = running
        self._store = store
        self._started = time.monotonic()
        self._asked_at = -_EVERY_S
        self._asked_s = 0.0
        self._stored = self._asked_of = -1.0
        """Rows that the sink has stored, now and when the store was asked: figures are of what is stored, and of no
        clock."""
        self._processed: tuple[float, float] | None = None
        self.rate = 0.0
        self.lag = 0
        self.backlog = 0
        self.waiting: dict[str, int] = {}
        self.figures: dict[str, Any] = {}
        self.latest: list[tuple[Any, ...]] = []
        self.first_journey_s: float | None = None
        """Seconds from our start to the first journey of several contacts."""

    def gather(self) -> None:
        """Ask the parts; what does not answer keeps its last figures."""
        samples = [sample for url in self._running.metrics.values() for sample in _scrape(url)]
        self._take_metrics(samples)
        now = time.monotonic()
        ago = now - self._asked_at
        due = ago >= min(max(_EVERY_S, self._asked_s / _SHARE), _SELDOM_S)
        if (due and self._stored != self._asked_of) or ago >= _AT_LAST_S:
            self._asked_at = now
            with suppress(StoreError):  # it is being restarted, or busy; the supervisor's log has the reason
                self._take_figures()
                self._asked_of = self._stored
            self._asked_s = time.monotonic() - now

    def _take_metrics(self, samples: list[tuple[str, dict[str, str], float]]) -> None:
        def total(name: str, **labels: str) -> float:
            return sum(value for found, have, value in samples if found == name and labels.items() <= have.items())

        self._stored = total("journey_sink_rows_total")
        processed, now = total("journey_records_processed_total", stage="contact"), time.monotonic()
        if self._processed is not None and processed >= self._processed[0]:
            seconds = now - self._processed[1]
            if seconds < 0.8:
                return
            self.rate = (processed - self._processed[0]) / seconds
        self._processed = processed, now
        self.lag = int(total("journey_input_lag_records"))
        self.backlog = int(total("journey_sink_backlog_messages"))
        queues = sorted({labels["queue"] for name, labels, _ in samples if name == "journey_queue_waiting"})
        self.waiting = {queue: int(total("journey_queue_waiting", queue=queue)) for queue in queues}

    def _take_figures(self) -> None:
        (self.figures,) = self._store.query(_FIGURES).dicts()
        self.latest = self._store.query(_LATEST).rows
        if self.latest and self.first_journey_s is None:
            self.first_journey_s = time.monotonic() - self._started

    def line(self) -> str:
        """Everything in one line, for where there is no terminal."""
        return "; ".join(f"{name} {value}" for name, value in self._rows() if value)

    def panel(self) -> RenderableType:
        figures = Table.grid(padding=(0, 2))
        for name, value in self._rows():
            figures.add_row(f"[dim]{name}[/]", value)
        journeys = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for column in ("latest journeys", "about", "channels", "contacts", "switches", "repeats"):
            journeys.add_column(column)
        for customer, intent, channels, *counts in self.latest:
            journeys.add_row(str(customer), str(intent), " → ".join(channels), *map(str, counts))
        return Panel(
            Group(figures, "", journeys, "", *(f"[dim]{line}[/]" for line in addresses(self._running))),
            title="touchpath", subtitle="Ctrl-C stops; the data stay",
        )  # fmt: skip

    def _rows(self) -> Iterable[tuple[str, str]]:
        yield "events/s", f"{self.rate:,.0f}"
        if not self.figures:
            return
        found = self.figures
        broken, confirmed, pending = found["broken"], found["confirmed"], found["pending"]
        within, offered = found["within"], found["offered"]
        yield "touchpoints", f"{found['touchpoints']:,}, the newest of {_ago(found['as_of'], found['touchpoints'])}"
        yield "contacts", f"{found['contacts']:,}"
        yield "journeys", f"{found['journeys']:,}, {found['open']:,} open, {found['several']:,} of several contacts"
        yield "switches", f"{found['switches']:,}"
        yield "repeats", f"{found['repeats']:,}"
        settled = broken + confirmed
        rate = f"{confirmed / settled:.0%}, " if confirmed else ""
        yield "FCR, 1 day", f"{rate}{broken:,} broken, {confirmed:,} confirmed, {pending:,} pending"
        yield "service level", f"{within / offered:.1%}" if offered else "-"
        waiting = ", ".join(f"{queue} {count}" for queue, count in self.waiting.items() if count)
        yield "waiting now", waiting or "nobody"
        yield "lag", f"workers {self.lag:,}, sink {self.backlog:,}"
        if found["dead_letters"]:
            yield "dead letters", f"{found['dead_letters']:,}"


def watch(running: Running, layout: Layout, check: Callable[[], None]) -> None:
    """Show the summary of what runs on ``layout`` until ``check``, called once a second, or a signal raises."""
    with queries(layout) as store:
        summary = Summary(running, store)
        if not ANSWERS.is_terminal:
            for line in addresses(running):
                print(line, flush=True)
            told = time.monotonic()
            while True:
                check()
                if time.monotonic() - told >= _LINE_S:
                    told = time.monotonic()
                    summary.gather()
                    print(summary.line(), flush=True)
                time.sleep(_REFRESH_S)
        with Live(summary.panel(), console=ANSWERS, auto_refresh=False, transient=False) as live:
            while True:
                check()
                summary.gather()
                live.update(summary.panel(), refresh=True)
                time.sleep(_REFRESH_S)


def addresses(running: Running) -> list[str]:
    """Where to look, a line each."""
    store = running.store
    return [
        *([f"console  {running.console}   (open it in a browser)"] if running.console else []),
        'SQL      touchpath sql "SELECT * FROM v_journeys LIMIT 5"' + ("" if "@" in store else f"   ({store})"),
        f"Kafka    {running.bootstrap}",
        *(f"metrics  {url}  ({part})" for part, url in running.metrics.items()),
    ]


def _scrape(url: str) -> list[tuple[str, dict[str, str], float]]:
    try:
        status, body, _ = fetch(url, timeout_s=1.0)
    except OSError:
        return []
    if status != 200:
        return []
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    ]


def _ago(at: datetime, touchpoints: int) -> str:
    if not touchpoints:
        return "-"
    seconds = (datetime.now(UTC) - at).total_seconds()
    return f"{seconds:.1f} s ago" if -3600 < seconds < 120 else f"{at:%Y-%m-%d %H:%M:%S} UTC"
