"""`touchpath replay`: a file through Kafka and the whole pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from producers.delivery import PublishError
from producers.formats import FORMATS
from producers.replay import Replayed, ReplayError
from producers.replay import replay as publish
from touchpath import options
from touchpath.brokers import Brokers
from touchpath.drain import drain, ends_of_touchpoints
from touchpath.layout import Layout
from touchpath.pipeline import Pipeline, Plan
from touchpath.problem import BadInput, Problem
from touchpath.queries import queries
from touchpath.report import show
from touchpath.sink import group_of
from touchpath.terminal import REMARKS, Stopped, stop_on_signals
from touchpath.worker import APP_ID

if TYPE_CHECKING:
    from producers.pacing import Progress as Published

_BAD_LINES_SHOWN = 5


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to publish.")],
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
    workers: options.Workers = 1,
    settings: options.SettingsFile = None,
) -> None:
    """Publish a file of touchpoints in the order in which they happened.

    Bad lines are named and counted, the others published; the exit status is then 1.

    \b
    Example:
      touchpath replay calls.tsv --format anonymous-bank --drain --data data
    """
    _, chosen = options.settings_of(settings)
    if format not in FORMATS:
        raise BadInput(f"--format {format}: expected one of {', '.join(sorted(FORMATS))}")
    if not file.is_file():
        raise BadInput(f"{file}: {'is not a file' if file.exists() else 'No such file'}")
    layout = Layout(data)
    stop_on_signals()
    if wait:
        replayed = _drained(file, format, speed, Plan(layout, bootstrap, clickhouse, chosen, workers, metrics=False))
    else:
        address = options.bootstrap_of(bootstrap, layout)
        with _progress() as progress:
            replayed = _publish(file, format, address, speed, progress)
        REMARKS.print(f"{replayed.delivery.acknowledged:,} touchpoints published to {address}")
    if not replayed.complete:
        raise typer.Exit(1)


def _drained(file: Path, format: str, speed: float | None, plan: Plan) -> Replayed:  # noqa: A002
    layout = plan.layout
    running = layout.running()
    if running is not None:
        if plan.bootstrap not in (None, running.bootstrap):
            raise BadInput(f"--bootstrap {plan.bootstrap}: touchpath runs on {layout.root} with {running.bootstrap}")
        return _through(file, format, speed, layout, running.bootstrap, running.store)
    with Pipeline(plan, lambda line: REMARKS.print(f"{line} …")) as pipeline:
        running = pipeline.start()
        return _through(file, format, speed, layout, running.bootstrap, running.store, pipeline.check)


def _through(
    file: Path,
    format: str,  # noqa: A002
    speed: float | None,
    layout: Layout,
    bootstrap: str,
    store: str,
    check: Callable[[], None] = lambda: None,
) -> Replayed:
    """Publish, wait until all is stored, print the report."""
    from sinks.rows import READERS

    clickhouse = None if store.startswith("http") else store
    with Brokers(bootstrap) as brokers, _progress() as progress:
        partitions = brokers.count_partitions()
        replayed = _publish(file, format, bootstrap, speed, progress, check)
        waiting = progress.add_task("stored", total=None)
        most = 0

        def watch(step: str, left: int) -> None:
            nonlocal most
            check()
            most = max(most, left)
            progress.update(waiting, description=f"to be stored ({step})", total=most or None, completed=most - left)

        published = ends_of_touchpoints(brokers, partitions)
        drain(brokers, partitions, published, APP_ID, {group_of(layout, clickhouse): list(READERS)}, watch)
        progress.update(waiting, description="stored", total=1, completed=1)
    with queries(layout, clickhouse) as found:
        show(found)
    return replayed


def _publish(
    file: Path,
    format: str,  # noqa: A002
    bootstrap: str,
    speed: float | None,
    progress: Progress,
    check: Callable[[], None] = lambda: None,
) -> Replayed:
    task = progress.add_task(f"published of {file.name}", total=None)

    def on_progress(published: Published) -> None:
        check()
        progress.update(task, completed=published.published, total=published.total or None)

    try:
        replayed = publish(file, format, bootstrap, speed=speed, on_progress=on_progress)
    except ReplayError as error:
        raise BadInput(str(error)) from None
    except PublishError as error:
        raise Problem(str(error)) from None
    delivery = replayed.delivery
    for line in replayed.bad_lines[:_BAD_LINES_SHOWN]:
        REMARKS.print(f"bad line: {line}", markup=False)
    if replayed.bad:
        REMARKS.print(f"{file}: {replayed.bad:,} bad lines were left out", markup=False)
    if delivery.failed:
        first = delivery.failures[0]
        REMARKS.print(f"{delivery.failed:,} were not acknowledged; first: {first.id}: {first.error}", markup=False)
    if replayed.gave_up:
        raise Problem(f"{file}: gave up after {delivery.acknowledged:,} touchpoints: {replayed.gave_up}")
    return replayed


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar on stderr; in the end it stands there with the figures."""
    progress = Progress(
        SpinnerColumn(), TextColumn("{task.completed:>9,.0f}"), TextColumn("{task.description}"), BarColumn(),
        TaskProgressColumn(), TimeElapsedColumn(), console=REMARKS, refresh_per_second=5,
    )  # fmt: skip
    with progress:
        try:
            yield progress
        except Stopped:
            REMARKS.print("stopped before all was published and stored; the same file may be replayed again")
            raise
