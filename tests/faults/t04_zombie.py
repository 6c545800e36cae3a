"""T4: a worker hangs (SIGSTOP) for longer than its session, another takes over, and it wakes up (SIGCONT)."""

from __future__ import annotations

import signal
import time
from functools import partial
from random import Random

from tests.faults.harness import ALL_SHARES, Bench, eventually
from tests.faults.logs import look_and_compare
from tests.faults.slices import stirred
from tests.faults.trial import Result, Trial


def run(bench: Bench, seed: int, scale: float) -> Result:
    rng = Random(seed)
    zombie, other = rng.sample(bench.workers, 2)
    part = bench.next_slice(seed, 4_000)
    stirred_ = stirred(part.touchpoints, rng)
    half = len(stirred_) // 2
    feed = bench.feed(part, stirred_[:half], over_s=1.0)
    time.sleep(rng.uniform(0.1, 1.0))
    fenced = zombie.metric("journey_fenced_total")
    zombie.signal(signal.SIGSTOP)
    taken_s = eventually(
        "the other worker owns everything",
        lambda: other.metric("journey_worker_partitions") == ALL_SHARES and other.ready,
        60,
    )
    feed.finish()
    # It wakes up in the middle of more work, which is no longer its own.
    feed = bench.feed(part, stirred_[half:], over_s=1.0)
    time.sleep(rng.uniform(0, 0.5))
    zombie.signal(signal.SIGCONT)
    eventually(
        "both share again",
        lambda: other.metric("journey_worker_partitions") < ALL_SHARES and other.ready and zombie.ready,
        60,
    )
    feed.finish()
    bench.drain()
    result = bench.compare(part)
    fenced = zombie.metric("journey_fenced_total") - fenced
    return result.add(Result({"taken over s max": taken_s, "partitions fenced": fenced}))


TRIAL = Trial(
    "T4",
    "SIGSTOP beyond the session, then SIGCONT",
    runs=30,
    run=run,
    bench=partial(Bench, workers=2),
    at_end={"topic duplicates": 0, "versions fallen": 0},
    least={"partitions fenced": 1},
    finish=look_and_compare,
)
