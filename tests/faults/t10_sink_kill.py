"""T10: the sink gets `kill -9` between an insert and the commit of its offsets, and is started again."""

from __future__ import annotations

import time
from random import Random

from sinks.store import StoreError
from streams.topics import ACCEPTED
from tests.faults.harness import Bench, Off
from tests.faults.logs import look_and_compare
from tests.faults.slices import Slice, stirred
from tests.faults.trial import Result, Trial


def run(bench: Bench, seed: int, scale: float) -> Result:
    rng = Random(seed)
    part = bench.next_slice(seed, 3_000)
    feed = bench.feed(part, stirred(part.touchpoints, rng), over_s=1.5)
    before = bench.committed(ACCEPTED, bench.sink_group)
    _wait_for_rows(bench, part, more_than=0)
    if rng.random() < 0.5:  # another time in a later batch, or while another table is written
        time.sleep(rng.uniform(0, 1.5))
        stored = _count(bench, part)
        before = bench.committed(ACCEPTED, bench.sink_group)
        if feed.is_alive():
            _wait_for_rows(bench, part, more_than=stored)
    bench.sink.kill()
    caught = bench.committed(ACCEPTED, bench.sink_group) == before
    bench.sink.start()
    ready_s = bench.sink.wait_ready(60)
    feed.finish()
    bench.drain()
    result = bench.compare(part)
    return result.add(Result({"caught between": caught, "ready s max": ready_s}))


def _wait_for_rows(bench: Bench, part: Slice, more_than: int) -> None:
    """As soon as rows of a further insert can be seen."""
    started = time.monotonic()
    while _count(bench, part) <= more_than:
        if time.monotonic() - started > 30:
            raise Off("no rows of the run in 30 s")


def _count(bench: Bench, part: Slice) -> int:
    try:
        rows = bench.store.query(
            f"SELECT count() FROM touchpoints WHERE id >= '{part.prefix}' AND startsWith(id, '{part.prefix}')"
        ).rows
    except StoreError:
        return 0
    return int(rows[0][0])


TRIAL = Trial(
    "T10",
    "sink kill -9 between insert and commit",
    runs=30,
    run=run,
    bench=Bench,
    at_end={"topic duplicates": 0, "versions fallen": 0},
    least={"caught between": 1},
    finish=look_and_compare,
)
