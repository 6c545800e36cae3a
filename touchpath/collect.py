"""`touchpath collect`: touchpoints over HTTP, onto Kafka."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.logs import log_to_stderr
from touchpath.loopback import HOST

if TYPE_CHECKING:
    pass


def collect(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    host: Annotated[
        str,
        typer.Option("--host", metavar="ADDRESS", help="Where to listen; beyond this machine with write keys."),
    ] = HOST,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, metavar="PORT", help="Where to listen; 0 takes a free one.")
    ] = 8080,
    metrics_port: options.MetricsPort = 0,
    metrics_host: options.MetricsHost = HOST,
    settings: options.SettingsFile = None,
) -> None:
    """Take touchpoints over HTTP: our own, calls of Segment's and RudderStack's clients, and vendors' web hooks.

    Write keys and the secrets of web hooks are in the environment (docs/collector.md); on this machine alone, and
    without any, it takes what comes.

    \b
    Example:
      touchpath collect --data data
      TOUCHPATH_WRITE_KEY_WEB=$(openssl rand -hex 16) touchpath collect --data data --host 0.0.0.0
    """
    from touchpath.collecting import Plan, run

    chosen, source = options.settings_of(settings)
    layout = Layout(data)
    layout.create()
    address = options.bootstrap_of(bootstrap, layout)
    beside = source.parent if source else Path()
    plan = Plan(chosen, beside, host, port, metrics_host, metrics_port, address)
    access, hooks = plan.access()
    pseudonyms = pseudonyms_of(chosen, source, layout)
    log_to_stderr()
    asyncio.run(run(plan, access, hooks, pseudonyms))
