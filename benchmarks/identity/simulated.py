"""Two months of the simulated centre's touchpoints, and whose each one is (docs/decisions/simulator.md)."""

from __future__ import annotations

from datetime import date

import msgspec

from benchmarks.identity.population import Population
from journeys.touchpoint import Touchpoint
from producers.simulator import attributed

FIRST_DAY = date(2026, 1, 1)
DAYS = 60


def simulated(seed: int, people: int = 2000, days: int = DAYS) -> Population:
    """A centre with about ``people`` customers. The same arguments give the same.

    The contact is told as a session as well: rivals that look at touchpoints alone need something to go by where one
    carries nothing.
    """
    touchpoints: list[Touchpoint] = []
    person_of: dict[str, int] = {}
    size = max(1, (people - 10) // 4)  # needs a day; the simulator has four customers for each, and ten
    for touchpoint, customer in attributed(seed, FIRST_DAY, size, days):
        carried = touchpoint.identifiers | {"session": touchpoint.contact_id}
        touchpoints.append(msgspec.structs.replace(touchpoint, identifiers=carried))
        person_of[touchpoint.id] = customer.number
    return Population(touchpoints, person_of)
