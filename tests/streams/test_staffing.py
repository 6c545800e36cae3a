"""What staffing knows of queues is a function of the set of touchpoints: any order, duplicates, batches, partitions."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, decode, reference
from journeys.contact import QueueVisit
from journeys.definition import Reference
from journeys.next_step import NOT_YET, SEPARATOR
from journeys.partition import partition_of
from journeys.settings import convert
from journeys.staffing.figures import Accuracy, Floor, Move, Staffing
from journeys.staffing.live import DEMAND_DAYS, SLOT_MS
from journeys.staffing.situation import KEY, Demand, Place
from streams import topics
from streams.stages import bringing, staffing
from tests.journeys.scenes import DAY, people, touchpoints
from tests.streams.pipeline import Pipeline

MINUTE = 60_000
SETTINGS = convert({"staffing": {"every": "1s"}, "next_step": {"least": 1}})


def floors(pipeline: Pipeline) -> dict[Place, Floor]:
    rows = pipeline.rows(topics.STAFFING, "floor", Floor | Staffing | Move | Accuracy)
    return {(row.queue, row.channel): row for row in rows.values()}


def known(pipeline: Pipeline) -> tuple[dict[Place, dict[int, Demand]], dict[Place, staffing.Known], int]:
    """Demand and slots as the staffing stage has them, and its moment."""
    partition = partition_of(KEY, pipeline.partitions)
    state = pipeline.state["staffing", partition]
    if b"k" not in state:
        return {}, {}, 0
    head = msgspec.msgpack.decode(state[b"k"], type=staffing.Head)
    demand: dict[Place, dict[int, Demand]] = {}
    there = {}
    for name, (_, queue, channel, days) in head.places.items():
        place = queue, channel
        demand[place] = {}
        for day in days:
            key = b"d%d|%s" % (day, name.encode())
            if key in state:
                demand[place] |= msgspec.msgpack.decode(state[key], type=dict[int, Demand])
        demand[place] = {at: one for at, one in demand[place].items() if any(msgspec.structs.astuple(one))}
        there[place] = msgspec.msgpack.decode(state[b"f|" + name.encode()], type=staffing.Known)
    return {place: own for place, own in demand.items() if own}, there, head.as_of


def redials_of(expected: Reference) -> list[tuple[Place, int]]:
    """Where and when each redial entered its queue."""
    found = {}
    for relation in expected.relations.values():
        again = expected.contacts.get(relation.redial_id)
        if again is not None and relation.redial != "called_back":
            visits = [visit for visit in expected.visits.values() if visit.contact_id == again.contact_id]
            if visits:
                first = min(visits, key=lambda visit: visit.entered_at)
                found[again.contact_id] = (first.queue, first.channel), first.entered_at
    return list(found.values())


def by_definition(visits: Iterable[QueueVisit], redials: list[tuple[Place, int]]) -> dict[Place, dict[int, Demand]]:
    counts: dict[tuple[Place, int], Counter[str]] = defaultdict(Counter)
    for visit in visits:
        own = counts[(visit.queue, visit.channel), visit.entered_at // (15 * MINUTE) * 15 * MINUTE]
        own["offered"] += 1
        wait = round((visit.wait_s or 0) * 1000)
        if visit.outcome in ("answered", "abandoned"):
            own[visit.outcome] += 1
            own[f"wait_{visit.outcome}_ms"] += wait
            if wait <= visit.target_s * 1000:
                own["within" if visit.outcome == "answered" else "abandoned_within"] += 1
        if visit.outcome == "answered" and visit.ended_at is not None:
            own["handled"] += 1
            own["handle_ms"] += round((visit.talk_s + visit.hold_s + visit.wrap_s) * 1000)
    for place, at in redials:
        counts[place, at // (15 * MINUTE) * 15 * MINUTE]["redials"] += 1
    found: dict[Place, dict[int, Demand]] = defaultdict(dict)
    for (place, at), own in counts.items():
        found[place][at] = Demand(**own)
    return dict(found)


def assert_known(pipeline: Pipeline, expected: Reference) -> None:
    demand, there, as_of = known(pipeline)
    oldest = (max(decode(raw).at for raw in pipeline.accepted()) // DAY - DEMAND_DAYS + 1) * DAY
    wanted = by_definition(expected.visits.values(), redials_of(expected))
    for place, own in wanted.items():
        got = {at: one for at, one in demand.get(place, {}).items() if at >= oldest}
        assert got == {at: one for at, one in own.items() if at >= oldest}, place
    assert demand.keys() <= wanted.keys()
    redials = redials_of(expected)
    for place, known_ in there.items():
        own_visits = [visit for visit in expected.visits.values() if (visit.queue, visit.channel) == place]
        since = as_of // SLOT_MS * SLOT_MS - 15 * MINUTE
        slots = [slot for number, slot in known_.slots.items() if since <= number * SLOT_MS <= as_of]
        assert sum(slot.offered for slot in slots) == sum(
            since <= visit.entered_at < _after(as_of) for visit in own_visits
        )
        assert sum(slot.redials for slot in slots) == sum(
            since <= at < _after(as_of) for where, at in redials if where == place
        )
        left = [
            visit
            for visit in own_visits
            if visit.left_at is not None
            and since <= visit.left_at < _after(as_of)
            and (visit.outcome == "answered" or (visit.outcome == "abandoned" and (visit.wait_s or 0) > visit.target_s))
        ]
        assert sum(slot.counted for slot in slots) == len(left)
        assert sum(slot.within for slot in slots) == sum(
            visit.outcome == "answered" and (visit.wait_s or 0) <= visit.target_s for visit in left
        )


def _after(as_of: int) -> int:
    """The end of the slot that ``as_of`` lies in."""
    return (as_of // SLOT_MS + 1) * SLOT_MS


def assert_open(pipeline: Pipeline, expected: Reference) -> None:
    """Contacts after which nobody came back, by quarter and by what they were like."""
    for partition in range(pipeline.partitions):
        state = pipeline.state["journey", partition]
        if b"next|open" not in state:
            continue
        head = msgspec.msgpack.decode(state[b"next|open"], type=bringing.Head)
        found = {
            quarter: msgspec.msgpack.decode(state[b"next|open%d" % quarter], type=dict[str, int])
            for quarter in head.quarters
        }
        newest = max(decode(raw).at for raw in pipeline.accepted())  # this partition's may be older
        wanted: dict[int, Counter[str]] = defaultdict(Counter)
        for contact_id, trial in expected.trials.items():
            customer = expected.relations[contact_id].customer
            quarter = trial.ended_at // bringing.QUARTER_MS
            if trial.bin == NOT_YET and partition_of(customer.encode(), pipeline.partitions) == partition:
                wanted[quarter][SEPARATOR.join(trial.context.split(SEPARATOR)[:4])] += 1
        recent = newest // bringing.QUARTER_MS - bringing.KEPT
        assert {quarter: own for quarter, own in found.items() if quarter >= recent} == {
            quarter: dict(own) for quarter, own in wanted.items() if quarter >= recent
        }


@given(
    facts=st.one_of(touchpoints(), people()),
    duplicates=st.lists(st.integers(0, 29), max_size=10),
    partitions=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    most=st.sampled_from((1, 3, 1000)),
)
def test_any_order_makes_the_same_floor(
    facts: list[Touchpoint], duplicates: list[int], partitions: int, seed: int, most: int
) -> None:
    rng = random.Random(seed)
    pipeline = Pipeline(partitions, SETTINGS, rng=rng, staffed=True)
    sent = facts + [facts[index % len(facts)] for index in duplicates]
    rng.shuffle(sent)
    for touchpoint in sent:
        pipeline.publish(touchpoint)
        if rng.random() < 0.4:
            pipeline.step(most)
    pipeline.drain(most)
    expected = reference(map(decode, pipeline.accepted()), settings=SETTINGS)
    assert_known(pipeline, expected)
    assert_open(pipeline, expected)

    told = len(pipeline.records(topics.STAFFING))
    before = known(pipeline)
    pipeline.read.clear()  # every group's offsets reset, the state kept
    pipeline.drain(most)
    assert known(pipeline) == before
    assert len(pipeline.records(topics.STAFFING)) == told
