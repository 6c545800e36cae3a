"""Schedules and forecasts that somebody uploads, and who keeps to them.

Adherence is Amazon Connect's: an agent is adherent who is available, or with a contact, while scheduled for productive
work, and who is offline or in a state of the centre's own (break, training) while scheduled for anything else
(https://docs.aws.amazon.com/connect/latest/adminguide/schedule-adherence.html, default method). Of a moment it is the
share of the agents scheduled who are adherent, as in Genesys Cloud's real-time adherence
(https://help.mypurecloud.com/articles/about-real-time-adherence-view/); who is not scheduled does not count.

A file is CSV with a heading. Of shifts: agent, start, end, activity, and if need be queue and channel. Of forecasts:
queue, channel, start, end, contacts, and if need be aht. Times are ISO 8601; without an offset they are of the queue's
site, else of UTC.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from journeys.agents import OFFLINE
from journeys.settings import Duration, Settings
from journeys.staffing.crew import doing, shares
from journeys.staffing.situation import Agent, Foretold, Place, Schedule, Shift, Uploaded

WORK = frozenset({"work", "on_queue", "available"})
"""Activities in which contacts are taken, as is that of any channel's name."""
DAY_MS = 86_400_000
MOST = 200
"""The days of so many agents are in one part."""
_LONGEST_MS = DAY_MS
_SHIFT = ("agent", "start", "end", "activity")
_FORECAST = ("queue", "channel", "start", "end", "contacts")
Row = TypeVar("Row", Shift, Foretold)


class ScheduleError(ValueError):
    """One line that names the line, the field and the value."""


def read(lines: Iterable[str], settings: Settings) -> Schedule:
    """The shifts or forecasts in the ``lines`` of a CSV file. Raises ``ScheduleError``."""
    reader = csv.DictReader(lines, strict=True)
    try:
        fields = [field.strip().lower() for field in reader.fieldnames or ()]
    except csv.Error as error:
        raise ScheduleError(f"line 1: {error}") from None
    reader.fieldnames = fields
    if set(_SHIFT) <= set(fields):
        return Schedule(shifts=tuple(_rows(reader, {*_SHIFT, "queue", "channel"}, settings, _shift)))
    if set(_FORECAST) <= set(fields):
        return Schedule(forecasts=tuple(_rows(reader, {*_FORECAST, "aht"}, settings, _forecast)))
    raise ScheduleError(
        f"line 1: expected the fields {', '.join(_SHIFT)} (a schedule) or {', '.join(_FORECAST)} (a forecast), "
        f"got {', '.join(fields) or 'none'}"
    )


def _rows(
    reader: csv.DictReader[str], known: set[str], settings: Settings, make: Callable[[_Line], Row]
) -> Iterator[Row]:
    unknown = [field for field in reader.fieldnames or () if field not in known]
    if unknown:
        raise ScheduleError(f"line 1: {unknown[0]!r} is no field of it: expected some of {', '.join(sorted(known))}")
    try:
        for row in reader:
            if None in row or None in row.values():
                raise ScheduleError(f"line {reader.line_num}: expected {len(reader.fieldnames or ())} fields")
            yield make(_Line(reader.line_num, row, settings))
    except csv.Error as error:
        raise ScheduleError(f"line {reader.line_num}: {error}") from None


class _Line:
    """One line of a file, field by field."""

    def __init__(self, number: int, row: Mapping[str, str], settings: Settings) -> None:
        self._number = number
        self._row = row
        self._settings = settings

    def error(self, field: str, wanted: str) -> ScheduleError:
        return ScheduleError(f"line {self._number}: {field}: expected {wanted}, got {self._row.get(field, '')!r}")

    def text(self, field: str, needed: bool = True) -> str:
        value = self._row.get(field, "").strip()
        if needed and not value:
            raise self.error(field, "a name")
        return value

    def times(self) -> tuple[int, int]:
        start, end = self._time("start"), self._time("end")
        if not start < end <= start + _LONGEST_MS:
            raise self.error("end", "a time after the start, and no more than a day after it")
        return start, end

    def _time(self, field: str) -> int:
        try:
            at = datetime.fromisoformat(self._row[field].strip())
        except ValueError:
            raise self.error(field, 'a time such as "2026-03-02T09:00+01:00"') from None
        if at.tzinfo is None:
            at = at.replace(tzinfo=self._zone())
        return round(at.timestamp() * 1000)

    def _zone(self) -> tzinfo:
        site = self._settings.sites.get(self._settings.site_of(self.text("queue", needed=False)))
        return UTC if site is None else ZoneInfo(site.time_zone)

    def number(self, field: str) -> float:
        try:
            found = float(self._row[field])
        except ValueError:
            found = -1.0
        if not 0 <= found < 1e9:
            raise self.error(field, "a number, 0 or more")
        return found

    def duration(self, field: str) -> float | None:
        text = self.text(field, needed=False)
        if not text:
            return None
        try:
            return float(text) if text.replace(".", "", 1).isdigit() else float(Duration.parse(text))
        except ValueError:
            raise self.error(field, 'a duration such as 180 or "3m"') from None


def _shift(line: _Line) -> Shift:
    agent, activity = line.text("agent"), line.text("activity").lower()
    return Shift(agent, *line.times(), activity, line.text("queue", needed=False), line.text("channel", needed=False))


def _forecast(line: _Line) -> Foretold:
    queue, channel = line.text("queue"), line.text("channel")
    return Foretold(queue, channel, *line.times(), line.number("contacts"), line.duration("aht"))


def parts(schedule: Schedule) -> Iterator[Uploaded]:
    """The schedule as it is published: an agent's day, and a queue's, is in one part."""
    shifts: dict[int, dict[str, list[Shift]]] = {}
    for shift in schedule.shifts:
        shifts.setdefault(shift.starts_at // DAY_MS, {}).setdefault(shift.agent, []).append(shift)
    for day, by_agent in sorted(shifts.items()):
        names = sorted(by_agent)
        for start in range(0, len(names), MOST):
            own = [shift for name in names[start : start + MOST] for shift in by_agent[name]]
            yield Uploaded(day, shifts=tuple(own))
    forecasts: dict[int, dict[Place, list[Foretold]]] = {}
    for one in schedule.forecasts:
        forecasts.setdefault(one.starts_at // DAY_MS, {}).setdefault((one.queue, one.channel), []).append(one)
    for day, by_place in sorted(forecasts.items()):
        for _, those in sorted(by_place.items()):
            yield Uploaded(day, forecasts=tuple(those))


def is_work(shift: Shift, settings: Settings) -> bool:
    """Whether contacts are taken in it."""
    return shift.activity in WORK or shift.activity in settings.kinds


class Roster:
    """What each agent is to do when."""

    def __init__(self, shifts: Iterable[Shift], settings: Settings) -> None:
        self._settings = settings
        self._own: dict[str, tuple[list[int], list[Shift]]] = {}
        by_agent: dict[str, list[Shift]] = {}
        for shift in shifts:
            by_agent.setdefault(shift.agent, []).append(shift)
        for agent, own in by_agent.items():
            own.sort(key=lambda shift: (shift.starts_at, -shift.ends_at))
            self._own[agent] = [shift.starts_at for shift in own], own

    def at(self, at: int) -> dict[str, Shift]:
        """By agent, what holds at ``at`` (ms): of those that it lies in, the one that started last."""
        found = {}
        for agent, (starts, own) in self._own.items():
            for index in range(bisect_right(starts, at) - 1, -1, -1):
                if starts[index] + _LONGEST_MS <= at:
                    break
                if own[index].ends_at > at:
                    found[agent] = own[index]
                    break
        return found


class Kept(NamedTuple):
    """Of one place at a moment."""

    scheduled: float
    """Agents who are to take contacts there."""
    adherence: float | None
    """None where nobody is scheduled."""


def kept(
    roster: Roster, crew: Iterable[Agent], at: int, work: Mapping[Place, float], settings: Settings
) -> dict[Place, Kept]:
    """By place, who ought to be there now and how many of those scheduled do as they ought."""
    there = {agent.agent: agent for agent in crew}
    scheduled = dict.fromkeys(work, 0.0)
    told = dict.fromkeys(work, 0.0)
    adherent = dict.fromkeys(work, 0.0)
    for name, shift in roster.at(at).items():
        agent = there.get(name)
        working = is_work(shift, settings)
        does = OFFLINE if agent is None else doing(agent)
        keeps = (does not in (OFFLINE, "away")) == working
        for place, part in places(shift, agent, work).items():
            told[place] += part
            adherent[place] += part * keeps
            scheduled[place] += part * working
    return {place: Kept(scheduled[place], adherent[place] / told[place] if told[place] else None) for place in work}


def places(shift: Shift, agent: Agent | None, work: Mapping[Place, float]) -> dict[Place, float]:
    """Which part of an agent is which place's while ``shift`` holds: where it says, else where the agent takes from."""
    queues = (shift.queue,) if shift.queue else (agent.queues or agent.skills) if agent is not None else ()
    own = {
        place: load
        for place, load in work.items()
        if place[0] in queues and (not shift.channel or place[1] == shift.channel)
    }
    return shares(queues, own)
