"""What agents served, and the states that they tell, become their day: by interval, and now. Keyed by agent."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from journeys import agents, change
from journeys.agents import STATE_CHANGED, AgentEvent
from journeys.change import Change
from journeys.partition import partition_of
from journeys.service import Service
from journeys.settings import Settings
from journeys.staffing.situation import KEY
from journeys.touchpoint import Invalid
from journeys.workload import AgentInterval, AgentNow, day_of, figures, kept, newest, now
from streams import topics
from streams.batch import Batch
from streams.stage import Record

Arrived = tuple[AgentEvent, Record]


class Head(msgspec.Struct, array_like=True):
    """What is known of an agent as a whole."""

    days: tuple[int, ...] = ()
    """Those on which a state or a service began, in their order."""
    until: int = 0
    """The time of its newest event."""


class Day(msgspec.Struct, array_like=True):
    """What began on one of an agent's days, and what was said of its intervals."""

    events: dict[str, AgentEvent] = {}
    services: dict[str, tuple[int, Service]] = {}
    """Service id to its version and what it was last."""
    gone: dict[str, int] = {}
    """Services that left it, and the version under which they did: nothing older brings them back."""
    told: dict[int, bytes] = {}
    """Start of an interval to a digest of its figures."""

    @property
    def began(self) -> bool:
        """Whether anything did."""
        return bool(self.events or self.services)


_encode = msgspec.msgpack.Encoder().encode
_head = msgspec.msgpack.Decoder(Head)
_day = msgspec.msgpack.Decoder(Day)
_changes = msgspec.json.Decoder(Change[Service])


class AgentStage:
    name = "agent"
    inputs = (topics.AGENTS, topics.AGENTS_ROUTED, topics.SERVICES)
    schema = 1
    linger_s = 5.0  # a manager looks at quarters of an hour, and each time an agent's day is gone through
    fewest = 1

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._future = settings.times.future.ms
        self._lateness = settings.times.lateness.ms

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        raise ValueError(f"the agent stage never kept state of schema {schema}")

    def process(self, batch: Batch) -> None:
        events: dict[str, list[Arrived]] = {}
        changes: dict[str, list[Change[Service]]] = {}
        for record in batch.records:
            if record.topic == topics.SERVICES:
                told = _changes.decode(record.value or b"")
                if told.payload is None:
                    raise ValueError(f"service {told.id} has no payload")
                changes.setdefault(told.payload.agent, []).append(told)
            elif (event := self._read(batch, record)) is not None:
                events.setdefault(event.agent, []).append((event, record))
        agents_ = events.keys() | changes.keys()
        heads = batch.load([_head_key(agent) for agent in agents_])
        for agent in sorted(agents_):
            raw = heads.get(_head_key(agent))
            head = Head() if raw is None else _head.decode(raw)
            self._take(batch, agent, head, events.get(agent, []), changes.get(agent, []))

    def _read(self, batch: Batch, record: Record) -> AgentEvent | None:
        """The event in ``record`` if it is one for this partition; others are rejected, forwarded or counted."""
        raw = record.value or b""
        try:
            event = agents.decode(raw)
        except Invalid as error:
            batch.reject(record, error.reason, error.told, str(error))
            return None
        if event.at > record.timestamp + self._future:
            batch.reject(record, "in_the_future", f"time: {event.at} is over {self._future} ms after its arrival")
            return None
        if event.type != STATE_CHANGED:
            batch.count("other_types")
            return None
        key = event.agent.encode()
        if partition_of(key, batch.partitions) != batch.partition:
            batch.emit(topics.AGENTS_ROUTED, key, raw, headers=record.headers, timestamp=record.timestamp)
            batch.count("routed")
            return None
        return kept(event, self._settings)

    def _take(
        self, batch: Batch, agent: str, head: Head, events: list[Arrived], changes: list[Change[Service]]
    ) -> None:
        days = _Days(batch, agent)
        touched = {day_of(event.at) for event, _ in events}
        touched |= {day_of(told.payload.connected_at) for told in changes if told.payload is not None}
        days.load({near for day in touched for near in (day - 1, day, day + 1)} | set(head.days[-2:]))
        before = head.until
        changed = self._accept(batch, days, head, events) + _served(days, changes)
        if not changed:
            return
        head.days = tuple(sorted((set(head.days) - touched) | {day for day in touched if days[day].began}))
        days.load(head.days[-2:])
        last = [days[day] for day in head.days[-2:]]
        head.until = newest(_events(last), _services(last), self._settings)
        stirred = {day_of(at) for at in changed}
        if before and head.until and head.until != before:  # what lasts is counted up to there
            changed.append(min(before, head.until))
            stirred.add(day_of(changed[-1]))
        batch.save(_head_key(agent), _encode(head))
        if head.until:
            batch.observe(head.until)
        causes = [told.id for told in changes] + [event.id for event, _ in events]
        self._tell(batch, agent, head, days, stirred, min(changed), causes[-change.CAUSES_KEPT :])
        days.save()

    def _accept(self, batch: Batch, days: _Days, head: Head, events: list[Arrived]) -> list[int]:
        """Adds those of ``events`` that are new and in time; returns when they were."""
        changed = []
        until = head.until
        for event, record in events:
            day = days[day_of(event.at)]
            same = day.events.get(event.id)
            if same is not None:
                if same == event:
                    batch.count("duplicates")
                else:
                    batch.reject(
                        record,
                        "id_reused",
                        "id: was given to another event of this agent",
                        f"id: {event.id!r} was given to another event of this agent",
                    )
            elif event.at < until - self._lateness:
                batch.reject(
                    record, "too_late", f"time: {event.at} is over {self._lateness} ms before the newest, {until}"
                )
            else:
                day.events[event.id] = event
                until = max(until, event.at)
                changed.append(event.at)
        return changed

    def _tell(
        self, batch: Batch, agent: str, head: Head, days: _Days, stirred: set[int], since: int, causes: list[str]
    ) -> None:
        """Emits the intervals that are not as they were told, of the stirred days and those after them; and the agent
        as it is now."""

        def emit(entity: str, entity_id: str, payload: AgentInterval | AgentNow | None) -> None:
            told = Change(entity, entity_id, batch.next_version(), payload, payload is None, head.until, causes=causes)
            raw = change.encode(told)
            batch.emit(topics.AGENT_FIGURES, agent.encode(), raw)
            if entity == "now":
                batch.emit(topics.FLOORS, KEY, raw)

        for day in sorted(stirred | {one + 1 for one in stirred}):
            days.load((day - 1, day))
            own = (days[day - 1], days[day])
            found = figures(agent, day, _events(own), _services(own), head.until, self._settings, since)
            told = days[day].told
            for starts_at in sorted(told.keys() | found.keys()):
                interval = found.get(starts_at)
                if interval is None:
                    if starts_at + self._settings.interval_ms > since:
                        del told[starts_at]
                        emit("interval", f"{agent}|{starts_at}", None)
                elif told.get(starts_at) != (digest := blake2b(_encode(interval), digest_size=8).digest()):
                    told[starts_at] = digest
                    emit("interval", f"{agent}|{starts_at}", interval)
        last = [days[day] for day in head.days[-2:]]
        emit("now", agent, now(agent, _events(last), _services(last), head.until, self._settings) if last else None)


class _Days:
    """An agent's days: those that were asked for, read once, and written if they changed."""

    def __init__(self, batch: Batch, agent: str) -> None:
        self._batch = batch
        self._agent = agent
        self._days: dict[int, Day] = {}
        self._read: dict[int, bytes | None] = {}

    def __getitem__(self, day: int) -> Day:
        return self._days[day]

    def load(self, days: Iterable[int]) -> None:
        missing = {_day_key(self._agent, day): day for day in days if day not in self._days}
        known = self._batch.load(missing) if missing else {}
        for key, day in missing.items():
            raw = self._read[day] = known.get(key)
            self._days[day] = Day() if raw is None else _day.decode(raw)

    def save(self) -> None:
        for number, day in self._days.items():
            raw = _encode(day) if day.began or day.gone or day.told else None
            if raw != self._read[number]:
                self._batch.save(_day_key(self._agent, number), raw)


def _served(days: _Days, changes: list[Change[Service]]) -> list[int]:
    """Brings services up to date, the highest version winning; returns from when on that changed something."""
    changed = []
    for told in changes:
        if told.payload is None:
            continue
        at = told.payload.connected_at
        day = days[day_of(at)]
        known = day.services.get(told.id)
        if (known[0] if known is not None else day.gone.get(told.id, 0)) >= told.version:
            continue
        changed += [at] if known is None else [at, known[1].connected_at]
        if told.deleted:
            day.services.pop(told.id, None)
            day.gone[told.id] = told.version
        else:
            day.services[told.id] = told.version, told.payload
            day.gone.pop(told.id, None)
    return changed


def _events(days: Iterable[Day]) -> list[AgentEvent]:
    return [event for day in days for event in day.events.values()]


def _services(days: Iterable[Day]) -> list[Service]:
    return [service for day in days for _, service in day.services.values()]


def events_in(key: bytes, value: bytes) -> Iterable[AgentEvent]:
    """What agents told, as far as it is kept in this entry of the stage's state."""
    return _day.decode(value).events.values() if key.startswith(b"d") else ()


def _head_key(agent: str) -> bytes:
    return b"a" + agent.encode()


def _day_key(agent: str, day: int) -> bytes:
    return b"d%d|" % day + agent.encode()
