"""Who gets in touch on the simulated day, and what luck they will have: drawn before the day is lived.

So whatever is decided on the floor, the same people come at the same moments, with the same patience; what differs
between two ways of running it is their doing, not chance's.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from random import Random
from typing import NamedTuple

from producers.simulator.floor.centre import CLOSES_S, MAIL_CLOSES_S, OPENS_S, Centre
from producers.simulator.floor.surges import INCIDENT_FIRST, Kind, Surge

ATTEMPTS = 6
"""After so many contacts about one need the customer leaves it."""
_OVERNIGHT_S = 60.0
"""The mails of the evening before come within the first minute."""


class Need(NamedTuple):
    at_s: float
    number: int
    """Of the day; those that a surge brings count from a million."""
    intent: str
    channel: str
    """Where the customer turns to first."""


class Luck(NamedTuple):
    """Of one attempt. Factors have mean 1; chances are even from 0 to 1."""

    patience: float
    wrap: float
    delay: float
    """Until the next attempt."""
    settled: float
    next: float
    talk: float


def luck(seed: int, need: int, attempt: int, spread: float) -> Luck:
    """Of that attempt on the day of ``seed``; ``spread``: of the talk."""
    random = Random((seed * 10_000_019 + need) * ATTEMPTS + attempt)
    draw, even = random.expovariate, random.random
    patience, wrap, delay, settled, then = draw(1.0), draw(1.0), draw(1.0), even(), even()
    talk = random.gammavariate(1 / spread**2, spread**2) if spread else 1.0
    return Luck(patience, wrap, delay, settled, then, talk)


def needs(centre: Centre, surge: Surge, seed: int, weekday: int) -> list[Need]:
    """Those of the day, in the order of their times."""
    usual = list(_usual(centre, seed, weekday))
    extra = list(_extra(centre, surge, seed, weekday))
    return list(merge(usual, extra))


def _usual(centre: Centre, seed: int, weekday: int) -> Iterator[Need]:
    random = Random(f"{seed} needs")
    busy = factors(centre, seed, weekday)
    most = max(centre.rate(hour * 3600.0) for hour in range(24)) * max(busy.values())
    intents, shares = list(centre.intents), [intent.share for intent in centre.intents.values()]
    found = []
    at = OPENS_S
    number = 0
    while (at := at + random.expovariate(most)) < CLOSES_S:
        intent = random.choices(intents, shares)[0]
        first = centre.intents[intent].first
        channel = random.choices(list(first), list(first.values()))[0]
        if random.random() * most < centre.rate(at) * busy[intent]:
            number += 1
            late = channel == "email" and at >= MAIL_CLOSES_S
            when = OPENS_S + random.random() * _OVERNIGHT_S if late else at
            found.append(Need(when, number, intent, channel))
    return iter(sorted(found))


def _extra(centre: Centre, surge: Surge, seed: int, weekday: int) -> Iterator[Need]:
    """Those whom the surge brings."""
    random = Random(f"{seed} surge")
    busy = factors(centre, seed, weekday)
    number = 1_000_000
    for name, intent in centre.intents.items():
        most = max(centre.rate(hour * 3600.0) for hour in range(24)) * intent.share * busy[name] * surge.most_extra()
        at = surge.from_s
        while most and (at := at + random.expovariate(most)) < CLOSES_S:
            rate = centre.rate(at) * intent.share * busy[name] * surge.extra(name, at)
            first = INCIDENT_FIRST if surge.kind is Kind.INCIDENT else intent.first
            channel = random.choices(list(first), list(first.values()))[0]
            if random.random() * most < rate and not (channel == "email" and at >= MAIL_CLOSES_S):
                number += 1
                yield Need(at, number, name, channel)


def factors(centre: Centre, seed: int, weekday: int) -> dict[str, float]:
    """What the day makes of each intent's needs: the weekday, and what no plan knows."""
    random = Random(f"{seed} day")

    def scatter() -> float:
        spread = centre.day_spread
        return random.gammavariate(1 / spread**2, spread**2) if spread else 1.0

    whole = centre.weekday[weekday] * scatter()
    return {name: whole * scatter() for name in centre.intents}
