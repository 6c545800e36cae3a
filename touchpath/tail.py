"""`touchpath tail`: what is appended to a file, published as it comes."""

from __future__ import annotations

import signal
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from journeys.sentiment import Scorer
from touchpath import options, payloads
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.logs import log_to_stderr
from touchpath.payloads import check_file, how_of, tell_passed_over
from touchpath.problem import BadInput, Problem
from touchpath.redaction import redact
from touchpath.terminal import REMARKS


def tail(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to follow.")],
    format: payloads.Format,  # noqa: A002 (the option's name)
    source: payloads.Source = "",
    time_zone: payloads.TimeZone = "",
    mapping: payloads.MappingFile = None,
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="FILE", help="Where the place is kept; without it, under tail/ in the data."),
    ] = None,
    settings: options.SettingsFile = None,
) -> None:
    """Follow a growing file and publish what is appended to it, until it is stopped. The first time it is read whole.

    The place is kept, so that after a restart, a kill or a rotation (renamed, or copied and truncated) nothing is
    missing; what is published twice counts once. Bad lines are named, and left out. Kinds of a vendor's events that
    nothing is made of are counted, and told when it stops.

    \b
    Example:
      touchpath tail touchpoints.jsonl --format touchpoints --bootstrap localhost:9092
      touchpath tail /var/log/asterisk/queue_log --format asterisk-queue-log --source bern
    """
    from producers.delivery import PublishError
    from producers.tail import Tail, TailError

    chosen, settings_file = options.settings_of(settings)
    how = how_of(format, source, time_zone, mapping)
    check_file(file)
    if file.suffix == ".gz":
        raise BadInput(f"{file}: a packed file does not grow; touchpath replay reads it")
    layout = Layout(data)
    pseudonyms = pseudonyms_of(chosen, settings_file, layout)
    log_to_stderr()
    stopped = _on_signals()
    tailing = Tail(
        file,
        format,
        options.bootstrap_of(bootstrap, layout),
        state or layout.root / "tail" / f"{file.name}-{sha256(str(file.absolute()).encode()).hexdigest()[:12]}.json",
        pseudonyms=pseudonyms,
        scorer=Scorer(chosen),
        how=how,
        tell=lambda line: REMARKS.print(f"bad line: {redact(line)}", markup=False),
        stop=lambda: bool(stopped),
    )
    REMARKS.print(f"following {file}", markup=False)
    try:
        tailing.run()
    except TailError as error:
        raise BadInput(str(error)) from None
    except PublishError as error:
        raise Problem(str(error)) from None
    tailed = tailing.tailed
    REMARKS.print(f"{tailed.published:,} events published, {tailed.bad:,} bad lines")
    tell_passed_over(tailed.passed_over)


def _on_signals() -> list[int]:
    """What SIGTERM and SIGINT are noted in: they end the following between two lines."""
    stopped: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    return stopped
