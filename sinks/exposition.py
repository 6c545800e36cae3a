"""Serving metrics to Prometheus from within the event loop, so that a scrape never meets half-changed state."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


async def expose(registry: CollectorRegistry, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Answer GET /metrics at ``host`` and ``port`` (0: a free one) until the runner is cleaned up; it and the port.

    Raises ``OSError`` if the port is taken.
    """

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner, int(runner.addresses[0][1])
