"""First contact resolution: when windows end, and which attempts are broken, confirmed, pending."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from journeys.contact import Contact
from journeys.definition.figures import Relations
from journeys.repeats import DAY
from journeys.settings import Settings


def window_ends(attempt: Contact, settings: Settings) -> dict[int, int]:
    """Days to when the window of so many ends: in working days, day by day, where FCR is measured in them."""
    wanted = settings.journeys.repeat_windows_days
    site = settings.site_of(attempt.queue)
    if not site or "fcr" not in settings.calendar.working_time:
        return {days: attempt.ended_at + days * DAY for days in wanted}
    zone, hours = ZoneInfo(settings.sites[site].time_zone), settings.hours[site]
    yesterday = datetime.fromtimestamp(attempt.ended_at / 1000, zone).date() - timedelta(days=1)
    shifts = (shift for number in count() for shift in hours.shifts(yesterday + timedelta(days=number)))
    first = next(shift for shift in shifts if attempt.ended_at < shift.closes_at)
    begins = datetime.fromtimestamp(max(attempt.ended_at, first.opens_at) / 1000, zone).replace(tzinfo=None)
    elapsed = begins - datetime.combine(first.day, time())
    working_days: list[date] = []
    while len(working_days) < max(wanted):
        day = (working_days or [first.day])[-1] + timedelta(days=1)
        while not hours.shifts(day):
            day += timedelta(days=1)
        working_days.append(day)
    return {days: hours.when(datetime.combine(working_days[days - 1], time()) + elapsed) for days in wanted}


def count_attempt(
    attempt: Contact,
    relations: Relations,
    windows: dict[int, int],
    as_of: int,
    counts: dict[tuple[int, str, str], list[int]],
) -> None:
    if not attempt.closed and as_of < attempt.times_out_at:
        return
    for days, closes_at in windows.items():
        for scope, repeat_at in (
            ("same_intent", relations.first_repeat_same_at),
            ("any_intent", relations.first_repeat_any_at),
        ):
            broken = repeat_at is not None and repeat_at <= closes_at
            counts[days, scope, attempt.attempt][0 if broken else 1 if closes_at <= as_of else 2] += 1
