"""Agents for chat and messaging, who have several contacts at once: a slot for each.

What a contact takes depends on how many its agent has: who has three chats leaves each of them waiting for the others.
So the handle time is a function of concurrency, as it is measured, not one divided by the slots. A contact goes to the
agent who has the fewest, and waits when all slots are taken. All else is as in `erlang`: the number of contacts in
service is a birth and death process whose rate of services depends on it; with one slot it is Erlang A.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import isotonic_regression
from scipy.special import logsumexp

from journeys.staffing.erlang import Figures, Performance, checked, queue
from journeys.staffing.required import Target, fewest, limits_of


def performance(
    contacts: ArrayLike,
    interval_s: ArrayLike,
    handle_s: Sequence[float],
    agents: ArrayLike,
    patience_s: ArrayLike = math.inf,
    within_s: ArrayLike = 20.0,
) -> Performance:
    """How ``agents`` do, whose contacts take ``handle_s[c - 1]`` seconds while they have c at once.

    As many as it is long are their slots; the occupancy is that of the slots. Broken numbers of agents do as is between
    the whole ones.
    """
    times = _times(handle_s)
    given = checked(contacts=contacts, interval_s=interval_s, agents=agents, patience_s=patience_s, within_s=within_s)
    if np.any(given[1] == 0):
        raise ValueError("interval_s: expected numbers above 0, got 0")
    contacts, interval, agents, patience, within = (array.ravel() for array in given)
    rate, slots = contacts / interval, agents * len(times)
    log_lost, held = _between(rate, agents, times)
    found = queue(rate, slots / times[-1], log_lost, patience, within)
    with np.errstate(invalid="ignore"):
        taken = (1 - found.p_wait) * held + found.p_wait * slots
        occupancy = np.where(slots > 0, np.minimum(taken / np.where(slots > 0, slots, 1), 1), 1.0)
    figures = (found.service_level, found.asa_s, found.mean_wait_s, found.abandonment, occupancy, found.p_wait)
    nothing = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    rows = (np.where(contacts > 0, row, none) for row, none in zip(figures, nothing, strict=True))
    return Performance(*(row.reshape(given[0].shape)[()] for row in rows))


def agents_for(
    contacts: ArrayLike,
    interval_s: ArrayLike,
    handle_s: Sequence[float],
    target: Target,
    patience_s: ArrayLike = math.inf,
) -> Figures:
    """The fewest agents who meet all of ``target``, with as many slots as ``handle_s`` is long; 0 if nothing comes."""
    times = _times(handle_s)
    given = (*np.broadcast_arrays(*checked(contacts=contacts, interval_s=interval_s, patience_s=patience_s)),)

    def performances(
        agents: Figures, contacts: Figures, interval: Figures, patience: Figures, within: Figures
    ) -> Performance:
        return performance(contacts, interval, handle_s, agents, patience, within)

    if np.any(given[1] == 0):
        raise ValueError("interval_s: expected numbers above 0, got 0")
    load = given[0] / given[1] * times[-1] / len(times)
    return fewest(performances, load, given, limits_of(target))


def handle_times(handled_s: ArrayLike, concurrency: ArrayLike, slots: int) -> tuple[float, ...]:
    """Mean handle time with 1 to ``slots`` contacts at once, of contacts, and how many their agents had meanwhile.

    A mean concurrency counts with the nearest whole number. More at once take none of them less time: where means say
    otherwise that is chance, and they are pooled (isotonic regression, weighed by contacts). What nobody had is taken
    from the nearest that somebody did. Nothing at all: no times.
    """
    times, beside = np.broadcast_arrays(np.asarray(handled_s, np.float64), np.asarray(concurrency, np.float64))
    at = np.clip(np.round(beside.ravel()), 1, slots).astype(int) - 1
    counts = np.bincount(at, minlength=slots)
    seen = np.flatnonzero(counts)
    if not seen.size:
        return ()
    means = np.bincount(at, weights=times.ravel(), minlength=slots)[seen] / counts[seen]
    pooled = isotonic_regression(means, weights=counts[seen]).x
    return tuple(float(time) for time in np.interp(np.arange(slots), seen, pooled))


def _times(handle_s: Sequence[float]) -> Figures:
    times = np.asarray(handle_s, np.float64)
    if times.ndim != 1 or not times.size:
        raise ValueError("handle_s: expected a time for each slot, got none")
    if wrong := [time for time in handle_s if not 0 < time < math.inf]:
        raise ValueError(f"handle_s: expected seconds above 0, got {wrong[0]:g}")
    return times


def _between(rate: Figures, agents: Figures, times: Figures) -> tuple[Figures, Figures]:
    """``_all_taken``, for each number of agents once."""
    log_lost, held = np.empty(rate.size), np.empty(rate.size)
    once, which = np.unique(agents, return_inverse=True)
    for number, count in enumerate(once.tolist()):
        own = which == number
        whole, part = divmod(count, 1)
        found = _all_taken(rate[own], int(whole), times)
        if part:
            more = _all_taken(rate[own], int(whole) + 1, times)
            with np.errstate(invalid="ignore"):
                found = tuple(one + part * (other - one) for one, other in zip(found, more, strict=True))
        log_lost[own], held[own] = found
    return log_lost, held


def _all_taken(rate: Figures, agents: int, times: Figures) -> tuple[Figures, Figures]:
    """If who finds all slots taken were lost: the log of how many are; and the mean of slots taken while one is free.

    With j contacts in service, spread evenly, j mod n of the n agents have one more than the others.
    """
    slots = agents * len(times)
    if slots == 0:
        return np.zeros(rate.size), np.zeros(rate.size)
    taken = np.arange(1, slots + 1)
    each, more = np.divmod(taken, agents)
    service = np.concatenate(([0.0], np.arange(1, len(times) + 1) / times, [0.0]))  # one agent's, by concurrency
    rates = more * service[each + 1] + (agents - more) * service[each]
    comes = rate > 0
    logs = np.zeros((rate.size, slots + 1))
    logs[:, 1:] = np.cumsum(np.log(np.where(comes, rate, 1.0))[:, None] - np.log(rates), axis=1)
    free = np.exp(logs[:, :-1] - logsumexp(logs[:, :-1], axis=1, keepdims=True))
    log_lost = np.minimum(logs[:, -1] - logsumexp(logs, axis=1), 0)
    return np.where(comes, log_lost, -np.inf), np.where(comes, free @ np.arange(slots), 0.0)
