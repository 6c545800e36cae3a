"""The day's causes, whatever order, batches and partitions they came through."""

from __future__ import annotations

import random
from collections.abc import Iterable

import msgspec

from journeys import Touchpoint, decode, reference
from journeys.causes import APART, HOUR_MS, HOURS_A_DAY, RootCause, Tally
from journeys.root_causes import evidence, ranked
from streams import topics
from tests.journeys.scenes import HOUR, MINUTE, START
from tests.streams.pipeline import Pipeline

BROKEN = "a1"


def visits(customers: Iterable[int], begins: int, rng: random.Random) -> list[Touchpoint]:
    """Each customer reads an article; whom it does not help rings up soon after. The broken one helps few."""
    made = []
    for number in customers:
        who, at = {"customer_id": str(number)}, begins + rng.randrange(40 * MINUTE)
        article = rng.choice((BROKEN, "a2", "a3", "a4"))
        seen = Touchpoint(at, f"{number}-w", "article_viewed", "web", f"w{number}", who, "billing")
        made.append(msgspec.structs.replace(seen, attributes={"article": article}))
        if rng.random() < (0.8 if article == BROKEN else 0.2):
            call = Touchpoint(
                at + MINUTE, f"{number}-c", "connected", "voice", f"v{number}", who, "billing", agent="ann"
            )
            end = msgspec.structs.replace(call, at=at + 4 * MINUTE, id=f"{number}-e", type="ended", talk_s=180.0)
            made += [call, end]
    return made


def causes(pipeline: Pipeline) -> dict[str, RootCause]:
    rows = pipeline.rows(topics.CAUSES, "cause", RootCause)
    return {key: msgspec.structs.replace(row, as_of=0) for key, row in rows.items()}


def through(facts: list[Touchpoint], partitions: int, seed: int) -> Pipeline:
    rng = random.Random(seed)
    pipeline = Pipeline(partitions, rng=rng)
    sent = [*facts, *rng.sample(facts, len(facts) // 10)]
    rng.shuffle(sent)
    for touchpoint in sent:
        pipeline.publish(touchpoint)
    pipeline.drain(rng.choice((20, 100, 1000)))
    return pipeline


def test_the_day_is_what_all_partitions_tell_together() -> None:
    facts = visits(range(300), START + 9 * HOUR, random.Random(1))
    pipeline = through(facts, 3, 1)
    assert causes(pipeline) == causes(through(facts, 1, 2))
    hours: dict[int, dict[str, Tally]] = {}
    for (hour, *place), counted in reference(map(decode, pipeline.accepted())).tallies.items():
        hours.setdefault(hour, {})[APART.join(place)] = [
            figure for column in zip(*counted, strict=True) for figure in column
        ]
    day = START // HOUR_MS // HOURS_A_DAY
    expected = ranked(day, {hour: evidence(tallies) for hour, tallies in hours.items()})
    assert sorted(causes(pipeline).values(), key=lambda row: row.rank) == expected
    first = expected[0]
    assert (first.dimension, first.cause, first.significant) == ("article", BROKEN, True)
    assert first.minutes == 3.0 * first.count


def test_what_is_worse_than_usual_is_signalled_once_a_day() -> None:
    rng = random.Random(3)
    pipeline = Pipeline(2, rng=rng)
    for hour in (9, 10, 11):
        for touchpoint in visits(range(hour * 1000, hour * 1000 + 300), START + hour * HOUR, rng):
            pipeline.publish(touchpoint)
        pipeline.drain()
    emerged = [signal for signal in pipeline.signals().values() if signal.kind == "emerging_cause"]
    assert sorted(signal.signal_id for signal in emerged) == [
        f"emerging_cause:2026-01-01T09/{event}/article/{BROKEN}" for event in ("repeat", "switch")
    ]
    assert {(signal.customer, signal.journey_id, signal.contact_id) for signal in emerged} == {("", "", "")}
    assert all(signal.details["p_value"] < 0.01 < signal.details["lift"] for signal in emerged)


def test_hours_that_nothing_can_change_are_let_go() -> None:
    rng = random.Random(4)
    pipeline = Pipeline(1, rng=rng)
    for day in (0, 5, 12):
        for touchpoint in visits(range(day * 1000, day * 1000 + 30), START + day * 24 * HOUR, rng):
            pipeline.publish(touchpoint)
        pipeline.drain()
    kept = {key[:1]: key for key in pipeline.state["cause", 0]}
    days = sorted(
        int(key[1:]) - START // HOUR_MS // HOURS_A_DAY for key in pipeline.state["cause", 0] if key[:1] == b"d"
    )
    assert set(kept) == {b"k", b"t", b"e", b"d"}
    assert days == [5, 12]
    hours = {int(key[1:].partition(b"|")[0]) for key in pipeline.state["journey", 0] if key[:1] == b"t" and b"|" in key}
    assert sorted({hour - START // HOUR_MS for hour in hours}) == [5 * 24, 12 * 24]
