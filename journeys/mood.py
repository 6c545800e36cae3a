"""How sentiment went within one contact, and where it fell suddenly (M12).

No vendor says what a sudden drop is; this is ours. Held against each other are the median of the last three scores
before it (two at least, none from before the last drop) and the median of it and the next two, as far as there are any
yet. It is a drop if the latter is `[sentiment] low` or less and lies `[sentiment] drop` or more below the former, and
the score itself is -0.1 or less, so that no drop begins one score early. Medians, so that one odd score neither makes a
drop nor hides one.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from journeys.settings import Sentiment

LEAST_BEFORE, MOST_BEFORE, MOST_FROM = 2, 3, 3
BEGINS = -0.1


class Mood(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How a customer sounded in one contact: sentiment from -1 to 1, in the order of the touchpoints that have one."""

    first: float
    last: float
    low: float
    scored: int
    """How many touchpoints had one."""
    drops: tuple[tuple[int, float, float], ...] = ()
    """When it fell suddenly (ms), from what to what."""


def mood(scores: Sequence[tuple[int, float]], settings: Sentiment) -> Mood | None:
    """What ``scores``, (time in ms, sentiment) in their order, add up to; None without any."""
    if not scores:
        return None
    values = [score for _, score in scores]
    fell = drops(scores, settings) if len(values) > LEAST_BEFORE else ()
    return Mood(values[0], values[-1], min(values), len(values), fell)


def drops(scores: Sequence[tuple[int, float]], settings: Sentiment) -> tuple[tuple[int, float, float], ...]:
    """Where ``scores`` fall suddenly: when, from what level, to what; at most once at a moment."""
    found: list[tuple[int, float, float]] = []
    since = 0
    for index, (at, score) in enumerate(scores):
        if score > BEGINS or index - since < LEAST_BEFORE or (found and found[-1][0] == at):
            continue
        before = median(value for _, value in scores[max(since, index - MOST_BEFORE) : index])
        after = median(value for _, value in scores[index : index + MOST_FROM])
        if after <= settings.low and before - after >= settings.drop:
            found.append((at, before, after))
            since = index
    return tuple(found)


def joined(moods: Sequence[Mood]) -> Mood | None:
    """Of contacts that read as one, in their order."""
    if not moods:
        return None
    return Mood(
        moods[0].first,
        moods[-1].last,
        min(one.low for one in moods),
        sum(one.scored for one in moods),
        tuple(drop for one in moods for drop in one.drops),
    )
