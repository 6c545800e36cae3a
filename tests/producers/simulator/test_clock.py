from __future__ import annotations

import math

from producers.simulator.clock import Clock, Desk, Process, Turn


def customer(desk: Desk, name: str, patience: float, service: float, log: list[str]) -> Process:
    agent = yield Turn(desk, patience)
    log.append(f"{desk.clock.now:g} {name} {agent}")
    if agent:
        yield service
        desk.free(agent)


def run(clock: Clock, until: float = 1000) -> None:
    for _ in clock.run(until):
        pass


def test_first_come_first_served_and_who_is_out_of_patience_leaves() -> None:
    clock, log = Clock(), list[str]()
    desk = Desk(clock, "q", ["ann", "bob"])
    desk.staff(1)
    clock.start(customer(desk, "first", 9, 10, log), 0)
    clock.start(customer(desk, "second", 5, 10, log), 1)
    clock.start(customer(desk, "third", 90, 10, log), 2)
    clock.start(customer(desk, "fourth", math.inf, 10, log), 3)
    run(clock)
    assert log == ["0 first ann", "6 second None", "10 third ann", "20 fourth ann"]


def test_a_shift_that_grows_serves_who_waits_and_one_that_shrinks_lets_the_busy_finish() -> None:
    clock, log = Clock(), list[str]()
    desk = Desk(clock, "q", ["ann", "bob"])
    desk.staff(1)
    for number in range(3):
        clock.start(customer(desk, str(number), math.inf, 10, log), number)
    clock.at(5, lambda _: desk.staff(2))
    clock.at(12, lambda _: desk.staff(1))
    clock.start(customer(desk, "late", math.inf, 10, log), 30)
    run(clock)
    assert log == ["0 0 ann", "5 1 bob", "10 2 ann", "30 late ann"]


def test_time_stops_at_the_end() -> None:
    clock, log = Clock(), list[str]()
    desk = Desk(clock, "q", ["ann"])
    desk.staff(1)
    clock.start(customer(desk, "in time", 1, 1, log), 5)
    clock.start(customer(desk, "too late", 1, 1, log), 11)
    run(clock, until=10)
    assert log == ["5 in time ann"]


def test_breaks_are_taken_in_turn_and_end_with_the_shift() -> None:
    told: list[str] = []
    desk = Desk(Clock(), "q", ["ann", "bob", "cem", "dan"], lambda desk, agent, state: told.append(f"{agent} {state}"))
    desk.staff(2)
    desk.relieve(1)
    desk.relieve(1)
    assert list(desk.idle) == ["cem", "ann"]
    desk.staff(1)
    assert told == [
        "ann available", "bob available",
        "ann break", "cem available",
        "bob break", "ann available",
        "ann offline", "bob offline",
    ]  # fmt: skip
    desk.staff(4)
    assert sorted(desk.idle) == ["ann", "bob", "cem", "dan"]
    desk.relieve(1)
    assert len(desk.idle) == 4, "nobody is left to stand in"
