"""The centre whose floor is simulated: its queues, what customers need, where they turn to next, who works there.

Smaller than the centre of the demonstration (producers/simulator/centre.py) and plainer, so that a day takes seconds
and a model's assumptions can be switched on and off: no web, no IVR, no transfers. All figures are plausible and
invented; they were written down before anything that is scored on them (docs/decisions/staffing-scenarios.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

OPENS_S = 8 * 3600.0
CLOSES_S = 20 * 3600.0
"""Seconds since midnight: nobody gets in touch before or after."""
MAIL_CLOSES_S = 17 * 3600.0
"""A mail that comes later is the next morning's, so that all of a day's can be answered on that day."""
HALF_HOUR = 1800.0


class Queue(NamedTuple):
    channel: str
    site: str
    patience_s: float
    """Mean, exponential; who waits longer gives up. Infinite: nobody does."""
    talk_s: float
    """Mean of one contact that an agent has alone."""
    wrap_s: float
    """Mean."""
    target_s: float
    """Answered within so long is in time,"""
    service_level: float = 0.8
    """and so many ought to be."""
    slots: int = 1
    """How many an agent can have at once."""
    slower: float = 0.0
    """By so much of itself a contact takes longer for each other one that its agent has when it begins."""
    spread: float = 0.8
    """Standard deviation over mean of the talk; gamma, so 1 is exponential."""
    margin: float = 1.0
    """Planned are load + margin x its square root (the square root staffing rule of Halfin and Whitt, 1981)."""


class After(NamedTuple):
    """Where the customer turns to, with what probability, after how long at the mean (exponential, and 20 s)."""

    channel: str
    probability: float
    mean_s: float


Afters = tuple[After, ...]
"""The rest of the probability: nowhere, or not on this day."""


class Intent(NamedTuple):
    share: float
    """Of all needs."""
    first: Mapping[str, float]
    """Weights of the channel to which customers turn first."""
    queues: Mapping[str, str]
    """By channel."""


@dataclass(frozen=True)
class Centre:
    queues: Mapping[str, Queue]
    intents: Mapping[str, Intent]
    needs: float
    """On a day as any."""
    hourly: Mapping[int, float]
    """How they spread over the hours of a day; weights."""
    resolved: Mapping[str, float]
    """By channel, how often an agent settles it."""
    after_unresolved: Mapping[str, Afters] = field(default_factory=dict)
    """What makes demand driven by journeys."""
    after_abandoned: Mapping[str, Afters] = field(default_factory=dict)
    """Redials, and turning elsewhere."""
    skills: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By the queue at which an agent sits: how many of them could serve another queue as well."""
    weekday: tuple[float, ...] = (1.0,) * 7
    """Monday first."""
    day_spread: float = 0.0
    """Standard deviation over mean, from day to day, of all needs, and again of each intent's: what no plan knows."""
    absent: float = 0.0
    """Of those planned, how many never come on a day as any; the plan allows for it."""

    def rate(self, at_s: float) -> float:
        """Needs per second at ``at_s`` since midnight, on a day as any."""
        return self.needs * self.hourly.get(int(at_s // 3600), 0.0) / sum(self.hourly.values()) / 3600.0


CENTRE = Centre(
    queues={
        "billing_voice": Queue("voice", "Elmfield", 240, 250, 30, 20),
        "billing_chat": Queue("chat", "Elmfield", 180, 480, 20, 60, slots=3, slower=0.25, margin=0.2),
        "mail_desk": Queue("email", "Elmfield", math.inf, 280, 20, 4 * 3600, 0.9, margin=0.2),
        "support_voice": Queue("voice", "Harbour Street", 300, 340, 40, 20),
        "support_chat": Queue("chat", "Harbour Street", 180, 540, 20, 60, slots=3, slower=0.25, margin=0.2),
        "sales_voice": Queue("voice", "Harbour Street", 180, 280, 40, 20),
    },
    intents={
        "billing": Intent(
            0.38,
            {"voice": 50, "chat": 36, "email": 14},
            {"voice": "billing_voice", "chat": "billing_chat", "email": "mail_desk"},
        ),
        "fault": Intent(
            0.36,
            {"voice": 58, "chat": 34, "email": 8},
            {"voice": "support_voice", "chat": "support_chat", "email": "mail_desk"},
        ),
        "order": Intent(
            0.26,
            {"voice": 66, "chat": 20, "email": 14},
            {"voice": "sales_voice", "chat": "support_chat", "email": "mail_desk"},
        ),
    },
    needs=9_000,
    hourly={8: 70, 9: 95, 10: 104, 11: 100, 12: 88, 13: 84, 14: 88, 15: 90, 16: 86, 17: 78, 18: 66, 19: 52},
    resolved={"voice": 0.80, "chat": 0.70, "email": 0.74},
    after_unresolved={
        "chat": (After("voice", 0.45, 900), After("chat", 0.08, 2400), After("email", 0.05, 1800)),
        "voice": (After("voice", 0.25, 3000), After("chat", 0.06, 1800)),
        "email": (After("voice", 0.30, 2400), After("email", 0.05, 3600)),
    },
    after_abandoned={
        "voice": (After("voice", 0.55, 480), After("chat", 0.10, 300), After("email", 0.05, 1800)),
        "chat": (After("voice", 0.45, 240), After("chat", 0.20, 480)),
    },
    skills={
        "billing_voice": {"billing_chat": 0.35, "mail_desk": 0.25, "sales_voice": 0.25},
        "billing_chat": {"billing_voice": 0.60, "mail_desk": 0.50, "support_chat": 0.30},
        "mail_desk": {"billing_chat": 0.60, "billing_voice": 0.60, "sales_voice": 0.30},
        "support_voice": {"support_chat": 0.35, "billing_voice": 0.25, "sales_voice": 0.20},
        "support_chat": {"support_voice": 0.55, "billing_chat": 0.35},
        "sales_voice": {"billing_voice": 0.40, "support_voice": 0.25},
    },
    weekday=(1.10, 1.03, 1.00, 0.97, 0.90, 0.0, 0.0),
    day_spread=0.04,
    absent=0.04,
)
"""Some 10,000 contacts on a day as any, six queues, two sites, some hundred agents at a time."""
