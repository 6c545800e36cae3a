"""`touchpath schedule`: who is to work when, and what somebody forecasts, for staffing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from touchpath import options
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem

schedule = typer.Typer(
    name="schedule",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Who is to work when, and what somebody forecasts.

    \b
    Example:
      touchpath schedule load week-12.csv
    """,
)


@schedule.callback()
def _group() -> None:  # so that load is a sub-command though it is the only one
    pass


@schedule.command()
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a heading.")],
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    settings: options.SettingsFile = None,
) -> None:
    """Upload a schedule (fields agent, start, end, activity; if need be queue, channel) or a forecast (queue, channel,
    start, end, contacts; if need be aht).

    Times are ISO 8601; without an offset they are of the queue's site, else of UTC. Contacts are taken in the
    activities work, on_queue, available, and those named as a channel; any other is time away. A file takes the place
    of what was uploaded before for the same agents, or queues, and days (UTC). A wrong line is named, and nothing is
    uploaded.

    \b
    Example:
      touchpath schedule load week-12.csv
      touchpath schedule load forecast.csv --bootstrap localhost:9092
    """
    from journeys.staffing.schedule import ScheduleError, parts, read
    from producers.delivery import PublishError
    from producers.schedules import upload

    chosen, _ = options.settings_of(settings)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found = read(lines, chosen)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{file}: not UTF-8: {error.reason}") from None
    except ScheduleError as error:
        raise BadInput(f"{file}: {error}") from None
    try:
        upload(options.bootstrap_of(bootstrap, Layout(data)), parts(found))
    except PublishError as error:
        raise Problem(str(error)) from None
    agents = len({shift.agent for shift in found.shifts})
    places = len({(one.queue, one.channel) for one in found.forecasts})
    if found.shifts:
        print(f"{len(found.shifts):,} entries of {agents:,} agents")
    else:
        print(f"{len(found.forecasts):,} forecasts of {places:,} queues and channels")
