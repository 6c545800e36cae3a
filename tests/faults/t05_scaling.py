"""T5: one worker becomes two, then three, then one again, while touchpoints flow."""

from __future__ import annotations

from random import Random

from tests.faults.harness import ALL_SHARES, Bench, Part, eventually
from tests.faults.logs import look_and_compare
from tests.faults.slices import stirred
from tests.faults.trial import Result, Trial

_LOAD_S = 15.0


def run(bench: Bench, seed: int, scale: float) -> Result:
    part = bench.next_slice(seed, 6_000)
    more = [bench.new_worker(f"worker-{number}") for number in (2, 3)]
    feed = bench.feed(part, stirred(part.touchpoints, Random(seed)), over_s=_LOAD_S)
    shared_s = 0.0
    working = [bench.worker]
    for worker in more:
        worker.start()
        working.append(worker)
        shared_s = max(shared_s, eventually(f"{len(working)} workers share all", lambda: _share(working), 60))
    for worker in more:
        worker.stop()
    left_s = eventually("one worker owns all", lambda: _share([bench.worker]), 60)
    feed.finish()
    bench.drain()
    return bench.compare(part).add(Result({"shared after s max": shared_s, "alone after s max": left_s}))


def _share(workers: list[Part]) -> bool:
    """Whether all of them are ready and together own everything. (Of three, one may have nothing to do: four partitions
    are two for each of the first two that Faust's assignor asks.)"""
    owned = [worker.metric("journey_worker_partitions") for worker in workers if worker.ready]
    return len(owned) == len(workers) and sum(owned) == ALL_SHARES


TRIAL = Trial(
    "T5",
    "workers 1 to 2 to 3 to 1 under load",
    runs=5,
    run=run,
    bench=Bench,
    at_end={"topic duplicates": 0, "versions fallen": 0},
    finish=look_and_compare,
)
