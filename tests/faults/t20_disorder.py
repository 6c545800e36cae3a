"""T20: 5 % duplicates, shuffled, 1 % a day late."""

from __future__ import annotations

from random import Random

from tests.faults.harness import Bench
from tests.faults.logs import look_and_compare
from tests.faults.slices import stirred
from tests.faults.trial import Result, Trial

_DAY_MS = 86_400_000


def run(bench: Bench, seed: int, scale: float) -> Result:
    rng = Random(seed)
    part = bench.next_slice(seed, round(5_000 * max(scale, 0.2)), days=3)
    facts = part.touchpoints
    late = set(rng.sample(range(len(facts)), len(facts) // 100))
    due = [fact.at + (_DAY_MS if index in late else 0) for index, fact in enumerate(facts)]
    order = [facts[index] for index in sorted(range(len(facts)), key=due.__getitem__)]
    again = rng.sample(facts, len(facts) // 20)
    for fact in again:
        order.insert(rng.randrange(len(order)), fact)
    bench.feed(part, stirred(order, rng, reach=len(order) / 4), over_s=0).finish()
    bench.drain()
    result = bench.compare(part)
    return result.add(Result({"sent twice": len(again), "a day late": len(late)}))


TRIAL = Trial(
    "T20",
    "5 % duplicates, shuffled, 1 % a day late",
    runs=30,
    run=run,
    bench=Bench,
    at_end={"topic duplicates": 0, "versions fallen": 0},
    finish=look_and_compare,
)
