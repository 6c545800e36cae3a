"""A centre's day through the whole topology in memory: what staffing says is stored, and shown to Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import msgspec
import pytest

from journeys.agents import AgentEvent
from journeys.partition import partition_of
from journeys.settings import convert
from journeys.staffing.figures import Accuracy, Floor, Move, Staffing
from journeys.staffing.schedule import parts, read
from journeys.staffing.situation import KEY
from producers.simulator import agent_states, simulate
from sinks.embedded import Embedded
from sinks.metrics import Figures
from sinks.migrate import migrate
from streams import topics
from tests.sinks.messages import put
from tests.sinks.test_metrics import shown
from tests.streams.pipeline import Pipeline

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = date(2026, 3, 2)
BEGIN = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)
SIZE = 1_200
SETTINGS = convert({"staffing": {"every": "20s", "horizon": "1d"}, "queues": {"support_voice": {"site": "berlin"}},
                    "sites": {"berlin": {"time_zone": "Europe/Berlin"}}})  # fmt: skip


def feed(pipeline: Pipeline, since: int, until: int, step: int = 5 * MINUTE) -> None:
    """What happens from ``since`` to ``until``, so much at a time."""
    both = [*simulate(5, DAY, SIZE), *agent_states(5, DAY, SIZE)]
    due = since
    for one in sorted(both, key=lambda one: one.at):
        if not since <= one.at < until:
            continue
        if one.at >= due:
            pipeline.drain(4_000)
            due = one.at + step
        if isinstance(one, AgentEvent):
            pipeline.publish_agent(one)
        else:
            pipeline.publish(one)
    pipeline.drain(4_000)


def upload(pipeline: Pipeline, text: str) -> None:
    for part in parts(read(text.splitlines(keepends=True), SETTINGS)):
        place = partition_of(KEY, pipeline.partitions)
        pipeline.append(topics.SCHEDULES, place, KEY, msgspec.json.encode(part), 0)


@pytest.fixture(scope="module")
def morning() -> Pipeline:
    pipeline = Pipeline(2, SETTINGS, staffed=True)
    feed(pipeline, BEGIN, BEGIN + 9 * HOUR)
    agents = pipeline.agents_now()
    on_duty = sorted(one.agent for one in agents.values() if "support_voice" in one.queues and one.state != "offline")
    text = "agent,start,end,activity,queue\n"
    for name in (*on_duty, "nobody.ever.saw"):
        text += f"{name},2026-03-02T09:00,2026-03-02T18:00,work,support_voice\n"  # at the site: 8:00 UTC
    upload(pipeline, text)
    upload(
        pipeline,
        "queue,channel,start,end,contacts\nsales_voice,voice,2026-03-02T11:00Z,2026-03-02T11:15Z,123\n",
    )
    feed(pipeline, BEGIN + 9 * HOUR, BEGIN + 9 * HOUR + 45 * MINUTE)
    feed(pipeline, BEGIN + 9 * HOUR + 45 * MINUTE, BEGIN + 10 * HOUR, 10_000)  # as it is read when it is live
    return pipeline


@pytest.fixture(scope="module")
def store(morning: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    opened = Embedded(tmp_path_factory.mktemp("store") / "db")
    migrate(opened)
    put(opened, *(record for topic in (topics.STAFFING, topics.QUEUES) for record in morning.records(topic)))
    yield opened
    opened.close()


ROWS = Floor | Staffing | Move | Accuracy


def test_floors_are_what_the_queues_are(morning: Pipeline) -> None:
    floors = {row.queue: row for row in morning.rows(topics.STAFFING, "floor", ROWS).values()}
    assert "" not in floors
    support = floors["support_voice"]
    visits = [visit for visit in morning.visits().values() if visit.queue == "support_voice"]
    assert support.site == "berlin"
    assert support.waiting == sum(visit.left_at is None and visit.times_out_at > support.as_of for visit in visits)
    since = support.as_of - 15 * MINUTE
    exact = sum(since <= visit.entered_at <= support.as_of for visit in visits)
    assert exact <= support.offered_15m <= exact + 2  # its window begins at full ten seconds
    assert 200 < support.aht_s < 600
    assert support.patience_s
    assert support.staffed == support.available + support.busy + support.after_contact_work + support.away > 0
    assert support.scheduled
    assert support.adherence is not None
    assert 0 < support.adherence < 1  # one is scheduled whom nobody ever saw
    assert floors["billing_voice"].scheduled is None or floors["billing_voice"].scheduled == 0


def test_what_is_said_is_stored(morning: Pipeline, store: Embedded) -> None:
    rows = morning.rows(topics.STAFFING, "staffing", ROWS)
    ((stored,),) = store.query("SELECT count() FROM v_staffing").rows
    assert stored == len(rows) > 100
    kept = store.query(
        "SELECT queue, required, available, gap, expected FROM v_staffing WHERE channel = 'voice' "
        f"AND toUnixTimestamp64Milli(starts_at) = {BEGIN + 10 * HOUR}"
    ).rows
    assert {row[0] for row in kept} == {"support_voice", "billing_voice", "sales_voice"}
    for queue, required, available, gap, expected in kept:
        own = rows[f"{queue}|voice|{BEGIN + 10 * HOUR}"]
        assert (required, available, gap, expected) == (own.required, own.available, own.gap, own.expected)
        assert required > 0
        assert gap == pytest.approx(required - available)
    aheads = {row[0] for row in store.query("SELECT DISTINCT ahead FROM v_forecasts").rows}
    assert {"now", "15m", "1h", "4h"} <= aheads
    ((wape,),) = store.query(
        "SELECT sum(abs(expected - entered)) / sum(entered) FROM v_forecasts WHERE ahead = 'now' AND queue != '' "
        f"AND toUnixTimestamp64Milli(starts_at) BETWEEN {BEGIN + 7 * HOUR} AND {BEGIN + 9 * HOUR}"
    ).rows
    assert wape < 0.5


def test_an_uploaded_forecast_is_what_is_expected(morning: Pipeline) -> None:
    rows = morning.rows(topics.STAFFING, "staffing", ROWS)
    assert rows[f"sales_voice|voice|{BEGIN + 11 * HOUR}"].expected == pytest.approx(123, rel=0.3)


def test_what_is_said_is_shown(morning: Pipeline) -> None:
    figures = Figures(clock=lambda: (BEGIN + 500 * HOUR) / 1000)
    for record in morning.records(topics.STAFFING):
        figures.take(record)
    figures.ready = True
    found = shown(figures)
    floors = {row.queue: row for row in morning.rows(topics.STAFFING, "floor", ROWS).values()}
    support = "support_voice", "voice", "berlin"
    assert found["journey_staffing_as_of_timestamp_seconds",] * 1000 > BEGIN + 10 * HOUR - 5 * MINUTE
    assert found[("journey_staffing_waiting_contacts", *support)] == floors["support_voice"].waiting
    assert found[("journey_staffing_offered_contacts", *support, "15m")] == floors["support_voice"].offered_15m
    for ahead in range(5):
        required, available, gap = (
            found[(f"journey_staffing_{name}_agents", *support, str(ahead))]
            for name in ("required", "available", "gap")
        )
        assert required > 0
        assert gap == pytest.approx(required - available)
    assert found[("journey_staffing_target_ratio", *support)] == 0.8
    assert found[("journey_staffing_scheduled_agents", *support, "1")] > 0
    agents = sum(found[("journey_staffing_agents", *support, state)] for state in ("available", "busy", "away"))
    assert agents > 0


def test_read_again_it_says_nothing_new(morning: Pipeline) -> None:
    told = len(morning.records(topics.STAFFING))
    morning.read.clear()
    morning.drain(4_000)
    assert len(morning.records(topics.STAFFING)) == told
