"""One contact at a time: what its touchpoints add up to, read as a workforce manager would."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from journeys.contact import Contact, QueueVisit, fold
from journeys.settings import DEFAULTS, Queue, Settings, convert
from journeys.touchpoint import Touchpoint

SECOND = 1000


def touch(second: float, type_: str, channel: str = "voice", **more: Any) -> Touchpoint:
    return Touchpoint(round(second * SECOND), f"{second:06.1f}-{type_}", type_, channel, "c1", **more)


def read(*touchpoints: Touchpoint, settings: Settings = DEFAULTS) -> tuple[Contact, list[QueueVisit]]:
    return fold(sorted(touchpoints, key=lambda t: (t.at, t.id)), settings)


def test_an_answered_call() -> None:
    contact, visits = read(
        touch(0, "queued", queue="sales", identifiers={"phone": "1"}, intent="billing"),
        touch(30, "connected", agent="ann"),
        touch(60, "held"),
        touch(80, "resumed"),
        touch(200, "ended"),
        touch(230, "wrapped_up"),
    )
    assert (contact.outcome, contact.attempt, contact.channel) == ("answered", "answered", "voice")
    assert (contact.started_at, contact.ended_at, contact.closed) == (0, 200 * SECOND, True)
    assert (contact.wait_s, contact.talk_s, contact.hold_s, contact.wrap_s) == (30, 150, 20, 30)
    assert (contact.intent, contact.agents, contact.queue) == ("billing", ("ann",), "sales")
    [visit] = visits
    assert (visit.queue, visit.outcome, visit.wait_s, visit.agent) == ("sales", "answered", 30, "ann")
    assert (visit.entered_at, visit.left_at, visit.ended_at) == (0, 30 * SECOND, 200 * SECOND)
    assert (visit.talk_s, visit.hold_s, visit.wrap_s) == (150, 20, 30)


def test_what_the_source_reports_wins_over_the_clock() -> None:
    contact, [visit] = read(
        touch(0, "queued", queue="sales"),
        touch(30, "connected", wait_s=27.5),
        touch(200, "ended", talk_s=165.0, hold_s=1.0, wrap_s=9.0),
    )
    assert (contact.wait_s, contact.talk_s, contact.hold_s, contact.wrap_s) == (27.5, 165, 1, 9)
    assert (visit.wait_s, visit.talk_s) == (27.5, 165)


def test_an_abandoned_call_ends_with_its_wait() -> None:
    contact, [visit] = read(touch(0, "queued", queue="sales"), touch(42, "abandoned"), touch(50, "logged"))
    assert (contact.outcome, contact.attempt, contact.ended_at) == ("abandoned", "none", 42 * SECOND)
    assert (visit.outcome, visit.wait_s, visit.ended_at) == ("abandoned", 42, 42 * SECOND)


def test_a_call_that_ends_while_it_waits_was_abandoned() -> None:
    contact, [visit] = read(touch(0, "queued", queue="sales"), touch(42, "ended"))
    assert (contact.outcome, visit.outcome, visit.wait_s) == ("abandoned", "abandoned", 42)


def test_a_transfer_makes_a_second_visit() -> None:
    contact, [first, second] = read(
        touch(0, "queued", queue="sales"),
        touch(10, "connected", agent="ann"),
        touch(70, "transferred", queue="service"),
        touch(71, "queued", queue="service"),
        touch(100, "connected", agent="bob"),
        touch(160, "ended"),
    )
    assert (contact.transfers, contact.agents, contact.queue) == (1, ("ann", "bob"), "service")
    assert (contact.wait_s, contact.talk_s) == (39, 120)
    assert (first.queue, first.outcome, first.talk_s, first.ended_at) == ("sales", "answered", 60, 70 * SECOND)
    assert (second.queue, second.outcome, second.wait_s, second.talk_s) == ("service", "answered", 29, 60)


def test_transferred_while_waiting() -> None:
    _, [first, second] = read(
        touch(0, "queued", queue="sales"), touch(10, "transferred", queue="service"), touch(10, "zqueued"),
        touch(12, "queued"), touch(20, "abandoned"),
    )  # fmt: skip
    assert (first.outcome, first.wait_s) == ("transferred", 10)
    assert (second.queue, second.outcome, second.wait_s) == ("service", "abandoned", 8)


def test_answered_without_queueing_is_offered_and_waited_not_at_all() -> None:
    contact, [visit] = read(touch(5, "connected", queue="sales", agent="ann"), touch(65, "ended"))
    assert contact.outcome == "answered"
    assert (visit.queue, visit.entered_at, visit.outcome, visit.wait_s) == ("sales", 5 * SECOND, "answered", 0)


def test_a_second_agent_joining_is_no_second_visit() -> None:
    _, visits = read(
        touch(0, "queued", queue="sales"), touch(5, "connected", agent="ann"), touch(9, "connected", agent="bob"),
        touch(60, "ended"),
    )  # fmt: skip
    assert [(visit.agent, visit.talk_s) for visit in visits] == [("ann", 55)]


def test_leaving_the_ivr_for_a_queue_is_one_contact_and_a_containment_failure() -> None:
    contact, [visit] = read(
        touch(0, "menu_chosen", "ivr"), touch(20, "queued", queue="sales"), touch(25, "connected"), touch(60, "ended")
    )
    assert (contact.channel, contact.started_at, contact.containment_failed) == ("voice", 0, True)
    assert visit.channel == "voice"


def test_staying_in_the_ivr_is_self_service() -> None:
    contact, visits = read(touch(0, "menu_chosen", "ivr"), touch(20, "resolved", "ivr"))
    assert (contact.outcome, contact.attempt, contact.resolution) == ("self_service", "self_service", "resolved")
    assert (contact.containment_failed, visits) == (False, [])
    assert not contact.closed
    assert contact.times_out_at == (20 + 1800) * SECOND


def test_outbound_contacts_are_no_attempts() -> None:
    contact, [visit] = read(touch(0, "connected", queue="TT", direction="outbound"), touch(9, "ended"))
    assert (contact.direction, contact.outcome, contact.attempt, visit.direction) == (
        "outbound", "answered", "none", "outbound",
    )  # fmt: skip


def test_called_back() -> None:
    contact, [visit] = read(touch(0, "queued", queue="sales"), touch(60, "called_back"))
    assert (visit.outcome, visit.wait_s, contact.outcome) == ("called_back", 60, "open")


def test_the_identifiers_of_all_its_touchpoints_count() -> None:
    contact, _ = read(
        touch(0, "visited", "web", identifiers={"cookie": "x"}),
        touch(5, "signed_in", "web", identifiers={"customer_id": "7", "cookie": "x"}),
    )
    assert contact.identifiers == (("cookie", "x"), ("customer_id", "7"))


def test_the_last_intent_that_is_not_empty_holds() -> None:
    contact, _ = read(touch(0, "a", intent="billing"), touch(1, "b", intent="fault"), touch(2, "c"))
    assert contact.intent == "fault"


def test_thresholds_are_the_queue_s_own() -> None:
    settings = Settings(queues={"sales": Queue(target=convert({}).queue.target)})
    own = convert({"queues": {"sales": {"target": "30s", "short_abandon": 3}}})
    _, [visit] = read(touch(0, "queued", queue="sales"), settings=own)
    assert (visit.target_s, visit.short_s) == (30, 3)
    _, [visit] = read(touch(0, "queued", queue="sales"), settings=settings)
    assert (visit.target_s, visit.short_s) == (20, 5)


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_clock_of_the_source_may_disagree_but_no_duration_is_negative(order: tuple[int, ...]) -> None:
    types = ("queued", "connected", "ended", "wrapped_up")
    contact, visits = read(*(touch(second, types[index], queue="sales") for second, index in enumerate(order)))
    durations = [contact.wait_s, contact.talk_s, contact.hold_s, contact.wrap_s]
    durations += [value for visit in visits for value in (visit.wait_s or 0, visit.talk_s, visit.hold_s, visit.wrap_s)]
    assert min(durations) >= 0
    assert contact.ended_at >= contact.started_at


def test_no_touchpoints_make_no_contact() -> None:
    with pytest.raises(ValueError, match="at least one touchpoint"):
        fold([], DEFAULTS)
