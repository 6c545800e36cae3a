from __future__ import annotations

import pytest

from journeys.contact import QueueVisit
from journeys.service_level import DIALECTS, Counts, count

# The bank's fortnight, counted by hand from its file.
BANK = Counts(answered=14_405, answered_within=9_163, abandoned=1_885, abandoned_within=651, short_abandoned=161)


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("answered_only", 0.6361),
        ("all_offered", 0.5625),
        ("ours", 0.5859),
        ("cisco", 0.5859),
        ("amazon_connect", 0.6025),
        ("genesys", 0.5681),
    ],
)
def test_each_dialect_on_the_bank(dialect: str, expected: float) -> None:
    assert DIALECTS[dialect].service_level(BANK) == pytest.approx(expected, abs=5e-5)


def test_cisco_s_own_example() -> None:
    """Answered within 70, abandoned within 10, beyond the threshold 20: ignored 77.8 %, CTI Server guide, table 4."""
    counts = Counts(answered=90, answered_within=70, abandoned=10, abandoned_within=10, short_abandoned=0)
    assert DIALECTS["cisco"].service_level(counts) == pytest.approx(70 / 90)


def test_nothing_offered_is_no_service_level() -> None:
    assert all(dialect.service_level(Counts(0, 0, 0, 0, 0)) is None for dialect in DIALECTS.values())


def test_within_means_at_most_the_target() -> None:
    def visit(outcome: str, wait_s: float) -> QueueVisit:
        return QueueVisit("v", "c", "q", "voice", "inbound", 0, 0, 0, outcome, wait_s, target_s=20, short_s=5)

    visits = [visit("answered", 20), visit("answered", 20.1), visit("abandoned", 5), visit("abandoned", 20)]
    visits += [visit("abandoned", 21), visit("waiting", 1), visit("transferred", 1)]
    assert count(visits) == Counts(2, 1, 3, 2, 1)
