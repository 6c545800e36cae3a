"""M/M/n+M, contact by contact: a simulation that knows none of the formulas."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BATCHES = 50


class Case(NamedTuple):
    """One an axis of arrays: rates per second, times in seconds."""

    rate: np.ndarray
    aht_s: np.ndarray
    agents: np.ndarray
    patience_s: np.ndarray
    within_s: np.ndarray


class Counts(NamedTuple):
    """By batch and case: contacts, and sums over them."""

    contacts: np.ndarray
    answered: np.ndarray
    in_time: np.ndarray
    late: np.ndarray
    """Abandoned after more than T."""
    had_to_wait: np.ndarray
    answered_wait_s: np.ndarray
    wait_s: np.ndarray
    handled_s: np.ndarray
    span_s: np.ndarray


def simulate(case: Case, contacts: int, warm_up: int, seed: int) -> Counts:
    """All cases at once. Each contact takes the agent who is free first, if its patience lasts until then."""
    generator = np.random.default_rng(seed)
    cases, most = case.rate.size, int(case.agents.max())
    free = np.where(np.arange(most) < case.agents[:, None], 0.0, np.inf)
    now = np.zeros(cases)
    sums = np.zeros((len(Counts._fields), BATCHES, cases))
    everyone = np.arange(cases)
    batch_of = (np.arange(contacts) * BATCHES) // contacts
    for number in range(-warm_up, contacts):
        gap, patience, handled = generator.exponential(size=(3, cases)) / np.array(
            [case.rate, 1 / case.patience_s, 1 / case.aht_s]
        )
        now = now + gap
        agent = free.argmin(1)
        offered = np.maximum(free[everyone, agent] - now, 0.0)
        answered = offered <= patience
        free[everyone, agent] = np.where(answered, now + offered + handled, free[everyone, agent])
        if number >= 0:
            wait = np.minimum(offered, patience)
            sums[:, batch_of[number]] += (
                np.ones(cases),
                answered,
                answered & (wait <= case.within_s),
                ~answered & (wait > case.within_s),
                offered > 0,
                np.where(answered, wait, 0.0),
                wait,
                np.where(answered, handled, 0.0),
                gap,
            )
    return Counts(*sums)
