"""`touchpath backup` and `touchpath restore`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem
from touchpath.sink import group_of
from touchpath.terminal import REMARKS, stop_on_signals

if TYPE_CHECKING:
    from journeys.settings import Settings
    from touchpath.backing_up import Manifest
    from touchpath.brokers import Brokers
    from touchpath.queries import Queries
    from touchpath.resting import Resting

_WAIT_S = 600.0


def backup(
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new or empty directory.")],
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    settings: options.SettingsFile = None,
) -> None:
    """Write the store, and what only Kafka knows, into a directory. Everything may go on running meanwhile.

    The keys that hide identifiers are not in it: keep them elsewhere (touchpath keys), for without them known customers
    are new ones after a restore.

    \b
    Example:
      touchpath backup --to /backups/2026-03-01
    """
    from sinks.store import StoreError
    from touchpath.backing_up import back_up, make

    chosen, source = options.settings_of(settings)
    layout = Layout(data)
    keys = pseudonyms_of(chosen, source, layout).key_ids
    make(to)
    stop_on_signals()
    try:
        with _sources(layout, bootstrap, clickhouse, settings) as (brokers, store, group):
            manifest = back_up(brokers, store, group, keys, to, _tell)
    except StoreError as error:
        raise Problem(str(error)) from None
    told = {file.name: file.entries for file in manifest.files}
    print(f"{to}: {sum(told.values()):,} rows, {told['touchpoints.parquet']:,} of them touchpoints")


def restore(
    from_: Annotated[Path, typer.Option("--from", metavar="DIR", help="What touchpath backup wrote.")],
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    partitions: options.Partitions = None,
    settings: options.SettingsFile = None,
) -> None:
    """Bring a backup into an empty store.

    Where the Kafka is the one that the backup was taken beside, the sink then catches up with all that came since. In
    another Kafka, which must be new, the topics are made and all touchpoints are published again; when the workers have
    taken them all figures are what they were. Neither workers nor sink may run.

    \b
    Example:
      touchpath restore --from /backups/2026-03-01 --data data
    """
    from sinks.store import StoreError
    from touchpath import backing_up
    from touchpath.resting import resting

    chosen, source = options.settings_of(settings)
    layout = Layout(data)
    manifest = backing_up.read(from_)
    keys = pseudonyms_of(chosen, source, layout).key_ids
    if missing := set(manifest.keys) - set(keys):
        raise BadInput(
            f"--from {from_}: identifiers are hidden by keys that are not here ({', '.join(sorted(missing))}), so that "
            "known customers would be new ones; touchpath keys says where keys come from"
        )
    stop_on_signals()
    with resting(layout, bootstrap, clickhouse, settings, _WAIT_S, _tell, new=True) as at_rest:
        try:
            _restore(at_rest, manifest, from_, partitions, chosen)
        except StoreError as error:
            raise Problem(f"{error}; empty the store before it is tried again") from None


def _restore(at_rest: Resting, manifest: Manifest, from_: Path, partitions: int | None, settings: Settings) -> None:
    from sinks.clickhouse import ClickHouse
    from sinks.embedded import Embedded
    from touchpath import restoring
    from touchpath.stored import stored

    brokers, layout, where = at_rest.brokers, at_rest.layout, at_rest.clickhouse
    elsewhere = not restoring.is_of(manifest, brokers)
    if elsewhere and partitions is None and (there := brokers.partitions()):
        partitions = max(there.values())
    store = ClickHouse(where) if where else Embedded(layout.store)
    try:
        count = restoring.load(manifest, from_, store, elsewhere, _tell)
    finally:
        store.close()
    print(f"{count:,} rows restored")
    if not elsewhere:
        restoring.go_on(manifest, brokers, group_of(layout, where), _tell)
        print("start the sink: it goes on from where it stood at the backup")
        return
    number = restoring.begin(manifest, brokers, settings, partitions)
    with stored(layout, where) as found:
        again = restoring.rebuild(manifest, from_, brokers, found, number, _tell)
    print(f"{number} partitions; {again:,} touchpoints are published again: start the workers and the sink")


@contextmanager
def _sources(
    layout: Layout, bootstrap: str | None, clickhouse: str | None, settings: Path | None
) -> Iterator[tuple[Brokers, Queries, str]]:
    """Kafka, the store, and the sink's group: of what runs, else of the data directory at rest."""
    from touchpath.brokers import Brokers
    from touchpath.queries import queries
    from touchpath.resting import resting
    from touchpath.stored import stored

    running = layout.running()
    if bootstrap or running is not None:
        address = options.bootstrap_of(bootstrap, layout)
        if clickhouse is None and running is not None and not running.store.startswith("http"):
            clickhouse = running.store
        with Brokers(address) as brokers, queries(layout, clickhouse) as store:
            yield brokers, store, group_of(layout, clickhouse)
        return
    with resting(layout, None, clickhouse, settings, _WAIT_S, _tell) as at_rest:
        at_rest.until_stored(at_rest.brokers.count_partitions())
        with stored(layout, at_rest.clickhouse) as store:
            yield at_rest.brokers, store, group_of(layout, at_rest.clickhouse)


def _tell(line: str) -> None:
    REMARKS.print(f"{line} …", markup=False)
