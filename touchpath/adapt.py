"""`touchpath adapt`: what a vendor's payload becomes here, before anything of it is sent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from touchpath import payloads
from touchpath.payloads import check_time_zone, content, remark, tell_passed_over, text_of
from touchpath.problem import BadInput

if TYPE_CHECKING:
    from producers.adapters.adapter import Adapted

_REFUSED_SHOWN = 20


def adapt(
    vendor: Annotated[str, typer.Argument(metavar="VENDOR", help="Who sent it, such as amazon-connect or segment.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A payload, or many one after another; - is stdin.")],
    source: payloads.Source = "",
    time_zone: payloads.TimeZone = "",
    received: Annotated[
        str, typer.Option("--received", metavar="TIME", help="When it came, for what bears no time: 2026-03-01T12:00Z.")
    ] = "",
    mapping: payloads.MappingFile = None,
    agents: Annotated[bool, typer.Option("--agents", help="Print the events of agents instead.")] = False,
) -> None:
    """Print the touchpoints that a vendor's payload becomes, one CloudEvent a line. Nothing is sent.

    What was not mapped, and what would be refused and why, is told on stderr; the exit status is 1 if anything is.

    \b
    Example:
      touchpath adapt amazon-connect contact-record.json
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
    how = How(source, time_zone, text_of(mapping, f"--mapping {mapping}") if mapping else "", received)
    check_time_zone(time_zone)
    _check_received(received)
    adapted = chosen(sys.stdin.buffer.read() if str(file) == "-" else content(file), how)
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


def _check_received(given: str) -> None:
    """Raises ``BadInput``."""
    from journeys.touchpoint import Invalid
    from producers.adapters.adapter import How
    from producers.adapters.payload import Fields

    try:
        if given:
            Fields({"received": given}).required_time("received", How())
    except Invalid as invalid:
        raise BadInput(f"--received {given}: {str(invalid).partition(': ')[2]}") from None


def _tell(adapted: Adapted) -> None:
    made, told = len(adapted.touchpoints), len(adapted.agent_events)
    remark(f"{made:,} touchpoint{'s' if made != 1 else ''}, {told:,} event{'s' if told != 1 else ''} of agents")
    tell_passed_over(adapted.unmapped)
    for invalid in adapted.refused[:_REFUSED_SHOWN]:
        remark(f"refused, {invalid.reason}: {invalid}")
    if (more := len(adapted.refused) - _REFUSED_SHOWN) > 0:
        remark(f"refused: {more:,} more")
