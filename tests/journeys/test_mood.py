"""Where sentiment falls suddenly, and where it only wavers."""

from __future__ import annotations

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.mood import Mood, drops, joined, mood
from journeys.settings import Sentiment

SETTINGS = Sentiment(drop=0.6, low=-0.5)


def at_which(values: list[float]) -> list[int]:
    return [at for at, _, _ in drops(list(enumerate(values)), SETTINGS)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([-0.9], []),
        ([0.5, -0.9], []),  # one score is no level to fall from
        ([0.1, 0.1, -0.5], [2]),
        ([0.1, 0.1, -0.5, -0.5], [2]),
        ([0.1, 0.1, -0.5, 0.4], []),  # the next one takes it back
        ([0.1, 0.1, -0.9, 0.0, -0.9], [2]),  # one odd score after it does not
        ([0.0, 0.0, -0.55], []),  # too little
        ([0.9, 0.9, -0.4, -0.45, -0.4], []),  # far enough, and not low
        ([0.9, 0.9, 0.0, -0.8, -0.8], [3]),  # it does not begin before it is heard
        ([0.1, -0.9, 0.4, 0.5, 0.4, -0.9, -0.9], [5]),  # one odd score is no drop, and does not hide one
        ([0.3, 0.1, 0.0, -0.1, -0.2, -0.3, -0.4, -0.5, -0.6, -0.7, -0.8], []),  # slowly is not suddenly
        ([0.5, 0.5, -0.7, -0.7, 0.5, 0.5, 0.5, -0.7, -0.7], [2, 7]),
        ([0.5, 0.5, -0.7, -0.9, -1.0, -1.0], [2]),  # a drop goes on
    ],
)
def test_drops(values: list[float], expected: list[int]) -> None:
    assert at_which(values) == expected


def test_a_drop_says_from_what_to_what() -> None:
    assert drops([(5, 1.0), (10, 0.1), (20, 0.5), (30, 0.3), (40, -0.25), (50, -0.75)], SETTINGS) == ((40, 0.3, -0.5),)


def test_how_far_and_how_low_are_settings() -> None:
    scores = [(1, 0.2), (2, 0.2), (3, -0.2)]
    assert drops(scores, SETTINGS) == ()
    assert drops(scores, Sentiment(drop=0.4, low=-0.2)) == ((3, 0.2, -0.2),)


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from((-1.0, -0.6, -0.1, 0.0, 0.4, 0.5, 1.0))), max_size=12))
def test_the_definition_word_by_word(scores: list[tuple[int, float]]) -> None:
    scores.sort(key=lambda one: one[0])
    found: list[int] = []
    for index, (at, score) in enumerate(scores):
        values = [value for _, value in scores]
        earlier, from_it = values[found[-1] if found else 0 : index], values[index:]
        if len(earlier) < 2 or any(scores[one][0] == at for one in found):
            continue
        after = median(from_it[:3])
        if score <= -0.1 and after <= -0.5 and median(earlier[-3:]) - after >= 0.6:
            found.append(index)
    assert [at for at, _, _ in drops(scores, SETTINGS)] == [scores[index][0] for index in found]


def test_moods_of_one_visit_read_as_one() -> None:
    two = [Mood(0.5, 0.1, -0.2, 3, ((7, 0.5, -0.2),)), Mood(-0.4, -0.1, -0.6, 2)]
    assert joined(two) == Mood(0.5, -0.1, -0.6, 5, ((7, 0.5, -0.2),))
    assert joined([]) is None
    assert mood([], SETTINGS) is None
