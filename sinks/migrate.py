"""Numbered migrations, the same for both stores: each file once, in order, noted in ``schema_migrations``.

A file that fails half-way is run again from its start the next time, so its statements are made repeatable here
(``IF NOT EXISTS``). An applied file must never change: its checksum is compared.
"""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from sinks.store import Store, StoreError

DIRECTORY = Path(__file__).parent / "migrations"

_CREATE = re.compile(r"\bCREATE (TABLE|VIEW) (?!IF NOT EXISTS)")
_COMMENT = re.compile(r"--[^\n]*")


class Migration(NamedTuple):
    number: int
    name: str
    statements: tuple[str, ...]
    checksum: str


def migrations(directory: Path = DIRECTORY) -> list[Migration]:
    """All migrations in ``directory``, by number. Raises ``ValueError`` if two have the same one."""
    found = sorted(_read(path) for path in directory.glob("*.sql"))
    for before, after in pairwise(found):
        if before.number == after.number:
            raise ValueError(f"migrations {before.name} and {after.name} have the same number {after.number}")
    return found


def migrate(store: Store, directory: Path = DIRECTORY) -> list[str]:
    """Apply what ``store`` has not applied yet; returns the names of what was applied now.

    Raises ``StoreError`` if a statement fails, if a migration has changed since it was applied, or if there is one that
    this version does not know.
    """
    store.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (number UInt32, name String, checksum String, "
        "applied_at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY number"
    )
    applied = dict(store.query("SELECT number, checksum FROM schema_migrations ORDER BY number").rows)
    done = []
    known = migrations(directory)
    if newer := sorted(applied.keys() - {migration.number for migration in known}):
        raise StoreError(
            f"the store has migrations that this version does not know ({', '.join(f'{one:04}' for one in newer)}): "
            "it was opened by a newer touchpath, and is of no use to an older one"
        )
    for migration in known:
        before = applied.get(migration.number)
        if before is None:
            for statement in migration.statements:
                store.execute(statement)
            store.execute(
                "INSERT INTO schema_migrations (number, name, checksum) "  # SELECT: over the native protocol, values
                f"SELECT {migration.number}, '{migration.name}', '{migration.checksum}'"  # in the text are not read
            )
            done.append(migration.name)
        elif before != migration.checksum:
            raise StoreError(f"migration {migration.name} has changed since it was applied: add a new one instead")
    return done


def _read(path: Path) -> Migration:
    number, _, _ = path.stem.partition("_")
    if not number.isdigit():
        raise ValueError(f"migration {path.name}: expected a name such as 0001_tables.sql")
    text = path.read_text(encoding="utf-8")
    statements = tuple(
        _CREATE.sub(r"CREATE \1 IF NOT EXISTS ", statement)
        for part in _COMMENT.sub("", text).split(";")
        if (statement := part.strip())
    )
    return Migration(int(number), path.stem, statements, sha256(text.encode()).hexdigest())
