"""How right a division of touchpoints into customers is, counted in pairs of touchpoints.

A pair is true if one person made both. Precision: the true ones among the pairs that were put together; recall: those
put together among the true ones; both per Menestrina, Whang and Garcia-Molina, "Evaluating Entity Resolution Results",
VLDB 2010 (pairwise precision and recall).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from benchmarks.identity.ways import Sets
from journeys.identity import identifiers_of
from journeys.touchpoint import Touchpoint


class Score(NamedTuple):
    precision: float
    recall: float
    f1: float
    """The harmonic mean of the two."""
    linkable: float
    """Recall over linkable pairs (``Truth``)."""
    largest: float
    """Touchpoints of the largest customer over those of the person with the most."""
    second: float
    """The most touchpoints that one customer holds of a second person; the first is the one with the most in it."""


class Truth:
    """Whose each touchpoint is, and which pairs of a person's touchpoints can be known to be one person's.

    A pair is linkable if contacts connect it through identifiers that occur, in the whole data, on this person's
    touchpoints only. What nobody could link without guessing is thus left out; a typo is not excused.
    """

    def __init__(self, touchpoints: Sequence[Touchpoint], person_of: Mapping[str, int]) -> None:
        self.person_of = person_of
        self._parts = _parts(touchpoints, person_of)
        sizes = Counter(person_of.values())
        self.pairs = pairs(sizes.values())
        self.linkable = pairs(Counter(self._parts.values()).values())
        self.largest = max(sizes.values())

    def score(self, customers: Mapping[str, str]) -> Score:
        """Of ``customers``, by touchpoint id. Where there is no pair to judge a ratio is 1."""
        sizes = Counter(customers.values())
        shares = Counter((customer, self.person_of[one]) for one, customer in customers.items())
        right = pairs(shares.values())
        linked = pairs(Counter((customer, self._parts[one]) for one, customer in customers.items()).values())
        precision, recall = _ratio(right, pairs(sizes.values())), _ratio(right, self.pairs)
        persons: dict[str, list[int]] = defaultdict(list)
        for (customer, _), count in shares.items():
            persons[customer].append(count)
        return Score(
            precision,
            recall,
            2 * precision * recall / (precision + recall) if precision + recall else 0.0,
            _ratio(linked, self.linkable),
            max(sizes.values()) / self.largest,
            max((sorted(counts)[-2] for counts in persons.values() if len(counts) > 1), default=0),
        )


def pairs(sizes: Iterable[int]) -> int:
    """How many pairs there are within groups of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)


def mean_and_interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean, and what to add and take for a 95 % interval by Student's t; one value alone has none (nan)."""
    count, mean = len(values), math.fsum(values) / len(values)
    if count == 1:
        return mean, math.nan
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    student = _STUDENT[count - 2] if count - 2 < len(_STUDENT) else _NORMAL
    return mean, student * deviation / math.sqrt(count)


_STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
"""The 97.5 % quantiles of Student's t with 1, 2, 3 … degrees of freedom."""
_NORMAL = 1.960


def _parts(touchpoints: Sequence[Touchpoint], person_of: Mapping[str, int]) -> dict[str, Any]:
    """Touchpoint id to the part of its person that it is linkable with."""
    persons: dict[str, set[int]] = defaultdict(set)
    for touchpoint in touchpoints:
        for one in identifiers_of(touchpoint.identifiers.items()):
            persons[one].add(person_of[touchpoint.id])
    sets = Sets()
    for touchpoint in touchpoints:
        for one in identifiers_of(touchpoint.identifiers.items()):
            if len(persons[one]) == 1:
                sets.join(one, f"contact {touchpoint.contact_id}")
    return {touchpoint.id: sets.find(f"contact {touchpoint.contact_id}") for touchpoint in touchpoints}


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
