"""The sink with real topics: into the embedded store and killed; into ClickHouse and that one killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import CollectorRegistry, generate_latest

from journeys.touchpoint import Touchpoint
from producers.backfill import announce
from sinks.backlog import backlog
from sinks.catalogue import SinkMetrics
from sinks.clickhouse import ClickHouse
from sinks.embedded import Embedded
from sinks.metrics import Metrics
from sinks.migrate import migrate
from sinks.rows import READERS
from sinks.store import Store
from sinks.writer import Limits, Writer
from tests.sinks.clickhouse_server import ClickHouseServer, older_migrations
from tests.sinks.messages import START, Message, accepted, contact, deleted, interval, journey, stitched
from tests.sinks.messages import signal as told
from touchpath.lifeline import tied

pytestmark = pytest.mark.timeout(170)


@asynccontextmanager
async def publisher(bootstrap: str) -> AsyncIterator[Callable[[list[Message]], Awaitable[None]]]:
    """Publishes messages as a stage does: in one transaction."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"test-{random.random()}")
    await producer.start()

    async def publish(messages: list[Message]) -> None:
        async with producer.transaction():
            for message in messages:
                await producer.send(message.topic, message.value, message.key, partition=message.partition)

    try:
        yield publish
    finally:
        await producer.stop()


def batch(number: int, contacts: int = 100) -> list[Message]:
    """Touchpoints and versions of ``contacts`` contacts; each is told twice, the newer version first or last."""
    made = []
    for n in range(0, contacts, 10):
        events = (Touchpoint(START + n, f"t{number}-{n + m}", "queued", "voice", f"c{n + m}") for m in range(10))
        made.append(accepted(*events)._replace(partition=n // 10 % 2))
    for n in range(contacts):
        made.extend(
            stitched(contact(f"c{n}", touchpoints=version), version=version)._replace(partition=n % 2)
            for version in random.sample((2 * number + 1, 2 * number + 2), 2)
        )
    return made


async def until(true: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (there is nothing that could set an event)
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(
    store: Store,
    bootstrap: str,
    group: str,
    limits: Limits = Limits(age_s=0.2),  # noqa: B008
) -> AsyncIterator[Writer]:
    writer = Writer(store, bootstrap, group, SinkMetrics(CollectorRegistry(), "test"), limits)
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        writer.stop()
        await task


async def drained(bootstrap: str, group: str, seconds: float = 90) -> None:
    async with asyncio.timeout(seconds):
        while await backlog(bootstrap, group, list(READERS)):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def test_what_stands_on_the_topics_is_stored_and_committed(topics: str, tmp_path: Path) -> None:
    store = Embedded(tmp_path)
    migrate(store)
    async with publisher(topics) as publish, running(store, topics, "plain") as writer:
        await publish([*batch(0), journey(), told("s1", "redial"), interval(entered=3)])
        await publish([deleted("journey.stitched", "stitched", "c7", 99), Message("journey.signals", b"{broken")])
        await drained(topics, "plain")
        progress = writer.progress
    assert progress.rows["touchpoints"] == 100
    assert store.query("SELECT count(), uniqExact(id) FROM v_touchpoints").rows == [(100, 100)]
    assert store.query("SELECT count(), min(touchpoints), max(touchpoints) FROM v_contacts").rows == [(99, 2, 2)]
    assert store.query("SELECT topic, stage, value FROM dead_letters").rows == [("journey.signals", "sink", "{broken")]
    for table in ("journeys", "signals", "queue_intervals"):
        assert store.query(f"SELECT count() FROM {table}").rows == [(1,)]
    async with running(store, topics, "plain") as writer:  # SIGTERM and a new start: nothing is read twice
        await asyncio.sleep(2)
        assert writer.progress.stored_messages == 0
    store.close()


async def test_a_small_block_waits_while_others_are_stored(topics: str, tmp_path: Path) -> None:
    store = Embedded(tmp_path)
    migrate(store)
    limits = Limits(age_s=0.2, block=50, patience=1_000)
    async with publisher(topics) as publish, running(store, topics, "patient", limits) as writer:
        await publish([*batch(0), journey()])
        await until(lambda: {"touchpoints", "contacts"} <= writer.progress.rows.keys())
        await asyncio.sleep(1)
        assert "journeys" not in writer.progress.rows
        assert await backlog(topics, "patient", ["journey.accepted", "journey.stitched"]) == 0
        assert await backlog(topics, "patient", ["journey.journeys"]) > 0
    assert store.query("SELECT count() FROM journeys").rows == [(1,)]  # at the stop
    assert await backlog(topics, "patient", list(READERS)) == 0
    store.close()


async def test_killed_between_insert_and_commit(topics: str, tmp_path: Path) -> None:
    """T10, short: kill -9 right after an insert, four times; what is stored twice collapses, nothing is missing."""
    seed = 10
    rng = random.Random(seed)
    batches, kills = 0, 4
    killed = asyncio.Event()

    async def publish_all() -> None:
        """For as long as there is somebody to kill, so that each of them has something to insert."""
        nonlocal batches
        async with publisher(topics) as publish:
            while not killed.is_set():
                await publish(batch(batches))
                batches += 1
                await asyncio.sleep(0.2)

    publishing = asyncio.create_task(publish_all())
    command = [sys.executable, "-m", "tests.sinks.sink_process", topics, str(tmp_path)]
    for _ in range(kills):
        process = await asyncio.create_subprocess_exec(*command, str(rng.randint(1, 6)), env=tied(os.environ))
        assert await asyncio.wait_for(process.wait(), 60) == -signal.SIGKILL
    killed.set()
    await publishing
    process = await asyncio.create_subprocess_exec(*command, env=tied(os.environ))
    await drained(topics, "killed")
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 30) == 0

    store = Embedded(tmp_path)
    ((raw, rows, ids),) = store.query(
        "SELECT (SELECT count() FROM touchpoints), count(), uniqExact(id) FROM touchpoints FINAL"
    ).rows
    print(f"seed {seed}, kills {kills}: {ids} touchpoints, {raw} raw rows, {rows - ids} duplicates")
    assert (rows, ids) == (batches * 100, batches * 100)
    assert store.query("SELECT count(), min(touchpoints), max(touchpoints) FROM v_contacts").rows == [
        (100, 2 * batches, 2 * batches)
    ]
    store.close()


async def test_clickhouse_down_then_back(topics: str, clickhouse: ClickHouseServer, tmp_path: Path) -> None:
    """T12, short: while ClickHouse is down nothing is dropped, memory is bounded and the metrics go on."""
    older = older_migrations(tmp_path / "older")
    store = ClickHouse(clickhouse.url(), connect_timeout_s=1, timeout_s=10)
    migrate(store, older)
    limits = Limits(rows=400, age_s=0.2, poll_records=40, backoff_s=(0.05, 0.5))
    metrics = Metrics(topics, tmp_path / "metrics.snapshot", group="metrics-outage")
    watching = asyncio.create_task(metrics.run())
    batches = 30
    async with publisher(topics) as publish, running(store, topics, "outage", limits) as writer:
        await publish(batch(0))
        await until(lambda: writer.progress.rows.get("touchpoints", 0) == 100)
        clickhouse.kill()
        for number in range(1, batches):
            await publish([*batch(number), interval(version=number, entered=number)])
        await until(lambda: writer.progress.retries > 3)
        assert not writer.progress.store_up
        assert writer.progress.buffered < 2 * (400 + 14 * 40)  # two batches, each at most one reading over
        wanted = f'journey_queue_interval_offered{{channel="voice",interval="current",queue="billing"}} {batches - 1}.0'
        await until(lambda: wanted in generate_latest(metrics.registry).decode())
        assert writer.progress.rows["touchpoints"] == 100
        clickhouse.start()
        started = time.monotonic()
        await drained(topics, "outage")
        print(f"drained {batches} batches in {time.monotonic() - started:.1f} s")
        assert writer.progress.store_up
    metrics.stop()
    await watching
    assert store.query("SELECT count(), uniqExact(id) FROM touchpoints FINAL").rows == [(batches * 100, batches * 100)]
    assert store.query("SELECT count(), min(touchpoints) FROM contacts FINAL").rows == [(100, 2 * batches)]
    store.close()


async def test_metrics_go_on_where_they_were(topics: str, tmp_path: Path) -> None:
    snapshot = tmp_path / "metrics.snapshot"
    async with publisher(topics) as publish:
        await publish([told("s1", "redial", from_channel="voice", cause="lost"), journey(), interval(entered=3)])
        counts = []
        for _ in range(3):
            metrics = Metrics(topics, snapshot, group="metrics-restart")
            task = asyncio.create_task(metrics.run())
            await until(lambda: metrics.figures.ready and metrics.figures.lag == 0)  # noqa: B023
            text = generate_latest(metrics.registry).decode()
            counts.append([line for line in text.splitlines() if line.startswith("journey_redials_total")])
            assert 'journey_journeys_open{intent="billing"} 1.0' in text
            metrics.stop()
            await task
            await publish([told(f"s{len(counts) + 1}", "redial", from_channel="voice", cause="lost")])
    assert counts == [[f'journey_redials_total{{channel="voice",outcome="lost"}} {n}.0'] for n in (1, 2, 3)]


async def test_a_backfill_is_no_part_of_now_even_read_from_the_beginning(topics: str, tmp_path: Path) -> None:
    async with publisher(topics) as publish:
        await publish([told("s1", "redial", from_channel="voice", cause="lost")])
        await asyncio.sleep(0.01)
        await asyncio.to_thread(announce, topics)
        await publish([told("s2", "redial", from_channel="voice", cause="lost"), interval(entered=3)])
    for name in ("first", "second"):
        metrics = Metrics(topics, tmp_path / name, group=f"metrics-{name}")
        watching = asyncio.create_task(metrics.run())
        await until(lambda: metrics.figures.ready)  # noqa: B023
        shown = generate_latest(metrics.registry).decode()
        assert 'journey_redials_total{channel="voice",outcome="lost"} 1.0' in shown
        assert "journey_queue_interval_offered{" not in shown
        metrics.stop()
        await watching
