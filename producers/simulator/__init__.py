"""A plausible day of a contact centre with many channels, from a seed: queues that build up, customers who give up,
ring again, change channel and come back. Deterministic; the truth behind it (who needed what, and who was behind each
touchpoint) can be had beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

from journeys.touchpoint import Touchpoint
from producers.simulator.day import Simulation
from producers.simulator.needs import Customer, Need

__all__ = ["Customer", "Need", "attributed", "simulate", "truth"]

DAY_S = 86_400


def simulate(seed: int, day: date, size: int, days: int = 1) -> Iterator[Touchpoint]:
    """The touchpoints of ``days`` days from midnight (UTC) of ``day``, with ``size`` customers' needs a day; in the
    order of their times, lazily. A need makes some 8 touchpoints over its life.

    Raises ``ValueError`` if ``size`` or ``days`` is below 1.
    """
    return _simulation(seed, day, size, days, []).touchpoints()


def attributed(seed: int, day: date, size: int, days: int = 1) -> Iterator[tuple[Touchpoint, Customer]]:
    """What ``simulate`` gives, each touchpoint with the customer who was in truth behind it: people share telephones
    and computers, change numbers and are mistyped, so what a touchpoint carries may be somebody else's.
    """
    return _simulation(seed, day, size, days, []).attributed()


def truth(seed: int, day: date, size: int, days: int = 1) -> Iterator[Need]:
    """The needs behind ``simulate`` of the same arguments, in the order in which they arose."""
    needs: list[Need] = []
    for _ in _simulation(seed, day, size, days, needs).touchpoints():
        pass
    return iter(needs)


def _simulation(seed: int, day: date, size: int, days: int, needs: list[Need]) -> Simulation:
    for name, value in (("size", size), ("days", days)):
        if value < 1:
            raise ValueError(f"{name}: expected a whole number above 0 (got {value!r})")
    origin = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    prefix = f"s{seed}-{day:%Y%m%d}"
    return Simulation(seed, origin, size, 0.0, float(days * DAY_S), prefix, needs.append)
