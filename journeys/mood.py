"""How sentiment went within one contact, and where it fell suddenly (M12).

No vendor says what a sudden drop is; this is ours. A score is a drop if it is negative, lies at least
``[sentiment] drop`` below the median of those before it (at most five, at least two, none from before the last drop),
and the next one, if there is one already, does not take it back: together the two are still negative and as far below.
The median, and the look at the next, are what keeps one odd score from being a drop.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

LEAST, MOST = 2, 5
"""How many scores before it a drop is held against."""


class Mood(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How a customer sounded in one contact: sentiment from -1 to 1, in the order of the touchpoints that have one."""

    first: float
    last: float
    low: float
    scored: int
    """How many touchpoints had one."""
    drops: tuple[tuple[int, float, float], ...] = ()
    """When it fell suddenly (ms), from what to what."""


def mood(scores: Sequence[tuple[int, float]], drop: float) -> Mood | None:
    """What ``scores``, (time in ms, sentiment) in their order, add up to; None without any."""
    if not scores:
        return None
    values = [score for _, score in scores]
    return Mood(values[0], values[-1], min(values), len(values), drops(scores, drop) if len(values) > LEAST else ())


def drops(scores: Sequence[tuple[int, float]], drop: float) -> tuple[tuple[int, float, float], ...]:
    """Where ``scores`` fall by ``drop`` or more: when, from what level, to what; at most one at a moment."""
    found: list[tuple[int, float, float]] = []
    before: list[float] = []
    for index, (at, score) in enumerate(scores):
        if len(before) >= LEAST and score < 0 and not (found and found[-1][0] == at):
            level = median(before[-MOST:])
            both = score if index + 1 == len(scores) else (score + scores[index + 1][1]) / 2
            if level - score >= drop and both < 0 and level - both >= drop:
                found.append((at, level, score))
                before.clear()
        before.append(score)
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
