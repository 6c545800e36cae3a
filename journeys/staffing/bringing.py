"""What open journeys are about to bring to each channel, beyond what is usual (M18, from M8).

Of a contact that is over, and whose customer has not come back, the next step (journeys/next_step.py) says how likely
another one comes within 15 min and within an hour, and how likely that is after the average contact. The difference is
what the forecast by the clock does not know: chats that fail, an incident that drives people to the phone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journeys.staffing.situation import Bringing

Array: TypeAlias = NDArray[np.float64]

MINUTE_MS = 60_000
QUARTER_MS = 15 * MINUTE_MS
HOUR_MS = 60 * MINUTE_MS
_ENDS = (2.5, 7.5, 12.5)
"""Contacts that ended in a quarter of an hour are taken to have ended so many minutes into it."""


def beyond_usual(bringing: Iterable[Bringing], starts: Sequence[int], length: int, as_of: int) -> dict[str, Array]:
    """By channel, contacts in each of the intervals at ``starts``, of ``length`` ms, from ``as_of`` on."""
    merged: dict[tuple[int, str], tuple[float, float, float, float]] = {}
    told: dict[tuple[int, str], int] = {}
    for one in bringing:
        if one.ended_at + QUARTER_MS + HOUR_MS > as_of:
            key = one.ended_at, one.channel
            had = merged.get(key, (0.0, 0.0, 0.0, 0.0))
            more = one.p_15m, one.p_1h, one.base_15m, one.base_1h
            merged[key] = had[0] + more[0], had[1] + more[1], had[2] + more[2], had[3] + more[3]
            told[key] = told.get(key, 0) + one.contacts
    contacts: dict[int, int] = {}
    for (ended_at, _), number in told.items():
        contacts[ended_at] = max(contacts.get(ended_at, 0), number)
    begin: Array = np.maximum(np.array(starts, float), as_of)
    end: Array = np.array(starts, float) + length
    found: dict[str, Array] = {}
    for ended_at, number in contacts.items():
        own = {channel: sums for (at, channel), sums in merged.items() if at == ended_at}
        whole_15m, whole_1h = sum(sums[0] for sums in own.values()), sum(sums[1] for sums in own.values())
        for channel, (p_15m, p_1h, base_15m, base_1h) in own.items():
            for after in _ENDS:
                at = ended_at + after * MINUTE_MS
                gone = _by(as_of - at, whole_15m, whole_1h) / max(number, 1)
                share = 1 / len(_ENDS) / max(1 - min(float(gone), 1.0), 0.05)  # those who are left
                early, late = p_15m - base_15m, p_1h - base_1h
                comes = _by(end - at, early, late) - _by(begin - at, early, late)
                found[channel] = found.get(channel, np.zeros(len(starts))) + comes * share
    return found


def _by(age: ArrayLike, in_15m: float, in_1h: float) -> Array:
    """Of those expected within 15 min and within an hour, how many have come at ``age``; evenly in either time."""
    age = np.asarray(age, np.float64)
    soon = np.clip(age, 0, QUARTER_MS) / QUARTER_MS
    later = np.clip(age - QUARTER_MS, 0, HOUR_MS - QUARTER_MS) / (HOUR_MS - QUARTER_MS)
    return np.asarray(in_15m * soon + (in_1h - in_15m) * later, float)
