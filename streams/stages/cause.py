"""The tallies of all partitions become the day's root causes, and what is worse than usual a signal.

One partition has them all: what a batch of the journey stage changed comes as one message, so there are few.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from hashlib import blake2b
from operator import add
from zlib import crc32

import msgspec

from journeys import change
from journeys.causes import HOUR_MS, HOURS_A_DAY, KEPT_HOURS, RootCause, Tallied, Tally
from journeys.change import Change
from journeys.journey import Signal
from journeys.root_causes import Emerging, Evidence, Key, emerging, evidence, ranked, worse
from journeys.settings import Settings
from streams import topics
from streams.batch import Batch

PARTS = 16
"""The tallies of an hour lie in so many parts, so that a change rewrites few and none is too large."""


class Kept(msgspec.Struct, array_like=True):
    """Which hours there are, and up to where each partition was heard."""

    hours: list[int] = []
    versions: dict[int, int] = {}


class Said(msgspec.Struct, array_like=True):
    """What was said of a day: a digest of each row, and the causes that were signalled, or judged to be as usual."""

    rows: dict[str, bytes] = {}
    judged: set[Key] = set()


Part = dict[str, dict[int, Tally]]
"""By the name of a tally's place, what each partition has."""

_KEPT = b"k"
_pack = msgspec.msgpack.Encoder().encode
_payload = msgspec.json.Encoder().encode
_kept = msgspec.msgpack.Decoder(Kept).decode
_part = msgspec.msgpack.Decoder(Part).decode
_evidence = msgspec.msgpack.Decoder(list[tuple[Key, Evidence]]).decode
_said = msgspec.msgpack.Decoder(Said).decode
_changes = msgspec.json.Decoder(Change[Tallied]).decode


class CauseStage:
    name = "cause"
    inputs = (topics.TALLIES,)
    schema = 1
    linger_s = 5.0  # causes show within the hour, not within the second, and a day is ranked anew each time
    fewest = 1_000  # ... whatever came meanwhile

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError(f"the cause stage never kept state of schema {schema}")

    def process(self, batch: Batch) -> None:
        known = batch.load([_KEPT]).get(_KEPT)
        kept = _kept(known) if known is not None else Kept()
        changed = _arrived(batch, kept)
        if not changed:
            return
        newest = max(*kept.hours, *changed) if kept.hours else max(changed)
        changed = {hour: parts for hour, parts in changed.items() if hour > newest - KEPT_HOURS}
        fresh = self._hours(batch, changed)
        self._drop(batch, kept, newest, changed)
        batch.save(_KEPT, _pack(kept))
        for day in sorted({hour // HOURS_A_DAY for hour in changed}):
            self._day(batch, day, fresh, kept, newest)

    def _hours(self, batch: Batch, changed: dict[int, Part]) -> dict[int, dict[Key, Evidence]]:
        """Brings the hours up to date; what is known of their causes now."""
        found = {}
        for hour, tallies in changed.items():
            keys = [b"t%d|%d" % (hour, number) for number in range(PARTS)]
            known = batch.load(keys)
            parts = [_part(known[key]) if key in known else {} for key in keys]
            touched = set()
            for name, own in tallies.items():
                number = crc32(name.encode()) % PARTS
                touched.add(number)
                there = parts[number].setdefault(name, {})
                there.update(own)
                for partition in [partition for partition, tally in own.items() if not any(tally)]:
                    del there[partition]
                if not there:
                    del parts[number][name]
            for number in touched:
                batch.save(keys[number], _pack(parts[number]) if parts[number] else None)
            found[hour] = evidence({name: _sum(own.values()) for part in parts for name, own in part.items()})
            batch.save(b"e%d" % hour, _pack(list(found[hour].items())))
        return found

    def _drop(self, batch: Batch, kept: Kept, newest: int, changed: Iterable[int]) -> None:
        """What nothing can change any more."""
        hours = {*kept.hours, *changed}
        kept.hours = sorted(hour for hour in hours if hour > newest - KEPT_HOURS)
        for hour in hours - set(kept.hours):
            for number in range(PARTS):
                batch.save(b"t%d|%d" % (hour, number), None)
            batch.save(b"e%d" % hour, None)
        for day in {hour // HOURS_A_DAY for hour in hours} - {hour // HOURS_A_DAY for hour in kept.hours}:
            batch.save(b"d%d" % day, None)

    def _day(self, batch: Batch, day: int, fresh: dict[int, dict[Key, Evidence]], kept: Kept, newest: int) -> None:
        key = b"d%d" % day
        known = batch.load([key]).get(key)
        said = _said(known) if known is not None else Said()
        as_of = batch.newest_at or 0
        own = [hour for hour in kept.hours if hour // HOURS_A_DAY == day]
        hours = self._evidence(batch, own, fresh)
        self._tell(batch, said, ranked(day, hours, as_of), as_of)
        for hour in own:
            if hour in fresh and hour >= newest - 1:
                keys = [one for one in worse(hours[hour]) if one not in said.judged]
                if keys:
                    said.judged.update(keys)
                    earlier = self._evidence(batch, [one for one in kept.hours if one < hour], fresh)
                    for one in emerging(hours[hour], earlier.values(), keys):
                        self._signal(batch, _signal(one, hour, as_of), as_of)
        batch.save(key, _pack(said))

    def _evidence(
        self, batch: Batch, hours: Iterable[int], fresh: dict[int, dict[Key, Evidence]]
    ) -> dict[int, dict[Key, Evidence]]:
        keys = {b"e%d" % hour: hour for hour in hours}
        known = batch.load([key for key, hour in keys.items() if hour not in fresh])
        return {
            hour: fresh[hour] if hour in fresh else dict(_evidence(known[key]))
            for key, hour in keys.items()
            if hour in fresh or key in known
        }

    def _tell(self, batch: Batch, said: Said, rows: list[RootCause], as_of: int) -> None:
        """The rows that differ from what was said, or are no more."""
        before, said.rows = said.rows, {}
        for row in rows:
            name = _name(row)
            same = msgspec.structs.replace(row, as_of=0)
            digest = said.rows[name] = blake2b(_payload(same), digest_size=8).digest()
            if before.get(name) != digest:
                self._emit(batch, Change("cause", name, batch.next_version(), row, as_of=as_of))
        for name in before.keys() - said.rows.keys():
            self._emit(batch, Change("cause", name, batch.next_version(), None, deleted=True, as_of=as_of))

    def _emit(self, batch: Batch, told: Change[RootCause]) -> None:
        batch.emit(topics.CAUSES, told.id.partition("/")[0].encode(), change.encode(told))

    def _signal(self, batch: Batch, signal: Signal, as_of: int) -> None:
        told = Change("signal", signal.signal_id, batch.next_version(), signal, as_of=as_of)
        batch.emit(topics.SIGNALS, signal.signal_id.encode(), change.encode(told))


def _arrived(batch: Batch, kept: Kept) -> dict[int, Part]:
    """By hour and place, what partitions have said since they were heard last."""
    changed: dict[int, Part] = {}
    for record in batch.records:
        told = _changes(record.value or b"")
        batch.observe(told.as_of)
        if told.payload is None or told.version <= kept.versions.get(told.payload.partition, -1):
            continue
        partition = told.payload.partition
        kept.versions[partition] = told.version
        for hour, tallies in told.payload.hours.items():
            there = changed.setdefault(hour, {})
            for name, tally in tallies.items():
                there.setdefault(name, {})[partition] = tally
    return changed


def _sum(tallies: Collection[Tally]) -> Tally:
    if len(tallies) == 1:  # most places are rare
        return next(iter(tallies))
    first, *others = tallies
    for tally in others:
        first = list(map(add, first, tally))
    return first


def _name(row: RootCause) -> str:
    return f"{datetime.fromtimestamp(row.day / 1000, UTC):%Y-%m-%d}/{row.event}/{row.dimension}/{row.cause}"


def _signal(found: Emerging, hour: int, as_of: int) -> Signal:
    event, dimension, cause = found.key
    one = found.evidence
    begins = datetime.fromtimestamp(hour * HOUR_MS / 1000, UTC)
    details: dict[str, str | int | float | bool] = {
        "event": event,
        "dimension": dimension,
        "hour": begins.isoformat(),
        "count": one.seen,
        "exposed": one.compared,
        "rate": one.seen / one.compared,
        "usual": found.usual * one.expected / one.compared,
        "p_value": found.p_value,
    }
    if one.expected:
        details["lift"] = one.seen / (found.usual * one.expected)
    return Signal(
        signal_id=f"emerging_cause:{begins:%Y-%m-%dT%H}/{event}/{dimension}/{cause}",
        kind="emerging_cause",
        customer="",
        journey_id="",
        at=max(as_of, hour * HOUR_MS),
        contact_id="",
        cause=cause,
        details=details,
    )
