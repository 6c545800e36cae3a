"""What the journey stage says of root causes: tallies by hour, each partition its own (journeys/causes.py).

A customer's state holds what it contributed, and an hour's what all of them did: a change of a customer takes the old
contributions out of the hours and puts the new ones in. What changed in a batch is told at its end, in one message.
"""

from __future__ import annotations

from zlib import crc32

import msgspec

from journeys import change
from journeys.causes import KEPT_HOURS, Contributions, Exposure, Tallied, Tally
from journeys.change import Change
from streams import topics
from streams.batch import Batch

# The tallies of an hour lie in so many parts by the hash of their names, so that a change rewrites few of them, and a
# knowledge base of thousands of articles fits.
PARTS = 16
MOST_TOLD = 4_000
"""So many tallies go into one message."""
KEY = b"tallies"

_pack = msgspec.msgpack.Encoder().encode
_hours = msgspec.msgpack.Decoder(set[int]).decode
_exposures = msgspec.msgpack.Decoder(list[Exposure]).decode
_part = msgspec.msgpack.Decoder(dict[str, Tally]).decode


class Tallying:
    """Collects what a batch's customers change, and tells it."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._contributions = Contributions()

    def change(self, before: bytes, after: list[Exposure]) -> bytes:
        """A customer contributed ``before`` and contributes ``after``; returns this in the form of that."""
        kept = self.kept(after)
        if kept != before:
            self._contributions.change(_exposures(before) if before else [], after)
        return kept

    def kept(self, exposures: list[Exposure]) -> bytes:
        """The form in which a customer's state has them."""
        return _pack(exposures) if exposures else b""

    def tell(self) -> None:
        """Brings the hours up to date."""
        batch = self._batch
        parts: dict[bytes, tuple[int, dict[str, Tally]]] = {}
        changed = self._contributions.hours()
        if not changed:
            return
        self._advance(changed)
        for hour, tallies in changed.items():
            for name, delta in tallies.items():
                if any(delta):
                    key = _key(hour, crc32(name.encode()) % PARTS)
                    parts.setdefault(key, (hour, {}))[1][name] = delta
        known = batch.load(parts)
        told: dict[int, dict[str, Tally]] = {}
        count = 0
        for key, (hour, deltas) in parts.items():
            kept = _part(known[key]) if key in known else {}
            for name, delta in deltas.items():
                before = kept.get(name)
                now = delta if before is None else [one + more for one, more in zip(before, delta, strict=True)]
                if any(now):
                    kept[name] = now
                else:
                    kept.pop(name, None)
                told.setdefault(hour, {})[name] = now
                count += 1
                if count == MOST_TOLD:
                    self._emit(told)
                    told, count = {}, 0
            batch.save(key, _pack(kept) if kept else None)
        if told:
            self._emit(told)

    def _advance(self, changed: dict[int, dict[str, Tally]]) -> None:
        """Drops the hours that no day's causes are made of any more, and what ``changed`` of such."""
        batch = self._batch
        raw = batch.load((KEY,)).get(KEY)
        kept = set() if raw is None else _hours(raw)
        there = kept | changed.keys()
        oldest = max(there) - KEPT_HOURS
        for hour in [hour for hour in there if hour <= oldest]:
            changed.pop(hour, None)
            if hour in kept:
                for number in range(PARTS):
                    batch.save(_key(hour, number), None)
        if (left := {hour for hour in there if hour > oldest}) != kept:
            batch.save(KEY, _pack(sorted(left)))

    def _emit(self, told: dict[int, dict[str, Tally]]) -> None:
        batch = self._batch
        payload = Tallied(batch.partition, told)
        news = Change("tallies", str(batch.partition), batch.next_version(), payload, as_of=batch.newest_at or 0)
        batch.emit(topics.TALLIES, KEY, change.encode(news))


def _key(hour: int, number: int) -> bytes:
    return b"t%d|%d" % (hour, number)
