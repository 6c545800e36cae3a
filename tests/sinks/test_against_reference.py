"""The whole way but the broker: the stages' messages, stored, are what the batch definition says."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from statistics import quantiles
from typing import Any

import pytest

from journeys import Reference, Touchpoint, decode, reference
from journeys.contact import QueueVisit
from journeys.identity import is_identified
from journeys.service_level import DIALECTS, count
from journeys.settings import DEFAULTS
from sinks.embedded import Embedded
from sinks.migrate import migrate
from sinks.report import report
from sinks.rows import READERS
from tests.journeys.scenes import OFFICE
from tests.sinks.messages import DAY, MINUTE, START, put
from tests.streams.pipeline import Pipeline

CHANNELS = ("voice", "chat", "ivr", "web")
INTENTS = ("billing", "order", "")


def _event(
    found: list[Touchpoint], at: int, contact_id: str, channel: str, shape: dict[str, Any], kind: str, after_s: float,
    **fields: Any,
) -> None:  # fmt: skip
    found.append(
        Touchpoint(at + int(after_s * 1000), f"{contact_id}-{kind}", kind, channel, contact_id, **shape | fields)
    )


def facts(seed: int) -> list[Touchpoint]:
    """A few hundred contacts of twenty customers over ten days, some open, some anonymous."""
    rng = random.Random(seed)
    found: list[Touchpoint] = []
    for number in range(300):
        at = START + rng.randrange(10 * DAY)
        channel, contact_id = rng.choice(CHANNELS), f"c{number}"
        identifiers = {"customer_id": str(rng.randrange(20))} if rng.random() < 0.9 else {}
        shape: dict[str, Any] = {"identifiers": identifiers, "intent": rng.choice(INTENTS)}

        event = partial(_event, found, at, contact_id, channel, shape)
        if channel in ("ivr", "web"):
            if channel == "ivr":
                event("menu_chosen", 0, attributes={"node": "billing"})
            else:
                event(
                    "searched", 0, attributes={"results": rng.choice((0, 3)), "page": rng.choice(("/faq", "/pricing"))}
                )
                event("article_viewed", 10, attributes={"article": "a-1"})
            if rng.random() < 0.5:
                event(rng.choice(("resolved", "failed")), 30)
            continue
        wait = rng.choice((0, 4, 5, 20, 21, 300))
        event("queued", 0, queue=rng.choice(("a", "b")), direction="inbound" if rng.random() < 0.8 else "outbound")
        if rng.random() < 0.3:
            event("abandoned", wait, wait_s=float(wait))
        elif rng.random() < 0.95:
            event("connected", wait, agent=rng.choice("xyz"), wait_s=float(wait))
            if rng.random() < 0.2:
                event("transferred", wait + 90, queue="b")
            event("ended", wait + 100, talk_s=100.0, outcome=rng.choice(("", "resolved", "unresolved")))
    return found


@pytest.fixture(scope="module", params=[DEFAULTS, OFFICE], ids=["all time", "working time"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Embedded, Pipeline]]:
    pipeline = Pipeline(3, request.param, rng=random.Random(7))
    sent = facts(7)
    sent += random.Random(8).sample(sent, 40)
    random.Random(9).shuffle(sent)
    for touchpoint in sent:
        pipeline.publish(touchpoint)
    pipeline.drain(17)
    store = Embedded(tmp_path_factory.mktemp("store") / "db")
    migrate(store)
    rng = random.Random(10)
    records = [record for topic in READERS for record in pipeline.records(topic)]
    rng.shuffle(records)  # a store may see the topics in any order, cut anywhere, and twice
    while records:
        size = rng.randint(1, 400)
        put(store, *records[:size])
        records = records[size:]
    put(store, *(record for topic in READERS for record in pipeline.records(topic)))
    yield store, pipeline
    store.close()


def test_contacts_visits_and_journeys(both: tuple[Embedded, Pipeline]) -> None:
    store, pipeline = both
    expected = reference(map(decode, pipeline.accepted()), settings=pipeline.settings)
    millis = "toUnixTimestamp64Milli"
    contacts = store.query(
        f"SELECT contact_id, channel, intent, outcome, attempt, {millis}(started_at), {millis}(ended_at), closed, "
        "wait_s, talk_s, touchpoints FROM contacts FINAL WHERE is_deleted = 0"
    ).rows
    assert set(contacts) == {
        (c.contact_id, c.channel, c.intent, c.outcome, c.attempt, c.started_at, c.ended_at, int(c.closed), c.wait_s,
         c.talk_s, c.touchpoints)
        for c in expected.contacts.values()
    }  # fmt: skip
    assert len(contacts) == len(expected.contacts)
    relations = store.query(
        f"SELECT contact_id, customer, journey_id, part_of, {millis}(first_repeat_same_at), "
        f"{millis}(first_repeat_any_at), repeat_of_same, repeat_of_any, {millis}(redial_at), redial_id, redial, "
        f"arrayMap(end -> {millis}(end), window_ends), {millis}(redial_until) "
        "FROM contacts FINAL WHERE is_deleted = 0"
    ).rows
    assert {(*row[:11], tuple(row[11]), row[12]) for row in relations} == {
        (key, r.customer, r.journey_id, r.part_of, r.first_repeat_same_at, r.first_repeat_any_at, r.repeat_of_same,
         r.repeat_of_any, r.redial_at, r.redial_id, r.redial, r.window_ends, r.redial_until)
        for key, r in expected.relations.items()
    }  # fmt: skip
    visits = store.query(f"SELECT visit_id, queue, {millis}(entered_at), outcome, wait_s FROM v_visits").rows
    assert sorted(visits, key=str) == sorted(
        ((v.visit_id, v.queue, v.entered_at, v.outcome, v.wait_s) for v in expected.visits.values()), key=str
    )
    journeys = store.query("SELECT journey_id, intent, contacts FROM v_journeys").rows
    assert set(journeys) == {(key, expected.intents[key], len(those)) for key, those in expected.journeys.items()}
    switches = store.query("SELECT from_contact_id, to_contact_id, cause FROM v_switches").rows
    assert set(switches) == expected.switches
    assert len(switches) == len(expected.switches) > 10
    intervals = store.query(
        f"SELECT queue, channel, {millis}(starts_at), entered, answered, abandoned, answered_within, wait_answered_s "
        "FROM queue_intervals FINAL WHERE is_deleted = 0"
    ).rows
    assert set(intervals) == {
        (*key, i.entered, i.answered, i.abandoned, i.answered_within, i.wait_answered_s)
        for key, i in expected.intervals.items()
    }


def test_stages_friction_and_effort(both: tuple[Embedded, Pipeline]) -> None:
    store, pipeline = both
    expected = reference(map(decode, pipeline.accepted()))
    closes = {row[0]: row[1] for row in store.query("SELECT journey_id, closes_at FROM v_journeys").rows}
    closed = {key for key, at in closes.items() if at.timestamp() * 1000 < expected.as_of}
    journeys = store.query("SELECT journey_id, stages, drop_off, effort_points FROM v_journeys").rows
    assert {key: told for key, *told in journeys} == {
        key: [[stage for stage, _ in told.path], told.drops_off_at if key in closed else "", told.points]
        for key, told in expected.journeys_told.items()
    }
    felt: Counter[tuple[str, str, str]] = Counter()
    for key, told in expected.contacts_told.items():
        felt.update({(key, stage, kind): count for (stage, kind), count in told.friction.items()})
        felt.update((key, told.path[0][0], kind) for kind in expected.relations[key].friction)
    long = _long_waits(expected)
    assert len(long) > 1
    for visit in long:
        path = expected.contacts_told[visit.contact_id].path
        felt[visit.contact_id, [stage for stage, at in path if at <= visit.entered_at][-1], "long_wait"] += 1
    rows = store.query("SELECT contact_id, stage, kind, times FROM v_friction").rows
    assert {tuple(key): times for *key, times in rows} == felt
    assert {kind for _, _, kind in felt} > {
        "transfer", "abandonment", "failed_search", "failed_article", "ivr_dead_end", "repeat", "repeated_explanation",
    }  # fmt: skip
    long_of = Counter(expected.relations[visit.contact_id].journey_id for visit in long)
    assert dict(store.query("SELECT journey_id, effort FROM v_journeys").rows) == {
        key: min(100, told.points + 10 * long_of[key]) for key, told in expected.journeys_told.items()
    }
    shown = {row.kind: row.times for row in report(store).friction}
    assert shown == Counter(kind for _, _, kind in felt.elements())


def _long_waits(expected: Reference) -> list[QueueVisit]:
    """Visits that waited longer than nine of ten in their queue, and than the target."""
    queues: dict[tuple[str, str], list[QueueVisit]] = defaultdict(list)
    for visit in expected.visits.values():
        if visit.wait_s is not None:
            queues[visit.queue, visit.channel].append(visit)
    found = []
    for visits in queues.values():
        waits = [visit.wait_s or 0.0 for visit in visits]
        if len(waits) >= 20:
            limit = quantiles(waits, n=10, method="inclusive")[-1]
            found += [visit for visit in visits if (visit.wait_s or 0.0) > max(limit, visit.target_s)]
    return found


def test_the_report(both: tuple[Embedded, Pipeline]) -> None:
    store, pipeline = both
    expected = reference(map(decode, pipeline.accepted()), settings=pipeline.settings)
    shown = report(store)
    leading = {key: c for key, c in expected.contacts.items() if not expected.relations[key].part_of}
    outcomes = Counter(contact.outcome for contact in leading.values())
    assert shown.touchpoints == len({decode(line).id for line in pipeline.accepted()})
    assert shown.as_of is not None
    assert shown.as_of.timestamp() * 1000 == expected.as_of
    assert (shown.contacts, shown.answered) == (len(leading), outcomes["answered"])
    assert shown.abandoned_in_queue == outcomes["abandoned"]
    assert shown.left_in_ivr == sum(contact.channel == "ivr" for contact in leading.values())
    answered = [contact for contact in leading.values() if contact.outcome == "answered"]
    assert shown.mean_wait_answered_s == pytest.approx(sum(contact.wait_s for contact in answered) / len(answered))
    assert shown.mean_service_answered_s == pytest.approx(sum(contact.talk_s for contact in answered) / len(answered))
    customers = {relations.customer for relations in expected.relations.values()}
    assert shown.identified_customers == sum(map(is_identified, customers))
    assert {(f.window_days, f.scope, f.attempt): (f.broken, f.confirmed, f.pending) for f in shown.fcr} == {
        key: (fcr.broken, fcr.confirmed, fcr.pending) for key, fcr in expected.fcr.items()
    }
    counts = count(expected.visits.values())
    assert {level.dialect: level.service_level for level in shown.service_level} == {
        name: pytest.approx(dialect.service_level(counts)) for name, dialect in DIALECTS.items()
    }
    assert shown.answered_within_target == counts.answered_within
    assert (shown.abandoned_within_target, shown.abandoned_short) == (counts.abandoned_within, counts.short_abandoned)
    assert (shown.journeys, shown.switches) == (len(expected.journeys), len(expected.switches))
    redials = shown.redials
    assert redials.abandoned == redials.recovered + redials.called_back + redials.lost + redials.pending > 20
    late = [
        c for key, c in leading.items()
        if c.outcome == "abandoned" and c.direction == "inbound" and is_identified(expected.relations[key].customer)
        and expected.relations[key].redial_id == "" and expected.as_of - c.ended_at < 60 * MINUTE
    ]  # fmt: skip
    assert redials.pending >= len(late)
