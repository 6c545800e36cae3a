"""`touchpath tail`: what is appended to a file, published as it comes."""

from __future__ import annotations

import signal
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from journeys.sentiment import Scorer
from producers.formats import FORMATS
from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.logs import log_to_stderr
from touchpath.problem import BadInput, Problem
from touchpath.redaction import redact
from touchpath.terminal import REMARKS


def tail(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to follow.")],
    format: Annotated[  # noqa: A002 (the option's name)
        str, typer.Option("--format", metavar="|".join(sorted(FORMATS)), help="What the file holds.")
    ],
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
    missing; what is published twice counts once. Bad lines are named, and left out.

    \b
    Example:
      touchpath tail /var/log/touchpoints.jsonl --format touchpoints --bootstrap localhost:9092
    """
    from producers.delivery import PublishError
    from producers.tail import Tail, TailError

    chosen, source = options.settings_of(settings)
    if format not in FORMATS:
        raise BadInput(f"--format {format}: expected one of {', '.join(sorted(FORMATS))}")
    if not file.is_file():
        raise BadInput(f"{file}: {'is not a file' if file.exists() else 'No such file'}")
    layout = Layout(data)
    pseudonyms = pseudonyms_of(chosen, source, layout)
    log_to_stderr()
    stopped = _on_signals()
    tailing = Tail(
        file,
        format,
        options.bootstrap_of(bootstrap, layout),
        state or layout.root / "tail" / f"{file.name}-{sha256(str(file.absolute()).encode()).hexdigest()[:12]}.json",
        pseudonyms=pseudonyms,
        scorer=Scorer(chosen),
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


def _on_signals() -> list[int]:
    """What SIGTERM and SIGINT are noted in: they end the following between two lines."""
    stopped: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    return stopped
