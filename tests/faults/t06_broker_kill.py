"""T6: the broker gets `kill -9` while events flow in, and is started again; workers, sink and producer stay."""

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
    time.sleep(rng.uniform(0.2, 1.5))
    bench.kafka.kill()
    time.sleep(rng.uniform(0, 1))
    bench.kafka.start()
    up = time.monotonic()
    bench.reconnect()
    feed.finish()
    bench.drain(120)
    lag_s = time.monotonic() - up
    bench.check()
    result = bench.compare(part)
    return result.add(Result({"not acknowledged": feed.failed, "lag back s max": lag_s}))


TRIAL = Trial(
    "T6",
    "broker kill -9 and restart",
    runs=30,
    run=run,
    bench=Bench,
    most={"lag back s max": 120},
    at_end={"topic duplicates": 0, "versions fallen": 0},
    finish=look_and_compare,
)
