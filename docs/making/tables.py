"""docs/reference/tables.md: tables and views as the engine itself describes them once all migrations are applied."""

from __future__ import annotations

import re
import tempfile
from contextlib import closing
from pathlib import Path

from docs.making.markdown import code, page, table
from sinks.embedded import Embedded
from sinks.migrate import DIRECTORY, migrate

_CREATED = re.compile(r"^CREATE (TABLE|(?:MATERIALIZED )?VIEW) (?:IF NOT EXISTS )?(\w+)", re.MULTILINE)


def text() -> str:
    with tempfile.TemporaryDirectory() as directory, closing(Embedded(Path(directory) / "store")) as store:
        migrate(store)
        found = store.query(
            "SELECT tables.name, tables.engine, tables.sorting_key, columns.name, columns.type "
            "FROM system.columns AS columns JOIN system.tables AS tables "
            "ON tables.database = columns.database AND tables.name = columns.table "
            "WHERE tables.database = currentDatabase() AND NOT startsWith(tables.name, '.') "
            "ORDER BY tables.name, columns.position"
        ).rows
    columns: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for name, engine, key, column, kind in found:
        columns.setdefault((name, engine, key), []).append((code(column), code(kind)))
    said = _said()
    parts = []
    for wanted, title in ((False, "Tables"), (True, "Views")):
        parts.append(f"## {title}")
        for (name, engine, key), listed in columns.items():
            if engine.endswith("View") is wanted:
                kept = f"`{engine}`, by {code(key)}." if key else ""
                parts += [f"### {name}", said.get(name, ""), kept, table(("column", "type"), listed)]
    return page(
        "Tables and views",
        "sinks/migrations",
        """The same in the embedded store and on a ClickHouse server. Read views: tables that change hold several
versions of a row until they are merged, and what was deleted, unless one asks with `FINAL` and `is_deleted
= 0`. Columns that end in `_s` are seconds, times are UTC. What the words mean is in
[definitions](../definitions.md).""",
        *parts,
    )


def _said() -> dict[str, str]:
    """The comment above each table or view in the migrations, without what is said of the code."""
    found = {}
    for file in sorted(DIRECTORY.glob("*.sql")):
        above: list[str] = []
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("--"):
                above.append(line.removeprefix("--").strip())
            elif created := _CREATED.match(line):
                found[created[2]] = " ".join(above)
                above = []
            elif not line.startswith("CREATE"):
                above = []
    return found
