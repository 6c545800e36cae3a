"""T26: a collector without a key, with wrong keys, huge bodies, bombs, slow clients, 1,000 connections and label bombs;
meanwhile others send events with a right one."""

from __future__ import annotations

import asyncio
from random import Random

from streams import topics
from tests.faults.abuse import EXPECTED, TURNED_AWAY, Door, all_at_once
from tests.faults.harness import PARTITIONS, Bench
from tests.faults.logs import look_and_compare
from tests.faults.slices import stirred
from tests.faults.trial import Result, Trial

KEY = "the-key-of-the-honest"
SETTINGS = """
[collector]
connections = 500
idle = "4s"
slow = "3s"
[collector.keys.honest]
scopes = ["touchpoints", "segment", "hooks"]
"""


def run(bench: Bench, seed: int, scale: float) -> Result:
    part = bench.next_slice(seed, 3_000)
    settings = bench.directory / "collector.toml"
    settings.write_text(SETTINGS)
    collector, port = bench.new_collector({"TOUCHPATH_WRITE_KEY_HONEST": KEY}, settings)
    collector.start()
    collector.wait_ready()
    before = _ends(bench)
    door = Door(port, KEY)
    asyncio.run(all_at_once(door, stirred(part.touchpoints, Random(seed)), 6.0, part.ledger))
    peak_mb = collector.peak_mb()
    series = collector.series()
    stop_s = collector.stop()
    grown = {topic: end - before[topic] for topic, end in _ends(bench).items()}
    bench.drain(60)
    bench.check()
    result = bench.compare(part)
    wrong = {
        who: {status: count for status, count in answers.items() if status not in EXPECTED[who] | {TURNED_AWAY}}
        for who, answers in door.answers.items()
        if who != "honest"
    }
    refused = sum(answers.total() for who, answers in door.answers.items() if who != "honest")
    turned_away = sum(answers[TURNED_AWAY] for answers in door.answers.values())
    figures = {
        "abuse": refused,
        "answered otherwise": sum(map(len, wrong.values())),
        "turned away": turned_away,
        "honest not served": len(part.touchpoints) - len(part.ledger),
        "stowaways": abs(grown.pop(topics.TOUCHPOINTS) - len(part.ledger)) + sum(grown.values()),
        "series max": series,
        "collector peak MB max": peak_mb,
        "stop s max": stop_s,
    }
    remarks = [f"{who}: {found}" for who, found in wrong.items() if found]
    return result.add(Result(figures, remarks))


def _ends(bench: Bench) -> dict[str, int]:
    """By topic that a collector writes, how many records there are."""
    ends = bench.brokers.ends([topics.TOUCHPOINTS, topics.AGENTS, topics.DEAD_LETTERS], PARTITIONS)
    found: dict[str, int] = {}
    for place, end in ends.items():
        found[place.topic] = found.get(place.topic, 0) + end
    return found


TRIAL = Trial(
    "T26",
    "collector: keys, huge bodies, slow clients, 1,000 connections, label bombs",
    runs=5,
    run=run,
    bench=Bench,
    most={
        "answered otherwise": 0,
        "honest not served": 0,
        "stowaways": 0,
        "series max": 400,
        "collector peak MB max": 150,
        "stop s max": 15,
    },
    least={"turned away": 1},
    finish=look_and_compare,
)
