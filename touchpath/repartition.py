"""`touchpath repartition`: another number of partitions, and the state that belongs to it."""

from __future__ import annotations

from typing import Annotated

import typer

from touchpath import options
from touchpath.layout import Layout
from touchpath.problem import Problem
from touchpath.terminal import REMARKS, stop_on_signals

Wait = Annotated[
    float, typer.Option("--wait", min=1, max=1e6, metavar="S", help="For how long the workers and the sink may take.")
]


def repartition(
    partitions: Annotated[int, typer.Option("--partitions", min=1, max=1000, metavar="N", help="As many, or more.")],
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    settings: options.SettingsFile = None,
    wait: Wait = 600,
) -> None:
    """Give the topics more partitions, so that more workers can share the work, and have the state made anew for them.

    Workers are to be stopped; producers and sink may go on. All touchpoints in the store are published again, and when
    the workers have started again and taken them, all figures are what they were. With as many partitions as there
    are, just the state is made anew. Stopped half-way it is to be run again: until it has ended no worker starts.

    \b
    Example:
      touchpath repartition --partitions 8 --bootstrap kafka:9092 --clickhouse clickhouse://clickhouse:9000/touchpath
    """
    from sinks.store import StoreError
    from touchpath.rebuilding import begin, rebuild
    from touchpath.resting import resting
    from touchpath.stored import stored

    options.settings_of(settings)
    stop_on_signals()
    layout = Layout(data)

    def tell(line: str) -> None:
        REMARKS.print(f"{line} …", markup=False)

    try:
        with resting(layout, bootstrap, clickhouse, settings, wait, tell) as at_rest:
            before = begin(at_rest.brokers, partitions, tell)
            at_rest.until_stored(partitions)
            with stored(layout, at_rest.clickhouse) as store:
                count = rebuild(at_rest.brokers, store, before, partitions, tell)
    except StoreError as error:
        raise Problem(f"{error}; the same command may be run again") from None
    print(
        f"{partitions} partitions; {count:,} touchpoints are published again, for the workers to take when they start"
    )
