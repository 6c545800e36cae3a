"""How many agents meet a queue's targets, and how many to schedule so that as many are there."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journeys.staffing.erlang import Figures, erlang_a

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


def required(
    contacts: ArrayLike, interval_s: ArrayLike, aht_s: ArrayLike, target: Target, patience_s: ArrayLike = math.inf
) -> Figures:
    """The fewest agents, whole ones, who meet all of ``target``; 0 where nothing comes. A queue that grows meets none.

    More agents make none of the figures worse, so the answer lies between a number that does not meet the targets and
    one that does: a little above the load, where they usually are met, the search begins.
    """
    limits = (limit if limit is not None else np.inf for limit in target[2:])
    given = np.broadcast_arrays(
        *(np.asarray(each, np.float64) for each in (contacts, interval_s, aht_s, patience_s, *target[:2], *limits))
    )
    flat = np.array([array.ravel() for array in given])
    _check(flat[4:])
    erlang_a(flat[0], flat[1], flat[2], 0, flat[3])  # refuses what is no number, before anything is searched
    enough = np.ceil(flat[0] * flat[2] / flat[1]) + 1
    too_few, step = np.full_like(enough, -1), np.ceil(np.sqrt(enough))
    open_ = np.arange(enough.size)
    while open_.size:
        open_ = open_[~_met(enough[open_], flat[:, open_])]
        too_few[open_] = enough[open_]
        enough[open_] += step[open_]
        step[open_] *= 2
    open_ = np.arange(enough.size)
    while (open_ := open_[enough[open_] - too_few[open_] > 1]).size:
        middle = np.floor((enough[open_] + too_few[open_]) / 2)
        met = _met(middle, flat[:, open_])
        enough[open_[met]], too_few[open_[~met]] = middle[met], middle[~met]
    agents: Figures = enough.reshape(given[0].shape)[()]
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


def _met(agents: Figures, given: Figures) -> NDArray[np.bool_]:
    contacts, interval, aht, patience, level, within, asa, abandonment, occupancy = given
    got = erlang_a(contacts, interval, aht, agents, patience, within)
    met: NDArray[np.bool_] = (
        (got.service_level >= level - _ROUNDING)
        & (got.asa_s <= asa)
        & (got.abandonment <= abandonment + _ROUNDING)
        & (got.occupancy <= occupancy + _ROUNDING)
        & np.isfinite(got.mean_wait_s)
    )
    return met


def _check(limits: Figures) -> None:
    most_of = (1, np.inf, np.inf, np.inf, np.inf)  # no occupancy cap is none at all
    for name, values, least, most in zip(Target._fields, limits, (0, 0, 0, 0, 1e-6), most_of, strict=True):
        wrong = values[~((values >= least) & (values <= most))]
        if wrong.size:
            expected = f"from {least:g} to {most:g}" if np.isfinite(most) else f"of {least:g} or more"
            raise ValueError(f"{name}: expected numbers {expected}, got {wrong[0]:g}")
