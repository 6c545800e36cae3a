"""Agents for e-mail and cases: work that waits until somebody has time, and has to be done by a time.

No queueing is needed for what may wait for hours, only that the work is there before it is done, and done when it is
due. So between two curves, all that has come and all that is due, lies what is done; of all such curves the one that is
a string pulled taut between them needs the fewest agents at its worst, and changes their number least. F. Yao, A.
Demers, S. Shenker, "A scheduling model for reduced CPU energy", 1995, prove that of work that is done in order of when
it is due. Contacts come evenly within an interval; agents do nothing else while they are at it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journeys.staffing.erlang import Figures

_ALL = 1 - 1e-6
_TO = 0.05
"""Agents, to which it is worked out how few would do."""


class Work(NamedTuple):
    """The curves, in contacts, at the ends of the worked intervals; and which those are."""

    come: Figures
    due: Figures
    """At most ``come``; what is due while nobody works is due when they stop."""
    worked: NDArray[np.intp]
    """Indices, those after the last interval that was asked about too."""


def required(
    open_due_s: ArrayLike,
    arriving: Sequence[float],
    interval_s: float,
    aht_s: float,
    due_s: float,
    occupancy: float = 1.0,
    worked: Sequence[bool] | None = None,
) -> Figures:
    """Agents, in broken numbers, in each interval from now on, so that everything is done by the time it is due.

    Open contacts are due in ``open_due_s`` from now, overdue ones (below 0) in the first worked interval; ``arriving``
    come in each interval, due ``due_s`` after they came. ``worked``: whether anybody works in the interval, and after
    the last one always; ``occupancy``: what share of their time agents can spend on it.
    """
    _positive(interval_s=interval_s, aht_s=aht_s, occupancy=occupancy)
    work = work_of(open_due_s, arriving, interval_s, due_s, worked)
    per_agent = interval_s * occupancy / aht_s
    agents = np.zeros(max(len(arriving), int(work.worked[-1]) + 1))
    agents[work.worked] = _taut(work.due, work.come) / per_agent
    return agents[: len(arriving)]


def in_time(
    agents: Sequence[float],
    open_due_s: ArrayLike,
    arriving: Sequence[float],
    interval_s: float,
    aht_s: float,
    due_s: float,
    occupancy: float = 1.0,
    worked: Sequence[bool] | None = None,
) -> Figures:
    """Of what is due in each interval, the share that ``agents`` have done by then; 1 where nothing is.

    The oldest is done first. What is due while nobody works counts where they last did.
    """
    _positive(interval_s=interval_s, aht_s=aht_s, occupancy=occupancy)
    work = work_of(open_due_s, arriving, interval_s, due_s, worked)
    shares = np.ones(len(arriving))
    done = due = 0.0
    for at, come, due_then in zip(work.worked, work.come, work.due, strict=True):
        if at >= len(arriving):
            break
        done_then = min(come, done + agents[at] * interval_s * occupancy / aht_s)
        ahead, ahead_then = sorted(
            (done - due, done_then - due_then)
        )  # both curves are straight: they cross once at most
        if due_then > due:
            shares[at] = (
                1.0 if ahead >= 0 else max(ahead_then, 0.0) / (ahead_then - ahead) if ahead_then > ahead else 0.0
            )
        done, due = done_then, due_then
    return shares


def least(
    agents: Sequence[float],
    number: int,
    open_due_s: ArrayLike,
    arriving: Sequence[float],
    interval_s: float,
    aht_s: float,
    due_s: float,
    occupancy: float = 1.0,
    worked: Sequence[bool] | None = None,
) -> float:
    """How few would do in each of the first ``number`` intervals, if in those after them there are ``agents`` (of whom
    the first ``number`` say nothing), so that everything is done when it is due; infinite if no number would.

    Fewer than ``required`` says, which spreads the work as evenly as may be: here it is put off for as long as it can.
    Those later spend the share ``occupancy`` of their time on it, these all of it.
    """
    later = list(agents[number:])

    def does(few: float) -> bool:
        there = [few / occupancy] * number + later
        return float(in_time(there, open_due_s, arriving, interval_s, aht_s, due_s, occupancy, worked).min()) >= _ALL

    most = math.ceil(len(np.atleast_1d(open_due_s)) + sum(arriving[:number])) * aht_s / interval_s + 1.0
    if not does(most):
        return math.inf
    fewest = 0.0
    while most - fewest > _TO:
        middle = (fewest + most) / 2
        fewest, most = (fewest, middle) if does(middle) else (middle, most)
    return most


def work_of(
    open_due_s: ArrayLike, arriving: Sequence[float], interval_s: float, due_s: float, worked: Sequence[bool] | None
) -> Work:
    """What has come and what is due by the end of each worked interval, until all is due."""
    due_times = np.sort(np.asarray(open_due_s, np.float64).ravel())
    coming = np.asarray(arriving, np.float64)
    if not np.all(np.isfinite(due_times)):
        raise ValueError("open_due_s: expected seconds from now, got what is no number")
    if wrong := [each for each in arriving if not 0 <= each < math.inf]:
        raise ValueError(f"arriving: expected numbers of 0 or more, got {wrong[0]:g}")
    if not 0 <= due_s < math.inf:
        raise ValueError(f"due_s: expected seconds of 0 or more, got {due_s:g}")
    works = np.ones(coming.size, bool) if worked is None else np.asarray(worked, bool)
    if works.size != coming.size:
        raise ValueError(f"worked: expected as many as arriving, {coming.size}, got {works.size}")
    last = max(coming.size * interval_s + due_s, due_times[-1] if due_times.size else 0)
    works = np.concatenate((works, np.ones(max(1, math.ceil(last / interval_s) - coming.size), bool)))
    at = np.flatnonzero(works)
    ends = (at + 1) * interval_s
    due_by = np.append(at[1:] * interval_s, ends[-1])  # the next time that anybody could do it
    so_far = np.concatenate(([0.0], np.cumsum(coming)))
    starts = np.arange(so_far.size) * interval_s
    come = due_times.size + np.interp(ends, starts, so_far)
    due = np.searchsorted(due_times, due_by, "right") + np.interp(due_by - due_s, starts, so_far)
    return Work(come, np.minimum(due, come), at)


def _taut(low: Figures, high: Figures) -> Figures:
    """Slopes of the shortest curve from 0 to the last of ``low``, which is that of ``high``, between the two."""
    slopes = np.empty(low.size)
    start, level = -1, 0.0
    while start < low.size - 1:
        least, most = -math.inf, math.inf  # what slopes pass below all of high, and above all of low, so far
        corner_of_low = corner_of_high = (start, level)
        end = (low.size - 1, low[-1])
        for at in range(start + 1, low.size):
            to_low, to_high = (low[at] - level) / (at - start), (high[at] - level) / (at - start)
            if to_low > most:
                end = corner_of_high
                break
            if to_high < least:
                end = corner_of_low
                break
            if to_low >= least:
                least, corner_of_low = to_low, (at, low[at])
            if to_high <= most:
                most, corner_of_high = to_high, (at, high[at])
        slopes[start + 1 : end[0] + 1] = (end[1] - level) / (end[0] - start)
        start, level = end
    return slopes


def _positive(**given: float) -> None:
    for name, value in given.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name}: expected a number above 0, got {value:g}")
