"""What a planner is told: plain data. Times are ms since the epoch (UTC), durations seconds.

A *place* is a queue and channel: what has agents, a target and contacts of its own.
"""

from __future__ import annotations

import msgspec

from journeys.staffing.figures import Floor

Place = tuple[str, str]
"""Queue and channel."""
KEY = b"staffing"
"""Of all that goes where staffing is planned, so that one partition has it."""


class Agent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One agent, as the newest event has it."""

    agent: str
    state: str = ""
    """As in journeys/agents.py; empty if none is known, or the last one has lasted too long."""
    queues: tuple[str, ...] = ()
    """That it takes contacts from now."""
    skills: tuple[str, ...] = ()
    """That it could be given; those that it takes contacts from are among them."""
    site: str = ""
    slots: dict[str, int] = {}
    """By channel, how many contacts it can have at once; one of a channel that is not named."""
    in_hand: dict[str, int] = {}
    """By channel, how many it has."""
    team: str = ""
    since: int = 0
    """When its state began."""


class Demand(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What entered one place in one interval, over or under way. Sums in whole ms, of the visits as they are known."""

    offered: int = 0
    redials: int = 0
    """Of these, those that redialled: the contact that they repeat was offered already, and abandoned."""
    answered: int = 0
    within: int = 0
    """Answered within the queue's target."""
    abandoned: int = 0
    abandoned_within: int = 0
    handled: int = 0
    """Answered, and over for the agent."""
    handle_ms: int = 0
    """Talk, hold and wrap-up of those handled."""
    wait_answered_ms: int = 0
    wait_abandoned_ms: int = 0

    @property
    def fresh(self) -> int:
        """Offered, without the redials."""
        return self.offered - self.redials

    @property
    def aht_s(self) -> float | None:
        return self.handle_ms / 1000 / self.handled if self.handled else None

    @property
    def service_level(self) -> float | None:
        """Ours: answered within T / (answered + abandoned after more than T)."""
        counted = self.answered + self.abandoned - self.abandoned_within
        return self.within / counted if counted else None


class Bringing(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Contacts that are over, and whose customers have not come back: what they are about to bring to one place (M8).

    Those of one channel that ended in one quarter of an hour, of all partitions together. The four are expected numbers
    of contacts in ``channel`` and ``queue``, counted from the end of the contact that they follow.
    """

    channel: str
    ended_at: int
    """Start of that quarter of an hour."""
    contacts: int
    p_15m: float
    p_1h: float
    base_15m: float
    """As many contacts of the average kind would bring; the next likewise."""
    base_1h: float
    queue: str = ""
    """Empty: it is not known which of the channel's they come to."""
    of: str = ""
    """The channel of those that are over."""


class Brought(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="brought"):
    """The same of one partition of the journey stage, by its model."""

    partition: int
    as_of: int
    bringing: list[Bringing] = []


class Shift(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What an agent is to do for a time. Of a shift and what lies in it (a break), the one that starts later holds."""

    agent: str
    starts_at: int
    ends_at: int
    activity: str
    """Work is "work", "on_queue" or the name of a channel; anything else is to be away (journeys/staffing/schedule.py).
    """
    queue: str = ""
    """Where; empty: wherever the agent takes contacts from."""
    channel: str = ""


class Foretold(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A forecast that somebody uploaded: contacts of one place that enter from ``starts_at`` up to ``ends_at``."""

    queue: str
    channel: str
    starts_at: int
    ends_at: int
    contacts: float
    aht_s: float | None = None


class Schedule(msgspec.Struct, frozen=True):
    """What was uploaded."""

    shifts: tuple[Shift, ...] = ()
    forecasts: tuple[Foretold, ...] = ()


class Uploaded(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of an upload: all of it that begins on one day (UTC). It replaces, for each agent in it, what that agent
    was to do from that day on which it begins; and for each queue and channel in it what was forecast for the day."""

    day: int
    """Since the epoch."""
    shifts: tuple[Shift, ...] = ()
    forecasts: tuple[Foretold, ...] = ()


class Situation(msgspec.Struct, frozen=True):
    as_of: int
    floors: list[Floor]
    crew: list[Agent]
    """All who are known, whatever they do now: who is offline may be scheduled for later."""
    demand: dict[Place, dict[int, Demand]]
    """By place and start of the interval (``settings.interval_ms``); an interval without a visit is not there."""
    bringing: list[Bringing]
    schedule: Schedule | None = None
