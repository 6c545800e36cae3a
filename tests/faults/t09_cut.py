"""T9: connections are cut after the broker appended and before the producer heard of it; nothing is in the topic
twice."""

from __future__ import annotations

from contextlib import ExitStack
from random import Random

from streams import topics
from tests.faults.harness import PARTITIONS, Bench
from tests.faults.logs import look_and_compare, twice
from tests.faults.producers import KINDS, Producers
from tests.faults.proxy import Proxy
from tests.faults.slices import stirred
from tests.faults.trial import Result, Trial


def run(bench: Bench, seed: int, scale: float) -> Result:
    rng = Random(seed)
    part = bench.next_slice(seed, 3_000)
    before = bench.brokers.ends([topics.TOUCHPOINTS], PARTITIONS)
    with ExitStack() as stack:
        proxies = {kind: stack.enter_context(Proxy(bench.kafka.bootstrap, Random(f"{seed} {kind}"))) for kind in KINDS}
        addresses = {kind: proxy.bootstrap for kind, proxy in proxies.items()}
        producers = Producers(bench, part, stirred(part.touchpoints, rng), 3.0, addresses)
        producers.start()
        told = producers.finish(60)
    bench.drain(60)
    bench.check()
    figures = {
        "in the topic twice": twice(bench, before),
        "cuts": sum(proxy.cuts for proxy in proxies.values()),
        "answers swallowed": sum(proxy.swallowed for proxy in proxies.values()),
        "never cut": sum(not proxy.cuts for proxy in proxies.values()),
    }
    return bench.compare(part).add(told).add(Result(figures))


TRIAL = Trial(
    "T9",
    "connection cut after append, before acknowledgement",
    runs=30,
    run=run,
    bench=Bench,
    most={
        "in the topic twice": 0,
        "never cut": 0,
        "reported as failed": 0,
        "unaccounted": 0,
        "never acknowledged": 0,
        "collector's refusals": 0,
        "answered otherwise": 0,
    },
    at_end={"topic duplicates": 0, "versions fallen": 0},
    finish=look_and_compare,
)
