"""What the journey stage tells of redials (M9): which contacts are, for the queues that they entered.

Only there it is known whose contacts two are, and most are none, so only those that are go on. What was told stands in
the customer's manifest. Its version is the one that the contact's own writer gave it, as with all that a contact may
take along to another customer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from journeys.change import Change
from journeys.journey import Stitched
from journeys.staffing.live import Redial
from streams import topics
from streams.stages.next_steps import VERSION_BITS

if TYPE_CHECKING:
    from streams.stages.journey import Kept

NAME = "r"
"""How a redial's name in the manifest begins."""

_pack = msgspec.msgpack.Encoder().encode
_redial = msgspec.msgpack.Decoder(Redial).decode


class Telling(Protocol):
    """Emits changes of one customer."""

    def to_queue(self, topic: str, told: Change[Redial]) -> None: ...


def tell(placed: Stitched, kept: Kept, before: dict[str, bytes], now: dict[str, bytes], told: Telling) -> None:
    """``placed`` was abandoned and followed by another contact: if that one is in the same queue and channel, the queue
    is told. To another one it is new: whoever gave up there was never offered here."""
    known = kept.contacts.get(placed.redial_id)
    if known is None or known.contact.entered is None or placed.redial == "called_back":
        return
    contact = known.contact
    channel, entered_at = known.contact.entered
    if placed.contact.entered is None or placed.contact.entered[0] != channel:
        return
    if placed.contact.queues[0] != contact.queues[0]:
        return
    raw = now[NAME + placed.redial_id] = _pack(Redial(placed.redial_id, contact.queues[0], channel, entered_at))
    if before.get(NAME + placed.redial_id) == raw:
        return
    if NAME + placed.redial_id in before:
        withdraw(before[NAME + placed.redial_id], kept, told)
    _tell(_redial(raw), kept, told, deleted=False)


def withdraw(raw: bytes, kept: Kept, told: Telling) -> None:
    """What the manifest has as ``raw`` is no redial any more, or another customer's."""
    _tell(_redial(raw), kept, told, deleted=True)


def _tell(one: Redial, kept: Kept, told: Telling, deleted: bool) -> None:
    known = kept.contacts.get(one.contact_id)
    if known is None:
        version = kept.gone.get(one.contact_id, 0) << VERSION_BITS
    else:
        known.told += 1
        version = (known.version << VERSION_BITS) + known.told
    told.to_queue(topics.REDIALS, Change("redial", one.contact_id, version, one, deleted))
