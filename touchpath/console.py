"""`touchpath console`: the live picture in a browser."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import Annotated

import typer

from dashboards.console.access import VARIABLE, Access, AccessError, from_environment
from touchpath import options
from touchpath.console_sources import FromLayout
from touchpath.layout import Layout
from touchpath.logs import log_to_stderr
from touchpath.loopback import HOST
from touchpath.problem import BadInput

log = logging.getLogger(__name__)

PORT = 8090
"""Where a browser finds it, unless something else is there."""


def _scraped(values: list[str] | None) -> list[str]:
    for value in values or ():
        if not value.startswith(("http://", "https://")):
            raise typer.BadParameter(f"expected an address such as http://metrics:9108/metrics, got {value!r}")
    return values or []


def console(
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metrics",
            metavar="URL",
            callback=_scraped,
            help="A part's /metrics, the exporter's among them; once for each. Without it, the data directory's.",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="Where to listen; beyond this machine with tokens."),
    ] = HOST,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="Where to listen; 0 takes a free one.")
    ] = PORT,
    secure: Annotated[
        bool, typer.Option("--secure", help="Browsers reach it by a proxy with TLS: cookies are sent over that alone.")
    ] = False,
    settings: options.SettingsFile = None,
) -> None:
    """Serve the console: the floor, channels, repeats, causes, one customer and the pipeline, live, in a browser.

    touchpath up serves one of its own. On this machine alone it asks for nothing; to listen beyond, set tokens in the
    environment (docs/console.md): TOUCHPATH_CONSOLE_TOKEN_VIEW, _MANAGE, _CLEAR.

    \b
    Example:
      touchpath console --data data
      touchpath console --clickhouse clickhouse://clickhouse:9000/touchpath --metrics http://metrics:9108/metrics
    """
    chosen, source = options.settings_of(settings)
    try:
        access = from_environment(os.environ)
    except AccessError as error:
        raise BadInput(str(error)) from None
    log_to_stderr()
    sources = FromLayout(Layout(data), chosen, source, clickhouse, tuple(metrics or ()))
    asyncio.run(_serve(sources, access, secure, host, port))


async def _serve(sources: FromLayout, access: Access, secure: bool, host: str, port: int) -> None:
    from dashboards.console.server import Console

    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    served = Console(sources, access, secure)
    try:
        await served.start(host, port)
    except ValueError as error:
        raise BadInput(f"--host {host}: {error}; set {VARIABLE}VIEW to one, or listen on {HOST}") from None
    except OSError as error:
        raise BadInput(f"--host {host} --port {port}: {error.strerror or error}") from None
    name = f"[{host}]" if ":" in host else host
    log.info("listening on http://%s:%d%s", name, served.port, " without tokens" if access.open else "")
    await stopping.wait()
    await served.stop()
