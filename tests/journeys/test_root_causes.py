"""Causes are compared with their peers, and none is named by chance."""

from __future__ import annotations

import random

import pytest
from scipy import stats

from journeys.causes import APART, EVENTS, REPEAT, WIDTH, Tally
from journeys.root_causes import (
    LEAST_COUNT,
    LEVEL,
    Evidence,
    corrected,
    emerging,
    evidence,
    least,
    p_values,
    ranked,
    verdicts,
    worse,
)  # fmt: skip

HOUR = 490_000 // 24 * 24


def tally(exposed: int, count: int, ms: int = 0, customers: int = 0) -> Tally:
    made = [0] * WIDTH
    made[REPEAT :: len(EVENTS)] = exposed, count, ms, customers
    return made


def hour(causes: dict[str, tuple[int, int]], dimension: str = "article") -> dict[str, Tally]:
    """Of one intent and way in; whoever has a cause has one."""
    tallies = {APART.join((dimension, cause, "billing", "web")): tally(*counts) for cause, counts in causes.items()}
    total = tally(sum(exposed for exposed, _ in causes.values()), sum(count for _, count in causes.values()))
    return tallies | {APART.join((dimension, "", "billing", "web")): total}


def drawn(rng: random.Random, causes: int, exposed: int, rate: float) -> dict[str, tuple[int, int]]:
    return {f"a{n}": (exposed, sum(rng.random() < rate for _ in range(exposed))) for n in range(causes)}


def some_evidence() -> list[Evidence]:
    rng = random.Random(1)
    found = []
    for _ in range(200):
        one = Evidence()
        for _ in range(rng.randint(1, 6)):
            total = rng.randint(2, 80)
            happened, exposed = rng.randint(0, total), rng.randint(1, total)
            likely = round(exposed * happened / total) + rng.randint(-1, 6)
            one.meet(exposed, min(exposed, happened, max(exposed + happened - total, likely)), total, happened)
        found.append(one)
    return found


def test_one_stratum_is_a_hypergeometric_draw() -> None:
    one = Evidence()
    one.meet(12, 7, 40, 13)
    mean, variance, skew = stats.hypergeom(40, 13, 12).stats("mvs")
    assert (one.mean, one.variance) == pytest.approx((mean, variance))
    assert one.third == pytest.approx(skew * variance**1.5)
    assert one.expected == pytest.approx(12 * (13 - 7) / (40 - 12))


def test_p_values_are_those_of_a_pearson_type_iii_distribution() -> None:
    found = some_evidence()
    for one, p in zip(found, p_values(found), strict=True):
        if one.variance == 0:
            assert p == 1
            continue
        spread = one.variance**0.5
        assert p == pytest.approx(stats.pearson3.sf(one.seen - 0.5, one.third / spread**3, one.mean, spread), abs=1e-9)


@pytest.mark.parametrize(
    ("seen", "exposed", "happened", "total"), [(7, 12, 13, 40), (25, 60, 90, 400), (9, 300, 12, 900)]
)
def test_they_are_near_fishers_exact_test(seen: int, exposed: int, happened: int, total: int) -> None:
    one = Evidence()
    one.meet(exposed, seen, total, happened)
    rest = [happened - seen, total - exposed - happened + seen]
    exact = stats.fisher_exact([[seen, exposed - seen], rest], alternative="greater").pvalue
    assert 0.9 * exact < p_values([one])[0] < 1.5 * exact


def test_corrections_and_least_counts_are_the_librarys() -> None:
    p = p_values(some_evidence())
    assert corrected(p, 1) == pytest.approx(list(stats.false_discovery_control(p)))
    assert corrected([1e-9, 0.5], 24) == pytest.approx([48e-9, 1.0])
    assert least(30) == pytest.approx(stats.gamma.ppf(LEVEL, 30))
    assert corrected([], 3) == []


def test_the_bad_one_comes_first_with_what_it_is_worth() -> None:
    causes = {"broken": (100, 80), "good": (300, 90), "rare": (6, 6), "other": (94, 30)}
    rows = ranked(HOUR // 24, {HOUR: evidence(hour(causes))}, as_of=7)
    first = rows[0]
    assert (first.cause, first.event, first.rank, first.significant) == ("broken", "repeat", 1, True)
    assert first.base_rate == pytest.approx(126 / 400)
    assert first.expected == pytest.approx(31.5)
    assert first.lift == pytest.approx(80 / 31.5)
    assert first.day == HOUR * 3_600_000
    assert [row.cause for row in rows if row.significant] == ["broken"]  # the rare one may be chance
    assert [row.rank for row in rows] == [1, 2, 3, 4]


def test_what_is_worse_by_nature_has_no_peers() -> None:
    """An intent is compared with nothing, and a cause with contacts of its own intent and way in only."""
    alone = hour({"only": (500, 400)}) | {APART.join(("intent", "fault", "fault", "web")): tally(500, 400)}
    rows = ranked(HOUR // 24, {HOUR: evidence(alone)})
    assert {(row.dimension, row.lift, row.p_value, row.significant) for row in rows} == {
        ("article", None, None, False),
        ("intent", None, None, False),
    }


def test_an_hour_is_enough_and_a_day_adds_up() -> None:
    quiet = evidence(hour({"a": (400, 120), "b": (400, 120)}))
    hours = {HOUR + n: quiet for n in range(9)} | {HOUR + 9: evidence(hour({"a": (60, 50), "b": (60, 18)}))}
    one, p = verdicts(hours)["repeat", "article", "a"]
    assert p < LEVEL
    assert (one.exposed, one.count) == (3660, 9 * 120 + 50)
    slight = {HOUR + n: evidence(hour({"a": (100, 40), "b": (100, 30)})) for n in range(24)}
    assert verdicts(slight)["repeat", "article", "a"][1] < LEVEL
    assert worse(slight[HOUR]) == []


def test_days_without_a_cause_name_none() -> None:
    rng = random.Random(5)
    for _ in range(100):
        hours = {HOUR + n: evidence(hour(drawn(rng, 20, rng.randint(1, 40), 0.3))) for n in range(12)}
        assert not [row for row in ranked(HOUR // 24, hours) if row.significant]


def test_few_events_are_not_listed() -> None:
    rows = ranked(HOUR // 24, {HOUR: evidence(hour({"a": (50, LEAST_COUNT - 1), "b": (50, LEAST_COUNT)}))})
    assert [row.cause for row in rows] == ["b"]


def test_what_has_always_been_bad_does_not_emerge() -> None:
    usual = evidence(hour({"a": (100, 60), "b": (300, 60)}))
    now = evidence(hour({"a": (100, 62), "b": (300, 60)}))
    keys = worse(now)
    assert keys == [("repeat", "article", "a")]
    assert emerging(now, [usual] * 20, keys) == []
    assert [one.key for one in emerging(now, [], keys)] == keys
    (found,) = emerging(now, [evidence(hour({"a": (100, 20), "b": (300, 60)}))] * 20, keys)
    assert (found.usual, found.p_value < LEVEL) == (1.0, True)
