"""A plausible day of a contact centre with many channels, from a seed: queues that build up, customers who give up,
ring again, change channel and come back. Deterministic; the truth behind it (who needed what, and who was behind each
touchpoint) can be had beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

from journeys.agents import AgentEvent
from journeys.touchpoint import Touchpoint
from producers.simulator.day import Simulation
from producers.simulator.needs import Customer, Drop, Need, Struck
from producers.simulator.scenarios import Scenario

__all__ = [
    "Customer",
    "Drop",
    "Need",
    "Scenario",
    "Struck",
    "agent_states",
    "attributed",
    "simulate",
    "truth",
]

DAY_S = 86_400


def simulate(seed: int, day: date, size: int, days: int = 1, scenario: Scenario | None = None) -> Iterator[Touchpoint]:
    """The touchpoints of ``days`` days from midnight (UTC) of ``day``, with ``size`` customers' needs a day; in the
    order of their times, lazily. A need makes some 8 touchpoints over its life. ``scenario``: what goes wrong.

    Raises ``ValueError`` if ``size`` or ``days`` is below 1.
    """
    return _simulation(seed, day, size, days, scenario).touchpoints()


def attributed(
    seed: int, day: date, size: int, days: int = 1, scenario: Scenario | None = None
) -> Iterator[tuple[Touchpoint, Customer]]:
    """What ``simulate`` gives, each touchpoint with the customer who was in truth behind it: people share telephones
    and computers, change numbers and are mistyped, so what a touchpoint carries may be somebody else's.
    """
    return _simulation(seed, day, size, days, scenario).attributed()


def truth(seed: int, day: date, size: int, days: int = 1, scenario: Scenario | None = None) -> Iterator[Need]:
    """The needs behind ``simulate`` of the same arguments, in the order in which they arose: whose they were, where
    moods fell, and where what ``scenario`` plants did its harm.
    """
    needs: list[Need] = []
    for _ in _simulation(seed, day, size, days, scenario, needs.append).touchpoints():
        pass
    return iter(needs)


def agent_states(
    seed: int, day: date, size: int, days: int = 1, scenario: Scenario | None = None
) -> Iterator[AgentEvent]:
    """Who of the agents behind ``simulate`` of the same arguments is on duty when, in the order of their times."""
    states: list[AgentEvent] = []
    for _ in _simulation(seed, day, size, days, scenario, on_state=states.append).touchpoints():
        yield from states
        states.clear()
    yield from states


def _simulation(
    seed: int, day: date, size: int, days: int, scenario: Scenario | None,
    on_need: Callable[[Need], None] = lambda need: None, on_state: Callable[[AgentEvent], None] | None = None,
) -> Simulation:  # fmt: skip
    for name, value in (("size", size), ("days", days)):
        if value < 1:
            raise ValueError(f"{name}: expected a whole number above 0 (got {value!r})")
    origin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    prefix = f"s{seed}-{day:%Y%m%d}"
    return Simulation(seed, origin, size, 0.0, float(days * DAY_S), prefix, on_need, scenario, on_state)
