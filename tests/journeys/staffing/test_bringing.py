"""What open journeys are about to bring is what their contacts were like, less what time has passed."""

from __future__ import annotations

import pytest

from journeys.staffing.bringing import Array, about_to_come
from journeys.staffing.situation import Bringing, Place

QUARTER = 900_000
STARTS = [step * QUARTER for step in range(4, 12)]


VOICE = ("", "voice")


def beyond_usual(over: list[Bringing], as_of: int) -> dict[Place, Array]:
    comes = about_to_come(over, STARTS, QUARTER, as_of)
    return {place: both.all - both.average for place, both in comes.items()}


def test_all_that_is_to_come_comes_within_the_hour_and_a_quarter() -> None:
    over = [Bringing("voice", 2 * QUARTER, 100, 20.0, 30.0, 5.0, 9.0)]
    comes = beyond_usual(over, 4 * QUARTER)[VOICE]
    # They are over for 17.5 to 27.5 min: of the 6 more after the first 15 min 5 are to come, among the eight tenths who
    # have not come back yet.
    assert comes.sum() == pytest.approx(5 / 0.78, rel=0.03)
    assert comes[0] == pytest.approx(comes[1])
    assert comes[1] > comes[2]
    assert comes[3:].tolist() == [0] * 5


def test_contacts_are_taken_to_go_on_ending_as_they_do() -> None:
    steady = [Bringing("voice", at * QUARTER, 100, 20.0, 30.0, 5.0, 9.0) for at in range(4)]
    comes = beyond_usual(steady, 4 * QUARTER)[VOICE]
    assert comes[2:].tolist() == pytest.approx([21] * 6, rel=0.1)  # what as many bring within the hour
    over = [Bringing("voice", at * QUARTER, 100, 20.0, 30.0, 5.0, 9.0) for at in range(3)]
    assert beyond_usual(over, 4 * QUARTER)[VOICE][4:].sum() == 0


def test_those_who_came_in_will_end() -> None:
    chats = [Bringing("voice", at * QUARTER, 100, 20.0, 30.0, 5.0, 9.0, of="chat") for at in range(4)]

    def comes(entered: dict[str, float]) -> list[float]:
        found: list[float] = about_to_come(chats, STARTS, QUARTER, 4 * QUARTER, entered)[VOICE].all.tolist()
        return found

    assert comes({"chat": 100}) == comes({}) == comes({"voice": 500})
    assert comes({"chat": 150})[4:] == pytest.approx([1.5 * usual for usual in comes({})[4:]])
    assert comes({"chat": 150})[0] < 1.3 * comes({})[0]  # most of those have been over for a while
    assert comes({"chat": 900}) == comes({"chat": 200})  # which may as well be chance


def test_queues_are_told_apart() -> None:
    both = [
        Bringing("voice", 2 * QUARTER, 100, 20.0, 30.0, 5.0, 9.0, "sales"),
        Bringing("voice", 2 * QUARTER, 100, 0.0, 0.0, 5.0, 9.0, "service"),
    ]
    comes = beyond_usual(both, 4 * QUARTER)
    assert comes["sales", "voice"].sum() > 5
    assert comes["service", "voice"].sum() < -3


def test_who_is_as_usual_brings_nothing() -> None:
    usual = [Bringing("voice", 3 * QUARTER, 100, 20.0, 30.0, 20.0, 30.0)]
    assert beyond_usual(usual, 4 * QUARTER)[VOICE].tolist() == [0] * 8


def test_partitions_add_up() -> None:
    one = Bringing("voice", 3 * QUARTER, 50, 10.0, 15.0, 2.0, 4.0)
    both = Bringing("voice", 3 * QUARTER, 100, 20.0, 30.0, 4.0, 8.0)
    split = beyond_usual([one, one], 4 * QUARTER)[VOICE]
    assert split == pytest.approx(beyond_usual([both], 4 * QUARTER)[VOICE])


def test_what_is_left_of_an_interval_gets_what_is_left() -> None:
    over = [Bringing("voice", 3 * QUARTER, 100, 20.0, 30.0, 0.0, 0.0)]
    early = beyond_usual(over, 4 * QUARTER + 60_000)[VOICE]
    late = beyond_usual(over, 4 * QUARTER + 840_000)[VOICE]
    assert late[0] < early[0] / 5


def test_what_is_long_over_brings_nothing() -> None:
    assert beyond_usual([Bringing("voice", 0, 100, 20.0, 30.0, 0.0, 0.0)], 5 * QUARTER) == {}
