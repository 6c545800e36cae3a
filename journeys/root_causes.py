"""Which causes are worth a look (M10): ranked, each against comparable contacts, and never by chance alone.

A cause's contacts are compared with those of its *peers*: contacts of the same hour, intent and way in that have
another cause of the same dimension (the other articles, the other teams of the queue). Were the cause no worse, its
share of what happened would be a random draw: hypergeometric in each such stratum, as in the Cochran-Mantel-Haenszel
test (Mantel and Haenszel, J. Natl. Cancer Inst. 22, 1959). A sum of many such draws is read off a Pearson type III
distribution with the sum's first three cumulants, which has the long tail that rare events have
and a normal distribution lacks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from journeys.causes import EVENTS, GENERAL, HOUR_MS, HOURS_A_DAY, Place, RootCause, Tally

LEVEL = 0.01
"""The odds that a day without any cause names one."""
LOOKS = HOURS_A_DAY
"""A day is looked at again and again; p-values are multiplied as if it were once an hour."""
WINDOWS = 2
"""A cause may show over the day, or in its worst hour."""
NO_SKEW = 1e-4
"""Below it a Pearson type III distribution is a normal one."""
LEAST_COUNT = 5
"""Causes of fewer events are not listed."""
MOST = 200
"""So many causes are listed a day."""


class Evidence(msgspec.Struct, array_like=True, gc=False):
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

    def times(self, factor: float) -> Evidence:
        """The same, were it usual that it happens ``factor`` times as often."""
        return msgspec.structs.replace(
            self, mean=self.mean * factor, variance=self.variance * factor, third=self.third * factor
        )

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


def evidence(tallies: Mapping[str, Tally]) -> dict[Key, Evidence]:
    """Of one hour, by what it is of."""
    totals: dict[tuple[str, str, str], Tally] = {}
    causes: list[tuple[Place, Tally]] = []
    for name, tally in tallies.items():
        place = _place(name)
        if place.cause or place.dimension in GENERAL:
            causes.append((place, tally))
        else:
            totals[place.dimension, place.intent, place.way] = tally
    found: dict[tuple[str, str], list[Evidence]] = {}
    for (dimension, cause, intent, way), tally in causes:
        total = totals.get((dimension, intent, way))
        of_events = found.get((dimension, cause))
        if of_events is None:
            of_events = found[dimension, cause] = [Evidence() for _ in EVENTS]
        for event, one in enumerate(of_events):
            exposed = tally[event]
            if exposed:
                _, count, ms, customers = tally[event :: len(EVENTS)]
                one.exposed += exposed
                one.count += count
                one.ms += ms
                one.customers += customers
                if total is not None:
                    one.meet(exposed, count, total[event], total[event + len(EVENTS)])
    return {
        (event, dimension, cause): one
        for (dimension, cause), of_events in found.items()
        for event, one in zip(EVENTS, of_events, strict=True)
        if one.exposed
    }


_place = lru_cache(maxsize=16_384)(Place.named)
"""The same names come again and again."""


def p_values(found: Sequence[Evidence]) -> list[float]:
    """How likely as many or more would be by chance; 1 where there is nothing to compare with.

    The same as scipy.stats.pearson3.sf (a test holds them together), which would take every worker 60 MB more.
    """
    import numpy as np  # here, as are the next, since most that import this module never test anything
    from scipy.special import gammainc, gammaincc, ndtr

    p = np.ones(len(found))
    tested = [index for index, one in enumerate(found) if one.variance > 0]
    if not tested:
        return p.tolist()
    figures = [(found[index].seen, found[index].mean, found[index].variance, found[index].third) for index in tested]
    seen, mean, variance, third = np.array(figures).T
    spread = np.sqrt(variance)
    skew = third / spread**3
    z = (seen - 0.5 - mean) / spread  # half a contact: what is counted goes in steps of one
    normal = np.abs(skew) < NO_SKEW
    skew[normal] = 1.0  # of these another distribution is asked
    shape = 4 / skew**2
    reach = np.maximum(shape + 2 * z / skew, 0.0)  # at its end the distribution has all on one side
    p[tested] = np.where(normal, ndtr(-z), np.where(skew > 0, gammaincc(shape, reach), gammainc(shape, reach)))
    return p.tolist()


def least(count: int) -> float:
    """What ``count`` events show at least (99 %) of how many there are to expect (Garwood, Biometrika 28, 1936)."""
    from scipy.special import gammaincinv

    return float(gammaincinv(count, LEVEL)) if count else 0.0


def corrected(p: Sequence[float], looks: int) -> list[float]:
    """``p`` for all that was tested, and for so many looks: while nothing is wrong, any is below a level by chance as
    often as that level says (Benjamini and Hochberg, J. R. Statist. Soc. B 57, 1995)."""
    found = [1.0] * len(p)
    worst = 1.0
    for rank, index in sorted(enumerate(sorted(range(len(p)), key=p.__getitem__), 1), reverse=True):
        worst = found[index] = min(worst, p[index] * looks * len(p) / rank)
    return found


def verdicts(hours: Mapping[int, Mapping[Key, Evidence]]) -> dict[Key, tuple[Evidence, float]]:
    """Over the hours of one day: what is known of each cause, and its corrected p-value."""
    totals: dict[Key, Evidence] = {}
    by_hour: dict[Key, list[Evidence]] = {}
    for found in hours.values():
        for key, one in found.items():
            total = totals.get(key)
            if total is None:
                total = totals[key] = Evidence()
            total.add(one)
            if one.variance > 0:
                by_hour.setdefault(key, []).append(one)
    keys = [key for key in by_hour if totals[key].compared >= LEAST_COUNT]
    over_day = p_values([totals[key] for key in keys])
    each = iter(p_values([one for key in keys for one in by_hour[key]]))
    best = [min(whole, *(next(each) for _ in by_hour[key])) for key, whole in zip(keys, over_day, strict=True)]
    p = dict(zip(keys, corrected(best, LOOKS * WINDOWS), strict=True))
    return {key: (one, p.get(key, 1.0)) for key, one in totals.items()}


class Emerging(NamedTuple):
    """A cause that is worse in one hour than it usually is."""

    key: Key
    evidence: Evidence
    p_value: float
    usual: float
    """How much more often than to its peers it happened to its contacts before; 1 if that is not known."""


def worse(hour: Mapping[Key, Evidence]) -> list[Key]:
    """The causes that are beyond chance in this one hour."""
    keys = [key for key, one in hour.items() if one.compared >= LEAST_COUNT and one.variance > 0]
    p = corrected(p_values([hour[key] for key in keys]), LOOKS)
    return [key for key, one in zip(keys, p, strict=True) if one < LEVEL and _many(hour[key])]


def emerging(
    hour: Mapping[Key, Evidence], earlier: Iterable[Mapping[Key, Evidence]], keys: Collection[Key]
) -> list[Emerging]:
    """Those of ``keys``, which are worse than their peers in this hour, that were not so in ``earlier`` ones."""
    before = {key: Evidence() for key in keys}
    for found in earlier:
        for key in keys:
            if key in found:
                before[key].add(found[key])
    usual = [max(1.0, before[key].seen / before[key].expected) if before[key].expected else 1.0 for key in keys]
    tested = sum(one.compared >= LEAST_COUNT and one.variance > 0 for one in hour.values())
    raised = [hour[key].times(times) for key, times in zip(keys, usual, strict=True)]
    # Whatever else was tested is held to be as usual, which is what p-values of 1 say.
    p = corrected([*p_values(raised), *[1.0] * (tested - len(keys))], LOOKS)
    return [
        Emerging(key, hour[key], one, times)
        for key, times, one in zip(keys, usual, p[: len(keys)], strict=True)
        if one < LEVEL
    ]


def _many(one: Evidence) -> bool:
    return one.seen >= LEAST_COUNT and one.seen > one.expected


def ranked(day: int, hours: Mapping[int, Mapping[Key, Evidence]], as_of: int = 0) -> list[RootCause]:
    """The causes of ``day`` (counted from the epoch), those first that are beyond chance, by how much at least."""
    found = []
    for (event, dimension, cause), (one, p) in verdicts(hours).items():
        if one.count < LEAST_COUNT:
            continue
        compared = one.variance > 0
        excess = least(one.seen) - one.expected if compared and one.seen else None
        found.append(
            RootCause(
                day=day * HOURS_A_DAY * HOUR_MS,
                event=event,
                dimension=dimension,
                cause=cause,
                rank=0,
                count=one.count,
                exposed=one.exposed,
                significant=compared and p < LEVEL and _many(one),
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
