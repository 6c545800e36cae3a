"""Who works on the simulated floor, and when: a plan made for a day as any, which is what static staffing is."""

from __future__ import annotations

import math
from collections import defaultdict
from random import Random
from typing import NamedTuple

from producers.simulator.floor.centre import CLOSES_S, OPENS_S, Centre

QUARTER_S = 900.0
QUARTERS = round((CLOSES_S - OPENS_S) / QUARTER_S)
_LENGTHS = (32, 24, 16)
"""Of shifts, in quarters of an hour: eight, six and four hours."""
_BREAKS = {32: ((0.25, 1), (0.5, 2), (0.78, 1)), 24: ((0.5, 2),), 16: ((0.5, 1),)}
"""By length: where in the shift each break would best be, and for how many quarters."""
_FROM_THERE = 4
"""A break may be so many quarters before or after that, to where it hurts least."""
_MOST_ATTEMPTS = 6


class Person(NamedTuple):
    """One agent and one day."""

    key: str
    queue: str
    """Where the agent sits."""
    skills: tuple[str, ...]
    """Queues that the agent can serve, that one first."""
    site: str
    team: str
    starts_s: float
    ends_s: float
    breaks: tuple[tuple[float, float], ...]
    """From, to; seconds since midnight, as the shift."""


def visits_per_need(centre: Centre) -> dict[str, float]:
    """By queue, how many contacts a need brings, if nobody gives up waiting."""
    found: dict[str, float] = defaultdict(float)
    for intent in centre.intents.values():
        total = sum(intent.first.values())
        coming = {channel: intent.share * weight / total for channel, weight in intent.first.items()}
        for _ in range(_MOST_ATTEMPTS):
            following: dict[str, float] = defaultdict(float)
            for channel, contacts in coming.items():
                found[intent.queues[channel]] += contacts
                for after in centre.after_unresolved.get(channel, ()):
                    following[after.channel] += contacts * (1 - centre.resolved[channel]) * after.probability
            coming = following
    return dict(found)


def planned(centre: Centre) -> dict[str, list[int]]:
    """By queue, agents wanted on the floor in each quarter of the day: load, and a margin of its square root."""
    wanted = {}
    rates = [centre.rate(OPENS_S + (number + 0.5) * QUARTER_S) for number in range(QUARTERS)]
    for name, visits in visits_per_need(centre).items():
        queue = centre.queues[name]
        handle = (queue.talk_s * (1 + queue.slower * (queue.slots - 1)) + queue.wrap_s) / queue.slots
        even = queue.channel == "email"  # it waits, so that it can be worked off evenly
        loads = [visits * (sum(rates) / len(rates) if even else rate) * handle for rate in rates]
        wanted[name] = [math.ceil(load + queue.margin * math.sqrt(load)) for load in loads]
    return wanted


def roster(centre: Centre) -> list[Person]:
    """The people of ``centre``: the same on every day."""
    random = Random("roster")
    people = []
    for name, wanted in planned(centre).items():
        queue = centre.queues[name]
        others = centre.skills.get(name, {})
        for number, (start, length, breaks) in enumerate(_shifts(wanted, centre.absent), 1):
            skills = tuple(other for other, share in others.items() if random.random() < share)
            people.append(
                Person(
                    key=f"{name.replace('_', '.')}.{number:02d}",
                    queue=name,
                    skills=(name, *(other for other in skills if other in centre.queues)),
                    site=queue.site,
                    team=f"{name}-{number % 2 + 1}",
                    starts_s=_at(start),
                    ends_s=_at(start + length),
                    breaks=tuple((_at(begin), _at(begin + lasts)) for begin, lasts in breaks),
                )
            )
    return people


def _at(quarter: int) -> float:
    return OPENS_S + quarter * QUARTER_S


def _shifts(wanted: list[int], absent: float) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Shifts that cover what is ``wanted``: from the morning on, whichever shift is of most use for its length."""
    there = [0.0] * QUARTERS
    found = []
    for quarter in range(QUARTERS):
        while there[quarter] < wanted[quarter]:
            ways = [(length, min(quarter, QUARTERS - length)) for length in _LENGTHS]
            length, start = max(ways, key=lambda way: _use(there, wanted, way[1], way[0]) / (way[0] + 2))
            presence = (1 - absent) * (1 - sum(lasts for _, lasts in _BREAKS[length]) / length)
            for number in range(start, start + length):
                there[number] += presence
            found.append((start, length))
    return _with_breaks(found, wanted, absent)


def _use(there: list[float], wanted: list[int], start: int, length: int) -> float:
    return sum(min(1.0, max(0.0, wanted[number] - there[number])) for number in range(start, start + length))


def _with_breaks(
    shifts: list[tuple[int, int]], wanted: list[int], absent: float
) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Each break where it leaves the most agents over what is wanted."""
    there = [sum(1 - absent for start, length in shifts if start <= n < start + length) for n in range(QUARTERS)]
    found = []
    for start, length in shifts:
        breaks: list[tuple[int, int]] = []
        for place, lasts in _BREAKS[length]:
            best = start + round(place * length)
            earliest = max(start + 1, best - _FROM_THERE, *(begin + long + 2 for begin, long in breaks), 0)
            latest = min(start + length - lasts - 1, best + _FROM_THERE)

            def spare(begin: int, lasts: int = lasts, best: int = best) -> tuple[float, int]:
                return min(there[n] - wanted[n] for n in range(begin, begin + lasts)), -abs(begin - best)

            begin = max(range(earliest, max(latest, earliest) + 1), key=spare)
            for number in range(begin, begin + lasts):
                there[number] -= 1 - absent
            breaks.append((begin, lasts))
        found.append((start, length, breaks))
    return found
