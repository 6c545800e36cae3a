"""What commands that read vendors' payloads have in common: their options, and what they tell of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from touchpath.problem import BadInput
from touchpath.terminal import REMARKS, plain

if TYPE_CHECKING:
    from producers.adapters.adapter import How

Source = Annotated[
    str, typer.Option("--source", metavar="NAME", help="Of a vendor's events; unless given, the vendor's name.")
]
TimeZone = Annotated[
    str, typer.Option("--time-zone", metavar="ZONE", help="Of times without an offset, which are refused without.")
]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", metavar="MAP", help="The file that says how a source of yours is read.")
]
Format = Annotated[
    str,
    typer.Option(
        "--format", metavar="FORMAT", help="What FILE holds: touchpoints, agent-states, or a vendor such as csv."
    ),
]

MAPPED = ("csv", "generic")
"""The vendors of ours that read a mapping."""
_KINDS_SHOWN = 50


def how_of(format_: str, source: str, time_zone: str, mapping: Path | None) -> How:
    """What the options say of files of ``format_``. Raises ``BadInput`` for what would have all of them refused, and
    for what would not be heard."""
    from journeys.touchpoint import Invalid
    from producers.adapters.adapter import How
    from producers.adapters.mapping import mapping as read
    from producers.adapters.registry import BUILT_IN
    from producers.formats import OURS, UnknownFormat, format_of

    text = text_of(mapping, f"--mapping {mapping}") if mapping else ""
    how = How(source, time_zone, text)
    try:
        format_of(format_, how, lambda kinds: None)
    except UnknownFormat as error:
        raise BadInput(f"--format {format_}: {error}") from None
    given = {"--source": source, "--time-zone": time_zone, "--mapping": str(mapping or "")}
    for option, value in given.items():
        if value and format_ in OURS:
            raise BadInput(f"{option} {value}: is for vendors' formats; files of {format_} say it themselves")
    if mapping and format_ in BUILT_IN and format_ not in MAPPED:
        raise BadInput(f"--mapping {mapping}: {format_} needs none; {' and '.join(MAPPED)} read one")
    if format_ == "generic" and not mapping:
        raise BadInput("--format generic: give --mapping, the file that says how it is read (docs/channels-mapping.md)")
    check_time_zone(time_zone)
    if mapping:
        try:
            read(text)
        except Invalid as invalid:
            raise BadInput(f"--mapping {mapping}: {invalid}") from None
    return how


def check_time_zone(name: str) -> None:
    """Raises ``BadInput``."""
    from journeys.touchpoint import Invalid
    from producers.adapters.payload import zone

    try:
        if name:
            zone(name)
    except Invalid as invalid:
        raise BadInput(f"--time-zone {name}: {str(invalid).partition(': ')[2]}") from None


def text_of(file: Path, named: str) -> str:
    """Raises ``BadInput``."""
    try:
        return content(file).decode()
    except UnicodeDecodeError:
        raise BadInput(f"{named}: is no UTF-8") from None


def content(file: Path) -> bytes:
    """All of it, unpacked if it is gzip. Raises ``BadInput``."""
    from producers.packed import UNREADABLE, unpacked, why

    check_file(file)
    try:
        with open(file, "rb") as raw:
            return unpacked(raw).read()
    except UNREADABLE as error:
        raise BadInput(f"{file}: {why(error)}") from None


def check_file(file: Path) -> None:
    """Raises ``BadInput``."""
    if not file.is_file():
        raise BadInput(f"{file}: {'is not a file' if file.exists() else 'No such file'}")


def tell_passed_over(kinds: Mapping[str, int]) -> None:
    """The kinds of events that nothing is made of."""
    for kind, count in sorted(kinds.items())[:_KINDS_SHOWN]:
        remark(f"not mapped: {kind}: {count:,}")
    if (more := len(kinds) - _KINDS_SHOWN) > 0:
        remark(f"not mapped: {more:,} more kinds")


def remark(line: str) -> None:
    """A line on stderr, of what others wrote."""
    REMARKS.print(plain(" ".join(line.split())))
