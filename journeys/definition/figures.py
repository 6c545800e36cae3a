"""What the definition says of everything: plain data."""

from __future__ import annotations

from collections import Counter

import msgspec

from journeys import next_step, queue
from journeys.contact import Contact, QueueVisit
from journeys.workload import AgentInterval


class Relations(msgspec.Struct, frozen=True):
    """What holds of one contact because of the customer's others. Ids and ms, as in ``journey.Stitched``."""

    customer: str
    journey_id: str
    part_of: str
    first_repeat_same_at: int | None = None
    first_repeat_any_at: int | None = None
    repeat_of_same: str = ""
    repeat_of_any: str = ""
    redial_at: int | None = None
    redial_id: str = ""
    redial: str = ""
    survey_of: str = ""
    survey_joined_by: str = ""
    window_ends: tuple[int, ...] = ()
    redial_until: int | None = None
    friction: tuple[str, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """The way of a contact, or of a journey, through the stages (entered at, ms), and what went wrong in which."""

    path: tuple[tuple[str, int], ...]
    friction: Counter[tuple[str, str]]
    """(stage, kind)"""
    points: float = 0.0
    drops_off_at: str = ""
    stage_s: tuple[float, ...] = ()
    """Of a journey, where stages are measured by working time."""


class Fcr(msgspec.Struct, frozen=True):
    broken: int
    confirmed: int
    pending: int


Counted = list[tuple[int, int, int, int]]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """All figures as of ``as_of`` (ms UTC)."""

    as_of: int
    contacts: dict[str, Contact]
    relations: dict[str, Relations] = {}
    visits: dict[str, QueueVisit]
    journeys: dict[str, tuple[str, ...]] = {}
    """Journey id to its contacts in their order."""
    intents: dict[str, str] = {}
    switches: set[tuple[str, str, str]] = set()
    """(before, after, cause)"""
    drops: set[tuple[str, int, float, float]] = set()
    """(contact, when, from, to): where sentiment fell suddenly"""
    intervals: dict[tuple[str, str, int], queue.QueueInterval]
    fcr: dict[tuple[int, str, str], Fcr] = {}
    """(window in days, same_intent or any_intent, attempt) to the counts over identified customers' ended attempts."""
    agent_intervals: dict[tuple[str, int], AgentInterval]
    """(agent, start of the interval in ms UTC)"""
    contacts_told: dict[str, Told] = {}
    """By contact, what it shows by itself."""
    journeys_told: dict[str, Told] = {}
    tallies: dict[tuple[int, str, str, str, str], Counted] = {}
    """(hour, dimension, cause, intent, way) to what came after it: root causes."""
    trials: dict[str, next_step.Trial] = {}
    """Contacts at rest, and what came of them: what next steps are learned from, whatever was foretold."""
