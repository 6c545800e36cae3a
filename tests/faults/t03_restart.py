"""T3: worker and sink get SIGTERM in mid-work and are started again, many times in a row. Nothing is done twice: no
touchpoint is accepted twice, and no row of one is inserted twice."""

from __future__ import annotations

import time
from random import Random

from tests.faults.harness import Bench
from tests.faults.logs import look_and_compare
from tests.faults.slices import stirred
from tests.faults.trial import Result, Trial


def run(bench: Bench, seed: int, scale: float) -> Result:
    rng = Random(seed)
    part = bench.next_slice(seed, 3_000)
    feed = bench.feed(part, stirred(part.touchpoints, rng), over_s=1.5)
    parts = [bench.worker, bench.sink]
    rng.shuffle(parts)
    took: list[float] = []
    for process in parts:
        time.sleep(rng.uniform(0.1, 0.8))
        took.append(process.stop())
    for process in parts:
        process.start()
    ready_s = max(process.wait_ready(60) for process in parts)
    feed.finish()
    bench.drain()
    result = bench.compare(part)
    return result.add(Result({"stop s max": max(took), "ready s max": ready_s}))


TRIAL = Trial(
    "T3",
    "SIGTERM restart of worker and sink",
    runs=30,
    run=run,
    bench=Bench,
    most={"raw duplicates max": 0},
    at_end={"topic duplicates": 0, "versions fallen": 0},
    finish=look_and_compare,
)
