"""The truth behind the touchpoints: who needed what, and which contacts that led to."""

from __future__ import annotations

from dataclasses import dataclass, field
from zlib import crc32

HOUSEHOLD = 25
"""One customer in so many shares the phone of another."""


class Customer:
    """A customer, made up from a number."""

    def __init__(self, number: int) -> None:
        self.customer_id = f"C{number:07d}"
        line = number - 1 if number % HOUSEHOLD == 0 and number else number
        self.phone = f"+97250{line:07d}"
        self.email = f"customer{number}@example.com"
        self.cookie = f"ck-{crc32(b'cookie%d' % number):08x}{number:x}"
        self.device = f"dv-{crc32(b'device%d' % number):08x}{number:x}"
        self.social = f"@customer{number}"

    def identifiers(self) -> dict[str, str]:
        return {
            "customer_id": self.customer_id, "email": self.email, "phone": self.phone, "social": self.social,
            "device": self.device, "cookie": self.cookie,
        }  # fmt: skip


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
