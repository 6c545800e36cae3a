"""`touchpath metrics`: what Prometheus scrapes of queues, journeys, switches and repeats."""

from __future__ import annotations

import asyncio
import signal

from producers.connection import secured
from touchpath import options
from touchpath.layout import Layout
from touchpath.logs import log_to_stderr
from touchpath.loopback import HOST


def metrics(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    metrics_port: options.MetricsPort = 0,
    metrics_host: options.MetricsHost = HOST,
) -> None:
    """Export live queues, journeys, switches and repeats to Prometheus, from the topics alone: no store need be up.

    \b
    Example:
      touchpath metrics --bootstrap localhost:9092 --metrics-port 9108
    """
    layout = Layout(data)
    layout.create()
    address = options.bootstrap_of(bootstrap, layout)
    log_to_stderr()
    asyncio.run(_run(layout, address, metrics_host, metrics_port))


async def _run(layout: Layout, bootstrap: str, host: str, port: int) -> None:
    from sinks.metrics import Metrics

    exporter = Metrics(bootstrap, layout.metrics, port, host, security=secured())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, exporter.stop)
    await exporter.run()
