"""One day of one scenario, lived in every way, as plain figures; rules in docs/decisions/staffing-scenarios.md."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from benchmarks.staffing.clairvoyant import clairvoyant
from benchmarks.staffing.counted import Answers, answers, falls
from benchmarks.staffing.lived import STILL_S, Page, obeyed, unmanaged, watched
from benchmarks.staffing.reactive import Reactive
from benchmarks.staffing.rule import KNOWN_MS
from benchmarks.staffing.touchpath import Touchpath
from benchmarks.staffing.world import World
from producers.simulator.floor.centre import CLOSES_S, OPENS_S
from producers.simulator.floor.day import Day
from producers.simulator.floor.surges import Kind, Surge, planted

STATIC, REACTIVE, TOUCHPATH, BLIND, CLAIRVOYANT = (
    "static", "reactive", "touchpath", "touchpath, journeys unseen", "clairvoyant",
)  # fmt: skip
"""Journeys unseen: it is not told what open ones are about to bring."""
HOUR_S = 3600.0
EVERY_S = 300.0
"""Moves are asked for so often: a plan is the dear part of a simulated day, and people do not act every minute."""
BEFORE_S = 2700.0
"""On days with a surge pages are looked for from so long before it, to an hour after the fall;"""
KNOWN_S = KNOWN_MS / 1000
"""and looking begins so long before that, so that it is known what was said."""


class Judged(StrEnum):
    ALL = "all"
    PAGES = "pages"
    """Who is paged when, on the day that nobody manages: a fifth of the time."""
    MOVES = "moves"
    """What was answered, where moves are obeyed; touchpath told of no journeys is left out."""


class Paging(msgspec.Struct, frozen=True):
    """How one way paged on a day."""

    first_s: float | None
    """The first page of the queue that was struck, from the planted time to an hour after the fall."""
    pages: int
    """Of all queues; all of a calm day, else around the surge."""
    unfounded: int
    """Of these, those that no fall in that queue followed within the hour."""


class Score(msgspec.Struct, frozen=True):
    scenario: Kind
    seed: int
    journeys: bool
    """Whether contacts that settle nothing bring others."""
    planted_s: float | None
    fall_s: float | None
    """The first minute from then on at which the queue that was struck was below target over 15 minutes."""
    paging: dict[str, Paging]
    answered: dict[str, Answers]


def score(
    world: World, kind: Kind, seed: int, journeys: bool, judged: Judged = Judged.ALL, every_s: float = EVERY_S
) -> Score:
    """The day of ``seed``. ``world`` has ``journeys`` or has not: then only what was answered counts. ``every_s``: how
    often touchpath is asked for moves."""
    surge = planted(kind, seed)
    static = unmanaged(world, seed, surge)
    low = {queue: falls(static.contacts, world.centre, queue) for queue in world.centre.queues}
    struck = [minute for minute in low.get(surge.queue, ()) if minute >= surge.from_s]
    fall_s = struck[0] if struck else None
    days = {STATIC: static}
    if judged != Judged.PAGES:
        days[REACTIVE] = obeyed(world, seed, surge, Reactive(world.settings))
        days[TOUCHPATH] = obeyed(world, seed, surge, Touchpath(world.settings, world.memory), every_s=every_s)
        days[CLAIRVOYANT] = clairvoyant(world, seed, surge)
        if journeys and judged == Judged.ALL:
            days[BLIND] = obeyed(world, seed, surge, Touchpath(world.settings, world.memory), False, every_s)
    paged: dict[str, Paging] = {}
    if journeys and judged != Judged.MOVES:
        ways = [Reactive(world.settings), Touchpath(world.settings, world.memory)]
        both = watched(world, seed, surge, ways, *_when(surge, fall_s))
        paged = {
            way: _paging(pages, surge, fall_s, low) for way, pages in zip((REACTIVE, TOUCHPATH), both, strict=True)
        }
    return Score(
        scenario=kind,
        seed=seed,
        journeys=journeys,
        planted_s=surge.from_s if surge.queue else None,
        fall_s=fall_s,
        paging=paged,
        answered={way: _answers(day) for way, day in days.items()},
    )


def again(world: World, known: Score, every_s: float = EVERY_S) -> Score:
    """The day of ``known``, touchpath's own way lived anew; what else depends on the planner is left out. For whoever
    changes the planner: the other ways stay as they were."""
    surge = planted(known.scenario, known.seed)
    day = obeyed(world, known.seed, surge, Touchpath(world.settings, world.memory), every_s=every_s)
    others = {way: one for way, one in known.answered.items() if way != BLIND}
    return msgspec.structs.replace(known, paging={}, answered=others | {TOUCHPATH: _answers(day)})


def _when(surge: Surge, fall_s: float | None) -> tuple[float, float]:
    """From when to when pages are looked for."""
    if not surge.queue:
        return OPENS_S - KNOWN_S, CLOSES_S
    return surge.from_s - BEFORE_S - KNOWN_S, min(CLOSES_S, (fall_s or surge.from_s) + HOUR_S)


def _answers(day: Day) -> Answers:
    return answers(day.contacts, day.centre)[""]


def _paging(pages: Sequence[Page], surge: Surge, fall_s: float | None, low: dict[str, list[float]]) -> Paging:
    first = None
    if fall_s is not None:
        seen = [
            max(page.begins_s, surge.from_s)
            for page in pages
            if page.place[0] == surge.queue
            and page.ends_s + STILL_S > surge.from_s
            and page.begins_s <= fall_s + HOUR_S
        ]
        first = min(seen, default=None)
    unfounded = sum(
        not any(page.begins_s <= minute <= page.begins_s + HOUR_S for minute in low[page.place[0]]) for page in pages
    )
    return Paging(first, len(pages), unfounded)
