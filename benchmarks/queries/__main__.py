"""The benchmark of dashboards' queries: fills a store, asks it everything, prints what takes how long."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Annotated, cast

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.queries import filling
from benchmarks.queries.asked import queries
from benchmarks.queries.stopwatch import Timed, timed
from sinks import panels
from sinks.embedded import Embedded
from sinks.migrate import migrate
from sinks.store import Store
from touchpath.customer_journeys import stories
from touchpath.queries import Queries

LIMIT_S = 1.0


def main(
    touchpoints: Annotated[int, typer.Option(min=10_000, help="Rounded down to thousands.")] = 100_000_000,
    days: Annotated[int, typer.Option(min=2, help="How far back they go.")] = 365,
    directory: Annotated[
        Path | None, typer.Option(help="Where the store is made; it is deleted afterwards, unless --keep.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the store, and take it as it is the next time.")] = False,
    times: Annotated[int, typer.Option(min=1, help="How often a query is asked again; the median counts.")] = 5,
) -> None:
    """Fill an embedded store with a centre that never was and time every query of the dashboards and the console on it.

    Example: python -m benchmarks.queries --touchpoints 1000000 --days 30
    """
    progress = Console(stderr=True)
    place = directory or Path(tempfile.mkdtemp(prefix="touchpath-queries-"))
    rounded = touchpoints // 1000 * 1000
    needed, free = rounded * filling.BYTES_A_TOUCHPOINT, shutil.disk_usage(place.parent if directory else place).free
    progress.print(f"up to {needed / 1e9:.1f} GB are needed in {place}, and {free / 1e9:.1f} GB are free there")
    if needed > free:
        raise typer.Exit(1)
    there = (place / "filled").exists()
    try:
        store = Embedded(place / "store")
        try:
            if there:
                migrate(store)
            else:
                _fill(store, rounded, days, progress)
                (place / "filled").touch()
            console = Console(width=max(Console().width, 150))
            load = os.getloadavg()[0]
            console.print(_stored(store))
            console.print(_refreshed(store, progress))
            with Progress(console=progress, transient=True) as bar:
                newest = store.query("SELECT max(time) FROM touchpoints").rows[0][0]
                asked = bar.track(list(queries(store, newest)), description="asking")
                found = [timed(store, query, times) for query in asked]
                lookups = [looked_up(store, customer) for customer in bar.track(_some(store), description="looking up")]
            console.print(table(found))
            shortest, longest = min(lookups), max(lookups)
            console.print(
                f"a customer's page, all that it asks: {median(lookups):.2f} s at the median of {len(lookups)} "
                f"customers ({shortest:.2f} to {longest:.2f})"
            )
            console.print(
                f"{datetime.now(UTC):%F}; load of the machine before {load:.1f}, after {os.getloadavg()[0]:.1f}"
            )
            console.print(verdict(found))
        finally:
            store.close()
    finally:
        if not keep:
            shutil.rmtree(place)


def looked_up(store: Embedded, customer: str) -> float:
    """Seconds until the console, or ``touchpath customer``, has all that there is to say of ``customer``."""
    started = time.perf_counter()
    stories(cast(Queries, store), customer)
    return time.perf_counter() - started


def _some(store: Store) -> list[str]:
    """Three customers: who has the most contacts, the thousandth, and the two thousandth."""
    ranked = store.query(
        "SELECT customer, count() AS n FROM contacts WHERE NOT is_deleted GROUP BY customer ORDER BY n DESC LIMIT 2001"
    ).rows
    return [customer for customer, _ in ranked[::1000]]


def table(found: Sequence[Timed]) -> Table:
    shown = Table(title="every query of dashboards and console; cold: nothing in memory")
    for name in ("dashboard", "panel"):
        shown.add_column(name)
    for name in ("cold s", "warm s", "rows read", "rows"):
        shown.add_column(name, justify="right")
    for one in found:
        figures = (f"{one.cold:.3f}", f"{one.warm:.3f}", f"{one.rows_read:,}", f"{one.rows:,}")
        shown.add_row(one.query.dashboard, one.query.panel, *((one.error,) if one.error else figures))
    return shown


def verdict(found: Sequence[Timed]) -> str:
    """Which queries miss the limit, warm or cold, or fail."""
    lines = [f"{len(found)} queries"]
    for word, missed in (
        ("warm", [one for one in found if one.warm >= LIMIT_S]),
        ("cold", [one for one in found if one.cold >= LIMIT_S]),
    ):
        named = ", ".join(f"{one.query.dashboard}: {one.query.panel}" for one in missed) or "none"
        lines.append(f"{LIMIT_S:g} s or more, {word}: {named}")
    if failed := [one for one in found if one.error]:
        lines.append("failed: " + ", ".join(f"{one.query.dashboard}: {one.query.panel}" for one in failed))
    return "\n".join(lines)


def _fill(store: Embedded, touchpoints: int, days: int, progress: Console) -> None:
    steps = list(filling.steps(touchpoints))
    with Progress(console=progress, transient=True) as bar:
        task = bar.add_task("filling", total=len(steps))
        for step, _ in filling.fill(store, touchpoints, days, int(time.time() * 1000)):
            bar.update(task, advance=1, description=f"filling {step.table}")


def _stored(store: Store) -> Table:
    shown = Table(title="rows as they lie there, versions that are not merged yet included")
    shown.add_column("table")
    shown.add_column("rows", justify="right")
    shown.add_column("MB", justify="right")
    for name, rows, size in store.query("SELECT * FROM v_pipeline WHERE rows > 0").rows:
        shown.add_row(name, f"{rows:,}", f"{size / 1e6:,.0f}")
    return shown


def _refreshed(store: Store, progress: Console) -> Table:
    progress.print("computing the panels' tables")
    panels.refresh(store)
    shown = Table(title="the panels' tables, computed anew")
    shown.add_column("table")
    shown.add_column("s", justify="right")
    shown.add_column("rows", justify="right")
    sizes = dict(store.query("SELECT name, total_rows FROM system.tables WHERE database = currentDatabase()").rows)
    for name, took in store.query("SELECT panel, took_s FROM v_panels").rows:
        shown.add_row(name, f"{took:.1f}", f"{sizes[name]:,}")
    return shown


if __name__ == "__main__":
    typer.run(main)
