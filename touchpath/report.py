"""`touchpath report`: the figures that a person asks for first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import msgspec
import typer
from rich.table import Table

from touchpath import options
from touchpath.layout import Layout
from touchpath.problem import Problem
from touchpath.queries import Queries, queries
from touchpath.terminal import ANSWERS

if TYPE_CHECKING:
    from sinks.report import Report
    from sinks.store import Store


def report(
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead; its keys are stable.")] = False,
) -> None:
    """Print contacts, waiting, service level, first contact resolution, redials, journeys and root causes.

    \b
    Example:
      touchpath report --data data --json
    """
    from sinks.store import StoreError

    try:
        with queries(Layout(data), clickhouse) as store:
            show(store, json)
    except StoreError as error:
        raise Problem(str(error)) from None


def show(store: Queries, json: bool = False) -> None:
    """Print the report of what is in ``store``."""
    from sinks.report import report

    found = report(cast("Store", store))
    if json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        for table in _tables(found):
            ANSWERS.print(table)


def _tables(found: Report) -> list[Table]:
    as_of = found.as_of.strftime("%Y-%m-%d %H:%M:%S UTC") if found.as_of else "nothing yet"
    figures = _table(f"as of {as_of}", "", "")
    for name, value in (
        ("contacts", found.contacts),
        ("answered", found.answered),
        ("abandoned in queue", found.abandoned_in_queue),
        ("left in the IVR", found.left_in_ivr),
        ("answered within the target", found.answered_within_target),
        ("abandoned within the target", found.abandoned_within_target),
        ("abandoned at once (short)", found.abandoned_short),
        ("mean wait of the answered, s", found.mean_wait_answered_s),
        ("mean service of the answered, s", found.mean_service_answered_s),
        ("identified customers", found.identified_customers),
        ("journeys", found.journeys),
        ("journeys open", found.journeys_open),
        ("channel switches", found.switches),
        ("repeat contacts", found.repeats),
        ("touchpoints", found.touchpoints),
        ("dead letters", found.dead_letters),
    ):
        figures.add_row(name, _figure(value))
    levels = _table("service level", "dialect", "within", "offered", "level")
    for one in found.service_level:
        levels.add_row(one.dialect, _figure(one.within), _figure(one.offered), _ratio(one.service_level))
    fcr = _table(
        "first contact resolution (identified customers)",
        *("window", "scope", "attempt", "broken", "confirmed", "pending", "FCR"),
    )
    for row in found.fcr:
        settled = row.broken + row.confirmed
        fcr.add_row(
            *(f"{row.window_days} d", row.scope, row.attempt, *map(_figure, (row.broken, row.confirmed, row.pending))),
            _ratio(row.confirmed / settled if settled else None),
        )
    redials = _table(
        "after an abandonment in queue (identified customers)",
        *("abandoned", "redialled", "recovered", "called back", "lost", "pending"),
    )
    again = found.redials
    redials.add_row(
        *map(_figure, (again.abandoned, again.redialled, again.recovered, again.called_back, again.lost, again.pending))
    )
    causes = _table(
        "root causes, today and yesterday (* beyond chance)",
        *("day", "", "event", "of", "cause", "count", "exposed", "expected", "lift", "minutes", "customers"),
    )
    for cause in found.root_causes:
        causes.add_row(
            *(f"{cause.day:%m-%d}", "*" if cause.significant else "", cause.event, cause.dimension, cause.cause),
            *map(_figure, (cause.count, cause.exposed)),
            *("-" if one is None else f"{one:,.1f}" for one in (cause.expected, cause.lift, cause.minutes)),
            _figure(cause.customers),
        )
    return [figures, levels, fcr, redials, *([causes] if found.root_causes else [])]


_LEFT = ("", "dialect", "scope", "attempt", "day", "event", "of", "cause")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", show_header=any(columns), box=None, pad_edge=False)
    table.padding = (0, 2, 0, 0)
    for column in columns:
        table.add_column(column, justify="left" if column in _LEFT else "right")
    return table


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
