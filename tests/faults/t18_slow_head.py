"""T18: the first batch of one partition hangs while the others go on, then `kill -9`: it is processed again.

Of a group that committed nothing yet, too: there the hanging batch is the first that the group ever had. (It reads all
former runs again as well, so that entities which moved tell their old place once more: versions are not looked at.)
"""

from __future__ import annotations

from random import Random

from streams.topics import TOUCHPOINTS
from tests.faults.harness import PARTITIONS, Bench, eventually
from tests.faults.logs import look_and_compare
from tests.faults.slices import stirred
from tests.faults.trial import Result, Trial
from touchpath.worker import APP_ID

_FRESH = 0.3
"""In so many of the runs the group is new."""


def run(bench: Bench, seed: int, scale: float) -> Result:
    rng = Random(seed)
    hold = bench.directory / "hold"
    slow = rng.randrange(PARTITIONS)
    fresh = rng.random() < _FRESH
    if bench.worker.module == ["touchpath"] or fresh:
        bench.worker.stop()
        if fresh:
            bench.admin.delete_groups([APP_ID])
        bench.worker.module = ["tests.faults.slow_worker", str(hold)]
        hold.write_text(f"-contact-{slow}")
        bench.worker.start()
    hold.write_text(f"-contact-{slow}")
    part = bench.next_slice(seed, 3_000)
    before = bench.committed(TOUCHPOINTS)
    bench.feed(part, stirred(part.touchpoints, rng), over_s=0.5).finish()
    ends = bench.brokers.ends([TOUCHPOINTS], PARTITIONS)

    def others_done() -> bool:
        now = bench.committed(TOUCHPOINTS)
        return all(now[place] == end for place, end in ends.items() if place.partition != slow)

    eventually("the other partitions are done", others_done, 60)
    bench.worker.kill()
    after = bench.committed(TOUCHPOINTS)
    held = all(before[place] == after[place] < end for place, end in ends.items() if place.partition == slow)
    hold.unlink()
    bench.worker.start()
    ready_s = bench.worker.wait_ready(60)
    bench.drain()
    result = bench.compare(part)
    return result.add(Result({"head not held": not held, "fresh groups": fresh, "ready s max": ready_s}))


TRIAL = Trial(
    "T18",
    "slow head, later ones done, kill -9",
    runs=30,
    run=run,
    bench=Bench,
    most={"head not held": 0},
    at_end={"topic duplicates": 0},
    finish=look_and_compare,
)
