"""docs/reference/commands.md: what every command says of itself with --help."""

from __future__ import annotations

from typing import Any

import typer

from docs.making.markdown import fenced, page
from touchpath.cli import app

_WIDTH = 100
Path = dict[str, Any]
"""Names and the commands of these; Typer brings its own kind of click's, which has no public name."""


def text() -> str:
    parts = [f"## {' '.join(path)}\n\n{fenced(_help(path))}" for path in commands()]
    return page(
        "Commands",
        "the commands' own help",
        "`touchpath COMMAND --help` prints the same. Exit status: 0 done, 1 could not be done, 2 wrong input.",
        *parts,
    )


def commands() -> list[Path]:
    """All of them, each with those that it is in before it: names and commands."""
    return _below({"touchpath": typer.main.get_command(app)})


def _below(path: Path) -> list[Path]:
    *_, last = path.values()
    found = [path]
    for name, child in getattr(last, "commands", {}).items():
        found += _below(path | {name: child})
    return found


def _help(path: Path) -> str:
    context = None
    for name, command in path.items():
        context = command.context_class(
            command,
            info_name=name,
            parent=context,
            **command.context_settings | {"terminal_width": _WIDTH, "max_content_width": _WIDTH},
        )
    return str(command.get_help(context))
