"""What is known of a simulated centre before the day that is scored: its people, and four weeks of days as any."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from benchmarks.staffing.centre import DAY, midnight, places, schedule_of, settings_of
from benchmarks.staffing.seeds import PAST
from journeys.contact import Contact as Told
from journeys.next_step import BINS, Count, Foresight, Trial, add, bin_of, book, context_of
from journeys.settings import Settings
from journeys.staffing.bringing import about_to_come
from journeys.staffing.coming import REACH_MS, learn_brought
from journeys.staffing.live import Book, Redial, stay
from journeys.staffing.memory import Memory, encode
from journeys.staffing.situation import Demand, Place, Schedule
from producers.simulator.floor.centre import CLOSES_S, OPENS_S, Centre
from producers.simulator.floor.day import Contact, Day
from producers.simulator.floor.roster import Person, roster
from producers.simulator.floor.seen import visit_of
from streams.stages.bringing import KEPT, QUARTER_MS, brought, open_as

PAST_DAYS = 28
PLANNED_DAYS = 14
"""The planner has been at work for so long: it knows what open journeys usually bring at a time of the day."""


class Ended(NamedTuple):
    """A contact of an earlier day, ms since midnight."""

    ended_at: int
    kind: str
    followed_at: float
    """Infinite: by none."""


@dataclass
class World:
    """A centre, its people, and what was known of it before the day that is scored."""

    centre: Centre
    past_days: int = PAST_DAYS
    people: list[Person] = field(init=False)
    settings: Settings = field(init=False)
    schedule: Schedule = field(init=False)
    demand: dict[Place, dict[int, Demand]] = field(init=False)
    counts: dict[str, Count] = field(default_factory=dict)
    """What followed on what, in the four weeks before (journeys/next_step.py)."""
    memory: bytes = field(init=False)
    """Of a planner that has been at work."""

    def __post_init__(self) -> None:
        self.people = roster(self.centre)
        self.settings = settings_of(self.centre, self.people)
        self.schedule = schedule_of(self.people, midnight())
        books = {place: Book(self.settings.interval_ms) for place in places(self.centre)}
        trials: dict[str, Count] = {}
        days: list[list[Ended]] = []
        for number in range(self.past_days, 0, -1):
            when = DAY - timedelta(days=number)
            if self.centre.weekday[when.weekday()]:
                days.append(self._learn(when, PAST + PAST_DAYS - number, books, trials))
        self.demand = {place: demand_of(kept) for place, kept in books.items()}
        book(self.counts, trials, 0, BINS)
        self.memory = self._experience(days[-PLANNED_DAYS:])

    def _experience(self, days: Sequence[list[Ended]]) -> bytes:
        """What a planner has learned who looked at the beginning of each interval."""
        memory = Memory()
        foresight = Foresight(self.counts, self.settings)
        length = self.settings.interval_ms
        origin = midnight()
        for day in days:
            memory.brought_until = 0
            for as_of in range(origin + round(OPENS_S * 1000), origin + round(CLOSES_S * 1000), length):
                counts: dict[int, dict[str, int]] = {}
                for one in day:
                    quarter = (origin + one.ended_at) // QUARTER_MS
                    over = as_of - (KEPT + 1) * QUARTER_MS < origin + one.ended_at <= as_of
                    if over and origin + one.followed_at > as_of:
                        own = counts.setdefault(quarter, {})
                        own[one.kind] = own.get(one.kind, 0) + 1
                starts = range(as_of, as_of + REACH_MS + length, length)
                comes = about_to_come(brought(counts, foresight), starts, length, as_of)
                learn_brought(memory, comes, starts, length, as_of)
        return encode(memory)

    def _learn(self, when: date, seed: int, books: dict[Place, Book], trials: dict[str, Count]) -> list[Ended]:
        day = Day(self.centre, self.people, seed, weekday=when.weekday())
        day.advance(float("inf"))
        origin = midnight(when)
        followed: dict[int, Contact] = {}
        ended: list[Ended] = []
        for contact in day.contacts:
            visit = visit_of(contact, self.centre, origin)
            books[visit.queue, visit.channel].count(stay(visit))
            if redials_there(contact):
                books[visit.queue, visit.channel].redial(Redial(visit.contact_id, *place_of(contact), visit.entered_at))
            if contact.follows is not None:
                followed[contact.follows.number] = contact
        for contact in day.contacts:
            if contact.ended_s is None:
                continue
            own = context(contact, self.settings)
            then = followed.get(contact.number)
            trial = Trial(origin + round(contact.ended_s * 1000), own)
            if then is not None:
                after_ms = round((then.entered_s - contact.ended_s) * 1000)
                trial = trial._replace(bin=bin_of(after_ms), channel=then.channel)
            add(trials.setdefault(own, Count()), trial)
            followed_at = math.inf if then is None else then.entered_s * 1000
            ended.append(Ended(round(contact.ended_s * 1000), open_as(own, contact.queue), followed_at))
        return ended


def redials_there(contact: Contact) -> bool:
    """Whether it redials and had given up in the same queue: then it is no new demand."""
    return contact.redials and contact.follows is not None and contact.follows.queue == contact.queue


def place_of(contact: Contact) -> Place:
    return contact.queue, contact.channel


def context(contact: Contact, settings: Settings) -> str:
    """What ``contact``, which is over, was like."""
    before = contact.follows
    return context_of(
        _told(contact), contact.need.intent, None if before is None else _told(before), contact.attempt, settings
    )


def _told(contact: Contact) -> Told:
    """As the contact stage has it, as far as a context needs it."""
    answered = contact.answered_s is not None
    return Told(
        contact_id=str(contact.number),
        channel=contact.channel,
        started_at=round(contact.entered_s * 1000),
        ended_at=round((contact.ended_s or contact.entered_s) * 1000),
        closed=True,
        times_out_at=0,
        identifiers=(),
        intent=contact.need.intent,
        outcome="answered" if answered else "abandoned",
        resolution=("resolved" if contact.resolved else "unresolved") if answered else "",
        friction=() if answered else ("abandonment",),
    )


def demand_of(kept: Book) -> dict[int, Demand]:
    return {at: Demand(*counts) for at, counts in kept.demand.items()}
