"""T8: the broker is away while all producers run. What they report as failed is all that was not acknowledged, what
waits stays within its cap, and when all of it was sent again nothing is there twice."""

from __future__ import annotations

import time
from random import Random

from tests.faults.harness import Bench
from tests.faults.logs import look_and_compare
from tests.faults.producers import KINDS, Producers
from tests.faults.slices import stirred
from tests.faults.trial import Result, Trial

OUTAGE_S = 300.0
_RATE = 120.0
"""Touchpoints a second, by all producers together."""
_BEFORE_S, _AFTER_S = 3.0, 5.0
_DELIVERY_S = 120.0
"""The publishers' own default; shortened as the outage is."""
_CAP = 4 << 20
"""Bytes that may wait in the publisher for services: what comes in until its time-out is more."""


def run(bench: Bench, seed: int, scale: float) -> Result:
    rng = Random(seed)
    outage_s = OUTAGE_S * scale
    over_s = _BEFORE_S + outage_s + _AFTER_S
    part = bench.next_slice(seed, round(_RATE * over_s))
    options = ["--delivery-timeout", str(_DELIVERY_S * scale), "--cap", str(round(_CAP * scale))]
    producers = Producers(
        bench, part, stirred(part.touchpoints, rng), over_s, dict.fromkeys(KINDS, bench.kafka.bootstrap), options
    )
    producers.start()
    time.sleep(rng.uniform(0.3, 1) * _BEFORE_S)
    bench.kafka.kill()
    down = time.monotonic()
    time.sleep(outage_s)
    bench.kafka.start()
    outage_s = time.monotonic() - down
    bench.reconnect()
    told = producers.finish(60 + outage_s)
    bench.drain(120)
    bench.check()
    return bench.compare(part).add(told).add(Result({"outage s max": outage_s}))


TRIAL = Trial(
    "T8",
    "broker down, producers running",
    runs=3,
    run=run,
    bench=Bench,
    most={
        "unaccounted": 0,
        "never acknowledged": 0,
        "answered otherwise": 0,
        "publisher grown MB max": 8,
        "bulk grown MB max": 16,
        "collector peak MB max": 150,
    },
    at_end={"topic duplicates": 0, "versions fallen": 0},
    least={"reported as failed": 1, "collector's refusals": 1},
    finish=look_and_compare,
)
