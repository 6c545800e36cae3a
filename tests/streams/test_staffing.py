"""What staffing knows of queues is a function of the set of touchpoints: any order, duplicates, batches, partitions."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, decode, reference
from journeys.change import Change
from journeys.contact import QueueVisit
from journeys.definition import Reference
from journeys.next_step import NOT_YET
from journeys.partition import partition_of
from journeys.settings import convert
from journeys.staffing.live import DEMAND_DAYS, SLOT_MS, Lately, Present, Seen, Slot
from journeys.staffing.situation import KEY, Brought, Demand, Place
from journeys.workload import AgentNow
from streams import topics
from streams.stages import bringing
from tests.journeys.scenes import DAY, people, touchpoints
from tests.streams.pipeline import Pipeline

MINUTE = 60_000
_told = msgspec.json.Decoder(Change[Seen | AgentNow | Brought]).decode
SETTINGS = convert({"staffing": {"every": "1s"}, "next_step": {"least": 1}})


class Known:
    def __init__(self) -> None:
        self.demand: dict[int, Demand] = {}
        self.slots: dict[int, Slot] = {}
        self.there = Present()


def known(pipeline: Pipeline) -> tuple[dict[Place, Known], int]:
    """What was told of each queue and channel put together, and the newest moment."""
    found: dict[Place, Known] = {}
    versions: dict[str, int] = {}
    as_of = 0
    for record in pipeline.records(topics.FLOORS):
        assert record.partition == partition_of(KEY, pipeline.partitions)
        told = _told(record.value or b"")
        if isinstance(told.payload, Seen):
            assert told.version > versions.get(told.id, 0)
            versions[told.id] = told.version
            own = found.setdefault((told.payload.queue, told.payload.channel), Known())
            own.demand.update(told.payload.demand)
            own.slots.update(told.payload.slots)
            own.there = told.payload.there
            as_of = max(as_of, told.as_of)
    return found, as_of


def redials_of(expected: Reference) -> list[tuple[Place, int]]:
    """Where and when each redial entered its queue, of those who had given up in the same."""
    visited: dict[str, list[QueueVisit]] = defaultdict(list)
    for visit in sorted(expected.visits.values(), key=lambda visit: visit.entered_at):
        visited[visit.contact_id].append(visit)
    found = {}
    for contact_id, relation in expected.relations.items():
        again = visited.get(relation.redial_id)
        if again and relation.redial != "called_back" and (before := visited.get(contact_id)):
            place = again[0].queue, again[0].channel
            if place == (before[0].queue, before[0].channel):
                found[relation.redial_id] = place, again[0].entered_at
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
    found, as_of = known(pipeline)
    oldest = (max(decode(raw).at for raw in pipeline.accepted()) // DAY - DEMAND_DAYS + 1) * DAY
    redials = redials_of(expected)
    wanted = by_definition(expected.visits.values(), redials)
    nobody = Demand()
    for place in found.keys() | wanted.keys():
        own = found[place]
        got = {at: one for at, one in own.demand.items() if at >= oldest and one != nobody}
        assert got == {at: one for at, one in wanted.get(place, {}).items() if at >= oldest}, place
        visits = [visit for visit in expected.visits.values() if (visit.queue, visit.channel) == place]
        for minutes in (5, 15):
            since, until = as_of // SLOT_MS * SLOT_MS - minutes * MINUTE, (as_of // SLOT_MS + 1) * SLOT_MS
            left = [
                visit
                for visit in visits
                if visit.left_at is not None
                and since <= visit.left_at < until
                and (visit.outcome == "answered" or (visit.outcome == "abandoned" and not _in_time(visit)))
            ]
            lately = Lately(own.slots, as_of)
            assert lately.sum("offered", minutes) == sum(since <= visit.entered_at < until for visit in visits)
            assert lately.sum("redials", minutes) == sum(since <= at < until for where, at in redials if where == place)
            assert lately.sum("counted", minutes) == len(left)
            assert lately.sum("within", minutes) == sum(
                visit.outcome == "answered" and _in_time(visit) for visit in left
            )


def _in_time(visit: QueueVisit) -> bool:
    return (visit.wait_s or 0) <= visit.target_s


def assert_open(pipeline: Pipeline, expected: Reference) -> None:
    """Contacts after which nobody came back, by quarter, by what they were like and by the queue that they entered."""
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
                queues = expected.contacts[contact_id].queues
                wanted[quarter][bringing.open_as(trial.context, queues[0] if queues else "")] += 1
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
    pipeline = Pipeline(partitions, SETTINGS, rng=random.Random(seed))
    pipeline.work_off(facts + [facts[index % len(facts)] for index in duplicates], most)
    expected = reference(map(decode, pipeline.accepted()), settings=SETTINGS)
    assert_known(pipeline, expected)
    assert_open(pipeline, expected)

    before = known(pipeline)
    told = len(pipeline.records(topics.REDIALS))
    pipeline.read.clear()  # every group's offsets reset, the state kept
    pipeline.drain(most)
    after = known(pipeline)
    assert (_plain(after[0]), after[1]) == (_plain(before[0]), before[1])
    assert len(pipeline.records(topics.REDIALS)) == told


def _plain(found: dict[Place, Known]) -> dict[Place, object]:
    return {place: (own.demand, own.slots, own.there) for place, own in found.items()}
