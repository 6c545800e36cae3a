"""Which causes are worth a look (M10): ranked, each against comparable contacts, and never by chance alone.

A cause's contacts are compared with those of its *peers*: contacts of the same hour, intent and way in that have
another cause of the same dimension (the other articles, the other teams of the queue). Were the cause no worse, its
share of what happened would be a random draw: hypergeometric in each such stratum, as in the Cochran-Mantel-Haenszel
test (Mantel and Haenszel, J. Natl. Cancer Inst. 22, 1959). A sum of many such draws is read off a Pearson type III
distribution with the sum's first three cumulants (scipy.stats.pearson3), which has the long tail that rare events have
and a normal distribution lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from scipy import stats

from journeys.causes import EVENTS, GENERAL, HOUR_MS, HOURS_A_DAY, Place, Tally

LEVEL = 0.01
"""The odds that a day without any cause names one."""
LOOKS = HOURS_A_DAY
"""A day is looked at again and again; p-values are multiplied as if it were once an hour."""
WINDOWS = 2
"""A cause may show over the day, or in its worst hour."""
LEAST_COUNT = 5
"""Causes of fewer events are not listed."""
MOST = 200
"""So many causes are listed a day."""


class Evidence(msgspec.Struct, array_like=True):
    """What is known of one event and one cause, in an hour or in several."""

    exposed: int = 0
    count: int = 0
    ms: int = 0
    customers: int = 0
    compared: int = 0
    """Of those exposed, the ones that have peers."""
    seen: int = 0
    """Of these, those to whom it happened."""
    expected: float = 0.0
    """How many these would be at the rate of their peers."""
    mean: float = 0.0
    """How many of their own and their peers' would fall to them by chance; the next two: variance, third cumulant."""
    variance: float = 0.0
    third: float = 0.0

    def add(self, other: Evidence) -> None:
        self.exposed += other.exposed
        self.count += other.count
        self.ms += other.ms
        self.customers += other.customers
        self.compared += other.compared
        self.seen += other.seen
        self.expected += other.expected
        self.mean += other.mean
        self.variance += other.variance
        self.third += other.third

    def meet(self, exposed: int, count: int, all_exposed: int, all_count: int) -> None:
        """Compare ``exposed`` contacts, to ``count`` of which it happened, with the rest of ``all_exposed``."""
        total, happened, own = all_exposed, all_count, exposed
        peers = total - own
        if not own or not peers:
            return
        self.compared += own
        self.seen += count
        self.expected += own * (happened - count) / peers
        self.mean += own * happened / total
        if total > 1:
            variance = own * happened * (total - happened) * peers / (total * total * (total - 1))
            self.variance += variance
            if total > 2:
                self.third += variance * (total - 2 * happened) * (total - 2 * own) / (total * (total - 2))


Key = tuple[str, str, str]
"""Event, dimension, cause."""


class RootCause(msgspec.Struct, frozen=True, omit_defaults=True):
    """One cause of one event on one day (UTC, by when the contact ended that it came after)."""

    day: int
    """Its beginning, ms."""
    event: str
    dimension: str
    cause: str
    rank: int
    count: int
    exposed: int
    significant: bool
    """More than chance, for all that was compared that day."""
    minutes: float
    customers: int
    base_rate: float | None = None
    """How often it happens to comparable contacts; none where there are none, as with the next three."""
    expected: float | None = None
    lift: float | None = None
    p_value: float | None = None
    """Corrected for all that was compared that day and for looking again and again."""
    excess: float | None = None
    """What count is at least (99 %) beyond what was expected; it ranks by this."""
    as_of: int = 0


def evidence(tallies: Mapping[str, Tally]) -> dict[Key, Evidence]:
    """Of one hour, by what it is of."""
    totals: dict[tuple[str, str, str], Tally] = {}
    causes: list[tuple[Place, Tally]] = []
    for name, tally in tallies.items():
        place = Place.named(name)
        if place.cause or place.dimension in GENERAL:
            causes.append((place, tally))
        else:
            totals[place.dimension, place.intent, place.way] = tally
    found: dict[Key, Evidence] = {}
    for place, tally in causes:
        total = totals.get((place.dimension, place.intent, place.way))
        for event, name in enumerate(EVENTS):
            exposed, count, ms, customers = tally[event :: len(EVENTS)]
            if not exposed:
                continue
            key = name, place.dimension, place.cause
            one = found.get(key)
            if one is None:
                one = found[key] = Evidence()
            one.exposed += exposed
            one.count += count
            one.ms += ms
            one.customers += customers
            if total is not None:
                one.meet(exposed, count, total[event], total[event + len(EVENTS)])
    return found


def p_values(found: Sequence[Evidence]) -> list[float]:
    """How likely as many or more would be by chance; 1 where there is nothing to compare with."""
    if not found:
        return []
    seen, mean, variance, third = (
        np.array([getattr(one, field) for one in found], dtype=float) for field in ("seen", "mean", "variance", "third")
    )
    known = variance > 0
    spread = np.sqrt(np.where(known, variance, 1.0))
    skew = np.where(known, third / spread**3, 0.0)
    p = stats.pearson3.sf(seen - 0.5, skew, loc=mean, scale=spread)
    return [float(one) for one in np.where(known, np.clip(np.nan_to_num(p, nan=1.0), 0.0, 1.0), 1.0)]


def holm(p: Sequence[float]) -> list[float]:
    """Each p-value corrected for all of them (Holm, Scand. J. Statist. 6, 1979): none is below the level by chance in
    more than so many of a hundred days."""
    order = sorted(range(len(p)), key=p.__getitem__)
    corrected = [1.0] * len(p)
    worst = 0.0
    for place, index in enumerate(order):
        worst = max(worst, min(1.0, p[index] * (len(p) - place)))
        corrected[index] = worst
    return corrected


def verdicts(hours: Mapping[int, Mapping[Key, Evidence]]) -> dict[Key, tuple[Evidence, float]]:
    """Over the hours of one day: what is known of each cause, and its corrected p-value."""
    totals: dict[Key, Evidence] = {}
    by_hour: dict[Key, list[Evidence]] = {}
    for found in hours.values():
        for key, one in found.items():
            totals.setdefault(key, Evidence()).add(one)
            if one.variance > 0:
                by_hour.setdefault(key, []).append(one)
    keys = [key for key in totals if key in by_hour]
    over_day = p_values([totals[key] for key in keys])
    each = iter(p_values([one for key in keys for one in by_hour[key]]))
    p = []
    for key, whole in zip(keys, over_day, strict=True):
        worst_hour = min(next(each) for _ in by_hour[key]) * len(by_hour[key])
        p.append(min(1.0, LOOKS * WINDOWS * min(whole, worst_hour)))
    corrected = dict(zip(keys, holm(p), strict=True))
    return {key: (one, corrected.get(key, 1.0)) for key, one in totals.items()}


def ranked(day: int, hours: Mapping[int, Mapping[Key, Evidence]], as_of: int = 0) -> list[RootCause]:
    """The causes of ``day`` (counted from the epoch), those first that are beyond chance, by how much at least."""
    found = []
    for (event, dimension, cause), (one, p) in verdicts(hours).items():
        if one.count < LEAST_COUNT:
            continue
        compared = one.variance > 0
        excess = float(stats.gamma.ppf(LEVEL, one.seen)) - one.expected if compared and one.seen else None
        found.append(
            RootCause(
                day=day * HOURS_A_DAY * HOUR_MS,
                event=event,
                dimension=dimension,
                cause=cause,
                rank=0,
                count=one.count,
                exposed=one.exposed,
                significant=compared and p < LEVEL and one.seen > one.expected,
                minutes=round(one.ms / 60_000, 1),
                customers=one.customers,
                base_rate=one.expected / one.compared if compared else None,
                expected=one.expected if compared else None,
                lift=one.seen / one.expected if compared and one.expected else None,
                p_value=p if compared else None,
                excess=excess,
                as_of=as_of,
            )
        )
    found.sort(key=_first)
    return [msgspec.structs.replace(one, rank=rank) for rank, one in enumerate(found[:MOST], 1)]


def _first(one: RootCause) -> tuple[bool, bool, float, int, str, str, str]:
    known = one.excess is not None
    return (
        not one.significant, not known, -(one.excess or 0.0), -one.count, one.event, one.dimension, one.cause,
    )  # fmt: skip
