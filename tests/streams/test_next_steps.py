"""What is counted for next steps is a function of the set of touchpoints; what is foretold is one row a contact."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, decode, reference
from journeys.change import Change
from journeys.definition import Reference
from journeys.journey import Signal
from journeys.next_step import (
    BINS,
    FIGURES,
    HORIZONS,
    HOUR,
    NOT_YET,
    Count,
    NextStep,
    Score,
    add,
    book,
    losses,
    matured,
)
from journeys.partition import partition_of
from journeys.settings import Settings, convert
from producers.simulator import simulate
from streams import topics
from streams.stages.next_steps import LIKELY_SWITCH, Clock, Hour
from tests.journeys.scenes import DAY, people, touchpoints
from tests.streams.pipeline import Pipeline

FORWARD: Settings = convert({"next_step": {"least": 1, "smoothing": 1, "threshold": 0.05}})
_clock = msgspec.msgpack.Decoder(Clock)
_hour = msgspec.msgpack.Decoder(Hour)
_counts = msgspec.msgpack.Decoder(dict[str, Count])


def told(pipeline: Pipeline) -> dict[str, NextStep]:
    return pipeline.rows(topics.NEXT, "next_step", NextStep | Score)


def warnings(pipeline: Pipeline) -> set[str]:
    return {signal.contact_id for signal in pipeline.signals().values() if signal.kind == LIKELY_SWITCH}


def assert_learned(pipeline: Pipeline, expected: Reference) -> None:
    """Counts by hour, and the sums that predictions are made of, against the batch definition's trials."""
    window = round(pipeline.settings.next_step.window * 1000) // HOUR
    for partition in range(pipeline.partitions):
        state = pipeline.state["journey", partition]
        clock = _clock.decode(state[b"next"]) if b"next" in state else Clock()
        hours: dict[int, dict[str, Count]] = defaultdict(dict)
        for contact_id, trial in expected.trials.items():
            customer = expected.relations[contact_id].customer
            if partition_of(customer.encode(), pipeline.partitions) == partition and trial.hour >= clock.now - window:
                add(hours[trial.hour].setdefault(trial.context, Count()), trial)
        model: dict[str, Count] = {}
        scores = [0] * (FIGURES * len(HORIZONS))
        found = {}
        for hour in clock.hours:
            entry = _hour.decode(state[b"next|h%d" % hour])
            found[hour] = entry.contexts
            over = matured(hour, clock.now)
            book(model, entry.contexts, 0, over)
            for said, outcomes in entry.foretold.items():
                for bin_, n in zip((*range(BINS), NOT_YET), outcomes, strict=True):
                    for place, loss in enumerate(losses(said, bin_)):
                        if list(HORIZONS.values())[place // FIGURES] <= over:
                            scores[place] += n * loss
            assert all(n >= 0 for outcomes in entry.foretold.values() for n in outcomes)
        assert found == hours
        assert sum(key.startswith(b"next|h") for key in state) == len(hours)
        sums = [_counts.decode(value) for key, value in state.items() if key.startswith(b"next|s")]
        assert {level: count for entry in sums for level, count in entry.items()} == model
        assert clock.scores == scores


@given(
    facts=st.one_of(touchpoints(), people()),
    duplicates=st.lists(st.integers(0, 29), max_size=10),
    partitions=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    most=st.sampled_from((1, 3, 1000)),
)
def test_any_order_teaches_the_same(
    facts: list[Touchpoint], duplicates: list[int], partitions: int, seed: int, most: int
) -> None:
    pipeline = Pipeline(partitions, FORWARD, rng=random.Random(seed))
    pipeline.work_off(facts + [facts[index % len(facts)] for index in duplicates], most)
    expected = reference(map(decode, pipeline.accepted()), settings=FORWARD)
    assert_learned(pipeline, expected)
    rows = told(pipeline)
    assert rows.keys() <= expected.trials.keys()
    assert {key: row.customer for key, row in rows.items()} == {key: expected.relations[key].customer for key in rows}
    assert warnings(pipeline) <= expected.trials.keys()

    before = {topic: len(pipeline.records(topic)) for topic in (topics.NEXT, topics.SIGNALS)}
    pipeline.read.clear()  # every group's offsets reset, the state kept
    pipeline.drain(most)
    assert {topic: len(pipeline.records(topic)) for topic in before} == before


def day(size: int = 400, days: int = 2) -> list[Touchpoint]:
    return list(simulate(3, date(2026, 3, 2), size, days))


def live(settings: Settings, facts: list[Touchpoint], step_ms: int = 10 * 60_000) -> Pipeline:
    """Fed as it happens."""
    pipeline = Pipeline(1, settings)
    due = facts[0].at + step_ms
    for fact in facts:
        if fact.at >= due:
            pipeline.drain()
            due = fact.at + step_ms
        pipeline.publish(fact)
    pipeline.drain()
    return pipeline


def test_a_centre_is_foretold_while_it_runs() -> None:
    facts = day()
    settings = convert({"next_step": {"least": 30}})
    pipeline = live(settings, facts)
    expected = reference(map(decode, pipeline.accepted()), settings=settings)
    assert_learned(pipeline, expected)
    rows = told(pipeline)
    later = {key: row for key, row in rows.items() if row.at >= facts[0].at + DAY}
    assert len(later) > 0.9 * sum(trial.ended_at >= facts[0].at + DAY for trial in expected.trials.values())
    for row in later.values():
        assert row.p_15m is not None
        assert row.p_1h is not None
        assert 0 < row.p_15m <= row.p_1h < 1
        assert row.at <= row.as_of
        assert row.learned_until < row.as_of
        assert row.reasons[-1].startswith("all: ")
    abandoned = [row.p_1h for key, row in later.items() if expected.contacts[key].outcome == "abandoned"]
    resolved = [row.p_1h for key, row in later.items() if expected.contacts[key].resolution == "resolved"]
    assert abandoned
    assert resolved
    assert min(filter(None, abandoned)) > max(filter(None, resolved))

    signals = [signal for signal in pipeline.signals().values() if signal.kind == LIKELY_SWITCH]
    assert signals
    for signal in signals:
        assert signal.to_channel not in ("", signal.from_channel)
        assert signal.details["p"] >= 0.5

    scores = list(pipeline.rows(topics.NEXT, "score", NextStep | Score).values())
    (score,) = scores
    assert score.trials > 500
    assert score.pending > 0
    for name in ("15m", "1h"):
        sums = score.horizons[name]
        assert sums.scored > 300
        assert sums.brier < 0.85 * sums.brier_base
        assert sums.log_loss < 0.9 * sums.log_loss_base


def test_each_version_of_a_contact_is_warned_of_once() -> None:
    pipeline = live(convert({"next_step": {"least": 30}}), day())
    ids = []
    for record in pipeline.records(topics.SIGNALS):
        change = msgspec.json.decode(record.value or b"", type=Change[Signal])
        if change.id.startswith(LIKELY_SWITCH) and not change.deleted:
            ids.append(change.id)
    assert len(ids) == len(set(ids)) > 10
