"""T14: offsets are set back, so that workers and sink read again what they had, cut into other batches."""

from __future__ import annotations

import time
from random import Random

from kafka.structs import OffsetAndMetadata

from sinks import tables
from sinks.rows import READERS
from tests.faults.harness import STAGES, Bench, Off
from tests.faults.logs import look_and_compare
from tests.faults.slices import stirred
from tests.faults.trial import Result, Trial
from touchpath.brokers import Offsets
from touchpath.worker import APP_ID

KINDS = ("same", "overlap", "contains", "new", "rewind")
_INPUTS = tuple(topic for stage in STAGES for topic in stage.inputs)


def run(bench: Bench, seed: int, scale: float) -> Result:
    rng = Random(seed)
    kind = KINDS[seed % len(KINDS)]
    part = bench.next_slice(seed, 3_000)
    order = stirred(part.touchpoints, rng)
    kept_back = len(order) // 4 if kind == "overlap" else 0
    start = _positions(bench)
    feed = bench.feed(part, order[: len(order) - kept_back], over_s=1.5)
    time.sleep(rng.uniform(0.5, 1.5))
    middle = _positions(bench)  # between two batches, wherever those were cut
    feed.finish()
    bench.drain()
    before = _digests(bench)

    changed = 0
    for _ in range(3 if kind == "rewind" else 1):
        _stop(bench)
        if kept_back:
            bench.feed(part, order[len(order) - kept_back :], over_s=0).finish()
        for group, topics in _groups(bench).items():
            if kind == "new":
                bench.admin.delete_groups([group])
                continue
            begin, mid, end = (each[group] for each in (start, middle, _positions(bench)))
            if kind == "same":
                chosen = mid
            elif kind == "overlap":
                chosen = {place: rng.randint(begin.get(place, 0), offset) for place, offset in mid.items()}
            elif kind == "contains":
                chosen = {place: begin.get(place, 0) for place in end}
            else:
                chosen = {place: rng.randint(0, offset) for place, offset in end.items()}
            _set(bench, group, {place: offset for place, offset in chosen.items() if place.topic in topics})
        for process in (bench.worker, bench.sink):
            process.start()
        for process in (bench.worker, bench.sink):
            process.wait_ready(60)
        bench.drain()
        changed += kind != "overlap" and _digests(bench) != before
    result = bench.compare(part)
    changed += bool(result.figures["mismatch"])
    return result.add(Result({"replays": 1, "changed": changed}))


def _groups(bench: Bench) -> dict[str, tuple[str, ...]]:
    return {APP_ID: _INPUTS, bench.sink_group: tuple(READERS)}


def _positions(bench: Bench) -> dict[str, Offsets]:
    return {group: bench.brokers.committed(group) for group in _groups(bench)}


def _set(bench: Bench, group: str, offsets: Offsets) -> None:
    answers = bench.admin.alter_group_offsets(
        group, {place: OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()}
    )
    refused = [error.__name__ for error in answers.values() if error.__name__ != "NoError"]
    if refused:
        raise Off(f"offsets of {group} not set back: {refused}")


def _stop(bench: Bench) -> None:
    bench.worker.stop()
    bench.sink.stop()


def _digests(bench: Bench) -> dict[str, tuple[int, int]]:
    """Of each table the rows that count, and a hash of all that is in them but for the version.

    Workers that read a contact's former place again tell it anew, and then take it back, under higher versions.
    """
    found = {}
    for table in tables.TABLES:
        live = " WHERE is_deleted = 0" if "is_deleted" in table.columns else ""
        sql = (
            f"SELECT count(), groupBitXor(cityHash64(toString(tuple(* EXCEPT version)))) FROM {table.name} FINAL{live}"
        )
        found[table.name] = bench.store.query(sql).rows[0]
    return found


TRIAL = Trial(
    "T14",
    "replays with other batch boundaries",
    runs=5,
    run=run,
    bench=Bench,
    most={"changed": 0},
    at_end={"topic duplicates": 0},
    finish=look_and_compare,
)
