"""The words of docs/definitions.md, one small scene each, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from journeys import reference
from journeys.contact import Contact
from journeys.definition import Fcr
from journeys.journey import Friction, Journey, Signal, Stitched
from journeys.settings import DEFAULTS
from journeys.stitch import stitch
from journeys.touchpoint import Touchpoint

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def contact(name: str, at: int, lasts: int = 5 * MINUTE, **more: Any) -> Contact:
    given: dict[str, Any] = {"channel": "voice", "outcome": "answered", "attempt": "answered", "closed": True} | more
    given |= {"started_at": at, "ended_at": at + lasts, "times_out_at": at + lasts + HOUR}
    return Contact(contact_id=name, identifiers=(("customer_id", "1"),), **given)


def abandoned(name: str, at: int, lasts: int = MINUTE, **more: Any) -> Contact:
    return contact(name, at, lasts, outcome="abandoned", attempt="none", **more)


def journeys_of(*contacts: Contact) -> list[list[str]]:
    result = stitch("customer_id:1", reversed(contacts), DEFAULTS)
    return [
        [placed.contact.contact_id for placed in result.stitched if placed.journey_id == journey.journey_id]
        for journey in result.journeys
    ]


def placed(*contacts: Contact) -> dict[str, Stitched]:
    return {placed.contact.contact_id: placed for placed in stitch("customer_id:1", contacts, DEFAULTS).stitched}


def signals(kind: str, *contacts: Contact) -> list[Signal]:
    return [signal for signal in stitch("customer_id:1", contacts, DEFAULTS).signals if signal.kind == kind]


class TestJourneys:
    def test_each_intent_has_its_own_gap(self) -> None:
        just = contact("a", 0, 0, intent="billing"), contact("b", 14 * DAY, 0, intent="billing")
        assert journeys_of(*just) == [["a", "b"]]
        over = contact("a", 0, 0, intent="billing"), contact("b", 14 * DAY + 1, 0, intent="billing")
        assert journeys_of(*over) == [["a"], ["b"]]
        assert journeys_of(contact("a", 0, 0, intent="x"), contact("b", 7 * DAY, 0, intent="x")) == [["a", "b"]]
        assert journeys_of(contact("a", 0, 0, intent="x"), contact("b", 7 * DAY + 1, 0, intent="x")) == [["a"], ["b"]]

    def test_the_gap_counts_from_the_latest_end(self) -> None:
        long = (
            contact("a", 0, 10 * DAY, intent="x"),
            contact("b", DAY, 0, intent="x"),
            contact("c", 16 * DAY, 0, intent="x"),
        )
        assert journeys_of(*long) == [["a", "b", "c"]]

    def test_a_reference_joins_whatever_the_intents_are_called(self) -> None:
        case = {"references": ("case-7",)}
        two = contact("a", 0, 0, intent="billing", **case), contact("b", DAY, 0, intent="fault", **case)
        assert journeys_of(*two) == [["a", "b"]]
        # The longer-lived intent's gap holds between the two: an order's 30 days.
        far = contact("a", 0, 0, intent="order", **case), contact("b", 29 * DAY, 0, intent="fault", **case)
        assert journeys_of(*far) == [["a", "b"]]

    def test_a_contact_without_intent_joins_the_nearest_journey_within_its_gap(self) -> None:
        billing, fault = contact("a", 0, 0, intent="billing"), contact("b", 20 * DAY, 0, intent="fault")
        assert journeys_of(billing, contact("x", 9 * DAY, 0), fault) == [["a", "x"], ["b"]]
        assert journeys_of(billing, contact("x", 11 * DAY, 0), fault) == [["a"], ["x", "b"]]
        assert journeys_of(billing, contact("x", 10 * DAY, 0), fault) == [["a"], ["x", "b"]], "equal: the later one"

    def test_what_finds_no_journey_makes_one_of_its_own(self) -> None:
        far = contact("a", 0, 0, intent="x"), contact("b", 8 * DAY, 0), contact("c", 9 * DAY, 0)
        assert journeys_of(*far) == [["a"], ["b", "c"]]
        result = stitch("customer_id:1", far, DEFAULTS)
        assert [journey.intent for journey in result.journeys] == ["x", "unknown"]

    def test_what_a_journey_says(self) -> None:
        result = stitch(
            "customer_id:1",
            [
                contact("a", 0, intent="billing", channel="chat"),
                contact("b", HOUR, intent="billing", references=("c-1",)),
            ],
            DEFAULTS,
        )
        assert result.journeys == [
            Journey(
                "customer_id:1/a", "customer_id:1", "billing", 0, HOUR + 5 * MINUTE, 2, ("chat", "voice"), 1, 1,
                "chat", "voice", ("c-1",), HOUR + 5 * MINUTE + 14 * DAY,
                friction=(Friction("unknown", "repeat", 1, 10.0),), long_wait_points=10.0,
            )
        ]  # fmt: skip


class TestVisits:
    def test_web_touches_less_than_half_an_hour_apart_read_as_one_visit(self) -> None:
        web = {"channel": "web", "lone": True, "outcome": "self_service", "attempt": "self_service", "closed": False}
        found = placed(
            contact("a", 0, 0, **web, intent="billing"),
            contact("b", 30 * MINUTE - 1, 0, **web, resolution="failed"),
            contact("c", 60 * MINUTE - 1, 0, **web),
        )
        assert found["a"].contact.touchpoints == 2
        assert (found["a"].contact.ended_at, found["a"].contact.resolution) == (30 * MINUTE - 1, "failed")
        assert (found["b"].part_of, found["c"].part_of) == ("a", "")

    def test_messages_less_than_half_an_hour_apart_read_as_one_until_the_last_has_timed_out(self) -> None:
        lone = {"channel": "messenger", "lone": True, "attempt": "none"}
        found = placed(
            contact("a", 0, 0, **lone, outcome="ended"),
            contact("b", 5 * MINUTE, 0, **lone, outcome="open", closed=False, direction="outbound"),
            contact("c", 20 * MINUTE, 0, **lone, outcome="open", closed=False),
        )
        visit = found["a"].contact
        assert (visit.direction, visit.outcome, visit.closed, visit.touchpoints) == ("inbound", "open", False, 3)
        assert (found["b"].part_of, found["c"].part_of) == ("a", "a")

    def test_who_answers_what_we_sent_makes_contact(self) -> None:
        lone = {"channel": "sms", "lone": True, "attempt": "none", "outcome": "ended"}
        found = placed(
            contact("a", 0, HOUR, **lone, direction="outbound"),
            contact("b", 5 * MINUTE, 0, **lone),
            contact("c", 6 * MINUTE, 0, **lone, direction="outbound"),
            contact("d", 36 * MINUTE, 0, **lone, direction="outbound"),
        )
        assert [found[name].part_of for name in "abcd"] == ["", "", "b", ""]


class TestSwitches:
    @pytest.mark.parametrize(
        ("before", "cause"),
        [
            (abandoned("a", 0, channel="chat"), "abandoned"),
            (contact("a", 0, channel="web", attempt="self_service", resolution="failed"), "self_service_failed"),
            (contact("a", 0, channel="chat", resolution="unresolved"), "unresolved"),
            (contact("a", 0, channel="chat", transfers=1), "transferred"),
            (contact("a", 0, channel="chat"), "choice"),
        ],
    )
    def test_why(self, before: Contact, cause: str) -> None:
        [switch] = signals("channel_switch", before, contact("b", HOUR, invited=True))
        assert (switch.from_channel, switch.to_channel, switch.cause) == (before.channel, "voice", cause)
        assert switch.details["seconds"] == (HOUR - before.ended_at) / 1000
        assert switch.details["invited"] is True

    def test_it_starts_within_a_day_of_the_end(self) -> None:
        chat = contact("a", 0, 0, channel="chat", intent="billing")
        assert signals("channel_switch", chat, contact("b", DAY, intent="billing"))
        assert not signals("channel_switch", chat, contact("b", DAY + 1, intent="billing"))

    def test_the_same_channel_or_another_journey_is_none(self) -> None:
        assert not signals("channel_switch", contact("a", 0), contact("b", HOUR))
        two = contact("a", 0, channel="chat", intent="billing"), contact("b", HOUR, intent="fault")
        assert not signals("channel_switch", *two)

    def test_overlapping_contacts_are_as_close_as_can_be(self) -> None:
        [switch] = signals("channel_switch", contact("a", 0, HOUR, channel="chat"), contact("b", MINUTE))
        assert switch.details["seconds"] == 0


class TestRepeats:
    def test_same_and_any_intent_side_by_side(self) -> None:
        found = placed(
            contact("a", 0, 0, intent="billing"),
            contact("b", HOUR, 0, intent="fault"),
            contact("c", DAY, 0, intent="billing"),
        )
        assert (found["a"].first_repeat_any_at, found["a"].first_repeat_same_at) == (HOUR, DAY)
        assert (found["c"].repeat_of_any, found["c"].repeat_of_same) == ("b", "a")

    def test_it_may_start_at_the_very_end_and_no_contact_repeats_itself(self) -> None:
        found = placed(contact("a", 0, HOUR), contact("b", HOUR, 0))
        assert (found["a"].first_repeat_any_at, found["b"].first_repeat_any_at) == (HOUR, None)

    def test_an_abandoned_contact_repeats_but_is_not_repeated(self) -> None:
        found = placed(contact("a", 0, 0), abandoned("b", HOUR), contact("c", 2 * HOUR))
        assert (found["a"].first_repeat_any_at, found["b"].first_repeat_any_at) == (HOUR, None)
        assert found["c"].repeat_of_any == "a"

    def test_outbound_neither_is_repeated_nor_repeats(self) -> None:
        found = placed(contact("a", 0, 0), contact("b", HOUR, 0, direction="outbound", attempt="none"))
        assert (found["a"].first_repeat_any_at, found["b"].repeat_of_any) == (None, "")

    def test_beyond_the_widest_window_it_is_no_repeat(self) -> None:
        assert placed(contact("a", 0, 0), contact("b", 30 * DAY, 0))["b"].repeat_of_any == "a"
        assert placed(contact("a", 0, 0), contact("b", 30 * DAY + 1, 0))["b"].repeat_of_any == ""


class TestRedials:
    def test_recovered_lost_or_not_yet_known(self) -> None:
        first = abandoned("a", 0, 0)
        assert placed(first, contact("b", HOUR))["a"].redial == "recovered"
        assert placed(first, contact("b", HOUR + 1))["a"].redial_id == ""
        assert placed(first, abandoned("b", MINUTE), contact("c", 2 * MINUTE))["a"].redial == "lost"
        still_open = contact("b", MINUTE, outcome="open", attempt="none")
        assert (placed(first, still_open)["a"].redial, placed(first, still_open)["a"].redial_id) == ("", "b")

    def test_called_back_if_that_comes_first(self) -> None:
        call = contact("b", 10 * MINUTE, direction="outbound", attempt="none")
        first = abandoned("a", 0, 0)
        assert placed(first, call, contact("c", 20 * MINUTE))["a"].redial == "called_back"
        assert placed(first, call, contact("c", 5 * MINUTE))["a"].redial == "recovered"
        assert placed(first, call, contact("c", 10 * MINUTE))["a"].redial == "recovered", "a tie: their own"
        unanswered = contact("b", 10 * MINUTE, direction="outbound", outcome="ended", attempt="none")
        assert placed(first, unanswered)["a"].redial_id == ""

    def test_a_redial_may_still_repeat_an_earlier_attempt(self) -> None:
        found = placed(contact("a", 0, 0), abandoned("b", HOUR), contact("c", 2 * HOUR))
        assert (found["b"].redial, found["c"].repeat_of_any) == ("recovered", "a")


def test_fcr_is_pending_then_confirmed_or_broken() -> None:
    def call(name: str, at: int) -> list[Touchpoint]:
        about: dict[str, Any] = {"channel": "voice", "contact_id": name, "identifiers": {"customer_id": "1"}}
        return [
            Touchpoint(at, name + "1", "connected", queue="q", **about),
            Touchpoint(at + MINUTE, name + "2", "ended", **about),
        ]

    start = 1_767_225_600_000
    first = call("a", start)
    day = 1, "any_intent", "answered"
    assert reference(first).fcr[day] == Fcr(0, 0, 1)
    assert reference(first, as_of=start + MINUTE + DAY).fcr[day] == Fcr(0, 1, 0)
    assert reference(first + call("b", start + HOUR)).fcr[day] == Fcr(1, 0, 1)
    assert reference(first + call("b", start + HOUR)).fcr[7, "same_intent", "answered"] == Fcr(1, 0, 1)
