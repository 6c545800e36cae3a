"""What all queues, agents and open journeys are like, as of one moment, becomes what staffing says. In one partition.

At most every few seconds (``[staffing] every``), by the time of events, everything that is known is put together and
judged: the floor of each queue, what is coming, who is missing and whom to move. Told is what changed.

A plan runs in the worker's event loop, so it must not take long: forecasts are learned a few at a time
(journeys/staffing/coming.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from math import isinf
from typing import Any, TypeVar
from zlib import crc32

import msgspec

from journeys import change
from journeys.change import Change
from journeys.settings import Settings
from journeys.staffing.crew import crew, manned, work_on
from journeys.staffing.figures import Accuracy, Floor, Move, Staffing
from journeys.staffing.live import DAY_MS, LATELY_MS, SLOT_MS, USUAL_MS, Present, Seen, Slot, floor
from journeys.staffing.schedule import Roster, kept
from journeys.staffing.situation import (
    Brought,
    Demand,
    Foretold,
    Place,
    Schedule,
    Shift,
    Situation,
    Uploaded,
)
from journeys.workload import AgentNow, day_of
from streams import topics
from streams.batch import Batch

DEMAND_DAYS = 56
"""Eight weeks of each queue, for the forecast by the hour of the week."""
PARTS = 16
"""Agents and their shifts lie in so many parts, by the hash of their names."""
CHUNK = 500_000
"""Bytes of the planner's memory in one entry."""
NEAR = 5
"""What is said of so many intervals is told when it changes."""
MOST_DAYS = 4_096
"""Of 73 queues all eight weeks."""
FORGOTTEN_MS = 35 * DAY_MS
"""An agent of whom nothing was heard for so long is not known any more."""
Row = Floor | Staffing | Move | Accuracy
Demands = dict[int, Demand]


class Head(msgspec.Struct, array_like=True):
    as_of: int = 0
    planned_at: int = 0
    places: dict[str, tuple[int, str, str, list[int]]] = {}
    """By name: the version last heard, queue, channel, and the days there is demand of."""
    partitions: dict[int, int] = {}
    """Of the journey stage, and the version last heard."""
    days: list[int] = []
    """Those on which shifts or forecasts begin."""
    memory: int = 0
    """In how many entries the planner's lies."""


class Known(msgspec.Struct, array_like=True):
    """One queue and channel, as far as it was told."""

    there: Present = Present()
    slots: dict[int, Slot] = {}


class Plans(msgspec.Struct, array_like=True):
    """What was uploaded for one day: by agent, and by queue and channel."""

    shifts: dict[str, tuple[Shift, ...]] = {}
    forecasts: dict[str, tuple[Foretold, ...]] = {}


_pack = msgspec.msgpack.Encoder().encode
_payload = msgspec.json.Encoder().encode
_head = msgspec.msgpack.Decoder(Head).decode
_known = msgspec.msgpack.Decoder(Known).decode
_demand = lru_cache(MOST_DAYS)(msgspec.msgpack.Decoder(Demands).decode)
"""Most days of a queue are over and read for every plan, so what they decode to is remembered; it is never changed."""
_agents = msgspec.msgpack.Decoder(dict[str, tuple[int, AgentNow]]).decode
_brought = msgspec.msgpack.Decoder(Brought).decode
_plans = msgspec.msgpack.Decoder(Plans).decode
_told = msgspec.msgpack.Decoder(dict[str, tuple[int, bytes]]).decode
_news = msgspec.json.Decoder(Change[Seen | AgentNow | Brought]).decode
_uploaded = msgspec.json.Decoder(Uploaded).decode
Entry = TypeVar("Entry")
Agents = dict[str, tuple[int, AgentNow]]
Said = dict[str, tuple[int, bytes]]
"""By the name of a row, until when it may be told again, and a digest of it."""


class StaffingStage:
    name = "staffing"
    inputs = (topics.FLOORS, topics.SCHEDULES)
    schema = 1
    linger_s = 2.0
    fewest = 1_000  # a plan costs the same, whatever came before it

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError(f"the staffing stage never kept state of schema {schema}")

    def process(self, batch: Batch) -> None:
        store = _Store(batch)
        self._hear(batch, store)
        head = store.head
        batch.observe(head.as_of)
        if head.as_of >= head.planned_at + self._settings.staffing.every.ms and head.places:
            self._plan(batch, store)
        store.save()

    def _hear(self, batch: Batch, store: _Store) -> None:
        head = store.head
        for record in batch.records:
            if record.topic == topics.SCHEDULES:
                store.upload(_uploaded(record.value or b""))
                continue
            told = _news(record.value or b"")
            if isinstance(told.payload, Seen):
                store.hear_place(told.id, told.version, told.payload)
            elif isinstance(told.payload, Brought):
                store.hear_partition(told.version, told.payload)
            elif told.entity == "now":
                store.hear_agent(told.id, told.version, told.payload)
            # An event whose clock is ahead does not take the moment along: nothing is known before it was written.
            head.as_of = max(head.as_of, min(told.as_of, record.timestamp or told.as_of))

    def _plan(self, batch: Batch, store: _Store) -> None:
        from journeys.staffing.plan import Planner  # scipy is no matter of the workers that own other partitions

        as_of = store.head.planned_at = store.head.as_of
        store.prune(as_of)
        situation = self._situation(store, as_of)
        planner = Planner(self._settings, store.memory())
        plan = planner.plan(situation)
        store.remember(planner.memory)
        self._tell(batch, store, [*situation.floors, *plan.staffing, *plan.moves, *plan.accuracy])

    def _situation(self, store: _Store, as_of: int) -> Situation:
        settings = self._settings
        lately = dict(store.demand(since=day_of(as_of - USUAL_MS)))
        floors = [
            floor(*place, as_of, known.there, known.slots, lately[place], settings)
            for place, known in store.known()
            if place[0]  # contacts that name no queue are in nobody's charge
        ]
        work = work_on(floors)
        everybody = crew(store.agents(), as_of, settings)
        floors = manned(floors, everybody, work)
        schedule = store.schedule(as_of)
        if schedule:
            keeping = kept(Roster(schedule.shifts, settings), everybody, as_of, work, settings)
            for number, one in enumerate(floors):
                if keeps := keeping.get((one.queue, one.channel)):
                    floors[number] = msgspec.structs.replace(one, scheduled=keeps.scheduled, adherence=keeps.adherence)
        return Situation(as_of, floors, everybody, dict(store.demand()), store.bringing(), schedule)

    def _tell(self, batch: Batch, store: _Store, rows: Iterable[Row]) -> None:
        """Those that are not as they were told. What is far off is told as often as the planner says it."""
        as_of = store.head.as_of
        near = as_of + NEAR * self._settings.interval_ms
        for row in rows:
            name, queue, until = _name(row)
            if isinstance(row, Staffing) and row.asa_s is not None and isinf(row.asa_s):
                row = msgspec.structs.replace(row, asa_s=None)  # JSON knows no infinity
            far = isinstance(row, Staffing) and row.starts_at >= near
            if far or store.tells(queue, name, until, _digest(row)):
                told = Change(type(row).__name__.lower(), name, batch.next_version(), row, as_of=as_of)
                batch.emit(topics.STAFFING, queue.encode(), change.encode(told))


def _name(row: Row) -> tuple[str, str, int]:
    """The row's id, its queue, and until when (ms) it may be told again."""
    if isinstance(row, Move):
        return row.move_id, row.taker.queue, row.until + DAY_MS
    if isinstance(row, Floor):
        return f"{row.queue}|{row.channel}", row.queue, row.as_of + 7 * DAY_MS
    if isinstance(row, Accuracy):
        return f"{row.queue}|{row.channel}|{row.day}", row.queue, (row.day + 2) * DAY_MS
    return f"{row.queue}|{row.channel}|{row.starts_at}", row.queue, row.starts_at + 1000 * row.interval_s


def _digest(row: Row) -> bytes:
    """Of what a person would see of it: the moment apart, and fractions beyond the third."""
    fields: dict[str, Any] = msgspec.to_builtins(row)
    fields.pop("as_of", None)
    return blake2b(_payload(_rounded(fields)), digest_size=8).digest()


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value


class _Store:
    """The stage's state during one batch: entries are read when they are asked for, and written if they changed."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._entries: dict[bytes, Any] = {}
        self._changed: set[bytes] = set()
        self.head = self._entry(b"k", _head, Head)
        self._changed.add(b"k")

    def save(self) -> None:
        for key in sorted(self._changed):
            value = self._entries[key]
            self._batch.save(key, None if value is None else _pack(value))

    def _entry(self, key: bytes, decode: Callable[[bytes], Entry], new: Callable[[], Entry]) -> Entry:
        if key not in self._entries:
            raw = self._batch.load((key,)).get(key)
            self._entries[key] = new() if raw is None else decode(raw)
        found: Entry = self._entries[key]
        return found

    def _drop(self, key: bytes) -> None:
        self._entries[key] = None
        self._changed.add(key)

    # What comes.

    def hear_place(self, name: str, version: int, seen: Seen) -> None:
        heard, _, _, days = self.head.places.get(name, (0, "", "", []))
        if version <= heard:
            return
        key = b"f|" + name.encode()
        known = self._entry(key, _known, Known)
        known.there = seen.there
        known.slots.update(seen.slots)
        self._changed.add(key)
        there = set(days)
        for starts_at, demand in seen.demand.items():
            day = day_of(starts_at)
            there.add(day)
            key = b"d%d|%s" % (day, name.encode())
            known_then = self._entry(key, _demand, Demands)
            if key not in self._changed:
                known_then = self._entries[key] = dict(known_then)
                self._changed.add(key)
            known_then[starts_at] = demand
        self.head.places[name] = version, seen.queue, seen.channel, sorted(there)

    def hear_partition(self, version: int, brought: Brought) -> None:
        if version > self.head.partitions.get(brought.partition, 0):
            self.head.partitions[brought.partition] = version
            key = b"b%d" % brought.partition
            self._entries[key] = brought
            self._changed.add(key)

    def hear_agent(self, agent: str, version: int, now: AgentNow | Any) -> None:
        key = b"a%d" % (crc32(agent.encode()) % PARTS)
        own = self._entry(key, _agents, Agents)
        if version <= own.get(agent, (0, None))[0]:
            return
        if now is None:
            own.pop(agent, None)
        else:
            own[agent] = version, now
        self._changed.add(key)

    def upload(self, uploaded: Uploaded) -> None:
        if uploaded.day not in self.head.days:
            self.head.days = sorted({*self.head.days, uploaded.day})
        by_agent: dict[str, list[Shift]] = {}
        for shift in uploaded.shifts:
            by_agent.setdefault(shift.agent, []).append(shift)
        for agent, shifts in by_agent.items():
            self._plans(uploaded.day, crc32(agent.encode()) % PARTS).shifts[agent] = tuple(shifts)
        by_place: dict[str, list[Foretold]] = {}
        for one in uploaded.forecasts:
            by_place.setdefault(f"{one.queue}|{one.channel}", []).append(one)
        for name, forecasts in by_place.items():
            self._plans(uploaded.day, crc32(name.encode()) % PARTS).forecasts[name] = tuple(forecasts)

    def _plans(self, day: int, number: int) -> Plans:
        key = b"s%d|%d" % (day, number)
        self._changed.add(key)
        return self._entry(key, _plans, Plans)

    # What is known.

    def known(self) -> Iterator[tuple[Place, Known]]:
        for name, (_, queue, channel, _) in self.head.places.items():
            yield (queue, channel), self._entry(b"f|" + name.encode(), _known, Known)

    def demand(self, since: int = 0) -> Iterator[tuple[Place, Demands]]:
        """Of the days from ``since`` (since the epoch) on."""
        for name, (_, queue, channel, days) in self.head.places.items():
            found: Demands = {}
            for day in days:
                if day >= since:
                    found.update(self._entry(b"d%d|%s" % (day, name.encode()), _demand, Demands))
            yield (queue, channel), found

    def agents(self) -> Iterator[AgentNow]:
        for number in range(PARTS):
            for _, agent in self._entry(b"a%d" % number, _agents, Agents).values():
                yield agent

    def bringing(self) -> list[Any]:
        """Of all partitions together."""
        found = []
        for partition in sorted(self.head.partitions):
            found += self._entry(b"b%d" % partition, _brought, lambda: Brought(0, 0)).bringing
        return found

    def schedule(self, as_of: int) -> Schedule | None:
        """None where nothing was uploaded for these days."""
        shifts: list[Shift] = []
        forecasts: list[Foretold] = []
        for day in self.head.days:
            for number in range(PARTS):
                plans = self._entry(b"s%d|%d" % (day, number), _plans, Plans)
                shifts += [shift for own in plans.shifts.values() for shift in own if shift.ends_at > as_of]
                forecasts += [one for own in plans.forecasts.values() for one in own if one.ends_at > as_of]
        return Schedule(tuple(shifts), tuple(forecasts)) if shifts or forecasts else None

    # What the planner keeps.

    def memory(self) -> bytes | None:
        keys = [b"p%d" % number for number in range(self.head.memory)]
        known = self._batch.load(keys)
        return b"".join(known[key] for key in keys) or None

    def remember(self, memory: bytes) -> None:
        before = self.head.memory
        self.head.memory = -(-len(memory) // CHUNK)
        for number in range(max(before, self.head.memory)):
            self._batch.save(b"p%d" % number, memory[number * CHUNK : (number + 1) * CHUNK] or None)

    # What was told.

    def tells(self, queue: str, name: str, until: int, digest: bytes) -> bool:
        """Whether this is news; from now on it is not."""
        key = b"t|" + queue.encode()
        told = self._entry(key, _told, Said)
        if told.get(name, (0, b""))[1] == digest:
            return False
        told[name] = until, digest
        self._changed.add(key)
        return True

    def prune(self, as_of: int) -> None:
        """Drops what is too old to say anything."""
        today = day_of(as_of)
        for name, (version, queue, channel, days) in self.head.places.items():
            for day in days:
                if day <= today - DEMAND_DAYS:
                    self._drop(b"d%d|%s" % (day, name.encode()))
            left = [day for day in days if day > today - DEMAND_DAYS]
            self.head.places[name] = version, queue, channel, left
        first = (as_of - LATELY_MS) // SLOT_MS
        for _, known in self.known():
            known.slots = {number: slot for number, slot in known.slots.items() if number >= first}
        for day in [day for day in self.head.days if day < today - 1]:
            for number in range(PARTS):
                self._drop(b"s%d|%d" % (day, number))
            self.head.days.remove(day)
        for number in range(PARTS):
            agents = self._entry(b"a%d" % number, _agents, Agents)
            for agent in [name for name, (_, now) in agents.items() if now.as_of <= as_of - FORGOTTEN_MS]:
                del agents[agent]
                self._changed.add(b"a%d" % number)
        for queue in {queue for _, queue, _, _ in self.head.places.values()}:
            key = b"t|" + queue.encode()
            told = self._entry(key, _told, Said)
            for name in [name for name, (until, _) in told.items() if until <= as_of]:
                del told[name]
                self._changed.add(key)
