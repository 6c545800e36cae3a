"""What the queue stage tells of its queues to the staffing stage: who is there, the last minutes, demand.

The live figures are made where all queues come together (streams/stages/staffing.py), as of one moment: a queue in
which nothing happens has no news, and yet is not what it was ten minutes ago. Here are the sums that they are made of
(journeys/staffing/live.py). A change of a visit takes its old contribution out and puts the new one in; what changed
of the sums is told at the end of a batch.

Sums are kept from when this stage began to; of a place that had visits before, from the next interval on. What entered
earlier is left out, whatever becomes of it: nothing of it is in the sums that could be taken out.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

import msgspec

from journeys.change import Change, encode
from journeys.contact import QueueVisit
from journeys.queue import Live
from journeys.settings import Settings
from journeys.staffing.live import DEMAND_DAYS, LATELY_MS, SLOT_MS, Book, Present, Redial, Seen, Slot, present, stay
from journeys.staffing.situation import KEY, Demand, Place
from journeys.workload import day_of
from streams import topics
from streams.batch import Batch

PARTS = 16
"""The redials of a day lie in so many parts, so that a change rewrites one of them."""

Redials = list[Change[Redial]]


class Head(msgspec.Struct, array_like=True):
    """What is known of one queue and channel as a whole."""

    as_of: int = 0
    slots: dict[int, Slot] = {}
    days: list[int] = []
    """Those that there is an entry of."""
    there: Present = Present()
    since: int = 0
    """What entered before it is in no sum."""


Known = dict[str, tuple[int, Redial | None]]
"""Some of the redials of a day, by contact: the version, and what was last known; none for one that left."""

_pack = msgspec.msgpack.Encoder().encode
_head = msgspec.msgpack.Decoder(Head).decode
_redials = msgspec.msgpack.Decoder(Known).decode
_day = msgspec.msgpack.Decoder(dict[int, Demand]).decode


class Floors:
    """The places that a batch says something of."""

    def __init__(self, batch: Batch, settings: Settings) -> None:
        self._batch = batch
        self._settings = settings
        self._places: dict[Place, Changed] = {}
        self._heads: dict[Place, Head] = {}

    def open(self) -> list[Place]:
        """Before anything is counted. Those that nothing was kept of yet."""
        heads = self._batch.load([_key(b"f", place) for place in self._places])
        for place, changed in self._places.items():
            raw = heads.get(_key(b"f", place))
            self._heads[place] = Head() if raw is None else _head(raw)
            changed.since = self._heads[place].since
        return [place for place in self._places if _key(b"f", place) not in heads]

    def begin_after(self, place: Place, as_of: int) -> None:
        """There were visits of ``place`` already, the newest as of ``as_of``."""
        length = self._settings.interval_ms
        self._places[place].since = self._heads[place].since = (as_of // length + 1) * length

    def __getitem__(self, place: Place) -> Changed:
        found = self._places.get(place)
        if found is None:
            found = self._places[place] = Changed(self._settings)
        return found

    def close(self) -> None:
        """Brings the sums up to date, and tells what changed of them."""
        for place, changed in self._places.items():
            _Open(self._batch, place, self._heads[place]).close(changed)


class Changed:
    """What a batch says of one place."""

    def __init__(self, settings: Settings) -> None:
        self.book = Book(settings.interval_ms)
        self.redials: Redials = []
        self.live: Iterable[Live] | None = None
        """The visits that are not over; none: as before."""
        self.as_of = 0
        self.since = 0

    def visit(self, before: QueueVisit | None, now: QueueVisit | None) -> None:
        if before is not None and before.entered_at >= self.since:
            self.book.count(stay(before), -1)
        if now is not None and now.entered_at >= self.since:
            self.book.count(stay(now))

    def observe(self, as_of: int, written_at: int) -> None:
        """An event whose clock is ahead does not take the moment along: nothing is known before it is written."""
        self.as_of = max(self.as_of, min(as_of, written_at or as_of))


class _Open:
    """One place, when a batch is over."""

    def __init__(self, batch: Batch, place: Place, head: Head) -> None:
        self._batch = batch
        self._place = place
        self._head = head

    def close(self, changed: Changed) -> None:
        head = self._head
        before = head.as_of, head.there
        head.as_of = max(head.as_of, changed.as_of)
        if changed.live is not None:
            head.there = present(changed.live, head.as_of)
        oldest = day_of(head.as_of) - DEMAND_DAYS + 1
        days = set(head.days) | self._redials(changed, oldest)
        slots = self._slots(changed.book.slots)
        demand = self._demand(changed.book.demand, oldest)
        if before == (head.as_of, head.there) and not slots and not demand:
            return
        self._keep_days(days | {day_of(starts_at) for starts_at in demand}, oldest)
        self._batch.save(_key(b"f", self._place), _pack(head))
        seen = Seen(*self._place, head.as_of, head.there, slots, demand)
        name = "|".join(self._place)
        told = Change("seen", name, self._batch.next_version(), seen, as_of=head.as_of)
        self._batch.emit(topics.FLOORS, KEY, encode(told))

    def _keep_days(self, days: set[int], oldest: int) -> None:
        """Those that are not too old; the others go with all that is of them."""
        self._head.days = sorted(day for day in days if day >= oldest)
        for day in days - set(self._head.days):
            for key in (self._day_key(day), *(self._part_key(day, number) for number in range(PARTS))):
                self._batch.save(key, None)

    def _redials(self, changed: Changed, oldest: int) -> set[int]:
        """Into the book goes what changed of them; the days that they are of."""
        by_part: dict[bytes, Redials] = {}
        days = set()
        for told in changed.redials:
            assert told.payload is not None
            day = day_of(told.payload.entered_at)
            if day >= oldest and told.payload.entered_at >= changed.since:
                days.add(day)
                by_part.setdefault(self._part_key(day, crc32(told.id.encode()) % PARTS), []).append(told)
        known = self._batch.load(by_part)
        for key, news in by_part.items():
            part = _redials(known[key]) if key in known else {}
            for told in news:
                version, before = part.get(told.id, (0, None))
                if version >= told.version and not told.erased:
                    continue
                now = None if told.deleted else told.payload
                if told.erased:
                    part.pop(told.id, None)
                else:
                    part[told.id] = told.version, now
                if before is not None:
                    changed.book.redial(before, -1)
                if now is not None:
                    changed.book.redial(now)
            self._batch.save(key, _pack(part))
        return days

    def _slots(self, deltas: dict[int, list[int]]) -> dict[int, Slot]:
        """Those that changed."""
        head = self._head
        first = (head.as_of - LATELY_MS) // SLOT_MS
        changed = {
            number: _slot_with(head.slots.get(number, _NO_SLOT), delta)
            for number, delta in deltas.items()
            if number >= first and any(delta)
        }
        slots = head.slots | changed
        head.slots = {number: slot for number, slot in slots.items() if number >= first and slot != _NO_SLOT}
        return changed

    def _demand(self, deltas: dict[int, list[int]], oldest: int) -> dict[int, Demand]:
        """The intervals that changed."""
        by_day: dict[int, list[int]] = {}
        for starts_at, delta in deltas.items():
            if any(delta) and day_of(starts_at) >= oldest:
                by_day.setdefault(day_of(starts_at), []).append(starts_at)
        known = self._batch.load([self._day_key(day) for day in by_day])
        changed = {}
        for day, starts in by_day.items():
            key = self._day_key(day)
            own = _day(known[key]) if key in known else {}
            for starts_at in starts:
                own[starts_at] = changed[starts_at] = _demand_with(own.get(starts_at, _NO_DEMAND), deltas[starts_at])
            self._batch.save(key, _pack(own))
        return changed

    def _day_key(self, day: int) -> bytes:
        return _key(b"d%d" % day, self._place)

    def _part_key(self, day: int, number: int) -> bytes:
        return _key(b"r%d|%d" % (number, day), self._place)


_NO_SLOT = Slot()
_NO_DEMAND = Demand()


def _slot_with(slot: Slot, delta: list[int]) -> Slot:
    return Slot(*[one + more for one, more in zip(msgspec.structs.astuple(slot), delta, strict=True)])


def _demand_with(demand: Demand, delta: list[int]) -> Demand:
    return Demand(*[one + more for one, more in zip(msgspec.structs.astuple(demand), delta, strict=True)])


def _key(kind: bytes, place: Place) -> bytes:
    return kind + b"|" + "|".join(place).encode()
