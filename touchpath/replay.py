"""`touchpath replay`: files through Kafka and the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from producers.formats import FORMATS
from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.problem import BadInput
from touchpath.terminal import stop_on_signals


def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What to publish, the oldest first.")],
    format: Annotated[  # noqa: A002 (the option's name)
        str, typer.Option("--format", metavar="|".join(sorted(FORMATS)), help="What the file holds.")
    ],
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
    """Publish files of touchpoints, or of agents' states, each in the order in which they happened.

    Bad lines are named and counted, the others published; the exit status is then 1. With --backfill months of files go
    in at the pace of the stages while the centre works, and nobody is paged for them.

    \b
    Example:
      touchpath replay calls.tsv --format anonymous-bank --drain --data data
      touchpath replay 2025-*.jsonl --format touchpoints --backfill --bootstrap localhost:9092
    """
    from touchpath.pipeline import Plan  # these take a while to import, and no other command needs them
    from touchpath.replaying import How, drained, published

    chosen, source = options.settings_of(settings)
    if format not in FORMATS:
        raise BadInput(f"--format {format}: expected one of {', '.join(sorted(FORMATS))}")
    for file in files:
        if not file.is_file():
            raise BadInput(f"{file}: {'is not a file' if file.exists() else 'No such file'}")
    if backfill and speed:
        raise BadInput(f"--speed {speed:g}: a backfill goes as fast as the stages take it")
    how = How(format, speed, backfill)
    layout = Layout(data)
    stop_on_signals()
    if wait:
        plan = Plan(layout, bootstrap, clickhouse, source, workers, metrics=False)
        replayed = drained(files, how, plan, lambda: pseudonyms_of(chosen, source, layout))
    else:
        address = options.bootstrap_of(bootstrap, layout)
        replayed = published(files, how, address, pseudonyms_of(chosen, source, layout))
    if not all(one.complete for one in replayed):
        raise typer.Exit(1)
