"""What staffing says of a queue: plain data, on topic ``journey.staffing``.

Agents are full-time ones on the floor, in numbers that may be broken: one who serves two queues counts for each in
part. Times are ms since the epoch (UTC), durations seconds, probabilities and shares from 0 to 1.
"""

from __future__ import annotations

import msgspec


class Floor(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="floor"):
    """One queue and channel as it is now (``as_of``): what waits, what came lately, who is there."""

    queue: str
    channel: str
    as_of: int
    site: str = ""
    waiting: int = 0
    oldest_entered_at: int | None = None
    connected: int = 0
    """In service."""
    offered_5m: int = 0
    """Entered in the five minutes before ``as_of``; the next ones likewise."""
    offered_15m: int = 0
    redials_15m: int = 0
    """Of these, those that redialled: they are no new demand."""
    service_level_5m: float | None = None
    service_level_15m: float | None = None
    """Ours, of those that left the queue in that time; None where nobody did."""
    aht_s: float = 0.0
    """Handle time (talk, hold, wrap-up) of those served lately, leaning on earlier ones while these are few."""
    patience_s: float | None = None
    """Mean patience, estimated from who abandoned and who was answered before that; None: nobody abandons."""
    concurrency: float = 1.0
    """How many contacts an agent who has any has at once."""
    staffed: float = 0.0
    """Agents of the queue in any state but offline."""
    available: float = 0.0
    busy: float = 0.0
    after_contact_work: float = 0.0
    away: float = 0.0
    """Staffed, and in a state in which no contact comes: break, training, meeting."""
    scheduled: float | None = None
    """Who ought to be working now, of a schedule; None without one."""
    adherence: float | None = None
    """Of those scheduled to work, and to be away, the share that does so (journeys/staffing/schedule.py)."""
    arrived: int = 0
    """Entered in the interval under way, redials too."""


class Staffing(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="staffing"):
    """One queue and channel in the interval under way, or in one that is coming: a judgement as of ``as_of``."""

    queue: str
    channel: str
    starts_at: int
    interval_s: int
    as_of: int
    site: str = ""
    expected: float = 0.0
    """Contacts that will have entered in the interval when it is over."""
    low: float = 0.0
    high: float = 0.0
    """Of ten such intervals, eight have from ``low`` to ``high``."""
    from_journeys: float = 0.0
    """Of those expected, what open journeys are about to bring beyond what is usual."""
    aht_s: float = 0.0
    patience_s: float | None = None
    required: float = 0.0
    """Agents on the floor who meet the queue's targets."""
    to_schedule: float = 0.0
    """The same with shrinkage."""
    scheduled: float | None = None
    available: float = 0.0
    """Agents who will be there, by the schedule less shrinkage; without one, those who are there now."""
    gap: float = 0.0
    """``required`` less ``available``: above 0 agents are missing."""
    service_level: float = 0.0
    """What the agents available give, by the model."""
    target: float = 0.8
    target_s: float = 20.0
    asa_s: float | None = 0.0
    """None: waits would grow for ever."""
    abandonment: float = 0.0
    occupancy: float = 0.0
    model: str = ""
    """Which model and version judged, as in "erlang_a/1"; "erlang_a/1/provisional" where the queue's profile is
    not learned yet."""
    cause: str = ""
    """Why agents are missing, in a word that a person reads; empty where none are."""


class Side(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a move means for the queue that gives, or for the one that gets."""

    queue: str
    channel: str
    site: str = ""
    agents_before: float = 0.0
    agents_after: float = 0.0
    service_level_before: float = 0.0
    """Predicted over the move's time without it,"""
    service_level_after: float = 0.0
    """and with it."""
    gap: float = 0.0
    """Without it."""
    service_level_came: float | None = None
    """What it then was; with ``Move.measured_at``."""


class Move(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="move"):
    """A recommendation as of ``as_of``: so many agents, from one queue and channel to another, for a time."""

    move_id: str
    as_of: int
    giver: Side
    taker: Side
    agents: int
    starts_at: int
    until: int
    deadline: int
    """Later than this it helps no more."""
    gain: float
    """Contacts answered within target that it adds, over both sides."""
    cause: str = ""
    """Why the taker is short, in a word that a person reads."""
    withdrawn: bool = False
    """No longer recommended, though its time is not over."""
    obeyed: int | None = None
    """How many agents were seen to move; with ``measured_at``."""
    measured_at: int | None = None
    """When its time was over and the outcome known."""


class Accuracy(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="accuracy"):
    """How good the forecasts of one queue and channel were, over the intervals of a day (UTC) that are over."""

    queue: str
    channel: str
    day: int
    """Days since the epoch."""
    intervals: int = 0
    actual: int = 0
    """Contacts that came."""
    error: float = 0.0
    """Summed absolute error of what was forecast an hour before each interval; over ``actual`` it is the WAPE."""
    error_naive: float = 0.0
    """The same of seasonal-naive: what came in the same interval a week before."""
