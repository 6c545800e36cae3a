"""`touchpath export`: a table, a view or a question's answer as a file."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinks.store import StoreError, literal
from touchpath import options
from touchpath.layout import Layout
from touchpath.problem import BadInput, Problem
from touchpath.queries import Queries, queries
from touchpath.terminal import REMARKS

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("csv", "parquet", "xlsx")
_NAME = re.compile(r"\w+")
_TIMES = ("time", "ended_at", "entered_at", "last_at", "at", "starts_at", "abandoned_at", "started_at", "hour", "day")
"""What a row is of, in this order."""
_JUDGEMENTS = ("staffing", "v_staffing", "forecasts", "moves", "v_moves")
_NOT_FIGURES = ("dead_letters", "identifiers", "v_identifiers", *_JUDGEMENTS)
_TELL_EVERY_S = 5.0


def export(
    what: Annotated[str, typer.Argument(metavar="TABLE|VIEW|SQL", help="A name, or one statement that reads.")],
    to: Annotated[
        str | None, typer.Option("--to", metavar="|".join(FORMATS), help="Without it, what FILE ends in says it.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Without it, CSV to stdout.")
    ] = None,
    data: options.Data = options.DATA,
    clickhouse: options.ClickHouse = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="No more rows than these.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
) -> None:
    """Write a table, a view or the answer to SQL to a file, for Excel or for another program.

    Rows whose figures may still change with what comes late say so in the column provisional (not with SQL).

    \b
    Example:
      touchpath export v_journeys -o journeys.xlsx
      touchpath export "SELECT * FROM v_fcr WHERE window_days = 7" --to csv
    """
    chosen = _format(to, output)
    if not what.strip():
        raise BadInput("TABLE|VIEW|SQL: expected a name or a statement, got nothing")
    if output is not None and output.exists() and not force:
        raise BadInput(f"-o {output}: is there already; --force overwrites it")
    if output is not None and not output.parent.is_dir():
        raise BadInput(f"-o {output}: there is no directory {output.parent}")
    try:
        with queries(Layout(data), clickhouse) as store:
            sql, columns = _question(store, what.strip().rstrip(";"), limit)
            if chosen == "xlsx":
                _fits_excel(store, sql, limit)
            rows, cut = _write(_limited(store.batches(sql, columns), limit), columns, chosen, output)
    except StoreError as error:
        raise Problem(str(error)) from None
    except OSError as error:
        if output is None:
            raise
        raise Problem(f"-o {output}: {error.strerror or error}") from None
    REMARKS.print(f"{output or 'stdout'}: {rows:,} row{'s' if rows != 1 else ''}", markup=False)
    if cut:
        REMARKS.print(f"{cut:,} texts were cut: a cell of Excel holds no more; parquet and csv have all", markup=False)


def _format(to: str | None, output: Path | None) -> str:
    chosen = to or (output.suffix.removeprefix(".").lower() if output is not None else "")
    if to is not None and to not in FORMATS:
        raise BadInput(f"--to {to}: expected one of {', '.join(FORMATS)}")
    if chosen not in FORMATS:
        raise BadInput(f"--to: expected one of {', '.join(FORMATS)}, or a FILE that ends in one (-o), got {output}")
    if output is None and chosen != "csv":
        raise BadInput(f"-o: expected a FILE for {chosen}, got none")
    return chosen


def _question(store: Queries, what: str, limit: int | None) -> tuple[str, pa.Schema]:
    """What to ask, and the columns of the answer. Raises ``Problem`` that names what there is instead."""
    from touchpath.columns import schema

    if not _NAME.fullmatch(what):
        return what, schema(store.query(f"DESCRIBE TABLE ({what})").rows)
    engines = dict(
        store.query("SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name").rows
    )
    if what not in engines:
        known = ", ".join(name for name in engines if not name.startswith("."))
        raise Problem(f"{what}: there is no such table or view; there are {known or 'none'}")
    described = store.query(
        f"SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {literal(what)}"
    ).rows
    names = [name for name, _ in described]
    deletable = "is_deleted" in names
    asked = [f"`{name}`" for name in names if not (deletable and name in ("version", "is_deleted"))]
    if "v_horizon" in engines and "provisional" not in names and what not in _NOT_FIGURES:
        types = dict(described)
        of = next((name for name in _TIMES if types.get(name, "").startswith("Date")), None)
        if of is not None:
            since = "(SELECT provisional_since FROM v_horizon)"
            later = f"`{of}` > {since}" if types[of].startswith("DateTime") else f"`{of}` >= toDate({since})"
            asked.append(f"{later} AS provisional")
    final = " FINAL" if engines[what].startswith("Replacing") else ""
    where = " WHERE is_deleted = 0" if deletable else ""
    cut = f" LIMIT {limit}" if limit is not None else ""
    sql = f"SELECT {', '.join(asked)} FROM `{what}`{final}{where}{cut}"
    return sql, schema(store.query(f"DESCRIBE TABLE ({sql})").rows)


def _fits_excel(store: Queries, sql: str, limit: int | None) -> None:
    from touchpath.exporting import EXCEL_ROWS

    if limit is not None and limit <= EXCEL_ROWS:
        return
    ((rows,),) = store.query(f"SELECT count() FROM ({sql})").rows
    if rows > EXCEL_ROWS:
        raise Problem(f"{rows:,} rows: a sheet of Excel holds {EXCEL_ROWS:,}; take parquet or csv, or --limit")


def _limited(batches: Iterator[pa.RecordBatch], limit: int | None) -> Iterator[pa.RecordBatch]:
    left = limit
    for batch in batches:
        if left is not None:
            batch = batch.slice(0, left)
            left -= batch.num_rows
        yield batch
        if left == 0:
            return


def _write(batches: Iterator[pa.RecordBatch], columns: pa.Schema, chosen: str, output: Path | None) -> tuple[int, int]:
    """Rows, and texts that were cut. The file is there when all of it is, and not before."""
    from touchpath import exporting

    if output is None:
        return exporting.write(batches, exporting.Csv(sys.stdout.buffer, columns), _teller()), 0
    part = output.with_name(output.name + ".part")
    try:
        writer: Any = exporting.FORMATS[chosen](part, columns)
        rows = exporting.write(batches, writer, _teller())
        os.replace(part, output)
    finally:
        part.unlink(missing_ok=True)
    return rows, getattr(writer, "cut", 0)


def _teller() -> Callable[[int], None]:
    """Says how many rows there are so far, now and then."""
    told = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_EVERY_S:
            told = time.monotonic()
            REMARKS.print(f"{rows:,} rows so far", style="dim", markup=False)

    return tell
