"""The scorer of sudden drops against scenes whose score is known."""

from __future__ import annotations

from benchmarks.meaning.sentiment import Outcome, day, outcomes
from journeys.journey import Signal
from journeys.touchpoint import Touchpoint
from producers.simulator import Customer, Drop, Need


def signal(contact_id: str, at: int) -> Signal:
    return Signal(f"sentiment_drop:x/{contact_id}/{at}", "sentiment_drop", "x", "x/1", at, contact_id)


def said(contact_id: str, *times: int, channel: str = "chat") -> tuple[str, list[Touchpoint]]:
    return contact_id, [Touchpoint(at, f"{contact_id}{at}", "message", channel, contact_id) for at in times]


def test_found_late_missed_and_invented() -> None:
    spoken = dict((said("a", 1, 2, 3, 4), said("b", 1, 2, 3, 4), said("c", 1, 2, 3, 4), said("d", 1, 2, channel="sms")))
    drops = [Drop(name, 2, f"{name}2") for name in "abc"]
    told = [signal("a", 2), signal("a", 4), signal("b", 3), signal("c", 4), signal("d", 1)]
    found = outcomes([Need("n", Customer(1), "billing", "r", 0, drops=drops)], told, spoken)
    assert found == {
        "chat": Outcome(planted=3, found=2, late=1, told=4, contacts=3),
        "sms": Outcome(planted=0, found=0, late=0, told=1, contacts=1),
    }


def test_a_small_day_through_the_topology() -> None:
    found = day(1, 300, lambda text: None)
    assert sum(outcome.contacts for outcome in found.values()) > 10
    assert all(outcome.late <= outcome.found <= min(outcome.planted, outcome.told) for outcome in found.values())
