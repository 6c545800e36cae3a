"""`touchpath customer`: who somebody is, why we think so, and what happened to them across channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.table import Table

from journeys.identity import ANONYMOUS
from journeys.pseudonyms import key_id
from touchpath import options
from touchpath.customer_story import account, counted, heading, timeline
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.problem import Problem
from touchpath.queries import queries
from touchpath.terminal import ANSWERS, plain

if TYPE_CHECKING:
    from touchpath.customer_record import Identifier, Reason, Record

MOST_SHOWN = 30
"""Identifiers of one customer on the screen; --json has all."""


def customer(
    identifier: Annotated[
        str,
        typer.Argument(
            metavar="IDENTIFIER", help="Such as email:ann@example.org; of a bare value, every kind is tried."
        ),
    ],
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead; its keys are stable.")] = False,
    settings: options.SettingsFile = None,
) -> None:
    """Print who a customer is, the evidence for it, and the customer's journeys, while it runs or after.

    The store holds pseudonyms: what is asked for in clear is found with the keys of the data directory.

    \b
    Example:
      touchpath customer email:ann@example.org
    """
    from sinks.store import StoreError
    from touchpath.customer_record import record

    chosen, source = options.settings_of(settings)
    layout = Layout(data)
    try:
        with queries(layout, clickhouse) as store:
            stored = identifier.startswith(ANONYMOUS) or key_id(identifier.strip().rpartition(":")[2])
            pseudonyms = None if stored else pseudonyms_of(chosen, source, layout)
            found = record(store, identifier, pseudonyms, chosen)
    except StoreError as error:
        raise Problem(str(error)) from None
    if json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        _show(found)


def _show(found: Record) -> None:
    _heading(who(found.identifier, found.asked))
    for line in why(found):
        ANSWERS.print(plain(f"  {line}"))
    if found.identifiers:
        _heading(f"identifiers of {found.customer}")
        ANSWERS.print(_identifiers(found.identifiers[:MOST_SHOWN]))
        if (more := len(found.identifiers) - MOST_SHOWN) > 0:
            ANSWERS.print(plain(f"  and {more:,} more"))
    contacts = {step.contact_id: step for story in found.journeys for step in story.contacts}
    for story in found.journeys:
        _heading(heading(story))
        ANSWERS.print(account(story, contacts))
        ANSWERS.print(timeline(story, contacts))
    if found.customer and not found.journeys:
        ANSWERS.print(plain("no contacts yet"))


def _heading(line: str) -> None:
    ANSWERS.print(plain(line, "bold"))


def who(one: Identifier, asked: str = "") -> str:
    """To whom an identifier belongs, in words; with what was asked for beside its pseudonym."""
    name = f"{one.identifier} ({asked})" if asked and not one.identifier.endswith(asked) else one.identifier
    if one.state == "anonymous":
        return f"{name} is an anonymous contact: no identifier in it belongs to anybody"
    if one.state == "blocked":
        return f"{name} is blocked: it belongs to nobody, by an explicit fact"
    if one.state == "shared":
        return f"{name} is shared: it belongs to nobody"
    if one.state == "unclaimed":
        return f"{name} is a customer of its own: no stronger identifier claims it"
    if one.owner == one.identifier:
        return f"{name} is a customer"
    return f"{name} belongs to {one.owner}"


def why(found: Record) -> list[str]:
    """The evidence in words, a line each."""
    lines = [f"linked with {other} by an explicit fact" for other in found.linked]
    lines += [f"unlinked from {other} by an explicit fact" for other in found.unlinked]
    lines += [_because(reason) for reason in found.reasons]
    if (more := found.sets - len(found.reasons)) > 0:
        lines.append(f"seen with {more:,} more sets of stronger identifiers")
    return lines


def _because(reason: Reason) -> str:
    seen_with = " and ".join(map(_named, reason.seen_with))
    contacts = counted(reason.contacts, "contact", "contacts")
    return f"seen with {seen_with} in {contacts}, {reason.not_before:%Y-%m-%d} to {reason.not_after:%Y-%m-%d}"


def _named(one: Identifier) -> str:
    if one.owner is None:
        return f"{one.identifier} ({one.state})"
    return one.identifier if one.owner == one.identifier else f"{one.identifier} (of {one.owner})"


def _identifiers(those: tuple[Identifier, ...]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column()
    for one in those:
        seen = f"seen with stronger ones in {counted(one.contacts, 'contact', 'contacts')}" if one.contacts else ""
        table.add_row(plain(f"  {one.identifier}"), plain(seen))
    return table
