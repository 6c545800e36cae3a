"""What open journeys are about to bring to each queue and channel (M18, from M8).

Of a contact that is over, and whose customer has not come back, the next step (journeys/next_step.py) says how likely
another one comes within 15 min and within an hour, and how likely that is after the average contact. What they bring
beyond what they usually do at that time of day is what the forecast by the clock does not know: chats that fail, more
of them than usual, an incident that drives people to the phone. Until it is known what is usual at a time of day, what
as many average contacts would bring is taken for it.

Contacts that are in hand now, and those after them, will end too. So contacts are taken to go on ending as they did in
the last quarter of an hour: of the same kinds, and in each channel as many as came in meanwhile. A chat that began will
end, so what a surge of chats brings is seen before they are over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journeys.staffing.situation import Bringing, Place

Array: TypeAlias = NDArray[np.float64]
Sums: TypeAlias = tuple[float, float, float, float]
"""Within 15 min and within an hour, and the same of the average contact."""

NOTHING: Sums = (0.0, 0.0, 0.0, 0.0)
MINUTE_MS = 60_000
QUARTER_MS = 15 * MINUTE_MS
HOUR_MS = 60 * MINUTE_MS
_ENDS = (2.5, 7.5, 12.5)
"""Contacts that ended in a quarter of an hour are taken to have ended so many minutes into it."""
MOST = 2.0
"""Contacts to come are taken to be no more than so many times as many as those that ended, and no fewer than one in so
many: the rest is chance, or a channel whose contacts last."""


class _Ended(NamedTuple):
    """Contacts of a channel that ended in a quarter of an hour: how many, and what they bring to each place; see
    ``Bringing``."""

    contacts: float
    brings: dict[Place, Sums]


class Comes(NamedTuple):
    """Contacts by interval."""

    all: Array
    average: Array
    """As many contacts of the average kind would bring so many."""


def about_to_come(
    bringing: Iterable[Bringing],
    starts: Sequence[int],
    length: int,
    as_of: int,
    entered: Mapping[str, float] | None = None,
) -> dict[Place, Comes]:
    """By queue and channel, in the intervals at ``starts``, of ``length`` ms, from ``as_of`` on. Of those in no queue
    it is only known to which channel they come. ``entered``: by channel, contacts that came in in the last quarter of
    an hour; of channels that are not there as many are taken to have come as ended."""
    begin: Array = np.maximum(np.array(starts, float), as_of)
    end: Array = np.array(starts, float) + length
    under_way = as_of // QUARTER_MS * QUARTER_MS
    left = 1 - (as_of - under_way) / QUARTER_MS
    by_channel: dict[str, list[Bringing]] = {}
    for one in bringing:
        if one.ended_at + QUARTER_MS + HOUR_MS > as_of:
            by_channel.setdefault(one.of, []).append(one)
    found: dict[Place, Array] = {}  # both of ``Comes``
    for channel, own in by_channel.items():
        quarters = _by_quarter(own)
        for ended_at, ended in quarters.items():
            _add(found, ended, ended_at, (begin, end), as_of)
        before, now = (quarters.get(at, _Ended(0, {})) for at in (under_way - QUARTER_MS, under_way))
        lately = _together((before, left), (now, 1.0))
        if lately.contacts and before.contacts:  # else nothing is known of a whole quarter of an hour
            came = (entered or {}).get(channel, lately.contacts)
            coming = _together((lately, min(MOST, max(1 / MOST, came / lately.contacts))))
            _add(found, _together((coming, left)), under_way, (begin, end), as_of, to_come=True)
            for ended_at in range(under_way + QUARTER_MS, int(end[-1]) if len(end) else 0, QUARTER_MS):
                _add(found, coming, ended_at, (begin, end), as_of, to_come=True)
    return {place: Comes(*both) for place, both in found.items()}


def _by_quarter(bringing: Iterable[Bringing]) -> dict[int, _Ended]:
    sums: dict[int, dict[Place, Sums]] = {}
    told: dict[tuple[int, Place], int] = {}
    for one in bringing:
        place = one.queue, one.channel
        own = sums.setdefault(one.ended_at, {})
        more = one.p_15m, one.p_1h, one.base_15m, one.base_1h
        own[place] = _plus(own.get(place, NOTHING), more, 1.0)
        told[one.ended_at, place] = told.get((one.ended_at, place), 0) + one.contacts
    return {
        ended_at: _Ended(max(told[ended_at, place] for place in own), own) for ended_at, own in sorted(sums.items())
    }


def _together(*parts: tuple[_Ended, float]) -> _Ended:
    brings: dict[Place, Sums] = {}
    for ended, share in parts:
        for place, sums in ended.brings.items():
            brings[place] = _plus(brings.get(place, NOTHING), sums, share)
    return _Ended(sum(ended.contacts * share for ended, share in parts), brings)


def _plus(one: Sums, other: Sums, share: float) -> Sums:
    return (
        one[0] + other[0] * share, one[1] + other[1] * share, one[2] + other[2] * share, one[3] + other[3] * share,
    )  # fmt: skip


def _add(
    found: dict[Place, Array], ended: _Ended, ended_at: int, between: tuple[Array, Array], as_of: int,
    to_come: bool = False,
) -> None:  # fmt: skip
    """What those bring who ended in the quarter of an hour at ``ended_at``, or are about to end in it."""
    begin, end = between
    whole_15m, whole_1h = (sum(sums[number] for sums in ended.brings.values()) for number in (0, 1))
    come: Array = np.zeros((2, len(end)))
    for after in _ENDS:
        at = ended_at + after * MINUTE_MS
        if to_come:
            at, gone = max(at, as_of), 0.0
        else:
            early, late = _come(as_of - at)
            gone = float(whole_15m * early + (whole_1h - whole_15m) * late) / max(ended.contacts, 1)
        share = 1 / len(_ENDS) / max(1 - min(gone, 1.0), 0.05)  # those who are left
        come += (_come(end - at) - _come(begin - at)) * share
    for place, (p_15m, p_1h, base_15m, base_1h) in ended.brings.items():
        brings = np.array(((p_15m, p_1h - p_15m), (base_15m, base_1h - base_15m))) @ come
        found[place] = found[place] + brings if place in found else brings


def _come(age: ArrayLike) -> Array:
    """At ``age``, the part that has come of those who come within 15 min, and of those who come after that and within
    an hour; evenly in either time."""
    age = np.asarray(age, np.float64)
    soon = np.clip(age, 0, QUARTER_MS) / QUARTER_MS
    later = np.clip(age - QUARTER_MS, 0, HOUR_MS - QUARTER_MS) / (HOUR_MS - QUARTER_MS)
    return np.array((soon, later))
