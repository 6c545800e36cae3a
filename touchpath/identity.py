"""`touchpath identity`: how well customers are told apart and put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from touchpath import options
from touchpath.layout import Layout
from touchpath.problem import Problem
from touchpath.queries import queries
from touchpath.terminal import ANSWERS, plain

if TYPE_CHECKING:
    from touchpath.identity_audit import Audit

STATES = ("owned", "unclaimed", "shared", "blocked")

identity = typer.Typer(
    name="identity",
    help="How identifiers became customers.\n\n\b\nExample:\n  touchpath identity audit",
    rich_markup_mode=None,
)


@identity.command()
def audit(
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead; its keys are stable.")] = False,
) -> None:
    """Print identifiers by kind and state, joins and splits of the day, those shared, and the largest customers.

    A customer of far more identifiers or contacts than a person has is a desk or a test account; a shared identifier
    of many contacts is a switchboard or a shop's tablet, and may be blocked.

    \b
    Example:
      touchpath identity audit --data data
    """
    from sinks.store import StoreError
    from touchpath.identity_audit import audit

    try:
        with queries(Layout(data), clickhouse) as store:
            found = audit(store)
    except StoreError as error:
        raise Problem(str(error)) from None
    if json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    for table in _tables(found):
        ANSWERS.print(table)


def _tables(found: Audit) -> list[Table]:
    as_of = found.as_of.strftime("%Y-%m-%d %H:%M:%S UTC") if found.as_of else "nothing yet"
    counts = {(one.kind, one.state): one.identifiers for one in found.counts}
    kinds = _table(f"identifiers as of {as_of}", "kind", *STATES)
    for kind in sorted({kind for kind, _ in counts}):
        kinds.add_row(plain(kind), *(f"{counts.get((kind, state), 0):,}" for state in STATES))
    shared = _table("shared, those seen with stronger ones in most contacts", "identifier", "contacts", "seen with")
    for one in found.shared:
        shared.add_row(plain(one.identifier), f"{one.contacts:,}", f"{one.sets:,} sets")
    customers = _table("largest customers", "customer", "contacts", "identifiers")
    for each in found.customers:
        customers.add_row(plain(each.customer), f"{each.contacts:,}", f"{each.identifiers:,}")
    changed = _table("joins and splits of the last 24 hours", "kind", "joined", "parted", "moved")
    for change in found.changed:
        changed.add_row(plain(change.kind), f"{change.joined:,}", f"{change.parted:,}", f"{change.moved:,}")
    return [table for table in (kinds, changed, shared, customers) if table is kinds or table.row_count]


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right")
    return table
