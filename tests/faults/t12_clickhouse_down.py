"""T12: ClickHouse is down while events flow; workers, live metrics and signals go on, and the sink catches up.

The server is Debian's ClickHouse 18.16, with the types that it knows (tests/sinks/clickhouse_server.py).
"""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import Self

from sinks.clickhouse import ClickHouse
from sinks.migrate import migrate, migrations
from sinks.store import StoreError
from tests.faults.harness import Bench, Off, Part, eventually
from tests.faults.logs import look
from tests.faults.slices import Slice
from tests.faults.trial import Result, Trial
from tests.sinks.clickhouse_server import PACKAGE, ClickHouseServer, install, older_migrations

OUTAGE_S = 600.0
_RATE = 200.0
"""Touchpoints a second, all the time."""
_BEFORE_S, _AFTER_S = 4.0, 25.0
"""After a short outage less, for the sink's pause between two attempts has not grown long then."""


class ClickHouseBench(Bench):
    """With a ClickHouse server of its own, and the exporter of live figures."""

    def __init__(self, directory: Path) -> None:
        if not install():
            raise Off(f"{PACKAGE} is not installed and cannot be (apt-get, as root)")
        home = directory / "clickhouse"
        home.mkdir()
        self.server = ClickHouseServer(home)
        self.server.start()
        try:
            super().__init__(directory, clickhouse=self.server.url(), store=self._prepared(home), plain_times=True)
        except BaseException:
            self.server.stop()
            raise
        self.live = self.new_metrics()

    def _prepared(self, home: Path) -> ClickHouse:
        """With the tables. The front door's own migrations are in words that this server does not know: they are noted
        as applied."""
        store = ClickHouse(self.server.url(), connect_timeout_s=1)
        migrate(store, older_migrations(home / "migrations"))
        store.execute("TRUNCATE TABLE schema_migrations")
        for each in migrations():
            store.execute(
                "INSERT INTO schema_migrations (number, name, checksum) "
                f"SELECT {each.number}, '{each.name}', '{each.checksum}'"
            )
        return store

    def __enter__(self) -> Self:
        super().__enter__()
        self.live.start()
        self.live.wait_ready(60)
        return self

    def close(self) -> None:
        super().close()
        self.server.stop()


def run(bench: Bench, seed: int, scale: float) -> Result:
    assert isinstance(bench, ClickHouseBench)
    rng = Random(seed)
    outage_s = OUTAGE_S * scale
    over_s = _BEFORE_S + outage_s + min(_AFTER_S, 8 + outage_s)
    part = bench.next_slice(seed, round(_RATE * over_s))
    rate = len(part.touchpoints) / over_s
    feed = bench.feed(part, part.touchpoints, over_s)
    time.sleep(_BEFORE_S * rng.uniform(0.5, 1))
    bench.server.kill()
    watched = _watch(bench.live, outage_s)
    bench.server.start()
    up = time.monotonic()
    before = _stored(bench, part)
    waited_s = eventually("rows again", lambda: _stored(bench, part) > before, 60, every_s=0.02)
    # From its first insert on the sink catches up, while as many events as ever flow in.
    first, began = before, up + waited_s
    eventually("caught up", lambda: feed.published - _stored(bench, part) < 3 * rate, 120, every_s=0.1)
    drained_s = max(time.monotonic() - began, 0.1)
    drained = _stored(bench, part) - first
    feed.finish()
    bench.drain()
    result = bench.compare(part)
    return result.add(watched).add(
        Result(
            {
                "outage s max": outage_s,
                "input a s max": rate,
                "first row after s max": waited_s,
                "catching up s max": drained_s,
                "drain over input min": drained / drained_s / rate,
            }
        )
    )


def _watch(live: Part, outage_s: float) -> Result:
    """Of the live figures: how long the newest event stood still at most, and how many signals were counted."""
    signals = _signals(live)
    began = moved = time.monotonic()
    newest, still_s = 0.0, 0.0
    while time.monotonic() - began < outage_s:
        found = live.metric("journey_newest_event_timestamp_seconds")
        if found > newest:
            newest, moved = found, time.monotonic()
        still_s = max(still_s, time.monotonic() - moved)
        time.sleep(0.2)
    return Result({"live figures still s max": still_s, "signals meanwhile min": _signals(live) - signals})


def _signals(live: Part) -> float:
    return sum(live.metric(f"journey_{kind}_total") for kind in ("switches", "repeats", "redials"))


def _stored(bench: Bench, part: Slice) -> int:
    try:
        rows = bench.store.query(
            f"SELECT uniqExact(id) FROM touchpoints WHERE substring(id, 1, {len(part.prefix)}) = '{part.prefix}'"
        ).rows
    except StoreError:
        return 0
    return int(rows[0][0])


TRIAL = Trial(
    "T12",
    "ClickHouse down",
    runs=3,
    run=run,
    bench=ClickHouseBench,
    most={"live figures still s max": 10},
    at_end={"topic duplicates": 0, "versions fallen": 0},
    least={"drain over input min": 2, "signals meanwhile min": 1},
    finish=look,
)
