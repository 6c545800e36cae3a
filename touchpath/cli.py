"""The command `touchpath`: composes the sub-commands, and turns what goes wrong into one line and an exit status."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from typer.exceptions import TyperException

from producers.connection import ConnectionProblem
from touchpath.adapt import adapt
from touchpath.agents import agents
from touchpath.backup import backup, restore
from touchpath.collect import collect
from touchpath.console import console
from touchpath.customer import customer
from touchpath.dlq import dlq
from touchpath.doctor import doctor
from touchpath.export import export
from touchpath.forget import forget
from touchpath.identity import identity
from touchpath.keys import keys
from touchpath.metrics import metrics
from touchpath.migrate import migrate
from touchpath.problem import Problem
from touchpath.redaction import redact
from touchpath.repartition import repartition
from touchpath.replay import replay
from touchpath.report import report
from touchpath.schedule import schedule
from touchpath.schema import schema
from touchpath.settings_command import settings
from touchpath.simulate import simulate
from touchpath.sink import sink, store
from touchpath.sql import sql
from touchpath.tail import tail
from touchpath.terminal import Stopped
from touchpath.up import up
from touchpath.worker import worker

app = typer.Typer(
    name="touchpath",
    help="Stitches a contact centre's touchpoints, from every channel, into per-customer journeys while they happen.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
for command in (
    up,
    collect,
    replay,
    adapt,
    tail,
    report,
    customer,
    console,
    forget,
    sql,
    export,
    agents,
    worker,
    sink,
    store,
    metrics,
    simulate,
    migrate,
    backup,
    restore,
    repartition,
    doctor,
    settings,
    schema,
):
    app.command()(command)
app.add_typer(dlq)
app.add_typer(identity)
app.add_typer(keys)
app.add_typer(schedule)


def main() -> None:
    """Entry point. Exit status: 0 done, 1 could not be done, 2 wrong input."""
    logging.getLogger().addHandler(logging.NullHandler())  # libraries' warnings are for logs, not for the terminal
    try:
        status = app(standalone_mode=False)
    except Problem as problem:
        _say(str(problem))
        status = problem.status
    except ConnectionProblem as problem:
        _say(str(problem))
        status = 2
    except TyperException as error:
        _say(_explained(error))
        status = getattr(error, "exit_code", 1)
    except typer.Abort:  # a question at the end of the input
        _say("nobody said yes, so nothing was done; --yes does not ask")
        status = 1
    except (Stopped, KeyboardInterrupt):
        status = 130
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except Exception as error:
        _say(f"unexpected {type(error).__name__}: {_line(str(error))[:300]} (traceback: {_record()})")
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _say(line: str) -> None:
    command = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    known = {found.name or found.callback.__name__ for found in app.registered_commands if found.callback}
    known |= {str(found.typer_instance.info.name) for found in app.registered_groups if found.typer_instance}
    print(f"touchpath{' ' + command if command in known else ''}: {line}", file=sys.stderr)


def _explained(error: TyperException) -> str:
    """What Typer found wrong, with the value that was given: its own message leaves that out where it is no number."""
    line = re.sub(r" \(env var: '\w+'\)", "", _line(error.format_message()))
    problems: list[dict[str, Any]] = getattr(error.__cause__, "errors", list)()
    return f"{line}, got {problems[0]['input']!r}" if problems else line


def _line(text: str) -> str:
    return " ".join(text.split())


def _record() -> Path:
    """Keep the traceback of the exception at hand where it can be found; one file a user and machine."""
    path = Path(tempfile.gettempdir()) / f"touchpath-{os.getuid()}.log"
    with open(path, "a", encoding="utf-8") as file:
        file.write(redact(f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv)}\n{traceback.format_exc()}\n"))
    return path
