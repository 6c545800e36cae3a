"""`touchpath up`: everything, supervised, with a live summary."""

from __future__ import annotations

from typing import Annotated

import typer

from touchpath import options
from touchpath.layout import Layout
from touchpath.logs import log_to_file
from touchpath.terminal import REMARKS, Stopped, stop_on_signals


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
    console: Annotated[bool, typer.Option("--console/--no-console", help="Serve the console, on this machine.")] = True,
    console_port: Annotated[
        int,
        typer.Option("--console-port", min=0, max=65535, metavar="PORT", help="The console's; 0: 8090 or a free one."),
    ] = 0,
) -> None:
    """Run everything: Kafka and the store (embedded unless addresses are given), workers, sink, metrics, console.

    Ctrl-C stops it cleanly; started again it goes on where it was, on the same ports.

    \b
    Example:
      touchpath up --simulate
      touchpath up --bootstrap kafka:9092 --clickhouse clickhouse://clickhouse:9000/touchpath --workers 4
    """
    from touchpath.pipeline import Pipeline, Plan  # these take a while to import, and few commands need them
    from touchpath.summary import watch

    _, chosen = options.settings_of(settings)
    if speed is not None and not simulate:
        raise typer.BadParameter("it is the simulation's: give --simulate too", param_hint="'--speed'")
    layout = Layout(data)
    simulator = None
    if simulate:
        simulator = ["--seed", str(seed), *(["--speed", str(speed)] if speed else [])]
    plan = Plan(
        layout, bootstrap, clickhouse, chosen, workers, partitions, True, simulator, kafka_port, http_port, console,
        console_port,
    )  # fmt: skip
    stop_on_signals()
    with Pipeline(plan, lambda line: REMARKS.print(f"{line} …")) as pipeline:
        log_to_file(layout.log("touchpath"))
        try:
            running = pipeline.start()
            watch(running, layout, pipeline.check)
        except Stopped:
            REMARKS.print("stopping …")
    REMARKS.print(f"stopped; the data stay in {data}")
