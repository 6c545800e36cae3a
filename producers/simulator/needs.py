"""The truth behind the touchpoints: who needed what, and which contacts that led to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from zlib import crc32

HOUSEHOLDS = (1, 2, 3)
"""Customers live in households of these sizes, in turn: a third of households each."""
_BLOCK = tuple(home for home, size in enumerate(HOUSEHOLDS) for _ in range(size))
LANDLINES = 2
"""One household in so many has a landline."""
CHANGING, KEPT_DAYS = 20, 90
"""One customer in so many gets a new mobile number every so many days: one that another gave up before (numbers lie
fallow for ``CHANGING`` days). Far more often than real ones, so that some weeks show it."""
CLEARING, CLEARED_DAYS = 3, 30
"""One customer in so many clears the cookies every so many days."""


class Customer:
    """A customer, made up from a number, as on ``day`` (days since the epoch). What is theirs for ever and what changes
    follows from these two alone, so that every run knows the same people.
    """

    def __init__(self, number: int, day: int = 0) -> None:
        block, place = divmod(number, len(_BLOCK))
        home = block * len(HOUSEHOLDS) + _BLOCK[place]
        line = number if number % CHANGING else number + CHANGING * ((day + number) // KEPT_DAYS)
        cleared = 0 if number % CLEARING else (day + number) // CLEARED_DAYS
        self.number = number
        self.customer_id = f"C{number:07d}"
        self.phone = f"+97250{line:07d}"
        self.landline = f"+9723{home:07d}" if home % LANDLINES == 0 else self.phone
        """The household's, if it has one."""
        self.email = f"customer{number}@example.com"
        self.cookie = f"ck-{crc32(b'cookie%d %d' % (number, cleared)):08x}{number:x}"
        self.home_cookie = f"ck-home-{crc32(b'home%d' % home):08x}{home:x}"
        """Of the household's computer."""
        self.device = f"dv-{crc32(b'device%d' % number):08x}{number:x}"
        self.social = f"@customer{number}"

    def identifiers(self) -> dict[str, str]:
        """Their own; the household's are not among them."""
        return {
            "customer_id": self.customer_id, "email": self.email, "phone": self.phone, "social": self.social,
            "device": self.device, "cookie": self.cookie,
        }  # fmt: skip


class Drop(NamedTuple):
    """A customer's mood fell suddenly in a conversation, from pleasant or neutral to clearly angry."""

    contact_id: str
    at: int
    """ms UTC."""
    touchpoint_id: str
    """Of the first thing said in anger."""


class Struck(NamedTuple):
    """A planted cause (producers/simulator/scenarios.py) did its harm in a contact."""

    cause: str
    """The article, node or team."""
    contact_id: str
    at: int
    """ms UTC."""


@dataclass
class Need:
    """What one customer needed, with all contacts about it in their order. Fills as the simulation goes."""

    need_id: str
    customer: Customer
    intent: str
    reference: str
    opened_at: int
    """ms UTC."""
    contacts: list[str] = field(default_factory=list)
    resolved: bool = False
    node: str = ""
    """What it is about more closely: where the menu leads."""
    attempts: int = 0
    """How often the customer has tried so far, in whatever channel."""
    drops: list[Drop] = field(default_factory=list)
    struck: list[Struck] = field(default_factory=list)
