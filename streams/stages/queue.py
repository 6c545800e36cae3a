"""Queue visits become the figures of their queue: per interval, and now. Keyed by queue."""

from __future__ import annotations

import msgspec

from journeys import change
from journeys.change import Change
from journeys.contact import QueueVisit
from journeys.queue import figures, interval_of, now
from journeys.settings import Settings
from streams import topics
from streams.batch import Batch


class Kept(msgspec.Struct, array_like=True):
    """The state of one interval (every visit that entered in it) or of one queue and channel now (those not over)."""

    visits: dict[str, tuple[int, QueueVisit]]
    """Visit id to its version and what it was last."""
    as_of: int = 0
    gone: dict[str, int] = {}
    """Visits that left it, and the version under which they did: nothing older brings them back."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Kept)
_changes = msgspec.json.Decoder(Change[QueueVisit])


class QueueStage:
    name = "queue"
    inputs = (topics.VISITS,)
    schema = 1
    linger_s = 0.5  # a manager looks at figures of a quarter of an hour

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError(f"the queue stage never kept state of schema {schema}")

    def process(self, batch: Batch) -> None:
        intervals: dict[tuple[str, str, int], list[Change[QueueVisit]]] = {}
        queues: dict[tuple[str, str], list[Change[QueueVisit]]] = {}
        for record in batch.records:
            told = _changes.decode(record.value or b"")
            if told.payload is None:
                raise ValueError(f"visit {told.id} has no payload")
            place = interval_of(told.payload, self._settings)
            intervals.setdefault(place, []).append(told)
            queues.setdefault(place[:2], []).append(told)
            batch.observe(told.as_of)
        self._intervals(batch, intervals)
        self._now(batch, queues)

    def _intervals(self, batch: Batch, intervals: dict[tuple[str, str, int], list[Change[QueueVisit]]]) -> None:
        length = round(self._settings.times.interval)
        keys = {place: b"i" + _id(*place).encode() for place in intervals}
        known = batch.load(keys.values())
        for (queue, channel, starts_at), changes in intervals.items():
            key = keys[queue, channel, starts_at]
            kept = _decoder.decode(known[key]) if key in known else Kept({})
            if not _take(kept, changes):
                continue
            batch.save(key, _encoder.encode(kept))
            visits = [visit for _, visit in kept.visits.values()]
            interval = figures(queue, channel, starts_at, length, visits) if visits else None
            self._tell(batch, queue, Change("interval", key[1:].decode(), batch.next_version(), interval), changes)

    def _now(self, batch: Batch, queues: dict[tuple[str, str], list[Change[QueueVisit]]]) -> None:
        keys = {place: b"n" + _id(*place).encode() for place in queues}
        known = batch.load(keys.values())
        for (queue, channel), changes in queues.items():
            key = keys[queue, channel]
            kept = _decoder.decode(known[key]) if key in known else Kept({})
            kept.as_of = max(kept.as_of, *(told.as_of for told in changes))
            _take(kept, changes)
            kept.visits = {
                visit_id: (version, visit)
                for visit_id, (version, visit) in kept.visits.items()
                if visit.ended_at is None and visit.times_out_at > kept.as_of
            }
            kept.gone = {}  # of what is over nothing is kept here either: read again, the log ends where it ended
            batch.save(key, _encoder.encode(kept))
            live = now(queue, channel, kept.as_of, (visit for _, visit in kept.visits.values()))
            self._tell(batch, queue, Change("now", key[1:].decode(), batch.next_version(), live), changes)

    def _tell(self, batch: Batch, queue: str, told: Change[object], changes: list[Change[QueueVisit]]) -> None:
        told.deleted = told.payload is None
        told.as_of = max(change_.as_of for change_ in changes)
        told.causes = [change_.id for change_ in changes[-change.CAUSES_KEPT :]]
        batch.emit(topics.QUEUES, queue.encode(), change.encode(told))


def _id(*place: object) -> str:
    return "|".join(map(str, place))


def _take(kept: Kept, changes: list[Change[QueueVisit]]) -> bool:
    """Brings ``kept`` up to date, the highest version of a visit winning; whether anything changed."""
    changed = False
    for told in changes:
        known = kept.visits.get(told.id)
        if (known[0] if known is not None else kept.gone.get(told.id, 0)) >= told.version:
            continue
        changed = True
        if told.deleted:
            kept.visits.pop(told.id, None)
            kept.gone[told.id] = told.version
        elif told.payload is not None:
            kept.visits[told.id] = told.version, told.payload
            kept.gone.pop(told.id, None)
    return changed
