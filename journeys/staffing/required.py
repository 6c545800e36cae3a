"""How many agents meet a queue's targets, and how many to schedule so that as many are there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journeys.staffing.erlang import Figures, Performance, checked, erlang_a

_ROUNDING = 1e-12
"""17 erlangs keep 20 agents busy for 85 %, whatever floating point makes of it."""


class Target(NamedTuple):
    """What a queue promises, in numbers or in arrays of them. None: nothing is promised of it."""

    service_level: ArrayLike = 0.8
    """At least this share (ours) answered"""
    within_s: ArrayLike = 20.0
    """within so many seconds;"""
    asa_s: ArrayLike | None = None
    """at most this mean wait of those who are answered;"""
    abandonment: ArrayLike | None = None
    """at most this share that abandons;"""
    occupancy: ArrayLike | None = None
    """at most this share of the agents' time taken."""


class Limits(NamedTuple):
    """A target, as arrays that say something of everything."""

    service_level: Figures
    within_s: Figures
    asa_s: Figures
    abandonment: Figures
    occupancy: Figures


def required(
    contacts: ArrayLike, interval_s: ArrayLike, aht_s: ArrayLike, target: Target, patience_s: ArrayLike = math.inf
) -> Figures:
    """The fewest agents, whole ones, who meet all of ``target``; 0 if nothing comes. A queue that grows meets none."""
    given = checked(contacts=contacts, interval_s=interval_s, aht_s=aht_s, patience_s=patience_s)
    if np.any(given[1] == 0):
        raise ValueError("interval_s: expected numbers above 0, got 0")

    def performances(agents: Figures, *given: Figures) -> Performance:
        contacts, interval, aht, patience, within = given
        return erlang_a(contacts, interval, aht, agents, patience, within)

    return fewest(performances, given[0] * given[2] / given[1], given, limits_of(target))


def limits_of(target: Target) -> Limits:
    """What ``target`` asks for, checked."""
    limits = Limits(*(np.asarray(np.inf if limit is None else limit, np.float64) for limit in target))
    most = (1, np.inf, np.inf, np.inf, np.inf)  # no occupancy cap is none at all
    for name, values, lowest, highest in zip(Target._fields, limits, (0, 0, 0, 0, 1e-6), most, strict=True):
        wrong = values[~((values >= lowest) & (values <= highest))]
        if wrong.size:
            expected = f"from {lowest:g} to {highest:g}" if np.isfinite(highest) else f"of {lowest:g} or more"
            raise ValueError(f"{name}: expected numbers {expected}, got {wrong.flat[0]:g}")
    return limits


def fewest(
    performances: Callable[..., Performance], load: Figures, given: Sequence[Figures], limits: Limits
) -> Figures:
    """The fewest agents whose ``performances(agents, *given, within)`` keep the limits.

    More agents make none of the figures worse, so the answer lies between a number that does not do and one that does:
    a little above the load, where they usually do, the search begins.
    """
    load, *arrays = np.broadcast_arrays(load, *given, *limits)
    flat = [array.ravel() for array in arrays]

    def met(agents: Figures, at: NDArray[np.intp]) -> NDArray[np.bool_]:
        here = [array[at] for array in flat]
        level, within, asa, abandonment, occupancy = here[len(given) :]
        got = performances(agents, *here[: len(given)], within)
        enough: NDArray[np.bool_] = (
            (got.service_level >= level - _ROUNDING)
            & (got.asa_s <= asa)
            & (got.abandonment <= abandonment + _ROUNDING)
            & (got.occupancy <= occupancy + _ROUNDING)
            & np.isfinite(got.mean_wait_s)
        )
        return enough

    enough = np.ceil(load.ravel()) + 1
    too_few, step = np.full_like(enough, -1), np.ceil(np.sqrt(enough))
    open_ = np.arange(enough.size)
    while open_.size:
        open_ = open_[~met(enough[open_], open_)]
        too_few[open_] = enough[open_]
        enough[open_] += step[open_]
        step[open_] *= 2
    open_ = np.arange(enough.size)
    while (open_ := open_[enough[open_] - too_few[open_] > 1]).size:
        middle = np.floor((enough[open_] + too_few[open_]) / 2)
        done = met(middle, open_)
        enough[open_[done]], too_few[open_[~done]] = middle[done], middle[~done]
    agents: Figures = enough.reshape(load.shape)[()]
    return agents


def to_schedule(agents: ArrayLike, shrinkage: ArrayLike) -> Figures:
    """How many to schedule so that ``agents`` are on the floor, while ``shrinkage`` is the share of paid time off it.

    To divide by 1 - shrinkage is the "rostered staff factor" of B. Cleveland, "Call center management on fast forward".
    """
    share = np.asarray(shrinkage, np.float64)
    wrong = share[~((share >= 0) & (share < 1))]
    if wrong.size:
        raise ValueError(f"shrinkage: expected a share from 0 to below 1, got {wrong.flat[0]:g}")
    scheduled: Figures = (np.asarray(agents, np.float64) / (1 - share))[()]
    return scheduled
