"""Compose the Faust application, and run it as a worker process."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

import faust
from aiohttp import web
from faust.types import TP
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from streams.engine import Engine
from streams.logs import throttle_aiokafka
from streams.settings import EngineSettings, Topology
from streams.stage import Stage
from streams.transport import ChunkTransport, PassThrough

log = logging.getLogger(__name__)


class WithoutProducer(faust.App.BootStrategy):  # type: ignore[misc]
    """All that we write goes by transactions of our own: Faust's producer would be a connection for nothing."""

    enable_kafka_producer = False


class Application(faust.App):  # type: ignore[misc]
    """A Faust app with one agent a stage. `engine` has the partitions, `metrics_url` the address once it runs."""

    BootStrategy = WithoutProducer

    engine: Engine
    metrics_url: str | None = None


def create_app(topology: Topology, settings: EngineSettings) -> Application:
    """The application, not started. The topics must exist."""
    settings.data.mkdir(parents=True, exist_ok=True)  # Faust makes but one level
    heartbeat_s = settings.session_timeout_s / 3
    app = Application(
        settings.app_id,
        broker=";".join(f"kafka://{address}" for address in settings.bootstrap.split(",")),
        autodiscover=False,
        store="memory://",
        datadir=settings.data / "faust",
        web_enabled=False,
        broker_client_id=settings.worker,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=heartbeat_s,
        broker_request_timeout=max(15.0, settings.session_timeout_s + 1),
        # A member has that long to close its partitions and to join again.
        broker_rebalance_timeout=2 * settings.stop_timeout_s + 10,
        consumer_auto_offset_reset="earliest",
        # So that partitions which somebody added are noticed soon (streams/partitioning.py).
        consumer_metadata_max_age_ms=10_000,
        # Our transactions settle what is under way when partitions are revoked; Faust has nothing to wait for.
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
    )
    engine = Engine(topology, settings, app.crash)
    app.engine = engine
    app.transport = ChunkTransport(app.conf.broker_consumer, app, engine, settings.security)
    for stage in topology.stages:
        _add_agent(app, stage, engine)
    _connect(app, engine, settings)
    return app


def run_worker(topology: Topology, settings: EngineSettings, *, loglevel: str | None = None) -> None:
    """Run until SIGTERM or SIGINT, or a crash; then exit the process, with 0 or 1.

    Waits `broker_wait_s` for a broker to answer, else exits with one line that says so.

    The caller sets up logging; aiokafka's repetitions during an outage are held back here.
    """
    throttle_aiokafka()
    # Batches make and drop containers by the ten thousand, none of them in a cycle: with Python's own thresholds the
    # collector looks at them, and at all that was imported, again and again.
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    _wait_for_broker(settings.bootstrap, settings.broker_wait_s)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app(topology, settings)
    worker = app.Worker(
        loop=loop, loglevel=loglevel, quiet=True, redirect_stdouts=False, override_logging=False, console_port=0
    )
    worker.spinner = None
    worker.execute_from_commandline()


def _wait_for_broker(bootstrap: str, wait_s: float) -> None:
    """Return once a port is open; Faust gives up at once. Raises SystemExit with the reason after `wait_s`."""
    deadline = monotonic() + wait_s
    while True:
        for address in bootstrap.split(","):
            host, _, port = address.strip().rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
                return
            except (OSError, ValueError) as error:
                reason = error
        if monotonic() > deadline:
            raise SystemExit(f"Kafka at {bootstrap} cannot be reached: {reason}")
        log.warning("waiting for Kafka at %s: %s", bootstrap, reason)
        sleep(1)


def _add_agent(app: Application, stage: Stage, engine: Engine) -> None:
    topic = app.topic(*stage.inputs, schema=PassThrough(), acks=False)

    async def deliver(stream: Any) -> None:
        async for chunk in stream:
            await engine.deliver(chunk)

    app.agent(topic, name=stage.name)(deliver)


def _connect(app: Application, engine: Engine, settings: EngineSettings) -> None:
    running: list[asyncio.Task[None]] = []
    served: list[web.AppRunner] = []

    async def on_revoked(sender: Any, revoked: set[TP], **options: Any) -> None:
        await engine.revoked(revoked)

    async def on_assigned(sender: Any, assigned: set[TP], **options: Any) -> None:
        await engine.assigned(assigned)

    async def serve() -> None:
        running.append(asyncio.create_task(engine.watch()))
        if settings.metrics_port is not None:
            served.append(await _serve(app, engine, settings.metrics_host, settings.metrics_port))

    async def on_shutdown(sender: Any, **options: Any) -> None:
        await engine.revoked(())
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for runner in served:
            await runner.cleanup()

    app.on_partitions_revoked.connect(on_revoked, weak=False)
    app.on_partitions_assigned.connect(on_assigned, weak=False)
    # Sent while the consumer is still a member of the group, so that nobody takes over before we are done.
    app.on_before_shutdown.connect(on_shutdown, weak=False)
    app.task(serve)


async def _serve(app: Application, engine: Engine, host: str, port: int) -> web.AppRunner:
    async def metrics(request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def ready(request: web.Request) -> web.Response:
        return web.json_response({"ready": engine.ready}, status=200 if engine.ready else 503)

    site = web.Application()
    site.router.add_get("/metrics", metrics)
    site.router.add_get("/ready", ready)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    app.metrics_url = f"http://{host}:{runner.addresses[0][1]}"
    log.info("metrics and readiness on %s", app.metrics_url)
    return runner
