"""T15: the state directory is deleted; it comes back from the changelogs, the same, and fast."""

from __future__ import annotations

from pathlib import Path

from journeys.touchpoint import Touchpoint
from streams.store import META, Memory, Store
from tests.faults.harness import Bench
from tests.faults.logs import look
from tests.faults.slices import Slice
from tests.faults.trial import Result, Trial

CUSTOMERS = 1_000_000
_SPREAD_MS = 50


def run(bench: Bench, seed: int, scale: float) -> Result:
    customers = round(CUSTOMERS * scale)
    part = bench.next_slice(seed, 3_000)
    order = part.touchpoints
    half = len(order) // 2
    crowd = bench.next_slice(seed + 1, 7)
    crowd.touchpoints = _visitors(crowd, customers)
    bench.feed(part, order[:half], over_s=0).finish()
    bench.feed(crowd, crowd.touchpoints, over_s=0).finish()
    bench.drain_workers(300)
    peak_mb = bench.worker.peak_mb()
    bench.worker.stop(30)
    state = bench.layout.worker(bench.worker.name)
    aside = bench.directory / f"state-{seed}"
    state.rename(aside)
    bench.worker.start()
    rebuilt_s = bench.worker.wait_ready(300)
    recovered = bench.worker.metric("journey_recovered_records_total")
    bench.worker.stop(30)
    differing = _differing(aside / "state", state / "state")
    bench.worker.start()
    bench.worker.wait_ready()
    # What goes on from there joins contacts and journeys that were rebuilt.
    bench.feed(part, order[half:], over_s=0).finish()
    bench.drain(300)
    result = bench.compare(part)
    (rows,) = bench.store.query(
        f"SELECT count(), uniqExact(customer) FROM contacts FINAL WHERE startsWith(contact_id, '{crowd.prefix}')"
    ).rows
    result.figures["mismatch"] += abs(rows[0] - customers) + abs(rows[1] - customers)
    figures = {
        "customers": customers,
        "rebuilt s max": rebuilt_s,
        "changelog records": recovered,
        "worker peak MB max": peak_mb,
    }
    return result.add(Result({**figures, "state entries differing": differing}))


def _visitors(crowd: Slice, customers: int) -> list[Touchpoint]:
    """A visit to a shop each: a contact and a journey of its own for every one of them."""
    return [
        Touchpoint(
            crowd.first + number * _SPREAD_MS,
            f"{crowd.prefix}{number}/1",
            "visited",
            "store",
            f"{crowd.prefix}{number}",
            {"customer_id": f"{crowd.prefix}{number}"},
            "order",
            direction="inbound",
            source="trial",
        )
        for number in range(customers)
    ]


def _differing(before: Path, after: Path) -> int:
    """Entries of the state directories that are not the same in both."""
    places = {path.relative_to(root) for root in (before, after) for path in root.glob("*/*")}
    return sum(_differ(before / place, after / place) for place in places)


def _differ(before: Path, after: Path) -> int:
    stores = [Store(path, Memory()) for path in (before, after)]
    try:
        one, two = (dict(store.items()) | {META: store.meta or b""} for store in stores)
    finally:
        for store in stores:
            store.close()
    return sum(one.get(key) != two.get(key) for key in one.keys() | two.keys())


TRIAL = Trial(
    "T15",
    "state directory deleted",
    runs=1,
    run=run,
    bench=Bench,
    most={"rebuilt s max": 60, "state entries differing": 0},
    at_end={"topic duplicates": 0},
    finish=look,
)
