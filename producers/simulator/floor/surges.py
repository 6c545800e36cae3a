"""What is planted in a simulated day, so that whoever is to see it coming can be held against the truth.

Written down, with its strengths, before anything that looks for it was there. When it begins is drawn by the day's
seed, as are those whom it strikes; every strength is the same on every day.

- **a billing incident** (``incident``): a wrong bill goes out. For two hours customers who need help with billing come
  on top of the usual ones, ``INCIDENT`` times as many as these, rising over 15 minutes; most begin with a chat. Agents
  in chat settle little of what is about billing meanwhile, and who is not helped rings soon: chat drives voice.
- **staff call in sick** (``sick``): over half an hour from the planted time on, a share ``SICK`` of the agents of one
  voice queue goes home, and as large a share of those whose shift is still to come does not turn up.
- **a marketing e-mail** (``marketing``) that nobody told the planners of: orders, ``MARKETING`` times the usual at the
  peak 20 minutes later, then dying away with a mean of 70 minutes.
- **calm** (``calm``): a day as any, with its own chance: how many come differs from day to day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from producers.simulator.floor.centre import After, Afters

INCIDENT = 0.6
INCIDENT_LASTS_S = 2 * 3600.0
INCIDENT_RISES_S = 900.0
INCIDENT_FIRST: Mapping[str, float] = {"chat": 76, "voice": 14, "email": 10}
INCIDENT_RESOLVED = 0.25
INCIDENT_AFTER: Afters = (After("voice", 0.70, 720), After("email", 0.05, 1200))
SICK = 0.28
SICK_OVER_S = 1800.0
MARKETING = 0.8
MARKETING_RISES_S = 1200.0
MARKETING_MEAN_S = 4200.0
EARLIEST_S = 10 * 3600.0
LATEST_S = 14 * 3600.0
"""Between these a surge begins, at any moment."""


class Kind(StrEnum):
    CALM = "calm"
    INCIDENT = "incident"
    SICK = "sick"
    MARKETING = "marketing"


@dataclass(frozen=True)
class Surge:
    """What goes wrong on one day, from ``from_s`` (seconds since midnight) on."""

    kind: Kind = Kind.CALM
    from_s: float = math.inf
    queue: str = ""
    """The one that it strikes first and foremost: lead times are about this one; none on a calm day."""
    also: tuple[str, ...] = field(default=())
    """Others that it reaches."""

    def extra(self, intent: str, at_s: float) -> float:
        """Needs of ``intent`` on top of the usual, as a multiple of the usual ones of that moment."""
        since = at_s - self.from_s
        if since < 0:
            return 0.0
        if self.kind is Kind.INCIDENT and intent == "billing" and since < INCIDENT_LASTS_S:
            return INCIDENT * min(1.0, since / INCIDENT_RISES_S)
        if self.kind is Kind.MARKETING and intent == "order":
            if since < MARKETING_RISES_S:
                return MARKETING * since / MARKETING_RISES_S
            return MARKETING * math.exp(-(since - MARKETING_RISES_S) / MARKETING_MEAN_S)
        return 0.0

    def most_extra(self) -> float:
        """The most that ``extra`` ever says."""
        return {Kind.INCIDENT: INCIDENT, Kind.MARKETING: MARKETING}.get(self.kind, 0.0)

    def hinders(self, intent: str, channel: str, at_s: float) -> bool:
        """Whether agents settle little of it just then."""
        return (
            self.kind is Kind.INCIDENT
            and intent == "billing"
            and channel == "chat"
            and 0 <= at_s - self.from_s < INCIDENT_LASTS_S
        )


def planted(kind: Kind, seed: int) -> Surge:
    """The surge of ``kind`` on the day of ``seed``."""
    random = Random(f"{seed} planted")
    from_s = random.uniform(EARLIEST_S, LATEST_S)
    if kind is Kind.INCIDENT:
        return Surge(kind, from_s, "billing_voice", ("billing_chat", "mail_desk"))
    if kind is Kind.SICK:
        return Surge(kind, from_s, random.choice(("billing_voice", "support_voice")))
    if kind is Kind.MARKETING:
        return Surge(kind, from_s, "sales_voice", ("support_chat",))
    return Surge()
