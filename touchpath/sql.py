"""`touchpath sql`: a question to the store."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from sinks.store import Result, StoreError
from touchpath import options
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem
from touchpath.queries import queries
from touchpath.terminal import ANSWERS

FORMATS = ("pretty", "json", "csv")


def sql(
    query: Annotated[str, typer.Argument(metavar="SQL", help="One statement that reads; - reads it from stdin.")],
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    format: Annotated[  # noqa: A002 (the option's name)
        str, typer.Option("--format", metavar="|".join(FORMATS), help="json: one object a line.")
    ] = "pretty",
) -> None:
    """Query the store, while it runs or after; it cannot be changed this way.

    \b
    Example:
      touchpath sql "SELECT intent, count() FROM v_journeys GROUP BY intent" --format csv
    """
    if format not in FORMATS:
        raise BadInput(f"--format {format}: expected one of {', '.join(FORMATS)}")
    text = sys.stdin.read() if query == "-" else query
    if not text.strip():
        raise BadInput("SQL: expected a statement, got nothing")
    try:
        with queries(Layout(data), clickhouse) as store:
            answer = store.answer(text)
    except StoreError as error:
        raise Problem(str(error)) from None
    if isinstance(answer, bytes):
        sys.stdout.buffer.write(answer)
    elif format == "json":
        sys.stdout.write(answer.json_lines())
    elif format == "csv":
        sys.stdout.write(answer.csv())
    else:
        _print(answer)


def _print(answer: Result) -> None:
    table = Table(*answer.names, box=None, pad_edge=False, header_style="bold")
    for row in answer.rows:
        table.add_row(*("NULL" if value is None else str(value) for value in row))
    ANSWERS.print(table, markup=False) if answer.names else None
    ANSWERS.print(f"{len(answer.rows):,} row{'s' if len(answer.rows) != 1 else ''}", style="dim")
