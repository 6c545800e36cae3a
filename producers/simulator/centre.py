"""The simulated centre: its queues, how long things take in them, what customers need and where they turn to.

Figures are plausible, not measured anywhere; change them freely. ``share`` and ``handle_s`` say how many turns a
customer's need brings to a queue on average and how long each keeps an agent: staffing follows from them
(tests hold them against what comes out).
"""

from __future__ import annotations

import math
from random import Random
from typing import NamedTuple

HOURLY = (2, 1, 1, 1, 2, 6, 16, 36, 70, 95, 104, 100, 88, 84, 88, 90, 86, 78, 66, 52, 38, 24, 12, 5)
"""How needs spread over the hours of a day."""
_PER_DAY = sum(HOURLY)


class Queue(NamedTuple):
    channel: str
    patience_s: float
    """Mean; who waits longer hangs up. Infinite: nobody does."""
    talk_s: float
    wrap_s: float
    share: float
    handle_s: float


QUEUES = {
    "billing_voice": Queue("voice", 240, 230, 35, 0.165, 235),
    "support_voice": Queue("voice", 300, 340, 50, 0.275, 385),
    "sales_voice": Queue("voice", 180, 280, 45, 0.11, 315),
    "support_chat": Queue("chat", 150, 420, 30, 0.225, 450),
    "messaging_desk": Queue("messenger", 1800, 260, 20, 0.083, 280),
    "email_desk": Queue("email", math.inf, 300, 30, 0.052, 330),
}


class Intent(NamedTuple):
    weight: float
    voice: str
    """The voice queue that it goes to."""
    first: dict[str, float]
    """Where customers turn to first."""
    contained: float
    """How often self-service settles it."""


INTENTS = {
    "billing": Intent(26, "billing_voice", {"web": 30, "app": 18, "voice": 36, "chat": 10, "email": 6}, 0.50),
    "fault": Intent(20, "support_voice", {"web": 22, "app": 10, "voice": 44, "chat": 14, "social": 4, "sms": 6}, 0.25),
    "order": Intent(
        20, "sales_voice", {"ad": 28, "web": 32, "app": 8, "voice": 16, "chat": 8, "store": 5, "messenger": 3}, 0.58
    ),
    "technical": Intent(18, "support_voice", {"web": 44, "app": 8, "voice": 26, "chat": 16, "messenger": 6}, 0.38),
    "onboarding": Intent(10, "support_voice", {"web": 34, "app": 28, "voice": 18, "chat": 10, "sms": 10}, 0.55),
    "cancel": Intent(6, "sales_voice", {"web": 26, "voice": 46, "chat": 14, "email": 10, "store": 4}, 0.10),
}

NODES = {
    "billing": ("billing/balance", "billing/payment", "billing/dispute"),
    "fault": ("fault/report", "fault/status", "fault/appointment"),
    "order": ("order/status", "order/new", "order/return"),
    "technical": ("technical/setup", "technical/speed", "technical/password"),
    "onboarding": ("onboarding/activate", "onboarding/transfer", "onboarding/documents"),
    "cancel": ("cancel/contract", "cancel/option", "cancel/move"),
}
"""Where the menus of the IVR and the app lead; the app's have ``app/`` before."""
OPTS_OUT = 0.03
"""How often a caller asks for a human instead of choosing from the menu."""
NOT_FOUND = 0.12
"""How often a search has no hits."""
TEAMS = 3
"""Of each queue; its agents belong to them in turn, as they stand in the roster."""
SITES = ("Elmfield", "Harbour Street")
"""Where the teams sit, in turn."""
SLOTS = {
    "voice": {"voice": 1},
    "chat": {"chat": 3},
    "messenger": {"messenger": 5, "sms": 5, "social": 5},
    "email": {"email": 1},
}
"""By the channel of an agent's queue: how many contacts of a channel the agent could have at a time. (Simulated ones
have one, whatever the channel.)"""

TRANSFERRED = 0.1
"""How often an agent passes a caller on."""
ESCALATED = 0.025
RESOLVED = {"voice": 0.78, "chat": 0.70, "messenger": 0.66, "sms": 0.66, "social": 0.60, "email": 0.66, "store": 0.86}
"""How often an agent settles it."""

Moves = tuple[tuple[str, float, float], ...]
"""Channel, weight, mean delay in seconds."""
AFTER_FAILED_SELF_SERVICE: Moves = (
    ("voice", 44, 600), ("chat", 28, 120), ("messenger", 7, 900), ("email", 7, 1800), ("", 14, 0),
)  # fmt: skip
AFTER_ABANDONED: dict[str, Moves] = {
    "voice": (("voice", 58, 700), ("chat", 12, 600), ("email", 5, 3600), ("", 25, 0)),
    "chat": (("voice", 46, 400), ("chat", 22, 900), ("email", 6, 1800), ("", 26, 0)),
    "messenger": (("voice", 60, 1200), ("", 40, 0)),
}
AFTER_UNRESOLVED: Moves = (
    ("voice", 40, 60_000), ("voice", 14, 3000), ("chat", 12, 40_000), ("email", 6, 50_000), ("store", 3, 90_000),
    ("social", 3, 20_000), ("", 22, 0),
)  # fmt: skip

FROM_LANDLINE = 0.25
"""How often who has a landline at home calls from it."""
FROM_HOME_COMPUTER = 0.15
"""How often a visit to the web is made at the household's computer, whose browser keeps one cookie for all."""
SHOPS = ("north", "south", "centre")
AT_TABLET = 0.6
"""How often a shop's visitor is served at the shop's tablet."""
UNKNOWN_AT_TABLET = 0.4
"""How many of these the clerk does not look up."""
NOTED = 0.15
"""How often an agent asks for the e-mail address and writes it down."""
SLIPS = 0.02
"""How often that is mistyped."""
SOMEBODY_ELSES = 0.3
"""How many of these slips are somebody else's address: the wrong line of the agent's list."""

FIRST_NAMES = [
    "Ada", "Ben", "Carla", "Dan", "Eva", "Finn", "Gil", "Hana", "Ivo", "Jana", "Karl", "Lea", "Max", "Noa", "Omar",
    "Pia", "Quinn", "Rosa", "Sam", "Tara", "Uri", "Vera", "Will", "Xenia", "Yael", "Zoe", "Amir", "Bela", "Cleo", "Dov",
]  # fmt: skip
LAST_NAMES = ["Adler", "Berg", "Cohen", "Diaz", "Evans", "Frank", "Gold", "Haddad", "Ito", "Jones", "Khan", "Levi"]


def needs_per_second(size: int, hour: int) -> float:
    """Arrival rate of needs in an hour of a day with ``size`` of them."""
    return size * HOURLY[hour % 24] / _PER_DAY / 3600


def agents_needed(queue: Queue, size: int, hour: int) -> int:
    """What a planner would put on duty: the load, and its square root for the odds."""
    load = needs_per_second(size, hour) * queue.share * queue.handle_s
    return max(1, math.ceil(load + 0.6 * math.sqrt(load)))


def articles_of(intent: str) -> tuple[str, ...]:
    """What there is to read about ``intent``."""
    return tuple(f"{intent}-{number}" for number in range(1, 8))


def team_of(queue: str, place: int) -> str:
    """The team of whom the roster of ``queue`` has in ``place``."""
    return f"{queue}-{place % TEAMS + 1}"


def roster(queue: str, agents: int, random: Random) -> list[str]:
    """Names for ``agents``, unlike any of another queue's."""
    names = [f"{first}.{last}".lower() for first in FIRST_NAMES for last in LAST_NAMES]
    random.shuffle(names)
    prefix = "".join(part[0] for part in queue.split("_"))
    return [
        f"{prefix}.{names[n % len(names)]}" + (str(n // len(names) + 1) if n >= len(names) else "")
        for n in range(agents)
    ]
