"""Where sentiment falls suddenly, and where it only wavers."""

from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.mood import LEAST, MOST, Mood, drops, joined, mood


def at_which(values: list[float], drop: float = 0.6) -> list[int]:
    return [at for at, _, _ in drops(list(enumerate(values)), drop)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([-0.9], []),
        ([0.5, -0.9], []),  # one score is no level to fall from
        ([0.4, 0.4, -0.4], [2]),
        ([0.4, 0.4, -0.4, -0.5], [2]),
        ([0.4, 0.4, -0.4, 0.4], []),  # the next one takes it back
        ([0.2, 0.2, -0.3], []),  # too little
        ([0.9, 0.9, 0.1, 0.1], []),  # far enough, and still not negative
        ([0.4, -0.9, 0.4, 0.5, 0.4, -0.9, -0.9], [5]),  # one odd score is no drop, and does not hide one
        ([0.0, -0.1, -0.3, -0.5, -0.7, -0.8], []),  # slowly is not suddenly
        ([0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5, 0.5, 0.5, -0.5, -0.5], [2, 9]),
    ],
)
def test_drops(values: list[float], expected: list[int]) -> None:
    assert at_which(values) == expected


def test_a_drop_says_from_what_to_what() -> None:
    assert drops([(10, 0.1), (20, 0.5), (30, 0.3), (40, -0.4)], 0.6) == ((40, 0.3, -0.4),)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from((-1.0, -0.5, -0.1, 0.0, 0.4, 0.5, 1.0))), max_size=12))
def test_the_definition_word_by_word(scores: list[tuple[int, float]]) -> None:
    scores.sort(key=lambda one: one[0])
    found: list[int] = []
    for index, (at, score) in enumerate(scores):
        since = found[-1] if found else 0
        earlier = [value for _, value in scores[since:index]]
        if len(earlier) < LEAST or any(scores[one][0] == at for one in found):
            continue
        level = median(earlier[-MOST:])
        following = [value for _, value in scores[index : index + 2]]
        both = sum(following) / len(following)
        if score < 0 and both < 0 and level - score >= 0.6 and level - both >= 0.6:
            found.append(index)
    assert [at for at, _, _ in drops(scores, 0.6)] == [scores[index][0] for index in found]


def test_moods_of_one_visit_read_as_one() -> None:
    two = [Mood(0.5, 0.1, -0.2, 3, ((7, 0.5, -0.2),)), Mood(-0.4, -0.1, -0.6, 2)]
    assert joined(two) == Mood(0.5, -0.1, -0.6, 5, ((7, 0.5, -0.2),))
    assert joined([]) is None
    assert mood([], 0.6) is None
