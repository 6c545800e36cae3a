"""`touchpath replay`: files through Kafka and the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from touchpath import options, payloads
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.payloads import check_file, how_of
from touchpath.problem import BadInput
from touchpath.terminal import stop_on_signals


def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What to publish, the oldest first.")],
    format: payloads.Format,  # noqa: A002 (the option's name)
    source: payloads.Source = "",
    time_zone: payloads.TimeZone = "",
    mapping: payloads.MappingFile = None,
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    wait: Annotated[
        bool, typer.Option("--drain", help="Start what does not run, wait until all is stored, report, stop it again.")
    ] = False,
    speed: options.Speed = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="They are of the past: live gauges and counters leave them out.")
    ] = False,
    workers: options.Workers = 1,
    settings: options.SettingsFile = None,
) -> None:
    """Publish files of touchpoints, of agents' states, or of what a vendor sends (as touchpath adapt reads it), each in
    the order in which it happened. Files may be packed with gzip.

    Bad lines are named and counted, the others published; the exit status is then 1. Kinds of a vendor's events that
    nothing is made of are counted. With --backfill months of files go in at the pace of the stages while the centre
    works, and nobody is paged for them.

    \b
    Example:
      touchpath replay touchpoints.jsonl --format touchpoints --drain --data data
      touchpath replay 2025-*.gz --format amazon-connect --backfill --bootstrap localhost:9092
      touchpath replay dialler.csv --format csv --mapping dialler.toml --time-zone Europe/Zurich
    """
    from touchpath.pipeline import Plan  # these take a while to import, and no other command needs them
    from touchpath.replaying import How, drained, published

    chosen, settings_file = options.settings_of(settings)
    vendors = how_of(format, source, time_zone, mapping)
    for file in files:
        check_file(file)
    if backfill and speed:
        raise BadInput(f"--speed {speed:g}: a backfill goes as fast as the stages take it")
    how = How(format, vendors, speed, backfill)
    layout = Layout(data)
    stop_on_signals()
    if wait:
        plan = Plan(layout, bootstrap, clickhouse, settings_file, workers, metrics=False)
        replayed = drained(files, how, plan, lambda: pseudonyms_of(chosen, settings_file, layout))
    else:
        address = options.bootstrap_of(bootstrap, layout)
        replayed = published(files, how, address, pseudonyms_of(chosen, settings_file, layout))
    if not all(one.complete for one in replayed):
        raise typer.Exit(1)
