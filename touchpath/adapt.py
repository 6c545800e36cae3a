"""`touchpath adapt`: what a vendor's payload becomes here, before anything of it is sent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from touchpath.problem import BadInput
from touchpath.terminal import REMARKS, plain

if TYPE_CHECKING:
    from producers.adapters.adapter import Adapted, How

_REFUSED_SHOWN = 20


def adapt(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="Who sent it, such as amazon_connect or segment.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A payload, or many one after another; - is stdin.")],
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="Unless given, the vendor's name.")] = "",
    time_zone: Annotated[
        str, typer.Option("--time-zone", metavar="ZONE", help="Of times without an offset, which are refused without.")
    ] = "",
    received: Annotated[
        str, typer.Option("--received", metavar="TIME", help="When it came, for what bears no time: 2026-03-01T12:00Z.")
    ] = "",
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="MAP", help="The file that says how a source of yours is read.")
    ] = None,
    agents: Annotated[bool, typer.Option("--agents", help="Print the events of agents instead.")] = False,
) -> None:
    """Print the touchpoints that a vendor's payload becomes, one CloudEvent a line. Nothing is sent.

    What was not mapped, and what would be refused and why, is told on stderr; the exit status is 1 if anything is.

    \b
    Example:
      touchpath adapt amazon_connect contact-record.json
      touchpath adapt twilio sms.txt --received 2026-03-01T12:00:00Z
    """
    from journeys import agents as agent_contract
    from journeys import touchpoint
    from producers.adapters.adapter import How
    from producers.adapters.registry import UnknownVendor, adapter

    try:
        chosen = adapter(vendor)
    except UnknownVendor as error:
        raise BadInput(f"VENDOR: {error}") from None
    how = How(source, time_zone, _text(mapping, "--mapping") if mapping else "", received)
    _check(how)
    adapted = chosen(_read(file), how)
    if agents:
        lines = [agent_contract.encode(event) for event in adapted.agent_events]
    else:
        lines = [touchpoint.encode(made) for made in adapted.touchpoints]
    for line in lines:
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.flush()
    _tell(adapted)
    if adapted.refused:
        raise typer.Exit(1)


def _check(how: How) -> None:
    """Raises ``BadInput`` for options that would have every time refused."""
    from journeys.touchpoint import Invalid
    from producers.adapters.adapter import How
    from producers.adapters.payload import Fields, zone

    for option, value in (("--time-zone", how.time_zone), ("--received", how.received)):
        if not value:
            continue
        try:
            if option == "--time-zone":
                zone(value)
            else:
                Fields({"received": value}).required_time("received", How())
        except Invalid as invalid:
            raise BadInput(f"{option} {value}: {str(invalid).partition(': ')[2]}") from None


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    if not file.is_file():
        raise BadInput(f"{file}: {'is not a file' if file.exists() else 'No such file'}")
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from None


def _text(file: Path, option: str) -> str:
    try:
        return _read(file).decode()
    except UnicodeDecodeError:
        raise BadInput(f"{option} {file}: is no UTF-8") from None


def _tell(adapted: Adapted) -> None:
    made, told = len(adapted.touchpoints), len(adapted.agent_events)
    _remark(f"{made:,} touchpoint{'s' if made != 1 else ''}, {told:,} event{'s' if told != 1 else ''} of agents")
    for kind, count in sorted(adapted.unmapped.items()):
        _remark(f"not mapped: {kind}: {count:,}")
    for invalid in adapted.refused[:_REFUSED_SHOWN]:
        _remark(f"refused, {invalid.reason}: {invalid}")
    if (more := len(adapted.refused) - _REFUSED_SHOWN) > 0:
        _remark(f"refused: {more:,} more")


def _remark(line: str) -> None:
    REMARKS.print(plain(" ".join(line.split())))
