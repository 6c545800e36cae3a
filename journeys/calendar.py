"""When a site is open, and how much of a span of time that makes: its working time.

Opening hours are what the clocks at the site show, so a day on which these are changed has an hour more or less. A span
may go past midnight; all of it belongs to the day on which it begins, the site's *working day*: a night shift of Friday
stays Friday's on Saturday morning, and falls out if Friday is a holiday.

All instants are ms since the epoch (UTC). A year's spans are worked out once, so that a question costs a few
look-ups.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"\s*(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)\s*")
_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
_MOST_YEARS = 64
_ASTRAY = 2 * 86_400_000
"""A shift lies no further from its day in UTC: local dates differ from UTC's by up to 14 hours, and it may last 24."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Site(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A site as the settings have it."""

    time_zone: str = "UTC"
    """Of the tz database: "Europe/Berlin"."""
    opening: dict[str, str | tuple[str, ...]] = {}
    """By weekday, mon to sun, one span or several: "08:00-18:00", ["08:00-12:00", "13:00-18:00"], "22:00-06:00" past
    midnight, [] closed. Without any, always open; with some, closed on the weekdays that are not named."""
    country: str = ""
    """Closed on its public holidays: "DE"."""
    subdivision: str = ""
    """A part of the country with holidays of its own: "BE"."""
    holidays: tuple[date, ...] = ()
    """Closed on these as well."""
    open_holidays: tuple[date, ...] = ()
    """Open on these as on any such weekday, holiday or not."""


class Shift(msgspec.Struct, frozen=True):
    """A span in which the site is open, without a break."""

    day: date
    """The working day that it belongs to: the local date on which it begins."""
    opens_at: int
    closes_at: int


class Hours:
    """The opening hours of a site. Raises ``ValueError`` that names the key and the value which it cannot read."""

    def __init__(self, site: Site) -> None:
        self._zone = _zone(site.time_zone)
        self._week = _week(site.opening)
        self._country, self._subdivision = _place(site)
        self._closed, self._open = frozenset(site.holidays), frozenset(site.open_holidays)
        self._years: dict[int, _Year] = {}

    def is_open(self, at: int) -> bool:
        return any(year.is_open(at) for year in self._around(at, at))

    def working_ms(self, start: int, end: int) -> int:
        """For how much of the time from ``start`` to ``end`` the site is open; 0 if that is no time at all."""
        if end <= start:
            return 0
        return sum(year.until(end) - year.until(start) for year in self._around(start, end))

    def after(self, start: int, working_ms: int) -> int:
        """The instant at which the site has been open for ``working_ms`` since ``start``."""
        if working_ms <= 0:
            return start
        left = working_ms
        for year in self._from(start):
            done = year.until(start)
            if left <= year.total - done:
                return year.reached(done + left)
            left -= year.total - done
        raise OverflowError(f"{working_ms} ms of working time after {start} are past the end of the calendar")

    def after_days(self, start: int, *days: int) -> tuple[int, ...]:
        """For each of ``days`` the same time of day, so many (1 or more) working days later.

        What begins while the site is closed begins when it opens: whatever it begins with, a window of so many days has
        as many days' opening hours in it.
        """
        shift = self._shift(start)
        elapsed = self._local(max(start, shift.opens_at)) - _midnight(shift.day)
        return tuple(self.when(_midnight(self._working_day(shift.day, number)) + elapsed) for number in days)

    def shifts(self, day: date) -> list[Shift]:
        """The spans of the working day ``day``, in their order; none on a day on which the site stays closed."""
        if day not in self._open and (day in self._closed or day in self._year(day.year).holidays):
            return []
        midnight = _midnight(day)
        spans = [
            Shift(day, self.when(midnight + opens), self.when(midnight + closes))
            for opens, closes in self._week[day.weekday()]
        ]
        return [shift for shift in spans if shift.opens_at < shift.closes_at]  # the clocks may skip one

    def _shift(self, at: int) -> Shift:
        """The span that ``at`` lies in, else the next one."""
        for year in self._from(at):
            place = bisect_right(year.closes, at)
            if place < len(year.closes):
                return year.shifts[place]
        raise OverflowError(f"the site does not open after {at}")

    def _working_day(self, day: date, number: int) -> date:
        """The ``number``-th after ``day``."""
        for at in range(day.year, 9_999):
            days = self._year(at).days
            place = bisect_right(days, day) + number - 1
            if place < len(days):
                return days[place]
            number = place - len(days) + 1
        raise OverflowError(f"{number} working days after {day} are past the end of the calendar")

    def _around(self, start: int, end: int) -> Iterator[_Year]:
        """The years whose shifts may lie between."""
        for number in range(_utc(start - _ASTRAY).year, _utc(end + _ASTRAY).year + 1):
            yield self._year(number)

    def _from(self, at: int) -> Iterator[_Year]:
        for number in range(_utc(at - _ASTRAY).year, 9_999):
            yield self._year(number)

    def _year(self, number: int) -> _Year:
        year = self._years.get(number)
        if year is None:
            if len(self._years) >= _MOST_YEARS:
                self._years.clear()
            year = self._years[number] = _Year(_holidays(self._country, self._subdivision, number))
            first = date(number, 1, 1).toordinal()
            length = (date(number, 12, 31).toordinal() - first) + 1
            year.fill([shift for day in range(first, first + length) for shift in self.shifts(date.fromordinal(day))])
        return year

    def when(self, local: datetime) -> int:
        """When the clocks at the site first show ``local`` or, where they skip that, whatever comes after it."""
        first, second = (_ms(local.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1))
        if first <= second:
            return first
        return second + bisect_left(range(second, first), True, key=lambda at: self._local(at) >= local)

    def _local(self, at: int) -> datetime:
        """What the clocks at the site show."""
        return _utc(at).astimezone(self._zone).replace(tzinfo=None)


def working_s(hours: Hours | None, start: int, end: int) -> float:
    """Seconds from ``start`` to ``end``, of which only those in ``hours`` count if there are any."""
    return (end - start if hours is None else hours.working_ms(start, end)) / 1000


class _Year:
    """The shifts of a year's working days, in their order, and how much working time lies before each."""

    def __init__(self, holidays: frozenset[date]) -> None:
        self.holidays = holidays
        self.fill([])

    def fill(self, shifts: list[Shift]) -> None:
        self.shifts = shifts
        self.days = sorted({shift.day for shift in shifts})
        self.opens = [shift.opens_at for shift in shifts]
        self.closes = [shift.closes_at for shift in shifts]
        self.before: list[int] = []
        self.total = 0
        for shift in shifts:
            self.before.append(self.total)
            self.total += shift.closes_at - shift.opens_at

    def is_open(self, at: int) -> bool:
        place = bisect_right(self.opens, at) - 1
        return place >= 0 and at < self.closes[place]

    def until(self, at: int) -> int:
        """The year's working time that lies before ``at``."""
        place = bisect_right(self.opens, at) - 1
        return self.before[place] + min(at, self.closes[place]) - self.opens[place] if place >= 0 else 0

    def reached(self, working_ms: int) -> int:
        """The instant at which so much (more than none) of the year's working time has passed."""
        place = bisect_left(self.before, working_ms) - 1
        return self.opens[place] + working_ms - self.before[place]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 (what clocks show: the zone comes later)


def _utc(at: int) -> datetime:
    return _EPOCH + at * _MS


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MS


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f'time_zone: expected one such as "Europe/Berlin", got {name!r}') from None


def _week(opening: dict[str, str | tuple[str, ...]]) -> list[list[tuple[timedelta, timedelta]]]:
    """By weekday the spans, from and to after midnight."""
    if not opening:
        return [[(timedelta(0), timedelta(days=1))]] * 7
    for day in opening:
        if day not in WEEKDAYS:
            raise ValueError(f"opening: expected weekdays {', '.join(WEEKDAYS)}, got {day!r}")
    minutes: list[tuple[int, int, str]] = []
    for number, day in enumerate(WEEKDAYS):
        given = opening.get(day, ())
        for text in (given,) if isinstance(given, str) else given:
            opens, closes = _span(text, day)
            minutes.append((number * _DAY_MINUTES + opens, number * _DAY_MINUTES + closes, f"{day} {text}"))
    if not minutes:
        raise ValueError("opening: expected a site that opens on some weekday, got none")
    minutes.sort()
    opens, closes, text = minutes[0]
    for (_, ends, one), (begins, _, other) in pairwise([*minutes, (opens + _WEEK_MINUTES, closes, text)]):
        if begins < ends:
            raise ValueError(f"opening: expected spans that do not overlap, got {one} and {other}")
    week: list[list[tuple[timedelta, timedelta]]] = [[] for _ in WEEKDAYS]
    for opens, closes, _ in minutes:
        midnight = opens // _DAY_MINUTES * _DAY_MINUTES
        week[opens // _DAY_MINUTES].append((timedelta(minutes=opens - midnight), timedelta(minutes=closes - midnight)))
    return week


def _span(text: str, day: str) -> tuple[int, int]:
    """Minutes after midnight; one that ends no later than it begins ends on the day after."""
    found = _SPAN.fullmatch(text)
    if found is not None:
        hours, minutes, until_hours, until_minutes = map(int, found.groups())
        opens, closes = hours * 60 + minutes, until_hours * 60 + until_minutes
        if opens < _DAY_MINUTES and closes <= _DAY_MINUTES and max(minutes, until_minutes) < 60:
            return opens, closes if closes > opens else closes + _DAY_MINUTES
    raise ValueError(f'opening.{day}: expected a span such as "08:00-18:00", got {text!r}')


def _place(site: Site) -> tuple[str, str]:
    if not site.country:
        if site.subdivision:
            raise ValueError(f"subdivision: expected a country with it, got {site.subdivision!r} alone")
        return "", ""
    from holidays import list_supported_countries  # takes 0.2 s, which nobody else need wait for

    known = list_supported_countries()
    if site.country not in known:
        raise ValueError(f'country: expected one such as "DE", got {site.country!r}')
    if site.subdivision and site.subdivision not in known[site.country]:
        parts = ", ".join(known[site.country]) or "none"
        raise ValueError(f"subdivision: expected one of {site.country}'s ({parts}), got {site.subdivision!r}")
    return site.country, site.subdivision


def _holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    from holidays import country_holidays

    return frozenset(country_holidays(country, subdiv=subdivision or None, years=year))
