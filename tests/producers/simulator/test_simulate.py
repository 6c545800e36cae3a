from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from itertools import islice, pairwise
from statistics import fmean

import pytest

from journeys.agents import AgentEvent
from journeys.touchpoint import LIFE_CYCLE, Touchpoint, decode, encode
from producers.simulator import Customer, Scenario, attributed, simulate, truth
from producers.simulator.centre import INTENTS, QUEUES
from producers.simulator.live import due_from, live

DAY = date(2026, 1, 5)
MIDNIGHT = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
DAYS = 2
SIZE = 3000


@pytest.fixture(scope="module")
def touchpoints() -> list[Touchpoint]:
    return list(simulate(7, DAY, SIZE, DAYS))


@pytest.fixture(scope="module")
def contacts(touchpoints: list[Touchpoint]) -> dict[str, list[Touchpoint]]:
    contacts: dict[str, list[Touchpoint]] = defaultdict(list)
    for touchpoint in touchpoints:
        contacts[touchpoint.contact_id].append(touchpoint)
    return contacts


def test_a_seed_gives_one_day(touchpoints: list[Touchpoint]) -> None:
    assert list(simulate(7, DAY, SIZE, DAYS)) == touchpoints
    assert list(islice(simulate(8, DAY, SIZE), 100)) != touchpoints[:100]


def test_events_come_in_order_within_their_days_with_ids_of_their_own(touchpoints: list[Touchpoint]) -> None:
    assert all(before.at <= after.at for before, after in pairwise(touchpoints))
    assert touchpoints[0].at >= MIDNIGHT
    assert touchpoints[-1].at <= MIDNIGHT + DAYS * 86_400_000
    assert len({touchpoint.id for touchpoint in touchpoints}) == len(touchpoints)


def test_events_meet_the_contract(touchpoints: list[Touchpoint]) -> None:
    for touchpoint in touchpoints[:5000]:
        assert decode(encode(touchpoint)) == touchpoint


def test_a_contact_reads_in_order_even_where_times_tie(contacts: dict[str, list[Touchpoint]]) -> None:
    for contact in contacts.values():
        assert sorted(contact, key=lambda one: (one.at, one.id)) == contact


def test_every_stay_in_a_queue_ends_once(contacts: dict[str, list[Touchpoint]]) -> None:
    for contact in contacts.values():
        waiting = ""
        for touchpoint in contact:
            if touchpoint.type == "queued":
                assert not waiting
                waiting = touchpoint.queue
                entered = touchpoint.at
            elif touchpoint.type in ("connected", "abandoned", "called_back") and touchpoint.wait_s is not None:
                assert waiting == touchpoint.queue
                assert (touchpoint.at - entered) / 1000 == pytest.approx(touchpoint.wait_s, abs=0.06)
                waiting = ""


def test_an_agent_serves_one_customer_at_a_time(touchpoints: list[Touchpoint]) -> None:
    busy: dict[str, str] = {}
    served = 0
    for touchpoint in touchpoints:
        if touchpoint.agent.startswith("store."):
            continue
        if touchpoint.type == "connected":
            assert touchpoint.agent not in busy
            busy[touchpoint.agent] = touchpoint.contact_id
            served += 1
        elif touchpoint.type in ("ended", "transferred") and touchpoint.agent:
            assert busy.pop(touchpoint.agent) == touchpoint.contact_id
    assert served > SIZE


def test_the_day_is_plausible(touchpoints: list[Touchpoint], contacts: dict[str, list[Touchpoint]]) -> None:
    kinds = Counter(touchpoint.type for touchpoint in touchpoints)
    assert set(LIFE_CYCLE) <= kinds.keys()
    assert {touchpoint.channel for touchpoint in touchpoints} == {
        "ad", "web", "app", "ivr", "voice", "chat", "messenger", "sms", "social", "email", "store", "survey", "review",
    }  # fmt: skip
    assert {touchpoint.intent for touchpoint in touchpoints} == {"", *INTENTS}
    assert 0.02 < kinds["abandoned"] / kinds["queued"] < 0.2
    hours = Counter(touchpoint.at // 3_600_000 % 24 for touchpoint in touchpoints)
    assert hours[10] > 8 * hours[3] > 0
    for name, queue in QUEUES.items():
        served = [one for one in touchpoints if one.type == "connected" and one.queue == name]
        waits = [one.wait_s for one in served if one.wait_s is not None]
        queued = sum(touchpoint.type == "queued" and touchpoint.queue == name for touchpoint in touchpoints)
        assert queued / SIZE / DAYS == pytest.approx(queue.share, rel=0.25), f"what {name} is staffed for"
        assert 0.4 < sum(wait <= 20 for wait in waits) / queued < 0.97, name
        assert max(waits) > 45, f"{name} has its bad hours"


def test_visitors_become_customers_when_they_sign_in(contacts: dict[str, list[Touchpoint]]) -> None:
    signed_in = [one for one in contacts.values() if any(touchpoint.type == "signed_in" for touchpoint in one)]
    assert len(signed_in) > 500
    for contact in signed_in:
        assert contact[0].identifiers.keys() == {"cookie"}
        assert contact[-1].identifiers.keys() == {"cookie", "customer_id"}
        assert contact[0].identifiers["cookie"] == contact[-1].identifiers["cookie"]


def test_the_truth_accounts_for_every_contact(contacts: dict[str, list[Touchpoint]]) -> None:
    needs = list(truth(7, DAY, SIZE, DAYS))
    assert len({need.need_id for need in needs}) == len(needs) == pytest.approx(SIZE * DAYS, rel=0.1)
    owner = {contact_id: need for need in needs for contact_id in need.contacts}
    assert owner.keys() == contacts.keys()
    for contact_id, contact in contacts.items():
        for touchpoint in contact:
            assert touchpoint.intent in ("", owner[contact_id].intent)
            assert touchpoint.reference in ("", owner[contact_id].reference)
    assert 0.6 < sum(need.resolved for need in needs) / len(needs) < 0.95
    assert sum(len(need.contacts) > 2 for need in needs) > 300, "journeys of several contacts"


def test_each_touchpoint_can_be_had_with_the_customer_behind_it(touchpoints: list[Touchpoint]) -> None:
    pairs = list(attributed(7, DAY, SIZE, DAYS))
    assert [touchpoint for touchpoint, _ in pairs] == touchpoints
    needs = truth(7, DAY, SIZE, DAYS)
    behind = {contact_id: need.customer.number for need in needs for contact_id in need.contacts}
    assert all(behind[touchpoint.contact_id] == customer.number for touchpoint, customer in pairs)


def test_what_a_touchpoint_carries_may_be_somebody_elses() -> None:
    """People share telephones, computers and tablets, and agents mistype; the rest is their own."""
    people: dict[tuple[str, str], set[int]] = defaultdict(set)
    strange: Counter[str] = Counter()
    carried: Counter[str] = Counter()
    for touchpoint, customer in attributed(7, DAY, SIZE, DAYS):
        own = customer.identifiers()
        for kind, value in touchpoint.identifiers.items():
            people[kind, value].add(customer.number)
            carried[kind] += 1
            strange[kind] += value not in (own[kind], customer.landline, customer.home_cookie)
    shared = Counter(kind for (kind, _), numbers in people.items() if len(numbers) > 1)
    assert min(shared["phone"], shared["cookie"]) > 5, "of households"
    assert shared["device"] == 3, "the shops' tablets"
    assert 0 < strange["email"] < 0.05 * carried["email"], "mistyped"
    assert all(not strange[kind] for kind in ("customer_id", "phone", "social", "cookie"))


def test_numbers_change_hands_and_cookies_are_cleared() -> None:
    days = range(20_000, 20_200, 5)
    owners: dict[str, set[int]] = defaultdict(set)
    for day in days:
        phones = [Customer(number, day).phone for number in range(400)]
        assert len(set(phones)) == len(phones), "no number is two customers' at a time"
        for number, phone in enumerate(phones):
            owners[phone].add(number)
    assert Counter(len(numbers) for numbers in owners.values()).keys() >= {1, 2}
    cookies = [{Customer(number, day).cookie for day in days} for number in range(30)]
    assert Counter(min(2, len(own)) for own in cookies) == {1: 20, 2: 10}
    assert Customer(5, 20_000).cookie == Customer(5, 20_100).cookie


def test_households_share_a_landline_and_a_computer() -> None:
    homes = Counter(Customer(number).home_cookie for number in range(600))
    assert Counter(homes.values()) == {1: 100, 2: 100, 3: 100}
    lines = {Customer(number).landline for number in range(600) if Customer(number).landline != Customer(number).phone}
    assert len(lines) == 150, "every second household has one"


@pytest.mark.parametrize(("size", "days", "name"), [(0, 1, "size"), (10, 0, "days"), (-1, 1, "size")])
def test_parameters_out_of_range_are_named(size: int, days: int, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected a whole number above 0"):
        simulate(1, DAY, size, days)


def test_a_live_run_begins_in_the_past_and_goes_on_for_ever() -> None:
    started = 1_767_600_000.0
    history = 3 * 3600
    events = live(1, started, size=2000, history_s=history)
    first = next(events)
    assert 0 <= first.at / 1000 - (started - history) < 900
    assert any(touchpoint.at / 1000 > started + 3600 for touchpoint in islice(events, 20_000))
    other = {touchpoint.id for touchpoint in islice(live(1, started + 60, size=2000), 100)}
    assert other.isdisjoint(touchpoint.id for touchpoint in islice(live(1, started, size=2000), 100))


def test_a_live_run_tells_of_its_agents_in_time_and_plants_by_its_own_clock() -> None:
    started = 1_767_600_000.0
    told: list[AgentEvent] = []
    planted = Scenario(bad_node="fault/report", from_hour=10)
    touchpoints: list[Touchpoint] = []
    for touchpoint in islice(live(1, started, 5000, 3 * 3600, planted, told.append), 10_000):
        touchpoints.append(touchpoint)
        assert told[-1].at <= touchpoint.at
    assert len(told) > 1000
    assert all(before.at <= after.at for before, after in pairwise(told))
    queued = {touchpoint.contact_id for touchpoint in touchpoints if touchpoint.type == "queued"}
    callers = [one for one in touchpoints if one.channel == "ivr" and one.attributes.get("node") == planted.bad_node]
    ten = (started - 3600) * 1000  # it is eleven when a run begins
    before, after = ([one.contact_id in queued for one in callers if (one.at >= ten) is late] for late in (False, True))
    assert min(len(before), len(after)) > 15
    assert fmean(before) > 0.7
    assert fmean(after) < 0.3


def test_no_event_is_published_before_it_happened() -> None:
    started, history, speed = 1_767_600_000.0, 6 * 3600.0, 360.0
    first = round((started - history) * 1000)
    due = due_from(started, first, speed)
    assert due(first) == started
    assert due(first + 3_600_000) == started + 10
    for offset in range(0, 12 * 3600, 600):
        at = first + offset * 1000
        assert due(at) >= at / 1000
    an_hour_on = int(started * 1000) + 3_600_000
    assert due(an_hour_on) == an_hour_on / 1000
