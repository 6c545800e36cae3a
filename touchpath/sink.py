"""`touchpath sink`: from the topics into the store; `touchpath store`: the embedded store alone."""

from __future__ import annotations

import asyncio
import logging
import signal
import uuid
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from producers.connection import secured
from touchpath import options
from touchpath.layout import Layout
from touchpath.logs import log_to_stderr
from touchpath.loopback import HOST
from touchpath.problem import BadInput, Problem

if TYPE_CHECKING:
    from journeys.settings import Settings
    from sinks.store import Store

log = logging.getLogger(__name__)

GRACE_S = 4.0


def sink(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    http_port: options.HttpPort = 0,
    metrics_port: options.MetricsPort = 0,
    metrics_host: options.MetricsHost = HOST,
    settings: options.SettingsFile = None,
) -> None:
    """Write what the workers find into ClickHouse, or into the embedded store, which it then serves over HTTP.

    \b
    Example:
      touchpath sink --bootstrap localhost:9092 --clickhouse clickhouse://localhost:9000/touchpath
    """
    chosen, _ = options.settings_of(settings)
    layout = Layout(data)
    layout.create()
    address = options.bootstrap_of(bootstrap, layout)
    log_to_stderr()
    asyncio.run(_sink(layout, address, clickhouse, http_port, metrics_host, metrics_port, chosen))


def store(data: options.Data = options.DATA, http_port: options.HttpPort = 0) -> None:
    """Serve the embedded store over HTTP, as ClickHouse speaks it, while nothing else runs on the data directory.

    \b
    Example:
      touchpath store --data data --http-port 8123
      curl localhost:8123 -d 'SELECT count() FROM v_contacts'
    """
    layout = Layout(data)
    if not layout.store.is_dir():
        raise Problem(f"--data {layout.root}: nothing is stored there yet")
    log_to_stderr()
    asyncio.run(_serve(layout, http_port))


def group_of(layout: Layout, clickhouse: str | None) -> str:
    """The sink's consumer group: one a store, so that a new store is filled from the beginning of the topics."""
    if clickhouse:
        parts = urlsplit(clickhouse)
        place = f"{parts.hostname}:{parts.port or ''}{parts.path}"
        return f"touchpath.sink.{sha256(place.encode()).hexdigest()[:8]}"
    file = layout.store / "touchpath.id"  # goes when the store goes
    if not file.exists():
        layout.store.mkdir(parents=True, exist_ok=True)
        file.write_text(uuid.uuid4().hex[:8] + "\n", encoding="ascii")
    return f"touchpath.sink.{file.read_text(encoding='ascii').strip()}"


async def _sink(
    layout: Layout,
    bootstrap: str,
    clickhouse: str | None,
    http_port: int,
    metrics_host: str,
    metrics_port: int,
    settings: Settings,
) -> None:
    from prometheus_client import CollectorRegistry

    from sinks.catalogue import SinkMetrics
    from sinks.clickhouse import ClickHouse
    from sinks.embedded import Embedded
    from sinks.embedded_server import Server
    from sinks.exposition import expose
    from sinks.horizon import note
    from sinks.migrate import migrate
    from sinks.panels import keep_pace
    from sinks.retention import keep
    from sinks.store import StoreError
    from sinks.writer import Limits, Writer, run_until_signal

    store: Store
    server = None
    if clickhouse:
        store = ClickHouse(clickhouse)
    else:
        embedded = store = Embedded(layout.store)
        server = Server(embedded, http_port)
    try:
        try:
            done = migrate(store)
        except StoreError as error:
            raise Problem(str(error)) from None
        log.info("migrations: %s", ", ".join(done) or "nothing to do")
        try:
            kept = keep(store, settings.tables_kept)
        except ValueError as error:
            raise BadInput(str(error)) from None
        note(store, settings.times.lateness)
        log.info("retention: %s", f"changed of {', '.join(kept)}" if kept else "nothing to do")
        registry = CollectorRegistry()
        runner, metrics_port = await expose(registry, metrics_host, metrics_port)
        log.info("metrics on http://%s:%d/metrics", metrics_host, metrics_port)
        if server is not None:
            log.info("SQL over HTTP on http://127.0.0.1:%d", await server.start())
        group = group_of(layout, clickhouse)
        metrics = SinkMetrics(registry, "clickhouse" if clickhouse else "embedded")
        pacing = asyncio.create_task(keep_pace(store))
        try:
            writer = Writer(store, bootstrap, group, metrics, Limits(grace_s=GRACE_S), security=secured())
            await run_until_signal(writer)
        finally:
            pacing.cancel()
            if server is not None:
                await server.stop()
            await runner.cleanup()
    finally:
        store.close()


async def _serve(layout: Layout, port: int) -> None:
    from sinks.embedded import Embedded
    from sinks.embedded_server import Server

    store = Embedded(layout.store)
    try:
        server = Server(store, port)
        log.info("SQL over HTTP on http://127.0.0.1:%d", await server.start())
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await stopping.wait()
        await server.stop()
    finally:
        store.close()
