"""T1: the worker gets `kill -9` in mid-batch, and is started again."""

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
    feed = bench.feed(part, stirred(part.touchpoints, rng), over_s=1.2)
    time.sleep(rng.uniform(0.2, 1.2))
    bench.worker.kill()
    caught = bench.open_transactions() > 0
    bench.worker.start()
    ready_s = bench.worker.wait_ready(60)
    feed.finish()
    bench.drain()
    result = bench.compare(part)
    return result.add(Result({"caught in mid-batch": caught, "ready s max": ready_s}))


TRIAL = Trial(
    "T1",
    "worker kill -9 in mid-batch",
    runs=30,
    run=run,
    bench=Bench,
    most={"ready s max": 30},
    at_end={"topic duplicates": 0, "versions fallen": 0},
    least={"caught in mid-batch": 1},
    finish=look_and_compare,
)
