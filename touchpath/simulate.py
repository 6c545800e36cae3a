"""`touchpath simulate`: a contact centre that does not exist."""

from __future__ import annotations

import logging
import re
import signal
import threading
import time
from typing import TYPE_CHECKING, Annotated

import typer

from journeys.sentiment import Scorer
from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.logs import log_to_stderr
from touchpath.problem import Problem

if TYPE_CHECKING:
    from producers.pacing import Progress

log = logging.getLogger(__name__)

_TELL_S = 10.0


def simulate(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed, the same customers and agents.")] = 1,
    size: Annotated[int, typer.Option("--size", min=1, max=10_000_000, help="Customers' needs a day.")] = 20_000,
    hours: Annotated[
        float, typer.Option("--hours", min=0, max=24 * 30, help="How long ago it began, to be caught up with first.")
    ] = 6.0,
    speed: Annotated[
        float, typer.Option("--speed", min=1, max=1e6, help="How many times as fast that happens; then as the clock.")
    ] = 360.0,
    plant: Annotated[
        str | None,
        typer.Option(
            "--plant", metavar="HH:MM",
            help="From then on, an article is broken, a menu node is a dead end and a team transfers too much. The "
            "centre's time of day: it is 11:00 there when this starts.",
        ),
    ] = None,
    settings: options.SettingsFile = None,
) -> None:  # fmt: skip
    """Publish a simulated contact centre with many channels, live, until stopped.

    \b
    Example:
      touchpath simulate --bootstrap localhost:9092 --seed 7 --size 50000
      touchpath simulate --plant 10:00
    """
    from producers.delivery import PublishError
    from producers.simulator.live import run
    from producers.simulator.scenarios import planted

    scenario = None if plant is None else planted(seed, _hour(plant))
    chosen, source = options.settings_of(settings)
    layout = Layout(data)
    address = options.bootstrap_of(bootstrap, layout)
    pseudonyms = pseudonyms_of(chosen, source, layout)
    log_to_stderr()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if scenario:
        log.info("planted: %s", scenario)
    told = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_S:
            told = time.monotonic()
            log.info("%d touchpoints published", progress.published)

    try:
        report = run(
            address, seed=seed, size=size, history_s=hours * 3600, speed=speed, on_progress=tell,
            stop=stopping.is_set, pseudonyms=pseudonyms, scenario=scenario, scorer=Scorer(chosen),
        )  # fmt: skip
    except PublishError as error:
        raise Problem(str(error)) from None
    log.info("%d events published, %d not acknowledged", report.acknowledged, report.failed)
    if report.failed:
        raise Problem(f"{report.failed} events were not acknowledged; first: {report.failures[0].error}")


def _hour(text: str) -> float:
    """ "10:30" as 10.5."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if not match:
        raise typer.BadParameter(f"expected a time of day such as 10:00 (got {text!r})", param_hint="'--plant'")
    return int(match[1]) + int(match[2]) / 60
