"""`touchpath up`: everything, supervised, with a live summary."""

from __future__ import annotations

import logging
import time
from typing import Annotated

import typer
from rich.live import Live

from touchpath import options
from touchpath.layout import Layout, Running
from touchpath.logs import log_to_file
from touchpath.pipeline import Pipeline, Plan
from touchpath.queries import queries
from touchpath.summary import Summary, addresses
from touchpath.terminal import ANSWERS, REMARKS, Stopped, stop_on_signals

log = logging.getLogger(__name__)

_REFRESH_S = 1.0
_LINE_S = 5.0


def up(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    workers: options.Workers = 1,
    partitions: options.Partitions = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="Feed it with a simulated contact centre.")] = False,
    speed: Annotated[
        float | None, typer.Option("--speed", min=1, max=1e6, metavar="X", help="How fast the simulation catches up.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the simulation.")] = 1,
    settings: options.SettingsFile = None,
    kafka_port: Annotated[
        int, typer.Option("--kafka-port", min=0, max=65535, metavar="PORT", help="Of embedded Kafka; 0: a free one.")
    ] = 0,
    http_port: options.HttpPort = 0,
) -> None:
    """Run everything: Kafka and the store (embedded unless addresses are given), workers, sink, metrics.

    Ctrl-C stops it cleanly; started again it goes on where it was, on the same ports.

    \b
    Example:
      touchpath up --simulate
      touchpath up --bootstrap kafka:9092 --clickhouse clickhouse://clickhouse:9000/touchpath --workers 4
    """
    _, chosen = options.settings_of(settings)
    if speed is not None and not simulate:
        raise typer.BadParameter("it is the simulation's: give --simulate too", param_hint="'--speed'")
    layout = Layout(data)
    simulator = None
    if simulate:
        simulator = ["--seed", str(seed), *(["--speed", str(speed)] if speed else [])]
    plan = Plan(layout, bootstrap, clickhouse, chosen, workers, partitions, True, simulator, kafka_port, http_port)
    stop_on_signals()
    with Pipeline(plan, lambda line: REMARKS.print(f"{line} …")) as pipeline:
        log_to_file(layout.log("touchpath"))
        try:
            running = pipeline.start()
            _watch(pipeline, layout, running)
        except Stopped:
            REMARKS.print("stopping …")
    REMARKS.print(f"stopped; the data stay in {data}")


def _watch(pipeline: Pipeline, layout: Layout, running: Running) -> None:
    """Until a signal comes, or a part keeps dying."""
    with queries(layout) as store:
        summary = Summary(running, store)
        if not ANSWERS.is_terminal:
            for line in addresses(running):
                print(line, flush=True)
            told = time.monotonic()
            while True:
                pipeline.check()
                summary.gather()
                if time.monotonic() - told >= _LINE_S:
                    told = time.monotonic()
                    print(summary.line(), flush=True)
                time.sleep(_REFRESH_S)
        with Live(summary.panel(), console=ANSWERS, auto_refresh=False, transient=False) as live:
            while True:
                pipeline.check()
                summary.gather()
                live.update(summary.panel(), refresh=True)
                time.sleep(_REFRESH_S)
