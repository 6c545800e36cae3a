"""A backup: what the store has, where the sink stood before it was read, and the facts that Kafka alone has.

Nobody needs to stop (docs/decisions/backup.md). The sink's offsets are taken first: whatever is stored while the tables
are read is then stored again after a restore, and collapses by identity and version. Touchpoints are read last, once
all those are stored which had led to anything: so that nothing in a backup has a cause that is not.

A directory holds ``backup.json``, a Parquet file for each table, and what Kafka alone has: ``suppressions`` (whom to
forget, by marks that name nobody), ``agents.jsonl`` and ``schedules.jsonl``. Keys of pseudonyms are not in it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from journeys import agents
from journeys.agents import AgentEvent
from sinks.migrate import migrations
from sinks.rows import READERS
from sinks.tables import TABLES, TOUCHPOINTS, Kind, Table
from streams import topics
from streams.partitioning import Partitioning
from touchpath import facts
from touchpath.brokers import Brokers
from touchpath.facts import Tell
from touchpath.problem import BadInput, Problem
from touchpath.queries import Queries

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
MANIFEST = "backup.json"
SUPPRESSIONS, AGENTS, SCHEDULES = "suppressions.txt", "agents.jsonl", "schedules.jsonl"
_PATIENCE_S, _LOOK_S = 120.0, 0.2
_SLICE = 500_000
"""So many rows at once, about: a store that is being served answers as a whole."""


class File(msgspec.Struct, frozen=True):
    name: str
    entries: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """``offsets``: by topic, where in each partition the sink stood. ``keys``: names of the keys of pseudonyms."""

    format: int
    version: str
    taken_at: str
    cluster: str
    partitioning: Partitioning
    migration: int
    keys: tuple[str, ...]
    offsets: dict[str, dict[int, int]]
    files: tuple[File, ...]


def back_up(brokers: Brokers, store: Queries, group: str, keys: Iterable[str], to: Path, tell: Tell) -> Manifest:
    """Write a backup into ``to``, which is new or empty. Raises ``Problem``, ``StoreError``."""
    keys = tuple(keys)
    partitioning = brokers.partitioning()
    committed = brokers.committed(group)
    offsets: dict[str, dict[int, int]] = {}
    for place in sorted(committed):
        if place.topic in READERS:
            offsets.setdefault(place.topic, {})[place.partition] = committed[place]
    make(to)
    files = []
    for table in TABLES:
        if table is not TOUCHPOINTS:
            tell(table.name)
            files.append(_table(store, table, to))
    tell(TOUCHPOINTS.name)
    _until_accepted_is_stored(brokers, group, partitioning.partitions)
    files.append(_table(store, TOUCHPOINTS, to))
    tell("what the stages know")
    bootstrap, count = brokers.bootstrap, partitioning.partitions
    known = facts.suppressions(bootstrap, count)
    lines = (base64.b64encode(key) + b" " + base64.b64encode(value) for key, value in known.items())
    files.append(_lines(to / SUPPRESSIONS, lines))
    files.append(_lines(to / AGENTS, map(agents.encode, facts.agent_events(bootstrap, count))))
    files.append(_lines(to / SCHEDULES, facts.schedules(bootstrap, count)))
    manifest = Manifest(
        FORMAT, version("touchpath"), datetime.now(UTC).isoformat(timespec="seconds"), brokers.cluster_id(),
        partitioning, migrations()[-1].number, keys, offsets, tuple(files),
    )  # fmt: skip
    # Last, and as a whole: a directory without it is no backup.
    draft = to / f"{MANIFEST}.new"
    with open(draft, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(to / MANIFEST)
    return manifest


def read(directory: Path) -> Manifest:
    """The backup in ``directory``, whose files are as they were written. Raises ``BadInput`` that names what is not."""
    try:
        manifest = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise BadInput(f"--from {directory}: no backup that was ended ({MANIFEST}: {error.strerror})") from None
    except msgspec.DecodeError as error:
        raise BadInput(f"--from {directory / MANIFEST}: {error}") from None
    if manifest.format > FORMAT or manifest.migration > migrations()[-1].number:
        raise BadInput(f"--from {directory}: of touchpath {manifest.version}, which is newer than this one")
    for file in manifest.files:
        try:
            found = _sum(directory / file.name)
        except OSError as error:
            raise BadInput(f"--from {directory / file.name}: {error.strerror}") from None
        if found != file.sha256:
            raise BadInput(f"--from {directory / file.name}: is not as it was written")
    return manifest


def suppressions(directory: Path) -> dict[bytes, bytes]:
    pairs = (line.split() for line in (directory / SUPPRESSIONS).read_bytes().splitlines())
    return {base64.b64decode(key): base64.b64decode(value) for key, value in pairs}


def agent_events(directory: Path) -> Iterator[AgentEvent]:
    return map(agents.decode, (directory / AGENTS).read_bytes().splitlines())


def schedules(directory: Path) -> list[bytes]:
    return (directory / SCHEDULES).read_bytes().splitlines()


def table_file(directory: Path, table: Table) -> Path:
    return directory / f"{table.name}.parquet"


def make(to: Path) -> None:
    """Have ``to``, with nothing in it. Raises ``BadInput``."""
    try:
        to.mkdir(parents=True, exist_ok=True)
        if any(to.iterdir()):
            raise BadInput(f"--to {to}: is not empty")
    except OSError as error:
        raise BadInput(f"--to {to}: {error.strerror}") from None


def _until_accepted_is_stored(brokers: Brokers, group: str, partitions: int) -> None:
    ends = brokers.stable(brokers.ends([topics.ACCEPTED], partitions))
    deadline = time.monotonic() + _PATIENCE_S
    while any(brokers.committed(group).get(place, 0) < end for place, end in ends.items() if end):
        if time.monotonic() > deadline:
            raise Problem(f"the sink has not stored within {_PATIENCE_S:.0f} s what was accepted: does it run?")
        time.sleep(_LOOK_S)


def _table(store: Queries, table: Table, to: Path) -> File:
    """All rows as they lie, superseded ones and tombstones too: what is missing is what a later version might need."""
    from pyarrow.parquet import ParquetWriter

    from sinks.embedded import arrow_schema

    schema = arrow_schema(table)
    ((count,),) = store.query(f"SELECT count() FROM {table.name}").rows
    slices = max(1, -(-count // _SLICE))
    names = ", ".join(f"`{name}`" for name in table.columns)
    first = next(iter(table.columns))
    place = table_file(to, table)
    rows = 0
    with ParquetWriter(str(place), schema, compression="zstd") as writer:
        for number in range(slices):
            sql = f"SELECT {names} FROM {table.name} WHERE cityHash64({first}) % {slices} = {number}"
            for batch in store.batches(sql, schema):
                writer.write_batch(batch)
                rows += batch.num_rows
    _sync(place)
    return File(place.name, rows, _sum(place))


def rows(directory: Path, table: Table, most: int) -> Iterator[list[list[object]]]:
    """The rows of ``table`` in a backup, ``most`` at a time, as a store takes them."""
    from pyarrow.parquet import ParquetFile

    for batch in ParquetFile(str(table_file(directory, table))).iter_batches(most):
        yield [_values(column, kind) for column, kind in zip(batch.columns, table.columns.values(), strict=True)]


def _values(column: pa.Array, kind: Kind) -> list[object]:
    import pyarrow as pa

    if kind in ("time", "time?"):
        column = column.cast(pa.int64())
    elif kind == "times":
        column = column.cast(pa.list_(pa.int64()))
    return list(column.to_pylist())


def _lines(place: Path, lines: Iterable[bytes]) -> File:
    count = 0
    with open(place, "wb") as file:
        for line in lines:
            if b"\n" in line:
                raise Problem(f"{place}: an entry is no single line")
            file.write(line + b"\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return File(place.name, count, _sum(place))


def _sync(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sum(place: Path) -> str:
    with open(place, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
