"""`touchpath worker`: the stream stages, in one process."""

from __future__ import annotations

from typing import Annotated

import typer

from producers.connection import secured
from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.logs import log_to_stderr
from touchpath.loopback import HOST

APP_ID = "touchpath"


def worker(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Its state lies in DATA/workers/NAME: one process a name.")
    ] = "worker-1",
    metrics_port: options.MetricsPort = 0,
    metrics_host: options.MetricsHost = HOST,
    settings: options.SettingsFile = None,
) -> None:
    """Run one stream worker: contacts, journeys and queue figures. As many as there are partitions share the work.

    \b
    Example:
      touchpath worker --bootstrap localhost:9092 --data data --name worker-2
    """
    from touchpath.brokers import Brokers

    chosen, source = options.settings_of(settings)
    layout = Layout(data)
    layout.create()
    if not name or "/" in name or name.startswith("."):
        raise typer.BadParameter(f"expected a plain name, got {name!r}", param_hint="'--name'")
    address = options.bootstrap_of(bootstrap, layout)
    with Brokers(address) as brokers:
        made_for = brokers.partitioning()
    pseudonyms = pseudonyms_of(chosen, source, layout)
    log_to_stderr()

    from streams.application import run_worker  # Faust takes a second to import
    from streams.settings import EngineSettings
    from streams.topology import build

    run_worker(
        build(chosen, pseudonyms, made_for.partitions),
        EngineSettings(
            address,
            APP_ID,
            layout.worker(name),
            worker=name,
            metrics_port=metrics_port,
            metrics_host=metrics_host,
            epoch=made_for.epoch,
            security=secured(),
        ),
    )
