"""Every panel's query answers with rows: of Prometheus, which scrapes our exporters, and of the ClickHouse engine.

What panels ask of the past is answered by chDB, into which a simulated day and a half went (day.py); what they ask of
now, by Debian's Prometheus with the shipped rules, which scrapes the exporter of that day's figures, and a real worker,
sink and collector that were sent some events, bad ones too.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from sinks import panels
from sinks.embedded import Embedded
from sinks.metrics import Figures
from sinks.migrate import migrate
from sinks.rows import READERS
from tests.dashboards import rewritten
from tests.dashboards.conftest import tools  # noqa: F401
from tests.dashboards.exporter import Exporter
from tests.dashboards.grafana import day
from tests.dashboards.grafana.boards import BOARDS, Question, marks, questions, variables
from tests.dashboards.grafana.expansion import ALL, Choice, Choices, promql, sql
from tests.dashboards.servers import Prometheus
from tests.integration.touchpath.command import Collecting, Up, eventually
from tests.sinks.messages import put
from tests.streams.pipeline import Pipeline
from touchpath.layout import Layout
from touchpath.loopback import fetch, port_for

pytestmark = [pytest.mark.usefixtures("tools"), pytest.mark.timeout(600)]

SINCE = datetime.fromtimestamp(day.BEGIN / 1000, UTC)
UNTIL = datetime.fromtimestamp(day.END / 1000 + 4 * 3600, UTC)
WRITE_KEY = "a-write-key-of-dashboards"
EVERY_S = 0.5
PATIENCE_S = 60.0
"""A counter has a rate once it was scraped twice, which takes longer on a busy machine."""

EMPTY: dict[str, str] = {}
"""Panels' queries that rightly have nothing to show of this day, and why."""
EMPTY_MARKS = {
    "touchpath-causes: Alerts (mark)": "Spikes are held against the hours and the week before, which this day has not.",
}


@pytest.fixture(scope="module")
def lived() -> Pipeline:
    return day.lived()


@pytest.fixture(scope="module")
def store(lived: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    opened = Embedded(tmp_path_factory.mktemp("store") / "db")
    migrate(opened)
    for topic in READERS:
        put(opened, *lived.records(topic))
    panels.refresh(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def figures(lived: Pipeline) -> Iterator[Exporter]:
    """What the exporter of figures would show at the end of that day."""
    collected = Figures(clock=lambda: day.END / 1000)
    for topic in collected.topics:
        for record in lived.records(topic):
            collected.take(record)
    collected.ready = True
    registry = CollectorRegistry()
    registry.register(collected)
    shown = generate_latest(registry)
    with Exporter(lambda: shown) as exporter:
        yield exporter


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A worker, a sink and a collector at work; by Prometheus' name of the job, where each is scraped."""
    data = tmp_path_factory.mktemp("data")
    log = tmp_path_factory.mktemp("log") / "collector"
    port = port_for(0)
    with Up("--data", data, "--partitions", "1") as up:
        up.ready()
        running = Layout(data).running()
        assert running is not None
        options = ("--data", data, "--metrics-port", str(port))
        with Collecting(log, *options, environment={"TOUCHPATH_WRITE_KEY_TESTS": WRITE_KEY}) as collector:
            over = threading.Event()
            feeding = threading.Thread(target=feed, args=(collector.url, over), daemon=True)
            feeding.start()
            scraped = {
                "touchpath-worker": running.metrics["worker-1"],
                "touchpath-sink": running.metrics["sink"],
                "touchpath-collector": f"http://127.0.0.1:{port}/metrics",
            }
            eventually("a dead letter", lambda: shows(scraped["touchpath-worker"], b"journey_dead_letters_total{"), 120)
            eventually("rows", lambda: shows(scraped["touchpath-sink"], b"journey_sink_rows_total{"), 120)
            yield {job: re.sub(r"https?://([^/]+)/.*", r"\1", url) for job, url in scraped.items()}
            over.set()
            feeding.join(30)


def feed(url: str, until: threading.Event) -> None:
    """Touchpoints one after another, one of them too late for its contact, and a request that is refused."""
    assert post(url, {"specversion": "1.0"}) == 400
    for number in count():
        contact = "late" if number < 2 else f"c-{number}"
        told = datetime.now(UTC) - timedelta(days=40 if number == 1 else 0)
        data = {"channel": "voice", "contact_id": contact, "queue": "billing", "identifiers": {"customer_id": "7"}}
        head = {
            "specversion": "1.0",
            "id": f"e-{number}",
            "source": "tests",
            "type": "queued",
            "time": told.isoformat(),
        }
        post(url, {**head, "data": data})
        if until.wait(EVERY_S):
            return


def post(url: str, event: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {WRITE_KEY}", "Content-Type": "application/json"}
    request = Request(f"{url}/v1/touchpoints", json.dumps(event).encode(), headers)
    try:
        with urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except OSError as error:
        return int(getattr(error, "code", 0))


def shows(url: str, metric: bytes) -> bool:
    try:
        return metric in fetch(url, timeout_s=10)[1]
    except OSError:
        return False


@pytest.fixture(scope="module")
def prometheus(
    figures: Exporter, parts: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    directory = tmp_path_factory.mktemp("prometheus")
    port = port_for(0)
    rewritten.prometheus(directory, {"touchpath-metrics": figures.target, **parts}, "127.0.0.1:9", port)
    patient(directory / "prometheus.yml")
    with Prometheus(directory, port) as server:
        eventually("all are scraped", lambda: len(server.query("up == 1")) == len(parts) + 1, 120)
        eventually("an alert fires", lambda: bool(server.firing() - {"JourneyWatchdog"}), 60)
        yield server


def patient(file: Path) -> None:
    """One scrape that takes too long, on a busy machine, takes all figures of its process away until the next one."""
    config = yaml.safe_load(file.read_text())
    config["global"] |= {"scrape_interval": "2s", "scrape_timeout": "2s"}
    file.write_text(yaml.safe_dump(config))


class Grafana:
    """Asks what Grafana would, with these choices made on a dashboard."""

    def __init__(self, store: Embedded, prometheus: Prometheus) -> None:
        self.store = store
        self.prometheus = prometheus
        self._choices: dict[str, Choices] = {}

    def everything(self, board: str) -> Choices:
        """As the dashboard opens: all of what can be several, else the first that there is."""
        if board not in self._choices:
            self._choices[board] = self._opened(board)
        return self._choices[board]

    def _opened(self, board: str) -> Choices:
        choices: dict[str, Choice] = {}
        for name, variable in variables(BOARDS[board]).items():
            if variable["type"] != "datasource":
                options = self.options(board, name, choices)
                values = ALL if variable.get("multi") else options[:1]
                choices[name] = Choice(values, options, variable.get("allValue") or "")
        return choices

    def narrowed(self, board: str) -> Choices:
        """With one value chosen of each."""
        return {name: one._replace(values=one.options[-1:]) for name, one in self.everything(board).items()}

    def options(self, board: str, name: str, before: Choices) -> list[str]:
        variable = variables(BOARDS[board])[name]
        if variable["type"] == "custom":
            return str(variable["query"]).split(",")
        query = str(variable["query"])
        if found := re.fullmatch(r"label_values\((\w+), (\w+)\)", query):
            answer = self.prometheus.get(f"/api/v1/label/{found[2]}/values", **{"match[]": found[1]})
            return [str(value) for value in answer["data"]]
        return [str(row[0]) for row in self.store.query(sql(query, before, SINCE, UNTIL)).rows]

    def ask(self, question: Question, choices: Choices) -> list[tuple[Any, ...]]:
        target = question.target
        if question.of_clickhouse:
            return list(self.store.query(sql(target["rawSql"], choices, SINCE, UNTIL)).rows)
        expr = promql(target["expr"], choices)
        if target.get("instant"):
            answer = self.prometheus.get("/api/v1/query", query=expr)
            return [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]]
        now = time.time()
        answer = self.prometheus.get(
            "/api/v1/query_range", query=expr, start=f"{now - 30:.3f}", end=f"{now:.3f}", step="1"
        )
        return [(one["metric"], *(float(value) for _, value in one["values"])) for one in answer["data"]["result"]]


@pytest.fixture(scope="module")
def grafana(store: Embedded, prometheus: Prometheus) -> Grafana:
    return Grafana(store, prometheus)


def without_data(grafana: Grafana, asked: Iterator[Question]) -> set[str]:
    """The names of the questions that were answered with no rows, or with nothing but empty values."""
    left = list(asked)
    deadline = time.monotonic() + PATIENCE_S
    while left := [one for one in left if not has_data(grafana.ask(one, grafana.everything(one.board)))]:
        if time.monotonic() > deadline or all(one.of_clickhouse or one.name in EMPTY | EMPTY_MARKS for one in left):
            break
        time.sleep(1)
    return {one.name for one in left}


def has_data(rows: list[tuple[Any, ...]]) -> bool:
    return any(value is not None and value == value for row in rows for value in row[1:] or row)


def test_every_panel_has_data(grafana: Grafana) -> None:
    assert without_data(grafana, questions()) == set(EMPTY)


def test_marks_have_data(grafana: Grafana) -> None:
    assert without_data(grafana, marks()) == set(EMPTY_MARKS)


def test_every_variable_has_values(grafana: Grafana) -> None:
    for uid, board in BOARDS.items():
        for name, choice in grafana.everything(uid).items():
            assert [value for value in choice.options if value], f"{uid}: {name}"
            assert variables(board)[name]


def test_queries_stand_when_narrowed(grafana: Grafana) -> None:
    """That a choice is held against the right column shows in fewer rows, never in more."""
    narrower = 0
    for question in questions():
        every = grafana.ask(question, grafana.everything(question.board))
        chosen = grafana.ask(question, grafana.narrowed(question.board))
        assert len(chosen) <= max(len(every), 1) or "$dimension" in question.target.get("rawSql", ""), question.name
        narrower += len(chosen) < len(every)
    assert narrower > 20


def test_time_series_begin_with_their_time_and_are_in_order(grafana: Grafana) -> None:
    """Else Grafana makes no lines of them."""
    for question in questions():
        if question.of_clickhouse and question.target["queryType"] == "timeseries":
            query = sql(question.target["rawSql"], grafana.everything(question.board), SINCE, UNTIL)
            columns = grafana.store.query(f"DESCRIBE ({query})").rows
            assert columns[0][0] == "time", question.name
            assert columns[0][1].startswith("DateTime"), question.name
            times = [row[0] for row in grafana.store.query(query).rows]
            assert times == sorted(times), question.name
