"""`touchpath agents`: how many agents a queue needs, and how a few fewer or more would do; a calculator."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer
from rich.table import Table

from journeys.settings import Duration
from touchpath.problem import BadInput
from touchpath.terminal import ANSWERS

if TYPE_CHECKING:
    from journeys.staffing.table import Answer, Row

Value = TypeVar("Value")


def agents(
    contacts: Annotated[float, typer.Option(metavar="N", help="Contacts that come in the interval.")],
    aht: Annotated[str, typer.Option(metavar="TIME", help="Mean handle time: talk, hold and wrap-up; 180s, 4m.")],
    interval: Annotated[str, typer.Option(metavar="TIME", help="How long the interval is.")] = "30m",
    target: Annotated[
        str, typer.Option(metavar="SHARE/TIME", help="Answered within the time, of answered and of abandoned after it.")
    ] = "80%/20s",
    patience: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Mean patience (Erlang A); without it nobody abandons (Erlang C)."),
    ] = None,
    shrinkage: Annotated[
        str, typer.Option(metavar="SHARE", help="Of paid time, what agents are not there: breaks, training, illness.")
    ] = "0%",
    occupancy_cap: Annotated[
        str | None, typer.Option(metavar="SHARE", help="The most of their time on the floor that agents may be busy.")
    ] = None,
    agents: Annotated[float | None, typer.Option(metavar="N", help="Also show how so many would do.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead; its keys are stable.")] = False,
) -> None:
    """Print how many agents a queue needs on the floor and scheduled, and how a few fewer or more would do.

    For a steady interval of one queue: contacts come at random, one at a time, and are served in order by agents who do
    nothing else. What the figures are, and how they come about: docs/staffing.md.

    \b
    Example:
      touchpath agents --contacts 100 --interval 30m --aht 180s --target 80%/20s
      touchpath agents --contacts 100 --aht 180s --patience 300s --shrinkage 30% --occupancy-cap 85% --agents 11
    """
    asked = {
        "contacts": _number("--contacts", contacts),
        "interval_s": _read("--interval", interval, _above_0),
        "aht_s": _read("--aht", aht, _seconds),
        "patience_s": math.inf if patience is None else _read("--patience", patience, _seconds),
        "shrinkage": _read("--shrinkage", shrinkage, _below_1),
        "agents": None if agents is None else _number("--agents", agents),
    }
    share, seconds = _read("--target", target, _target)
    cap = None if occupancy_cap is None else _read("--occupancy-cap", occupancy_cap, _cap)

    from journeys.staffing.required import Target  # these two bring numpy and scipy, which no other command waits for
    from journeys.staffing.table import answer

    try:
        found = answer(target=Target(share, seconds, occupancy=cap), **asked)  # type: ignore[arg-type]
    except ValueError as error:
        raise BadInput(f"--contacts, --aht and --interval: {error}") from None
    if json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    ANSWERS.print(_sentence(found, shrinkage))
    ANSWERS.print(_table(found, f"within {target.partition('/')[2].strip()}"))


def _sentence(found: Answer, shrinkage: str) -> str:
    scheduled = "" if found.scheduled == found.required else f", {found.scheduled} scheduled ({shrinkage} shrinkage)"
    model = {"erlang_a": "Erlang A", "erlang_c": "Erlang C, nobody abandons"}[found.model]
    return f"{found.required} agents required{scheduled}; {found.load:.4g} erlangs, {model}"


def _table(found: Answer, within: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("")
    for column in ("agents", "scheduled", within, "ASA, s", "abandoned", "occupancy"):
        table.add_column(column, justify="right")
    for row in found.rows:
        table.add_row(*_cells(row), style="bold" if row.required else "")
    return table


def _cells(row: Row) -> tuple[str, ...]:
    return (
        "required" if row.required else "asked" if row.asked else "",
        f"{row.agents:g}",
        f"{row.scheduled}",
        f"{row.service_level:.1%}",
        "no end" if row.asa_s is None else f"{row.asa_s:.1f}",
        f"{row.abandonment:.1%}",
        f"{row.occupancy:.1%}",
    )


def _read(option: str, text: str, read: Callable[[str], Value]) -> Value:
    try:
        return read(text)
    except ValueError as error:
        raise BadInput(f"{option}: {error}, got {text!r}") from None


def _number(option: str, value: float) -> float:
    if not 0 <= value < 1e9:
        raise BadInput(f"{option}: expected a number from 0 to 1e9, got {value:g}")
    return value


def _seconds(text: str) -> float:
    """With a unit, or seconds."""
    try:
        return Duration.parse(float(text) if re.fullmatch(r"\s*\d+(\.\d+)?\s*", text) else text)
    except ValueError:
        raise ValueError("expected a time such as 20s, 3m or 1h") from None


def _above_0(text: str) -> float:
    if (seconds := _seconds(text)) == 0:
        raise ValueError("expected a time above 0")
    return seconds


def _share(text: str) -> float:
    """80% or 0.8."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    share = float(found[1]) / (100 if found[2] else 1) if found else math.inf
    if share > 1:
        raise ValueError("expected a share such as 80% or 0.8")
    return share


def _target(text: str) -> tuple[float, float]:
    share, slash, seconds = text.partition("/")
    if not slash:
        raise ValueError("expected a share and a time such as 80%/20s")
    return _share(share), _seconds(seconds)


def _below_1(text: str) -> float:
    if (share := _share(text)) == 1:
        raise ValueError("expected a share below 100%")
    return share


def _cap(text: str) -> float:
    if (share := _share(text)) < 0.01:
        raise ValueError("expected a share of 1% or more")
    return share
