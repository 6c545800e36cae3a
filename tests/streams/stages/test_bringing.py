"""What open contacts are about to bring, and to which queues."""

from __future__ import annotations

from journeys.next_step import BINS, SEPARATOR, Count, Foresight, Trial, add, book
from journeys.settings import DEFAULTS
from journeys.staffing.situation import Bringing
from streams.stages.bringing import brought, open_as

HOUR = 3_600_000


def words(ended: str, channel: str, intent: str) -> str:
    return SEPARATOR.join((ended, "assisted", channel, intent, "0", "", ""))


def foresight() -> Foresight:
    """Half of those whose chat settles nothing ring within the quarter of an hour, as do those who give up waiting."""
    hours: dict[str, Count] = {}
    for intent in ("billing", "order"):
        for number in range(400):
            rings = number % 2 == 0
            for ended in ("unresolved", "abandoned"):
                context = words(ended, "chat", intent)
                trial = Trial(0, context, 0, "voice") if rings else Trial(0, context)
                add(hours.setdefault(context, Count()), trial)
            context = words("resolved", "voice", intent)
            add(hours.setdefault(context, Count()), Trial(0, context))
    counts: dict[str, Count] = {}
    book(counts, hours, 0, BINS)
    return Foresight(counts, DEFAULTS)


def to_voice(counts: dict[str, int]) -> dict[str, Bringing]:
    """By queue, what chats bring."""
    found = brought({0: counts}, foresight())
    return {one.queue: one for one in found if (one.of, one.channel) == ("chat", "voice")}


def test_a_customer_goes_where_those_about_the_same_go() -> None:
    counts = {
        open_as(words("unresolved", "chat", "billing"), "billing chat"): 20,
        open_as(words("resolved", "voice", "billing"), "accounts"): 6,
        open_as(words("resolved", "voice", "billing"), "billing"): 2,
        open_as(words("resolved", "voice", "order"), "sales"): 10,
    }
    found = to_voice(counts)
    assert found["accounts"].p_15m == 3 * found["billing"].p_15m
    assert 9 < found["accounts"].p_15m + found["billing"].p_15m < 11
    assert "sales" not in found


def test_where_nothing_is_known_of_queues_only_the_channel_is_told() -> None:
    found = to_voice({open_as(words("unresolved", "chat", "billing"), "billing chat"): 20})
    assert found.keys() == {""}
    assert 9 < found[""].p_15m < 11


def test_who_gave_up_is_new_to_another_queue_and_to_the_same_is_not() -> None:
    rang = {open_as(words("resolved", "voice", "billing"), "accounts"): 10}
    gave_up = {open_as(words("abandoned", "chat", "billing"), "billing chat"): 20}
    assert to_voice(rang | gave_up)["accounts"].p_15m > 9
    found = brought({0: rang | gave_up}, foresight())
    assert not any(one.queue == "billing chat" and one.p_15m for one in found)
