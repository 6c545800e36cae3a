"""Queue visits become the figures of their queue: per interval, and now; and what staffing is to know of it. Keyed by
queue."""

from __future__ import annotations

from zlib import crc32

import msgspec

from journeys import change
from journeys.change import Change
from journeys.contact import QueueVisit
from journeys.queue import Live, Sums, interval, interval_of, live, now, sums
from journeys.settings import Settings
from journeys.staffing.live import Redial
from streams import topics
from streams.batch import Batch
from streams.stages.floors import Changed, Floors

# The visits of an interval lie in so many parts, so that a change rewrites one of them and not all: a single entry took
# 7,000 visits, and each batch wrote them all again.
PARTS = 64


class Part(msgspec.Struct, array_like=True):
    """Some of the visits that entered in an interval, by the hash of their ids."""

    visits: dict[str, tuple[int, QueueVisit]] = {}
    """Visit id to its version and what it was last."""
    gone: dict[str, int] = {}
    """Visits that left it, and the version under which they did: nothing older brings them back."""


class Present(msgspec.Struct, array_like=True):
    """Those visits of one queue and channel that are not over."""

    visits: dict[str, tuple[int, Live]] = {}
    as_of: int = 0


_encode = msgspec.msgpack.Encoder().encode
_part = msgspec.msgpack.Decoder(Part)
_sums = msgspec.msgpack.Decoder(dict[int, Sums])
_present = msgspec.msgpack.Decoder(Present)
_changes = msgspec.json.Decoder(Change[QueueVisit])
_redials = msgspec.json.Decoder(Change[Redial])

Changes = list[Change[QueueVisit]]


class QueueStage:
    name = "queue"
    inputs = (topics.VISITS, topics.REDIALS)
    schema = 2
    linger_s = 0.5  # a manager looks at figures of a quarter of an hour
    fewest = 1

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError("the queue stage's state of schema 1 was never released: start with a new data directory")

    def process(self, batch: Batch) -> None:
        intervals: dict[tuple[str, str, int], Changes] = {}
        queues: dict[tuple[str, str], Changes] = {}
        floors = Floors(batch, self._settings)
        for record in batch.records:
            if record.topic == topics.REDIALS:
                again = _redials.decode(record.value or b"")
                if again.payload is None:
                    raise ValueError(f"redial {again.id} has no payload")
                floors[again.payload.queue, again.payload.channel].redials.append(again)
                continue
            told = _changes.decode(record.value or b"")
            if told.payload is None:
                raise ValueError(f"visit {told.id} has no payload")
            place = interval_of(told.payload, self._settings)
            intervals.setdefault(place, []).append(told)
            queues.setdefault(place[:2], []).append(told)
            batch.observe(told.as_of)
            floors[place[:2]].observe(told.as_of, record.timestamp)
        self._open(batch, floors)
        self._intervals(batch, intervals, floors)
        self._now(batch, queues, floors)
        floors.close()

    def _open(self, batch: Batch, floors: Floors) -> None:
        """State may be older than floors are: of a queue with visits they are kept from the next interval on."""
        keys = {place: _now_key(place) for place in floors.open()}
        known = batch.load(keys.values())
        for place, key in keys.items():
            if key in known:
                floors.begin_after(place, _present.decode(known[key]).as_of)

    def _intervals(self, batch: Batch, intervals: dict[tuple[str, str, int], Changes], floors: Floors) -> None:
        """In an interval's own entry are the sums of its parts, by number; each part is an entry too."""
        length = round(self._settings.times.interval)
        arrived = {place: _by_part(place, changes) for place, changes in intervals.items()}
        known = batch.load([key for parts in arrived.values() for key in parts] + [_key(place) for place in arrived])
        for place, parts in arrived.items():
            before = _sums.decode(known[_key(place)]) if _key(place) in known else {}
            after = dict(before)
            for key, (number, changes) in parts.items():
                part = _part.decode(known[key]) if key in known else Part()
                if _take(part, changes, floors[place[:2]]):
                    batch.save(key, _encode(part))
                    after[number] = sums(visit for _, visit in part.visits.values())
            if after == before:
                continue
            batch.save(_key(place), _encode(after))
            there = [part for part in after.values() if part.entered]
            told = interval(*place, length, there) if there else None
            self._tell(batch, place[0], Change("interval", _id(*place), batch.next_version(), told), intervals[place])

    def _now(self, batch: Batch, queues: dict[tuple[str, str], Changes], floors: Floors) -> None:
        keys = {place: _now_key(place) for place in queues}
        known = batch.load(keys.values())
        for (queue, channel), changes in queues.items():
            key = keys[queue, channel]
            kept = _present.decode(known[key]) if key in known else Present()
            kept.as_of = max(kept.as_of, *(told.as_of for told in changes))
            for told in changes:
                _enter(kept, told)
            # Of what is over nothing is kept: read again, the log ends where it ended.
            kept.visits = {
                visit_id: present for visit_id, present in kept.visits.items() if present[1].times_out_at > kept.as_of
            }
            batch.save(key, _encode(kept))
            floors[queue, channel].live = [visit for _, visit in kept.visits.values()]
            state = now(queue, channel, kept.as_of, (visit for _, visit in kept.visits.values()))
            self._tell(batch, queue, Change("now", key[1:].decode(), batch.next_version(), state), changes)

    def _tell(self, batch: Batch, queue: str, told: Change[object], changes: Changes) -> None:
        told.deleted = told.payload is None
        told.as_of = max(change_.as_of for change_ in changes)
        told.causes = [change_.id for change_ in changes[-change.CAUSES_KEPT :]]
        batch.emit(topics.QUEUES, queue.encode(), change.encode(told))


def _id(*place: object) -> str:
    return "|".join(map(str, place))


def _key(place: tuple[str, str, int]) -> bytes:
    return b"i" + _id(*place).encode()


def _now_key(place: tuple[str, str]) -> bytes:
    return b"n" + _id(*place).encode()


def _by_part(place: tuple[str, str, int], changes: Changes) -> dict[bytes, tuple[int, Changes]]:
    """The changes by the part of the interval that they belong to: its entry's key and its number."""
    name = _id(*place).encode()
    parts: dict[bytes, tuple[int, Changes]] = {}
    for told in changes:
        number = crc32(told.id.encode()) % PARTS
        parts.setdefault(b"v%d|%s" % (number, name), (number, []))[1].append(told)
    return parts


def _take(part: Part, changes: Changes, floor: Changed) -> bool:
    """Brings ``part`` up to date, the highest version of a visit winning; whether anything changed. What was and what
    is goes to ``floor``."""
    changed = False
    for told in changes:
        known = part.visits.get(told.id)
        if (known[0] if known is not None else part.gone.get(told.id, 0)) >= told.version:
            continue
        changed = True
        before = known[1] if known is not None else None
        if told.deleted:
            part.visits.pop(told.id, None)
            part.gone[told.id] = told.version
            floor.visit(before, None)
        elif told.payload is not None:
            floor.visit(before, told.payload)
            part.visits[told.id] = told.version, told.payload
            part.gone.pop(told.id, None)
    return changed


def _enter(kept: Present, told: Change[QueueVisit]) -> None:
    """Brings the visit that ``told`` is about up to date."""
    known = kept.visits.get(told.id)
    if known is not None and known[0] >= told.version:
        return
    there = None if told.deleted or told.payload is None else live(told.payload)
    if there is None:
        kept.visits.pop(told.id, None)
    else:
        kept.visits[told.id] = told.version, there
