"""The simulated floor: what enters leaves once, theory holds where it applies, orders are obeyed, a seed is a day."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from statistics import mean, stdev

import pytest
from scipy.stats import t as student

from journeys.agents import AgentEvent
from journeys.contact import fold
from journeys.queue import sums
from journeys.settings import DEFAULTS
from journeys.touchpoint import Touchpoint
from producers.simulator.floor.centre import CENTRE, CLOSES_S, OPENS_S, Centre, Intent, Queue
from producers.simulator.floor.day import OBEYED_AFTER_S, Contact, Day, Order
from producers.simulator.floor.needs import needs
from producers.simulator.floor.roster import Person, planned, roster, visits_per_need
from producers.simulator.floor.seen import Seen, visit_of
from producers.simulator.floor.surges import SICK_OVER_S, Kind, Surge, planted
from producers.simulator.floor.told import touchpoints

PEOPLE = roster(CENTRE)
NOON = 12 * 3600.0


def lived(seed: int, kind: Kind = Kind.CALM, centre: Centre = CENTRE) -> Day:
    day = Day(centre, PEOPLE, seed, planted(kind, seed))
    day.advance(math.inf)
    return day


def fates(day: Day) -> list[tuple[object, ...]]:
    return [
        (
            contact.need,
            contact.attempt,
            contact.queue,
            contact.entered_s,
            contact.left_s,
            contact.ended_s,
            contact.agent,
        )
        for contact in day.contacts
    ]


@pytest.mark.parametrize("kind", Kind)
def test_every_contact_ends_once_and_no_agent_has_more_than_the_slots(kind: Kind) -> None:
    in_hand: dict[str, int] = {}
    ends: dict[int, int] = {}

    class Watch(Seen):
        def connected(self, contact: Contact, at_s: float) -> None:
            in_hand[contact.agent] = in_hand.get(contact.agent, 0) + 1
            assert in_hand[contact.agent] <= CENTRE.queues[contact.queue].slots
            assert contact.queue == day.agents[contact.agent].queue
            assert contact.queue in day.agents[contact.agent].person.skills

        def wrapped_up(self, contact: Contact, at_s: float) -> None:
            in_hand[contact.agent] -= 1
            ends[contact.number] = ends.get(contact.number, 0) + 1

        def abandoned(self, contact: Contact, at_s: float) -> None:
            ends[contact.number] = ends.get(contact.number, 0) + 1

    day = Day(CENTRE, PEOPLE, 3, planted(kind, 3), witnesses=[Watch(CENTRE, 0)])
    for minute in range(8 * 60, 20 * 60):
        day.advance(minute * 60.0)
        if minute % 20 == 0:
            day.move(Order("mail_desk", "billing_chat", 2, minute * 60.0 + 1800))
            day.move(Order("billing_chat", "billing_voice", 1, minute * 60.0 + 2400))
    day.advance(math.inf)
    left_over = [contact for waiting in day.waiting.values() for contact in waiting]
    assert all(contact.channel == "email" for contact in left_over)
    assert set(ends.values()) == {1}
    assert len(ends) + len(left_over) == len(day.contacts) > 8_000
    assert set(in_hand.values()) == {0}
    for contact in day.contacts:
        assert OPENS_S <= contact.entered_s <= CLOSES_S
        if contact.answered_s is not None:
            assert contact.ended_s is not None
            assert contact.wrapped_s is not None
            assert contact.entered_s <= contact.answered_s <= contact.ended_s <= contact.wrapped_s


def test_visits_say_what_happened() -> None:
    day = lived(2, Kind.INCIDENT)
    visits = [visit_of(contact, CENTRE, 0) for contact in day.contacts]
    total = sums(visits)
    assert total.entered == len(day.contacts) == len({visit.visit_id for visit in visits})
    assert total.answered + total.abandoned + total.waiting == total.entered
    assert total.abandoned > 100
    assert total.answered_within == sum(
        contact.answered_s is not None
        and contact.answered_s - contact.entered_s <= CENTRE.queues[contact.queue].target_s
        for contact in day.contacts
    )


def test_touchpoints_fold_into_the_same_visits() -> None:
    day, surge = date(2026, 3, 4), planted(Kind.SICK, 5)
    by_contact: dict[str, list[Touchpoint]] = {}
    given = list(touchpoints(5, day, surge))
    assert [one.at for one in given] == sorted(one.at for one in given)
    for one in given:
        by_contact.setdefault(one.contact_id, []).append(one)
    truth = Day(CENTRE, PEOPLE, 5, surge, day.weekday())
    truth.advance(CLOSES_S + 3600)
    assert len(by_contact) == len(truth.contacts)
    for contact, told in zip(truth.contacts, by_contact.values(), strict=True):
        (visit,) = fold(told, DEFAULTS)[1]
        expected = visit_of(contact, CENTRE, 0)
        assert (visit.queue, visit.outcome, visit.agent) == (expected.queue, expected.outcome, expected.agent)
        assert visit.talk_s == pytest.approx(expected.talk_s, abs=0.06)
        assert (visit.wait_s is None) == (expected.wait_s is None)


def test_any_hour_of_the_day_can_be_now() -> None:
    states: list[AgentEvent] = []
    day = date(2026, 3, 4)
    given = touchpoints(5, day, on_state=states.append, origin=1_700_000_000_000)
    first = next(given)
    assert 1_700_000_000_000 + OPENS_S * 1000 <= first.at < 1_700_000_000_000 + (OPENS_S + 60) * 1000
    assert states
    assert {state.agent for state in states} <= {person.key for person in PEOPLE}
    assert first.id != next(touchpoints(5, day)).id


def test_one_queue_without_a_break_is_erlangs() -> None:
    """M/M/n: the share that waits, and the mean wait, within their 99 % intervals (Student, over days)."""
    n, handle_s, per_hour = 8, 300.0, 72.0
    load = per_hour / 3600 * handle_s
    centre = Centre(
        queues={"calls": Queue("voice", "here", math.inf, handle_s, 0.0, 20.0, spread=1.0)},
        intents={"any": Intent(1.0, {"voice": 1}, {"voice": "calls"})},
        needs=per_hour * 12,
        hourly=dict.fromkeys(range(8, 20), 1.0),
        resolved={"voice": 1.0},
    )
    people = [Person(f"a{k}", "calls", ("calls",), "here", "t", OPENS_S, CLOSES_S, ()) for k in range(n)]
    blocked = load**n / math.factorial(n) * n / (n - load)
    waits = blocked / (sum(load**k / math.factorial(k) for k in range(n)) + blocked)  # Erlang C
    queued: list[float] = []
    waited: list[float] = []
    for seed in range(40):
        day = Day(centre, people, seed)
        day.advance(CLOSES_S)
        settled = [one for one in day.contacts if one.wait_s is not None and one.entered_s >= OPENS_S + 3600]
        queued.append(mean(one.wait_s > 0 for one in settled if one.wait_s is not None))
        waited.append(mean(one.wait_s for one in settled if one.wait_s is not None))
    for found, expected in ((queued, waits), (waited, waits * handle_s / (n - load))):
        margin = student.ppf(0.995, len(found) - 1) * stdev(found) / math.sqrt(len(found))
        assert abs(mean(found) - expected) < margin
        assert margin < 0.35 * expected


def test_a_move_is_obeyed_after_a_while_and_ends() -> None:
    day = Day(CENTRE, PEOPLE, 1)
    day.advance(NOON)
    told = day.move(Order("mail_desk", "billing_voice", 3, NOON + 3600))
    assert len(told) == 3
    agents = [day.agents[key] for key in told]
    day.advance(NOON + OBEYED_AFTER_S[0] - 1)
    assert {agent.queue for agent in agents} == {"mail_desk"}
    day.advance(NOON + 1800)
    assert {agent.queue for agent in agents} == {"billing_voice"}
    day.advance(NOON + 3500)
    calls = {one.agent for one in day.contacts if one.queue == "billing_voice" and one.entered_s > NOON}
    assert calls >= set(told)
    mails = [one for one in day.contacts if one.queue == "mail_desk" and one.agent in told]
    assert all(one.answered_s is not None and one.answered_s < NOON + OBEYED_AFTER_S[1] for one in mails)
    assert day.move(Order("mail_desk", "billing_voice", 1, NOON + 3600, told)) == ()  # they sit there no longer
    day.advance(NOON + 3600 + 1800)
    assert {agent.queue for agent in agents if agent.state != "offline"} == {"mail_desk"}


def test_who_is_called_back_comes_back_sooner() -> None:
    day = Day(CENTRE, PEOPLE, 1)
    day.advance(NOON)
    (told,) = day.move(Order("mail_desk", "billing_voice", 1, NOON + 4 * 3600))
    day.advance(NOON + 1800)
    assert day.agents[told].queue == "billing_voice"
    day.recall([told])
    day.advance(NOON + 3600)
    assert day.agents[told].queue == "mail_desk"


def test_orders_that_cannot_be_meant_are_refused() -> None:
    day = Day(CENTRE, PEOPLE, 1)
    with pytest.raises(ValueError, match="taker: expected one of"):
        day.move(Order("mail_desk", "nowhere", 1, NOON))


def test_a_seed_is_a_day_however_it_is_lived_through() -> None:
    whole = lived(7, Kind.MARKETING)
    steps = Day(CENTRE, PEOPLE, 7, planted(Kind.MARKETING, 7))
    for minute in range(8 * 60, 23 * 60):
        steps.advance(minute * 60.0)
    steps.advance(math.inf)
    assert fates(whole) == fates(steps)
    assert fates(whole) != fates(lived(8, Kind.MARKETING))


def test_until_the_surge_the_day_is_as_any() -> None:
    surge = planted(Kind.INCIDENT, 4)
    calm, struck = lived(4), lived(4, Kind.INCIDENT)
    before = [one for one in fates(calm) if one[3] < surge.from_s and (one[5] or 0) < surge.from_s]  # type: ignore[operator]
    assert before == [one for one in fates(struck) if one[3] < surge.from_s and (one[5] or 0) < surge.from_s]  # type: ignore[operator]
    assert len(struck.contacts) > len(calm.contacts) + 300


def test_an_incident_drives_chat_to_voice() -> None:
    surge = planted(Kind.INCIDENT, 4)
    calm, struck = lived(4), lived(4, Kind.INCIDENT)

    def driven(day: Day) -> int:
        return sum(
            one.queue == "billing_voice" and one.follows is not None and one.follows.queue == "billing_chat"
            for one in day.contacts
            if surge.from_s <= one.entered_s < surge.from_s + 2 * 3600
        )

    assert driven(struck) > 3 * driven(calm)


def test_who_is_sick_goes_home() -> None:
    surge = planted(Kind.SICK, 4)
    day, calm = Day(CENTRE, PEOPLE, 4, surge), Day(CENTRE, PEOPLE, 4)

    def there(one: Day) -> int:
        one.advance(surge.from_s + SICK_OVER_S + 900)
        return sum(agent.queue == surge.queue and agent.state != "offline" for agent in one.agents.values())

    assert 0.5 * there(calm) < there(day) < 0.9 * there(calm)


def test_without_journeys_nobody_comes_back_unsettled() -> None:
    day = lived(1, Kind.INCIDENT, replace(CENTRE, after_unresolved={}))
    assert all(one.follows is None or one.follows.abandoned for one in day.contacts)
    assert sum(one.redials for one in day.contacts) > 20


def test_what_is_planned_is_what_comes() -> None:
    """Calm days against what the roster was made for."""
    days = [lived(seed) for seed in range(1, 6)]
    expected = visits_per_need(CENTRE)
    for queue, visits in expected.items():
        came = mean(sum(one.queue == queue for one in day.contacts) for day in days)
        assert came == pytest.approx(visits * CENTRE.needs, rel=0.12)
    assert all(max(wanted) < 60 for wanted in planned(CENTRE).values())


def test_more_come_on_mondays() -> None:
    assert len(needs(CENTRE, Surge(), 1, 0)) > len(needs(CENTRE, Surge(), 1, 4))
