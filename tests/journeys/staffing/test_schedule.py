"""Uploaded schedules and forecasts: what a file says, what is wrong in one, and who keeps to it."""

from __future__ import annotations

import pytest

from journeys.settings import DEFAULTS, convert
from journeys.staffing.schedule import Roster, ScheduleError, kept, parts, read
from journeys.staffing.situation import Agent, Foretold, Shift

HOUR = 3_600_000
NINE = 1_772_442_000_000  # 2026-03-02T09:00Z
BERLIN = convert({"sites": {"b": {"time_zone": "Europe/Berlin"}}, "queues": {"billing": {"site": "b"}}})


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def test_shifts_with_and_without_an_offset() -> None:
    found = read(
        lines(
            "Agent, Start, End, Activity, Queue\n"
            "ann,2026-03-02T09:00Z,2026-03-02T17:00Z,Work,\n"
            "ann,2026-03-02T13:00+01:00,2026-03-02T13:30+01:00,Lunch,\n"
            "bob,2026-03-02T10:00,2026-03-02T18:00,voice,billing\n"
        ),
        BERLIN,
    )
    assert found.shifts == (
        Shift("ann", NINE, NINE + 8 * HOUR, "work"),
        Shift("ann", NINE + 3 * HOUR, NINE + 7 * HOUR // 2, "lunch"),
        Shift("bob", NINE, NINE + 8 * HOUR, "voice", "billing"),
    )


def test_forecasts() -> None:
    found = read(
        lines("queue,channel,start,end,contacts,aht\nbilling,voice,2026-03-02T10:00,2026-03-02T10:30,17.5,4m\n"), BERLIN
    )
    assert found.forecasts == (Foretold("billing", "voice", NINE, NINE + HOUR // 2, 17.5, 240.0),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: expected the fields agent, start, end, activity (a schedule) or queue, channel"),
        ("agent,start\n", "got agent, start"),
        ("agent,start,end,activity,shift\n", "line 1: 'shift' is no field of it: expected some of activity, agent"),
        ("agent,start,end,activity\nann,9 o'clock,x,work\n", "line 2: start: expected a time such as"),
        ("agent,start,end,activity\n\nann,2026-03-02T09:00,x,work\n", "line 3: end: expected a time such as"),
        (
            "agent,start,end,activity\nann,2026-03-02T09:00,2026-03-02T09:00,work\n",
            "line 2: end: expected a time after the start, and no more than a day after it, got '2026-03-02T09:00'",
        ),
        ("agent,start,end,activity\n ,2026-03-02T09:00,2026-03-02T10:00,work\n", "line 2: agent: expected a name"),
        ("agent,start,end,activity\nann,2026-03-02T09:00\n", "line 2: expected 4 fields"),
        ("agent,start,end,activity\nann,a,b,c,d\n", "line 2: expected 4 fields"),
        (
            "queue,channel,start,end,contacts\nq,voice,2026-03-02T09:00,2026-03-02T10:00,many\n",
            "line 2: contacts: expected a number, 0 or more, got 'many'",
        ),
        (
            "queue,channel,start,end,contacts\nq,voice,2026-03-02T09:00,2026-03-02T10:00,nan\n",
            "line 2: contacts: expected a number, 0 or more, got 'nan'",
        ),
        (
            "queue,channel,start,end,contacts,aht\nq,voice,2026-03-02T09:00,2026-03-02T10:00,3,long\n",
            "line 2: aht: expected a duration such as 180",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        read(lines(text), DEFAULTS)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_activity_that_began_last_holds() -> None:
    day = Shift("ann", NINE, NINE + 8 * HOUR, "work")
    lunch = Shift("ann", NINE + 3 * HOUR, NINE + 4 * HOUR, "lunch")
    roster = Roster((lunch, day), DEFAULTS)
    assert roster.at(NINE - 1) == {}
    assert roster.at(NINE) == {"ann": day}
    assert roster.at(NINE + 3 * HOUR) == {"ann": lunch}
    assert roster.at(NINE + 4 * HOUR) == {"ann": day}
    assert roster.at(NINE + 8 * HOUR) == {}


def test_adherence_is_the_share_of_those_scheduled_who_do_so() -> None:
    shifts = [Shift(name, NINE, NINE + HOUR, "work", "billing") for name in ("ann", "bob", "cem", "dee")]
    shifts.append(Shift("eva", NINE, NINE + HOUR, "training", "billing"))
    shifts.append(Shift("fay", NINE, NINE + HOUR, "break", "billing"))
    crew = [
        Agent("ann", "available", ("billing",)),
        Agent("bob", "available", ("billing",), in_hand={"voice": 1}),
        Agent("cem", "break", ("billing",)),
        Agent("eva", "training", ("billing",)),
        Agent("fay", "available", ("billing",)),
        Agent("gus", "available", ("billing",)),
    ]  # dee is not there at all, gus is not scheduled
    found = kept(Roster(shifts, DEFAULTS), crew, NINE, {("billing", "voice"): 2.0, ("sales", "voice"): 1.0}, DEFAULTS)
    assert found["billing", "voice"].scheduled == 4
    assert found["billing", "voice"].adherence == pytest.approx(3 / 6)
    assert found["sales", "voice"] == (0, None)


def test_an_agent_s_day_is_published_in_one_part() -> None:
    text = "agent,start,end,activity\n" + "".join(
        f"agent{number},2026-03-0{day}T{hour}:00,2026-03-0{day}T{hour + 1}:00,work\n"
        for number in range(450)
        for day in (2, 3)
        for hour in (10, 11)
    )
    found = read(lines(text), DEFAULTS)
    published = list(parts(found))
    assert len(published) == 6
    places = [(part.day, agent) for part in published for agent in {shift.agent for shift in part.shifts}]
    assert len(places) == len(set(places)) == 900
    assert {shift for part in published for shift in part.shifts} == set(found.shifts)
    assert sum(len(part.shifts) for part in published) == len(found.shifts)
