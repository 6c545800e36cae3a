"""How many contacts will come (M18): what is usual at that time of the week, and how today differs from it.

*Usual* is a penalised Poisson regression (regression.py) of contacts on the time of day and the weekday at the queue's
site: splines that close over midnight, of which each weekday bends its own. The penalty is a prior on the bends, in
contacts, so that a queue of few contacts or few days keeps to what all of its days have in common, and one of many is
followed closely. Recent days weigh more.

That takes a tenth of a second for each queue. Until a queue's turn comes, usual are plain means: of the time of day,
times the weekday's level. Such a profile is provisional, and says so.

*Today* is usual times 1 + d + x: d holds all day, x goes back to 0 within hours. Both are estimated from what has come
so far by a Kalman filter, whose variances are those that earlier days had around what others foretold of them: the
more a queue's days differ, the sooner it believes that this one does. What is too far off for an ordinary day (over
three standard deviations) is believed at once: a surge. With d alone this is the busyness factor of Avramidis,
Deslauriers and L'Ecuyer, "Modeling daily arrivals to a telephone call center", Management Science 50(7), 2004; that
the hours since midnight improve the rest of the day is from Shen and Huang, "Interday forecasting and intraday updating
of call center arrivals", M&SOM 10(3), 2008, and the field is surveyed by Ibrahim, Ye, L'Ecuyer and Shen, "Modeling and
forecasting call center arrivals", International Journal of Forecasting 32(3), 2016.

Contacts are those that are offered less redials: who calls again after an abandonment was counted already.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from journeys.calendar import Hours
from journeys.settings import Settings
from journeys.staffing.regression import poisson, splines
from journeys.staffing.situation import Demand

Array: TypeAlias = NDArray[np.float64]

DAY_MS = 86_400_000
QUARTER_MS = 900_000
CENT = 100
"""A profile is kept in hundredths of contacts."""
HALF_LIFE = 28.0
"""Days after which a day counts half."""
LONGEST = 8 * 7
"""Days that are looked back on."""
PROVISIONAL = 2 * 7
"""The same of plain means, which are soon replaced."""
LATELY_MS = 3_600_000
"""Of the first day, what came in the last hour is what is usual."""

KNOTS, BENDS = 48, 12
"""Splines that make up a day: of all days, and of a weekday beside that."""
SPREADS = 2.0, 1.0, 1.0
"""Standard deviations, as logarithms, of the day's splines, of the weekdays, and of a weekday's splines."""
FOLDS = 3
"""Every third day is foretold from the others."""
ORDINARY, TOGETHER = 3.0, 3
"""Standard deviations that an ordinary day stays within, in the last interval, the last two and three together."""
SURGE_LASTS = 0.95
"""How much of what is extraordinary lasts from a quarter of an hour to the next."""
LEAST = 0.05
"""Today is never less than this much of what is usual; and of fewer contacts nothing is learned."""
PRIOR_DAYS = 7.0
LOW, HIGH = 0.1, 0.9
SMOOTHED = 2.0
"""What is usual of an interval is an estimate, from the contacts of about so many intervals of each week."""


class Busyness(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How much days differ: relative variances, and the correlation of x from an interval to the next."""

    day: float = 0.03
    hour: float = 0.02
    lasts: float = 0.9


class Profile(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is usual of one place. As it is of a whole week, it can be kept."""

    day: int
    """The local day (counted from 1 January of the year 1) before which it was learned."""
    days: int
    """Days that it was learned from; 0: not one."""
    slots: list[int]
    """Hundredths of contacts by interval of the local week, which begins on Monday."""
    closed: int
    """The same of an interval in which the site is closed."""
    aht_s: float = 0.0
    """Of those handled on these days; 0: nobody was."""
    busyness: Busyness = Busyness()
    provisional: bool = False
    """Plain means, until its turn comes to be learned."""


class Outlook(NamedTuple):
    """Contacts in intervals from the one under way."""

    usual: Array
    expected: Array
    low: Array
    high: Array
    """Of ten such intervals, eight have from ``low`` to ``high``."""
    rest: float
    """Of those expected in the interval under way, what has not come yet."""


class Clock:
    """The local week of a site, cut into intervals of ``length`` ms."""

    def __init__(self, zone: str, length: int, hours: Hours | None = None) -> None:
        self.length = length
        self.a_day = DAY_MS // length
        self._zone = ZoneInfo(zone)
        self._hours = hours
        self._slots: Callable[[int], tuple[int, int]] = lru_cache(maxsize=8192)(self._slot)
        self._shares: Callable[[int], float] = lru_cache(maxsize=8192)(self._share)

    def slot(self, starts_at: int) -> tuple[int, int]:
        """The local day of the interval that starts then, and its number in the week."""
        return self._slots(starts_at)

    def _slot(self, starts_at: int) -> tuple[int, int]:
        local = datetime.fromtimestamp(starts_at / 1000, UTC).astimezone(self._zone)
        at = (local.hour * 3600 + local.minute * 60 + local.second) * 1000
        return local.toordinal(), local.weekday() * self.a_day + at // self.length

    def midnight(self, at: int) -> int:
        """The first interval of the local day of ``at``; its start."""
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone)
        begins = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return -(-int(begins.timestamp() * 1000) // self.length) * self.length

    def ends(self, at: int) -> int:
        """Where the local day of ``at`` ends."""
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(self._zone)
        next_day = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=1)
        return int(next_day.replace(tzinfo=self._zone).timestamp() * 1000)

    def open(self, starts_at: int) -> float:
        """How much of the interval the site is open."""
        return 1.0 if self._hours is None else self._shares(starts_at)

    def _share(self, starts_at: int) -> float:
        assert self._hours is not None
        return self._hours.working_ms(starts_at, starts_at + self.length) / self.length


def clock_of(settings: Settings, site: str) -> Clock:
    zone = settings.sites[site].time_zone if site in settings.sites else "UTC"
    return Clock(zone, settings.interval_ms, settings.hours.get(site))


def learn(demand: Mapping[int, Demand], as_of: int, clock: Clock, provisional: bool = False) -> Profile:
    """What is usual, of the whole local days before that of ``as_of``; on the first day, of what came lately.

    ``provisional``: plain means, which are there at once. An interval that is not in ``demand`` had no contacts, if it
    is later than the first one that is.
    """
    today = clock.slot(as_of // clock.length * clock.length)[0]
    until = clock.midnight(as_of)
    began = min(demand, default=until)
    first = max(_whole_day(began, clock), until - (PROVISIONAL if provisional else LONGEST) * DAY_MS)
    starts = np.arange(first // clock.length * clock.length, until, clock.length)
    if not starts.size:
        first_day = _first_day(demand, today, as_of, clock)
        return msgspec.structs.replace(first_day, provisional=provisional)
    days, slots = np.array([clock.slot(int(at)) for at in starts]).T
    came = np.array([demand[at].fresh if (at := int(start)) in demand else 0 for start in starts], float)
    is_open = np.array([clock.open(int(at)) > 0 for at in starts])
    weights = 0.5 ** ((today - 1 - days) / HALF_LIFE)
    shut = float(np.average(came[~is_open], weights=weights[~is_open])) if (~is_open).any() else 0.0
    days, slots, came, weights = (each[is_open] for each in (days, slots, came, weights))
    handled = [one for start in starts if (one := demand.get(int(start))) is not None and one.handled]
    aht_s = sum(one.handle_ms for one in handled) / 1000 / max(1, sum(one.handled for one in handled))
    learned = len(np.unique(days))
    if not came.sum():
        nothing = [0] * 7 * clock.a_day
        return Profile(today, learned, nothing, round(shut * CENT), aht_s, provisional=provisional)
    usual = (_means if provisional else _weekly)(slots, came, weights, clock.a_day)
    if provisional or learned < FOLDS:
        busyness = _per_interval(Busyness(), clock)
    else:
        foretold = np.zeros(len(came))
        for fold in range(FOLDS):
            out = days % FOLDS == fold
            foretold[out] = _weekly(slots[~out], came[~out], weights[~out], clock.a_day)[slots[out]]
        busyness = _busyness(days, came, foretold, clock)
    cents = np.rint(usual * CENT).astype(int).tolist()
    return Profile(today, learned, cents, round(shut * CENT), aht_s, busyness, provisional)


def _whole_day(began: int, clock: Clock) -> int:
    """The start of the first local day that is known from its beginning, or nearly: an hour of it may be missing."""
    midnight = clock.midnight(began)
    opened = next((at for at in range(midnight, began, clock.length) if clock.open(at)), began)
    return midnight if began - opened <= LATELY_MS else clock.midnight(clock.ends(began))


def _first_day(demand: Mapping[int, Demand], today: int, as_of: int, clock: Clock) -> Profile:
    begun = as_of // clock.length * clock.length
    since = max(min(demand, default=begun), begun - max(LATELY_MS, clock.length))
    before = range(since, begun, clock.length)
    came = [demand[at].fresh if at in demand else 0 for at in before]
    if came:
        rate = sum(came) / len(came)
    else:  # the very first interval
        rate = demand[begun].fresh * clock.length / max(1, as_of - begun) if begun in demand else 0.0
        rate = min(rate, 10.0 * demand[begun].fresh) if begun in demand else 0.0
    level = round(rate * CENT)
    return Profile(today, 0, [level] * 7 * clock.a_day, level, 0.0, _per_interval(Busyness(), clock))


def _means(slots: NDArray[np.int_], came: Array, weights: Array, a_day: int) -> Array:
    """Contacts by interval of the week: the mean of that time of day, times the level of the weekday."""
    weight = np.bincount(slots, weights, 7 * a_day).reshape(7, a_day)
    total = np.bincount(slots, weights * came, 7 * a_day).reshape(7, a_day)
    by_time = total.sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9)
    level = np.ones(7)
    if weight.any(axis=1).all():  # until a week is known all days are alike
        level = total.sum(axis=1) / np.maximum(weight @ by_time, 1e-9)
    return np.outer(level, by_time).ravel()


def _weekly(slots: NDArray[np.int_], came: Array, weights: Array, a_day: int) -> Array:
    """Contacts by interval of the week. Those of one are summed up before, which makes no difference to the fit."""
    weight = np.bincount(slots, weights, 7 * a_day).astype(np.float64)
    total = np.bincount(slots, weights * came, 7 * a_day).astype(np.float64)
    if total.sum() <= 0:
        return np.zeros(7 * a_day)
    known = weight > 0
    design = _design(a_day)
    if np.count_nonzero(weight.reshape(7, a_day).any(axis=1)) < 7:  # until a week is known all days are alike
        design = design[:, : min(KNOTS, a_day)]
    *fitted, constant = poisson(design[known], total[known], weight[known])
    return np.asarray(np.exp(design @ np.array(fitted) + constant), float)


@lru_cache(maxsize=4)
def _design(a_day: int) -> Array:
    day, bends = splines(min(KNOTS, a_day), a_day), splines(min(BENDS, a_day), a_day)
    all_days, weekdays, of_weekday = SPREADS
    return np.hstack(
        (
            np.tile(day, (7, 1)) * all_days,
            np.repeat(np.eye(7), a_day, axis=0) * weekdays,
            np.kron(np.eye(7), bends) * of_weekday,
        )
    )


def _per_interval(busyness: Busyness, clock: Clock) -> Busyness:
    """Said of quarters of an hour; for intervals of another length."""
    return msgspec.structs.replace(busyness, lasts=busyness.lasts ** (clock.length / QUARTER_MS))


def _busyness(days: NDArray[np.int_], came: Array, foretold: Array, clock: Clock) -> Busyness:
    """From the moments of what came around what was foretold: what is left three hours apart is the day's."""
    prior = _per_interval(Busyness(), clock)
    off = came - foretold

    def together(lag: int) -> float:
        same = days[lag:] == days[: len(days) - lag]
        scale = float(np.sum((foretold[lag:] * foretold[: len(days) - lag])[same]))
        return float(np.sum((off[lag:] * off[: len(days) - lag])[same])) / scale if scale > 0 else 0.0

    square = float(np.sum(foretold**2))
    if square <= 0:
        return prior
    whole = float(np.sum(off**2 - foretold)) / square
    next_, later = together(1), together(max(2, 12 * QUARTER_MS // clock.length))
    number = len(np.unique(days))

    def leaning(found: float, usual: float) -> float:
        return (max(0.0, found) * number + usual * PRIOR_DAYS) / (number + PRIOR_DAYS)

    day = min(0.5, leaning(later, prior.day))
    hour = min(0.5, leaning(whole - max(0.0, later), prior.hour))
    lasts = (next_ - later) / (whole - later) if whole > later else prior.lasts
    least, most = (limit ** (clock.length / QUARTER_MS) for limit in (0.8, 0.97))
    return Busyness(day, hour, min(most, max(least, leaning(lasts, prior.lasts))))


def usual(profile: Profile, starts: Sequence[int], clock: Clock) -> Array:
    """Contacts in the intervals at ``starts`` as on any such day; holidays are closed."""
    slots = [profile.slots[clock.slot(at)[1]] for at in starts]
    is_open = [clock.open(at) > 0 for at in starts]
    return np.where(is_open, slots, profile.closed) / CENT


class _Today(NamedTuple):
    """d and x, with their variances and covariance, and how much of x lasts from an interval to the next."""

    d: float
    x: float
    var_d: float
    both: float
    var_x: float
    lasts: float


def _today(busyness: Busyness, usually: Array, came: Sequence[float], surge_lasts: float) -> _Today:
    """As they are at the end of what ``came``, interval by interval, against ``usually``."""
    d = x = both = 0.0
    var_d, var_x = busyness.day, busyness.hour
    lasts = busyness.lasts
    lately: list[tuple[float, float]] = []  # weights and standard deviations
    for base, n in zip(usually.tolist(), came, strict=True):
        x, both = x * lasts, both * lasts
        var_x = var_x * lasts**2 + busyness.hour * (1 - lasts**2)
        if base < LEAST:
            continue
        expected = base * max(LEAST, 1 + d + x)
        off = (n - expected) / base
        known = var_d + 2 * both + var_x
        # Square roots have the same variance for few contacts as for many (Anscombe, Biometrika 35, 1948).
        apart = 2 * (math.sqrt(n + 0.375) - math.sqrt(expected + 0.375)) / math.sqrt(1 + expected * known)
        lately = [*lately[1 - TOGETHER :], (math.sqrt(expected), apart)]
        if _extraordinary(lately):
            var_x += off * off
            known += off * off
            lasts = max(lasts, surge_lasts)
            lately = []
        variance = known + expected / base**2
        gain_d, gain_x = (var_d + both) / variance, (both + var_x) / variance
        d, x = d + gain_d * off, x + gain_x * off
        var_d, both, var_x = (
            var_d - gain_d * (var_d + both),
            both - gain_d * (both + var_x),
            var_x - gain_x * (both + var_x),
        )
    return _Today(d, x, var_d, both, var_x, lasts)


def _extraordinary(lately: Sequence[tuple[float, float]]) -> bool:
    """Whether the last interval, or the last ones together, are too far off for an ordinary day (Stouffer's z)."""
    weighed = square = 0.0
    for weight, apart in reversed(lately):
        weighed += weight * apart
        square += weight * weight
        if abs(weighed) > ORDINARY * math.sqrt(square):
            return True
    return False


def outlook(
    profile: Profile,
    demand: Mapping[int, Demand],
    starts: Sequence[int],
    as_of: int,
    clock: Clock,
    bringing: Array | None = None,
    brought: Mapping[int, float] | None = None,
    uploaded: Mapping[int, float] | None = None,
) -> Outlook:
    """Contacts in ``starts``, one interval after the other from the one under way.

    ``bringing``: what journeys are about to bring in them beyond what is usual; ``brought``: what was said of that
    earlier today; ``uploaded``: what somebody else foretold, which takes the place of what is usual.
    """
    given = uploaded or {}

    def normally(those: Sequence[int]) -> Array:
        found = usual(profile, those, clock)
        return np.array([given.get(at, one) for at, one in zip(those, found.tolist(), strict=True)], float)

    begun = starts[0]
    share = min(1.0, max(0, as_of - begun) / clock.length)
    midnight = clock.midnight(as_of)
    extra = np.zeros(len(starts)) if bringing is None else bringing
    past = range(max(midnight, min(demand, default=begun)), begun, clock.length) if profile.days else range(0)
    before = normally([*past, begun]) + np.array([*((brought or {}).get(at, 0.0) for at in past), extra[0]])
    before[-1] *= share
    came = [float(one.fresh) if (one := demand.get(at)) is not None else 0.0 for at in (*past, begun)]
    busyness = profile.busyness
    now = _today(busyness, before, came, SURGE_LASTS ** (clock.length / QUARTER_MS))

    usually = normally(starts)
    today = np.array(starts) < clock.ends(as_of)
    fades = now.lasts ** np.arange(len(starts))
    factor = np.maximum(LEAST, 1 + np.where(today, now.d, 0) + now.x * fades)
    variance = np.where(today, now.var_d + 2 * now.both * fades, busyness.day)
    variance = variance + now.var_x * fades**2 + busyness.hour * (1 - fades**2)
    known = SMOOTHED * max(1.0, profile.days / 7)
    variance = variance + 1 / (known * np.maximum(usually, 0.5))
    mean = usually * factor + extra
    mean[0] *= 1 - share
    low, high = _between(mean, variance)
    rest = float(mean[0])
    for each in (mean, low, high):
        each[0] += came[-1]
    return Outlook(usually, mean, low, high, rest)


def _between(mean: Array, variance: Array) -> tuple[Array, Array]:
    """Of contacts that come at random around a rate which is itself uncertain: quantiles of a gamma distribution with
    that mean and variance, as the smooth counterpart of the negative binomial."""
    safe = np.maximum(mean, 1e-9)
    shape = safe / (1 + safe * np.maximum(variance, 0))
    scale = safe / shape
    return gammaincinv(shape, LOW) * scale, gammaincinv(shape, HIGH) * scale
