"""Whom a partition was told to forget: what they did until then is not taken again, wherever it comes from.

A record is a mark (16 bytes under a key, which lead back to nobody) and a time. It is kept for ever: an archive may
be replayed in ten years.
"""

from __future__ import annotations

from journeys.forgetting import spared
from journeys.pseudonyms import Pseudonyms
from journeys.settings import Settings
from journeys.touchpoint import Touchpoint
from streams.batch import Batch

_ANY = b"f"
"""Under it stands whether there is any record: most partitions have none, and look no further."""


def is_suppression(key: bytes) -> bool:
    """Whether a key of the contact stage's state is one of these records. Each is the same in every partition; of two
    the greater one holds."""
    return key.startswith(_ANY)


class Suppressions:
    """The records of a partition."""

    def __init__(self, batch: Batch, pseudonyms: Pseudonyms, settings: Settings) -> None:
        self._batch = batch
        self._pseudonyms = pseudonyms
        self._settings = settings
        self.any = bool(batch.load((_ANY,)))

    def add_contact(self, contact_id: str, until: int) -> None:
        """Forget what the contact did until ``until`` (event time in ms)."""
        self._add(self._of_contact(contact_id), until)

    def add_identifier(self, identifier: str, until: int) -> None:
        """Forget what whoever it names did until ``until``."""
        kind, _, value = identifier.partition(":")
        self._add(self._pseudonyms.mark(kind, value), until)

    def spare(self, touchpoint: Touchpoint) -> Touchpoint | None:
        """What may be taken of ``touchpoint``: itself, or without some identifiers, or nothing."""
        if not self.any:
            return touchpoint
        if self._covers(self._of_contact(touchpoint.contact_id), touchpoint.at):
            return None
        pairs = {*touchpoint.identifiers.items(), *touchpoint.other.items()}
        gone = [pair for pair in pairs if self._covers(self._pseudonyms.mark(*pair), touchpoint.at)]
        return spared(touchpoint, gone, self._settings) if gone else touchpoint

    def _of_contact(self, contact_id: str) -> tuple[bytes, ...]:
        return self._pseudonyms.mark("contact_id", "#" + contact_id)  # so that no id is a placeholder, such as 0000

    def _covers(self, marks: tuple[bytes, ...], at: int) -> bool:
        found = self._batch.load([_ANY + mark for mark in marks])
        return any(int.from_bytes(until, "big") >= at for until in found.values())

    def _add(self, marks: tuple[bytes, ...], until: int) -> None:
        for mark in marks:
            key = _ANY + mark
            known = self._batch.load((key,)).get(key, b"")
            if int.from_bytes(known, "big") < until:
                self._batch.save(key, until.to_bytes(8, "big"))
                self._batch.save(_ANY, b"1")
                self.any = True
