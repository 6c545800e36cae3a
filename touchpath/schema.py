"""`touchpath schema`: the contract, for those who write events, and for their tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from journeys.compatibility import breaks
from journeys.schema import json_schema
from touchpath.problem import BadInput, Problem
from touchpath.terminal import REMARKS

FORMATS = ("jsonschema", "asyncapi")


def schema(
    form: Annotated[str, typer.Option("--as", metavar="|".join(FORMATS), help="What to print.")] = FORMATS[0],
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", metavar="FILE", help="Print nothing; does this version take what the one in FILE took?"
        ),
    ] = None,
) -> None:
    """Print the contract of touchpoints and agent events as JSON Schema (draft 2020-12) or AsyncAPI 3.0.

    With --check a JSON Schema that another version printed is held against this one: each field by which an event
    that was right is no longer taken, or read otherwise, is named, and the exit status is then 1.

    \b
    Example:
      touchpath schema --as asyncapi > asyncapi.json
      touchpath schema --check docs/reference/schema-0.1.0.json
    """
    if form not in FORMATS:
        raise BadInput(f"--as {form}: expected one of {', '.join(FORMATS)}")
    if check is not None:
        _check(check)
        return
    if form == "asyncapi":
        from touchpath.asyncapi import document

        print(_text(document()))
    else:
        print(_text(json_schema()))


def _text(document: object) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _check(file: Path) -> None:
    try:
        older = msgspec.json.decode(file.read_bytes())
    except OSError as error:
        raise BadInput(f"--check {file}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"--check {file}: not JSON: {error}") from None
    if not isinstance(older, dict) or not isinstance(older.get("$defs"), dict):
        raise BadInput(f"--check {file}: expected what touchpath schema printed, found no $defs")
    try:
        found = breaks(older, json_schema())
    except (AttributeError, KeyError, TypeError) as error:
        raise BadInput(f"--check {file}: not a schema that touchpath schema printed ({error!r})") from None
    for line in found:
        print(line)
    if found:
        raise Problem(f"--check {file}: {len(found)} break what was taken before")
    REMARKS.print(f"{file}: all that it takes is taken, and read alike", markup=False)
