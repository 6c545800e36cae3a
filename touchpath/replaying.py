"""Publishing files, and following it through the pipeline until all of it is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from journeys.pseudonyms import Pseudonyms
from journeys.sentiment import Scorer
from producers.adapters.adapter import How as VendorsHow
from producers.backfill import HEADER, announce
from producers.delivery import PublishError
from producers.formats import PLAIN
from producers.pacing import Progress as Published
from producers.replay import Replayed, ReplayError
from producers.replay import replay as publish
from sinks.rows import READERS
from touchpath.backfilling import Throttle
from touchpath.brokers import Brokers
from touchpath.drain import drain, ends_of_touchpoints
from touchpath.layout import Layout
from touchpath.logs import log_to_file
from touchpath.payloads import tell_passed_over
from touchpath.pipeline import Pipeline, Plan
from touchpath.problem import BadInput, Problem
from touchpath.queries import queries
from touchpath.report import show
from touchpath.sink import group_of
from touchpath.terminal import REMARKS, Stopped
from touchpath.worker import APP_ID

_BAD_LINES_SHOWN = 5


class How(NamedTuple):
    """How files are to be published."""

    format: str
    vendors: VendorsHow = PLAIN
    """What a vendor's files do not say."""
    speed: float | None = None
    """Times as fast as it happened; none: as fast as it goes."""
    backfill: bool = False
    """They are of the past: no part of now, and not faster than the stages take them."""


def published(files: Sequence[Path], how: How, bootstrap: str, pseudonyms: Pseudonyms) -> list[Replayed]:
    """Publish ``files``, one after the other, and return how that went. Raises ``Problem``."""
    with _progress() as progress:
        replayed = _publish(files, how, bootstrap, pseudonyms, progress)
    _tell(replayed, f" to {bootstrap}")
    return replayed


def drained(files: Sequence[Path], how: How, plan: Plan, pseudonyms: Callable[[], Pseudonyms]) -> list[Replayed]:
    """Publish ``files``, return when all is stored, and print the report; what does not run is started for it.

    ``pseudonyms`` is asked when all runs, for the first start makes the keys."""
    layout = plan.layout
    running = layout.running()
    if running is not None:
        if plan.bootstrap not in (None, running.bootstrap):
            raise BadInput(f"--bootstrap {plan.bootstrap}: touchpath runs on {layout.root} with {running.bootstrap}")
        return _through(files, how, pseudonyms(), layout, running.bootstrap, running.store)
    with Pipeline(plan, lambda line: REMARKS.print(f"{line} …")) as pipeline:
        log_to_file(layout.log("touchpath"))
        running = pipeline.start()
        return _through(files, how, pseudonyms(), layout, running.bootstrap, running.store, pipeline.check)


def _through(
    files: Sequence[Path],
    how: How,
    pseudonyms: Pseudonyms,
    layout: Layout,
    bootstrap: str,
    store: str,
    check: Callable[[], None] = lambda: None,
) -> list[Replayed]:
    """Publish, wait until all is stored, print the report."""
    clickhouse = None if store.startswith("http") else store
    with Brokers(bootstrap) as brokers, _progress() as progress:
        partitions = brokers.count_partitions()
        replayed = _publish(files, how, bootstrap, pseudonyms, progress, check)
        waiting = progress.add_task("stored", total=None)
        most = 0

        def watch(step: str, left: int) -> None:
            nonlocal most
            check()
            most = max(most, left)
            progress.update(waiting, description=f"to be stored ({step})", total=most or None, completed=most - left)

        ends = ends_of_touchpoints(brokers, partitions)
        drain(brokers, partitions, ends, APP_ID, {group_of(layout, clickhouse): list(READERS)}, watch)
        progress.update(waiting, description="stored", total=1, completed=1)
    _tell(replayed, "")
    with queries(layout, clickhouse) as found:
        show(found)
    return replayed


def _tell(replayed: Sequence[Replayed], where: str) -> None:
    """How many events there were, and which kinds nothing was made of."""
    agents = sum(one.of_agents for one in replayed)
    told = f"{sum(one.delivery.acknowledged for one in replayed):,} events published{where}"
    REMARKS.print(f"{told}, {agents:,} of them of agents" if agents else told, markup=False)
    passed_over: Counter[str] = Counter()
    for one in replayed:
        passed_over.update(one.passed_over)
    tell_passed_over(passed_over)


def _publish(
    files: Sequence[Path],
    how: How,
    bootstrap: str,
    pseudonyms: Pseudonyms,
    progress: Progress,
    check: Callable[[], None] = lambda: None,
) -> list[Replayed]:
    with ExitStack() as held:
        throttle = None
        if how.backfill:
            throttle = Throttle(held.enter_context(Brokers(bootstrap)))
            try:
                announce(bootstrap)
            except PublishError as error:
                raise Problem(str(error)) from None
        return [_publish_one(file, how, bootstrap, pseudonyms, progress, check, throttle) for file in files]


def _publish_one(
    file: Path,
    how: How,
    bootstrap: str,
    pseudonyms: Pseudonyms,
    progress: Progress,
    check: Callable[[], None],
    throttle: Throttle | None,
) -> Replayed:
    task = progress.add_task(f"published of {file.name}", total=None)

    def on_progress(done: Published) -> None:
        check()
        progress.update(task, completed=done.published, total=done.total or None)

    try:
        replayed = publish(
            file, how.format, bootstrap, speed=how.speed, on_progress=on_progress, pseudonyms=pseudonyms,
            scorer=Scorer(pseudonyms.settings), headers=[HEADER] if how.backfill else (), due=throttle,
            how=how.vendors,
        )  # fmt: skip
    except ReplayError as error:
        raise BadInput(str(error)) from None
    except PublishError as error:
        raise Problem(str(error)) from None
    delivery = replayed.delivery
    for line in replayed.bad_lines[:_BAD_LINES_SHOWN]:
        REMARKS.print(f"bad line: {line}", markup=False)
    if replayed.bad:
        REMARKS.print(f"{file}: {replayed.bad:,} bad lines were left out", markup=False)
        if not delivery.attempted and not replayed.passed_over and not replayed.gave_up:
            REMARKS.print(f"{file}: nothing of it was taken; is it --format {how.format}?", markup=False)
    if delivery.failed:
        first = delivery.failures[0]
        REMARKS.print(f"{delivery.failed:,} were not acknowledged; first: {first.id}: {first.error}", markup=False)
    if replayed.gave_up:
        raise Problem(f"{file}: gave up after {delivery.acknowledged:,} events: {replayed.gave_up}")
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
