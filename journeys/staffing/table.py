"""What a manager asks of a calculator: how many agents, and how it would be with a few fewer or more."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from journeys.staffing.erlang import erlang_a
from journeys.staffing.required import Target, required, to_schedule

LARGEST_LOAD = 1e6
"""Erlangs; more is a slip of the keyboard."""


class Row(msgspec.Struct, frozen=True):
    """So many agents on the floor; waits are None where the queue grows for ever, or nobody is answered."""

    agents: float
    scheduled: int
    service_level: float
    asa_s: float | None
    mean_wait_s: float | None
    abandonment: float
    occupancy: float
    p_wait: float
    required: bool
    """The fewest who meet the target."""
    asked: bool
    """Those whom the question was about."""


class Answer(msgspec.Struct, frozen=True):
    load: float
    """Erlangs."""
    model: str
    required: int
    scheduled: int
    rows: list[Row]
    """By agents."""


def answer(
    contacts: float,
    interval_s: float,
    aht_s: float,
    target: Target,
    patience_s: float = math.inf,
    shrinkage: float = 0.0,
    agents: float | None = None,
    around: int = 3,
) -> Answer:
    """The agents required, with ``around`` rows below and above them; and ``agents``, if somebody asks how they do."""
    load = contacts * aht_s / interval_s
    if load > LARGEST_LOAD:
        raise ValueError(f"the load is {load:,.0f} erlangs, more than {LARGEST_LOAD:,.0f}")
    enough = int(required(contacts, interval_s, aht_s, target, patience_s))
    shown = sorted({*range(max(enough - around, 0), enough + around + 1)} | ({agents} if agents is not None else set()))
    scheduled = np.ceil(to_schedule(shown, shrinkage) - 1e-9)  # 14 of 70 % are 20, whatever floating point makes of it
    got = erlang_a(contacts, interval_s, aht_s, shown, patience_s, target.within_s)
    rows = [
        Row(
            count,
            int(scheduled[at]),
            float(got.service_level[at]),
            float(got.asa_s[at]) if np.isfinite(got.asa_s[at]) else None,
            float(got.mean_wait_s[at]) if np.isfinite(got.mean_wait_s[at]) else None,
            float(got.abandonment[at]),
            float(got.occupancy[at]),
            float(got.p_wait[at]),
            count == enough,
            count == agents,
        )
        for at, count in enumerate(shown)
    ]
    model = "erlang_a" if math.isfinite(patience_s) else "erlang_c"
    return Answer(load, model, enough, rows[shown.index(enough)].scheduled, rows)
