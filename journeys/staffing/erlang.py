"""Queues with many agents who serve in order of arrival: Erlang B, C and A.

Contacts come at random (a Poisson process), handle times are exponential, and so is patience. Erlang B: who finds all
agents busy is lost; C: waits for ever; A: waits until served, or until the patience is over (also called M/M/n+M, or
Palm's queue). Everything takes numbers or arrays of them, which are broadcast, and gives float64 of that shape.
Agents may be broken numbers: the formulas are those of the continuous extension.

Sources: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone
exchanges", 1917 (B, C); C. Palm, "Research on telephone traffic carried by full availability groups", Tele 1, 1957, and
A. Mandelbaum, S. Zeltyn, "Service engineering in action: the Palm/Erlang-A queue, with applications to call centers",
2007 (A). docs/staffing.md derives what is computed here; docs/decisions/erlang.md says why in this way.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, gammaincc, gammaln, xlogy

Figures: TypeAlias = NDArray[np.float64]
"""Of no dimensions where all that was given is numbers."""

_BLOCK = 4096
_DROP = 36.0
"""Integrands are followed down to e to the minus this of their highest value."""
_SHIFT = 8
"""Integrals of a small exponent are made of those whose exponent is greater by this, which have no sharp edge."""
_NEVER = 1000.0
"""Mean patiences after which nobody still waits: e^-1000 is no number."""
_LEGENDRE = np.polynomial.legendre.leggauss(48)
_NODES, _WEIGHTS = (_LEGENDRE[0] + 1) / 2, _LEGENDRE[1] / 2
"""From 0 to 1."""


class Performance(NamedTuple):
    """Of a queue in equilibrium. Where nothing comes nobody waits: the service level is 1."""

    service_level: Figures
    """Answered within T / (answered + abandoned after more than T): "ours" of journeys/service_level.py."""
    asa_s: Figures
    """Mean wait of those who are answered, seconds; infinite where nobody is, or the queue grows for ever."""
    mean_wait_s: Figures
    """Of all, those who abandon too."""
    abandonment: Figures
    """Share of all."""
    occupancy: Figures
    """Share of the agents' time; 1 where there are contacts and no agents."""
    p_wait: Figures
    """Share of all that find no agent free."""


def erlang_b(load: ArrayLike, agents: ArrayLike) -> Figures:
    """Share of the contacts that find all agents busy, and are lost; ``load`` is in erlangs."""
    load, agents = checked(load=load, agents=agents)
    lost: Figures = np.exp(_log_b(load, agents))[()]
    return lost


def erlang_c(load: ArrayLike, agents: ArrayLike) -> Figures:
    """Share of the contacts that have to wait, where everybody has patience; 1 where the load is too much."""
    load, agents = checked(load=load, agents=agents)
    lost = np.exp(_log_b(load, agents))
    stable = load < agents
    return np.where(stable, agents * lost / np.where(stable, agents - load * (1 - lost), 1), 1.0)[()]


def erlang_a(
    contacts: ArrayLike,
    interval_s: ArrayLike,
    aht_s: ArrayLike,
    agents: ArrayLike,
    patience_s: ArrayLike = math.inf,
    within_s: ArrayLike = 20.0,
) -> Performance:
    """How ``agents`` do with ``contacts`` in an interval, handled in ``aht_s`` each; patience and AHT are means.

    Without end to the patience it is Erlang C.
    """
    given = checked(
        contacts=contacts, interval_s=interval_s, aht_s=aht_s, agents=agents, patience_s=patience_s, within_s=within_s
    )
    if np.any(given[1] == 0):
        raise ValueError("interval_s: expected numbers above 0, got 0")
    shape = given[0].shape
    flat = [array.ravel() for array in given]
    figures: Figures = np.empty((len(Performance._fields), flat[0].size))
    for at in range(0, flat[0].size, _BLOCK):
        figures[:, at : at + _BLOCK] = _performance(*(array[at : at + _BLOCK] for array in flat))
    return Performance(*(row.reshape(shape)[()] for row in figures))


def checked(**given: ArrayLike) -> tuple[Figures, ...]:
    """As arrays of one shape; none below 0, and without end only what may be: patience, and the time within which."""
    arrays = []
    for name, value in given.items():
        array = np.asarray(value, dtype=np.float64)
        endless = name in ("patience_s", "within_s")
        wrong = array[~((array >= 0) & (endless | np.isfinite(array)))]
        if wrong.size:
            raise ValueError(f"{name}: expected numbers of 0 or more, got {wrong.flat[0]:g}")
        arrays.append(array)
    return tuple(np.broadcast_arrays(*arrays))


def _performance(
    contacts: Figures, interval: Figures, aht: Figures, agents: Figures, patience: Figures, within: Figures
) -> Figures:
    load = contacts * aht / interval
    aht = np.where(aht > 0, aht, 1.0)  # without a handle time, of no account: all are idle, or there are no agents
    found = queue(contacts / interval, agents / aht, _log_b(load, agents), patience, within)
    with np.errstate(divide="ignore", invalid="ignore"):
        occupancy = np.where(agents > 0, np.minimum(load * found.answered / agents, 1), 1.0)
    figures = np.array(
        (found.service_level, found.asa_s, found.mean_wait_s, found.abandonment, occupancy, found.p_wait)
    )
    idle = (load == 0) & ((agents > 0) | (contacts == 0))
    figures[:, idle] = 0
    figures[0, idle] = 1
    return figures


class Waiting(NamedTuple):
    """Of a queue: as in `Performance`, with the share that is answered."""

    service_level: Figures
    asa_s: Figures
    mean_wait_s: Figures
    abandonment: Figures
    answered: Figures
    p_wait: Figures


def queue(rate: Figures, full_rate: Figures, log_lost: Figures, patience: Figures, within: Figures) -> Waiting:
    """Of contacts that come at ``rate``, and wait where all agents are taken, who then serve at ``full_rate``.

    ``log_lost`` is the log of the share that would find all taken if who does so were lost: all that matters here of
    how agents serve while some are free. Rates are per second; the arrays have one dimension, the same for all.
    """
    figures = _patient(rate, full_rate, log_lost, within)
    finite = np.isfinite(patience)
    if finite.any():
        given = (rate, full_rate, log_lost, patience, within)
        figures[:, finite] = _impatient(*(each[finite] for each in given))
    return Waiting(*figures)


def _log_odds_of_waiting(log_a: Figures, log_lost: Figures) -> Figures:
    """Palm's formula: to wait is A times as likely as to be the one that takes the last free agent."""
    odds: Figures = log_a + log_lost - np.log(-np.expm1(log_lost))
    return odds


def _patient(rate: Figures, full_rate: Figures, log_lost: Figures, within: Figures) -> Figures:
    """Erlang C, and the like: who waits does so for an exponential time."""
    stable = rate < full_rate
    free = np.where(stable, full_rate - rate, 1.0)
    with np.errstate(divide="ignore"):
        p_wait = expit(_log_odds_of_waiting(-np.log(free / np.where(stable, full_rate, 1.0)), log_lost))
    p_wait = np.where(stable, p_wait, 1.0)
    level = np.where(stable, 1 - p_wait * np.exp(-free * within), 0.0)
    wait = np.where(stable, p_wait / free, np.inf)
    answered = np.where(stable, 1.0, full_rate / np.where(rate > 0, rate, 1.0))
    return np.array((level, wait, wait, np.zeros_like(rate), answered, p_wait))


def _impatient(rate: Figures, full_rate: Figures, log_lost: Figures, patience: Figures, within: Figures) -> Figures:
    """Erlang A. Time is in units of the mean patience, so that a contact waits with probability e^-s longer than s.

    x is the rate of services while all agents are taken, y that of arrivals. Of those who have to wait, the time that
    they had to wait if they were patient has density e^(y(1 - e^-s) - xs) / I(x), by Baccelli and Hebuterne ("On queues
    with impatient customers", 1981).
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        x, y = full_rate * patience, rate * patience
        log_scale, log_a, answered, abandoned, waited = _of_those_who_wait(x, y)
        odds = _log_odds_of_waiting(log_scale + log_a, log_lost)
        p_wait, p_served = expit(odds), expit(-odds)
        all_answered = p_served + p_wait * answered
        abandonment = np.minimum(p_wait * abandoned, 1)

        # After T a share ``still`` of the patience is left of those who came later, so the rest is as with less y.
        t = np.where(patience > 0, np.minimum(within / np.where(patience > 0, patience, 1.0), _NEVER), _NEVER)
        still = np.exp(-t)
        _, log_a_then, answered_then, _, _ = _of_those_who_wait(x, y * still)
        log_longer = _log_fall(x, y, t) + log_a_then - log_a
        longer = p_wait * still * np.exp(np.minimum(log_longer, 0))
        in_time = np.maximum(all_answered - longer * answered_then, 0)
        level = np.where(in_time > 0, in_time / (in_time + longer), 0.0)

        asa = np.where(all_answered > 0, patience * p_wait * waited / all_answered, np.inf)
    return np.array((level, asa, patience * abandonment, abandonment, all_answered, p_wait))


def _of_those_who_wait(x: Figures, y: Figures) -> tuple[Figures, Figures, Figures, Figures, Figures]:
    """Palm's A(x, y) = x I(x), as log of a scale and log of A in it; shares answered, abandoned; the answered's waits.

    I(z) is the integral of e^(y(1 - e^-s) - zs) over s from 0. With the weights e^-s (who is answered) it is I(x + 1);
    the weights 1 - e^-s (who has gone) and s e^-s make M(x) and the sum of waits S(x + 1). By parts
    z I(z) = 1 + y I(z + 1), z M(z) = I(z + 1) + y M(z + 1) and z S(z) = I(z) + y S(z + 1): all terms are positive,
    nothing is lost on the way down from a great z, and x may be 0.
    """
    z = x + 1 + _SHIFT
    log_scale, whole, gone, waits = _integrals(z, y)
    one = np.exp(-log_scale)
    for _ in range(_SHIFT):
        z = z - 1
        gone = (whole + y * gone) / z
        whole = (one + y * whole) / z
        waits = (whole + y * waits) / z
    a = one + y * whole
    return log_scale, np.log(a), x * whole / a, (whole + y * gone) / a, x * waits / a


def _log_fall(x: Figures, y: Figures, t: Figures) -> Figures:
    """Log of e^(y(1 - e^-t) - xt), times the scale for y e^-t, over that for y, with what cancels left out."""
    z = x + 1 + _SHIFT
    d = np.maximum(t - np.maximum(np.log(y / z), 0), 0)
    fall: Figures = (1 + _SHIFT) * t - np.maximum(z - y, 0) * d - np.minimum(y, z) * (d + np.expm1(-d))
    return fall


def _integrals(z: Figures, y: Figures) -> tuple[Figures, Figures, Figures, Figures]:
    """Log of a scale, and in that scale the integrals of e^(y(1 - e^-s) - zs) with weights 1, 1 - e^-s and s.

    The exponent is highest at ``top``, and falls from there by ``slope`` d + ``bend`` (d - 1 + e^-d) at top + d: to the
    right that is at least slope d + bend d^2 / (2 + d), a quadratic to solve; to the left, where there is no slope, it
    reaches k bend within log(1 + k + sqrt(2k)). Between such limits Gauss and Legendre's rule has the integral of so
    smooth a function to all its digits.
    """
    top = np.maximum(np.log(y / z), 0)
    log_scale = np.where(top > 0, y - z - z * top, 0.0)
    slope, bend = np.maximum(z - y, 0), np.minimum(y, z)
    square, linear = slope + bend, 2 * slope - _DROP
    right = (np.sqrt(linear**2 + 8 * square * _DROP) - linear) / (2 * square)
    left = np.minimum(top, np.log1p(_DROP / z + np.sqrt(2 * _DROP / z)))
    width = left + right
    d = width[:, None] * _NODES - left[:, None]
    s = top[:, None] + d
    terms = np.exp(-slope[:, None] * d - bend[:, None] * (d + np.expm1(-d))) * _WEIGHTS * width[:, None]
    return log_scale, terms.sum(1), (terms * -np.expm1(-s)).sum(1), (terms * s).sum(1)


def _log_b(load: Figures, agents: Figures) -> Figures:
    """Log of Erlang B: the Poisson probability of ``agents``, over that of at most so many.

    Where that is too small to be a number, the load is so far above the agents that a few terms of Legendre's continued
    fraction for it suffice.
    """
    below = gammaincc(agents + 1, load)
    far = below < 1e-280
    with np.errstate(divide="ignore", invalid="ignore"):
        log_b = np.asarray(_log_poisson(agents, load) - np.log(below))
    if far.any():
        a, n = load[far], agents[far]
        tail = np.zeros_like(a)
        for k in range(20, 0, -1):
            tail = k * (n + 1 - k) / (a - n + 2 * k + tail)
        log_b[far] = np.log((a - n + tail) / a)
    return np.where(agents > 0, np.minimum(log_b, 0), 0.0)


def _log_poisson(n: Figures, mean: Figures) -> Figures:
    """Log of mean^n e^-mean / n!, for a great n by Stirling's series, so that no great numbers cancel.

    C. Loader, "Fast and accurate computation of binomial probabilities", 2000.
    """
    great = np.maximum(n, 16)
    apart = (mean - great) / great
    rest = 1 / great**2
    series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - rest / 1188) * rest) * rest) * rest) / great
    by_series = -great * (apart - np.log1p(apart)) - series - np.log(2 * np.pi * great) / 2
    return np.where(n < 16, xlogy(n, mean) - mean - gammaln(n + 1), by_series)
