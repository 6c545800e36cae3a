"""From what stands on a topic to a table's rows: one typed reading per topic, then columns.

This is the sinks' hot path: a message is decoded once, the highest version per entity is kept, and the columns are
built by comprehensions, one a column, when the block is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from math import fsum
from typing import Any, NamedTuple, Protocol

import msgspec

from journeys.causes import RootCause
from journeys.change import Change
from journeys.contact import QueueVisit
from journeys.forgetting import KEY, Forgotten
from journeys.identity import Identified, is_identified
from journeys.journey import Journey, Signal, Stitched
from journeys.next_step import NextStep, Score
from journeys.queue import QueueInterval, QueueNow
from journeys.staffing.figures import Accuracy, Floor, Move, Side, Staffing
from journeys.stages import UNKNOWN, seconds
from journeys.workload import AgentInterval, AgentNow
from sinks import erasure, settlements, tables
from sinks.store import Columns
from sinks.tables import Table

MINUTE_MS = 60_000
DAY_MS = 86_400_000


class Record(Protocol):
    """What we use of a Kafka record (aiokafka's ``ConsumerRecord``)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Unreadable(NamedTuple):
    """A record, or a line of it, that is not what its topic promises: it goes to ``dead_letters`` and stops nothing."""

    record: Record
    value: bytes
    message: str


class Rows(Protocol):
    """The rows of one table that wait to be stored; at most one an identity, the one with the highest version."""

    table: Table

    def __len__(self) -> int: ...

    def take(self, record: Record) -> Iterable[Unreadable]:
        """Keep the rows in ``record``; returns what could not be read."""

    def columns(self) -> Columns:
        """All rows as columns, in the order of the table's."""

    def erasures(self) -> Iterable[str]:
        """Statements for what is to be forgotten, to be run before the rows are stored."""

    def parts(self) -> Sequence[Rows]:
        """Those of one table each: where a topic feeds several, they are stored one after the other."""
        return (self,)


class ChangedRows(Rows):
    """The rows of a table whose entities change: one message, one version of one entity."""

    def __init__(
        self, table: Table, decode: Callable[[bytes], Change[Any] | None], columns: Callable[..., Columns]
    ) -> None:
        self.table = table
        self._decode = decode
        self._columns = columns
        self._newest: dict[str, Change[Any]] = {}
        self._erased: list[str] = []
        self._forgotten: list[str] = []

    def __len__(self) -> int:
        return len(self._newest)

    def take(self, record: Record) -> Iterable[Unreadable]:
        value = record.value
        if value is None:  # compacted away upstream; a deletion that matters is a Change of its own
            return ()
        try:
            change = self._decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return (Unreadable(record, value, str(error)),)
        if change is None:
            return ()
        if change.erased:
            self._erase(change)
        else:
            self.keep(change)
        return ()

    def keep(self, change: Change[Any]) -> None:
        """Its row waits to be stored, unless a later version does."""
        kept = self._newest.get(change.id)
        if kept is None or change.version >= kept.version:
            self._newest[change.id] = change

    def _erase(self, change: Change[Any]) -> None:
        """What waits to be stored goes at once, what is stored with the next block; what comes later stays."""
        if change.entity == "customer":
            self._forgotten.append(change.id)
            for key, kept in list(self._newest.items()):
                if erasure.is_of_customer(key, kept.payload, change.id):
                    del self._newest[key]
        else:
            self._erased.append(change.id)
            self._newest.pop(change.id, None)

    def erasures(self) -> Iterable[str]:
        yield from erasure.of_ids(self.table, self._erased)
        if self.table is tables.IDENTIFIERS:
            for identifier in self._erased:
                yield erasure.of_mentions(self.table, identifier)
        for customer in self._forgotten:
            yield erasure.of_customer(self.table, customer)

    def columns(self) -> Columns:
        changes = self._newest.values()
        live = [change for change in changes if change.payload is not None]
        gone = [change for change in changes if change.payload is None]
        columns = [*self._columns(live), [change.version for change in live], [int(change.deleted) for change in live]]
        if gone:  # a tombstone is its id and version; every other column is empty
            kinds = list(self.table.columns.values())
            empty = [[_EMPTY[kind]] * len(gone) for kind in kinds]
            empty[0] = [change.id for change in gone]
            empty[-2] = [change.version for change in gone]
            empty[-1] = [1] * len(gone)
            columns = [own + none for own, none in zip(columns, empty, strict=True)]
        return columns


_EMPTY: dict[str, Any] = {
    "text": "", "texts": (), "time": 0, "time?": None, "times": (), "seconds": 0.0, "seconds?": None, "numbers": (),
    "flag": 0, "count": 0, "counts": (), "int32": 0, "int64": 0, "uint64": 0,
}  # fmt: skip


class _Data(msgspec.Struct, gc=False):
    channel: str
    contact_id: str | None = None
    intent: str | None = None
    reference: str | None = None
    queue: str | None = None
    agent: str | None = None
    direction: str | None = None
    outcome: str | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    hold_s: float | None = None
    wrap_s: float | None = None
    invited: bool = False


class _Event(msgspec.Struct, gc=False):
    """An accepted touchpoint, so no rule of the contract is checked again; what has no column stays in ``raw``."""

    id: str
    type: str
    time: datetime
    data: _Data
    source: str = ""


_event = msgspec.json.Decoder(_Event).decode
_forgotten = msgspec.json.Decoder(Forgotten).decode


class TouchpointRows(Rows):
    """The rows of ``touchpoints``: a message is a block of accepted events, one a line."""

    table = tables.TOUCHPOINTS

    def __init__(self) -> None:
        self._events: dict[str, tuple[_Event, bytes]] = {}
        self._forgotten: list[Forgotten] = []

    def __len__(self) -> int:
        return len(self._events)

    def take(self, record: Record) -> Iterable[Unreadable]:
        if record.key == KEY:
            return self._forget(record)
        events = self._events
        unreadable = []
        for line in (record.value or b"").split(b"\n"):
            if not line:
                continue
            try:
                event = _event(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                unreadable.append(Unreadable(record, line, str(error)))
            else:
                events[event.id] = (event, line)
        return unreadable

    def _forget(self, record: Record) -> Iterable[Unreadable]:
        try:
            gone = _forgotten(record.value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return (Unreadable(record, record.value or b"", str(error)),)
        self._forgotten.append(gone)
        for key, (event, line) in list(self._events.items()):
            if gone.covers(event.data.contact_id or event.id, int(event.time.timestamp() * 1000)):
                if gone.identifiers:
                    self._events[key] = event, erasure.emptied(line, gone)
                else:
                    del self._events[key]
        return ()

    def erasures(self) -> Iterable[str]:
        return erasure.of_touchpoints(self.table, self._forgotten)

    def columns(self) -> Columns:
        events = [event for event, _ in self._events.values()]
        data = [event.data for event in events]
        return [
            list(self._events),
            [int(event.time.timestamp() * 1000) for event in events],
            [one.channel for one in data],
            [event.type for event in events],
            [event.data.contact_id or event.id for event in events],
            [one.intent or "" for one in data],
            [one.queue or "" for one in data],
            [one.agent or "" for one in data],
            [one.direction or "" for one in data],
            [one.outcome or "" for one in data],
            [one.reference or "" for one in data],
            [event.source for event in events],
            [one.wait_s for one in data],
            [one.talk_s for one in data],
            [one.hold_s for one in data],
            [one.wrap_s for one in data],
            [int(one.invited) for one in data],
            [raw for _, raw in self._events.values()],
        ]


class DeadLetterRows(Rows):
    """The rows of ``dead_letters``: Kafka Connect's headers say where a record came from and what was wrong."""

    table = tables.DEAD_LETTERS

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Any, ...]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, record: Record) -> Iterable[Unreadable]:
        headers = {name: value for name, value in record.headers if name.startswith(_ERRORS)}

        def header(name: str) -> str:
            return headers.get(_ERRORS + name, b"").decode(errors="replace")

        letter_id = f"{record.topic}/{record.partition}/{record.offset}"
        self._rows[letter_id] = (
            letter_id,
            header("topic") or record.topic,
            _number(header("partition"), record.partition, 2**31),
            _number(header("offset"), record.offset, 2**63),
            header("stage"),
            header("exception.class.name"),
            header("exception.message"),
            _text(record.key),
            _text(record.value),
            _number(header("value.bytes"), 0, 2**63),
            record.timestamp,
        )
        return ()

    def add(self, found: Unreadable) -> None:
        """A record of the stages' own that the sink cannot read."""
        record = found.record
        letter_id = f"{record.topic}/{record.partition}/{record.offset}/{len(self._rows)}"
        self._rows[letter_id] = (
            letter_id, record.topic, record.partition, record.offset, "sink", "unreadable", found.message,
            _text(record.key), _text(found.value), 0, record.timestamp,
        )  # fmt: skip

    def columns(self) -> Columns:
        return [list(column) for column in zip(*self._rows.values(), strict=True)]

    def erasures(self) -> Iterable[str]:
        """None: dead letters are sealed, and go with their retention."""
        return ()


class SettledRows(Rows):
    """The rows of ``settled_letters``: the first word on a letter holds."""

    table = tables.SETTLED_LETTERS

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Any, ...]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, record: Record) -> Iterable[Unreadable]:
        try:
            letter_id, how = settlements.read(record.key, record.value)
        except ValueError as error:
            return (Unreadable(record, record.value or b"", str(error)),)
        self._rows.setdefault(letter_id, (letter_id, how, record.timestamp))
        return ()

    def columns(self) -> Columns:
        return [list(column) for column in zip(*self._rows.values(), strict=True)]

    def erasures(self) -> Iterable[str]:
        """None: the id of a letter says nothing about anybody."""
        return ()


_ERRORS = "__connect.errors."


def _number(text: str, otherwise: int, limit: int) -> int:
    """A header is anyone's to write: what is no number below ``limit`` is left out."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) < limit else otherwise


def _text(value: bytes | None) -> str:
    """Any bytes as text: what is no UTF-8 is shown as ``\\x..``, so that nothing is lost to sight."""
    return "" if value is None else value.decode(errors="backslashreplace")


_NONE: dict[str, float] = {}


def _friction_stages(placed: Stitched) -> tuple[str, ...]:
    """Beside ``friction``: what a contact came with is in the stage that it began in."""
    contact = placed.contact
    if not placed.friction:
        return contact.friction_stages
    began = contact.path[0][0] if contact.path else UNKNOWN
    return contact.friction_stages + (began,) * len(placed.friction)


def _contacts(changes: list[Change[Stitched]]) -> Columns:
    placed = [change.payload for change in changes if change.payload is not None]
    contacts = [one.contact for one in placed]
    moods = [contact.mood for contact in contacts]
    scores = [dict(contact.scores) if contact.scores else _NONE for contact in contacts]
    return [
        [contact.contact_id for contact in contacts],
        [one.customer for one in placed],
        [int(is_identified(one.customer)) for one in placed],
        [one.journey_id for one in placed],
        [one.part_of for one in placed],
        [contact.channel for contact in contacts],
        [contact.intent for contact in contacts],
        [contact.direction for contact in contacts],
        [contact.attempt for contact in contacts],
        [contact.started_at for contact in contacts],
        [contact.ended_at for contact in contacts],
        [int(contact.closed) for contact in contacts],
        [contact.times_out_at for contact in contacts],
        [contact.outcome for contact in contacts],
        [contact.resolution for contact in contacts],
        [contact.queue for contact in contacts],
        [contact.wait_s for contact in contacts],
        [contact.talk_s for contact in contacts],
        [contact.hold_s for contact in contacts],
        [contact.wrap_s for contact in contacts],
        [contact.transfers for contact in contacts],
        [contact.conferences for contact in contacts],
        [contact.escalations for contact in contacts],
        [contact.agents for contact in contacts],
        [contact.references for contact in contacts],
        [int(contact.containment_failed) for contact in contacts],
        [int(contact.invited) for contact in contacts],
        [contact.touchpoints for contact in contacts],
        [one.first_repeat_same_at for one in placed],
        [one.first_repeat_any_at for one in placed],
        [one.repeat_of_same for one in placed],
        [one.repeat_of_any for one in placed],
        [one.redial_at for one in placed],
        [one.redial_id for one in placed],
        [one.redial for one in placed],
        [one.window_days for one in placed],
        [one.window_ends for one in placed],
        [one.redial_until for one in placed],
        [contact.queues for contact in contacts],
        [contact.teams for contact in contacts],
        [contact.articles for contact in contacts],
        [contact.nodes for contact in contacts],
        [[stage for stage, _ in contact.path] for contact in contacts],
        [seconds(contact.path, contact.ended_at) for contact in contacts],
        [one.contact.friction + one.friction for one in placed],
        [mood.first if mood else None for mood in moods],
        [mood.last if mood else None for mood in moods],
        [mood.low if mood else None for mood in moods],
        [found.get("csat") for found in scores],
        [found.get("nps") for found in scores],
        [found.get("ces") for found in scores],
        [found.get("qa") for found in scores],
        [one.survey_of for one in placed],
        [one.survey_joined_by for one in placed],
        [contact.resolved_by for contact in contacts],
        [contact.passed_on for contact in contacts],
        [_friction_stages(one) for one in placed],
    ]


def _visits(changes: list[Change[QueueVisit]]) -> Columns:
    visits = [change.payload for change in changes if change.payload is not None]
    return [
        [visit.visit_id for visit in visits],
        [visit.contact_id for visit in visits],
        [visit.queue for visit in visits],
        [visit.channel for visit in visits],
        [visit.direction for visit in visits],
        [visit.entered_at for visit in visits],
        [visit.left_at for visit in visits],
        [visit.ended_at for visit in visits],
        [visit.outcome for visit in visits],
        [visit.wait_s for visit in visits],
        [visit.talk_s for visit in visits],
        [visit.hold_s for visit in visits],
        [visit.wrap_s for visit in visits],
        [visit.agent for visit in visits],
        [visit.target_s for visit in visits],
        [visit.short_s for visit in visits],
        [visit.times_out_at for visit in visits],
    ]


def _journeys(changes: list[Change[Journey]]) -> Columns:
    journeys = [change.payload for change in changes if change.payload is not None]
    return [
        [journey.journey_id for journey in journeys],
        [journey.customer for journey in journeys],
        [int(is_identified(journey.customer)) for journey in journeys],
        [journey.intent for journey in journeys],
        [journey.opened_at for journey in journeys],
        [journey.last_at for journey in journeys],
        [journey.closes_at for journey in journeys],
        [journey.contacts for journey in journeys],
        [journey.channels for journey in journeys],
        [journey.switches for journey in journeys],
        [journey.repeats for journey in journeys],
        [journey.first_channel for journey in journeys],
        [journey.last_channel for journey in journeys],
        [journey.references for journey in journeys],
        [[stage for stage, _ in journey.path] for journey in journeys],
        [journey.stage_s or seconds(journey.path, journey.last_at) for journey in journeys],
        [journey.drops_off_at for journey in journeys],
        [[one.kind for one in journey.friction] if journey.friction else () for journey in journeys],
        [[one.stage for one in journey.friction] if journey.friction else () for journey in journeys],
        [[one.count for one in journey.friction] if journey.friction else () for journey in journeys],
        [[one.points for one in journey.friction] if journey.friction else () for journey in journeys],
        [fsum(one.points for one in journey.friction) if journey.friction else 0.0 for journey in journeys],
        [journey.long_wait_points for journey in journeys],
    ]


def _signals(changes: list[Change[Signal]]) -> Columns:
    signals = [change.payload for change in changes if change.payload is not None]
    encode = msgspec.json.encode
    return [
        [signal.signal_id for signal in signals],
        [signal.kind for signal in signals],
        [signal.customer for signal in signals],
        [signal.journey_id for signal in signals],
        [signal.at for signal in signals],
        [signal.contact_id for signal in signals],
        [signal.previous_id for signal in signals],
        [signal.from_channel for signal in signals],
        [signal.to_channel for signal in signals],
        [signal.cause for signal in signals],
        [encode(signal.details) if signal.details else b"" for signal in signals],
    ]


_NEXT_STEP_FIELDS = tuple(tables.NEXT_STEPS.columns)[:-2]


def _next_steps(changes: list[Change[NextStep]]) -> Columns:
    steps = [change.payload for change in changes if change.payload is not None]
    return [[getattr(step, field) for step in steps] for field in _NEXT_STEP_FIELDS]


_next_change = msgspec.json.Decoder(Change[NextStep | Score]).decode


def _steps_only(value: bytes) -> Change[NextStep | Score] | None:
    """How good the predictions were stands on the same topic; it is for the metrics, not for a table."""
    change = _next_change(value)
    return None if change.entity == "score" else change


_INTERVAL_FIELDS = tuple(tables.QUEUE_INTERVALS.columns)[1:-2]


def _intervals(changes: list[Change[QueueInterval]]) -> Columns:
    live = [change for change in changes if change.payload is not None]
    figures = [change.payload for change in live]
    return [
        [change.id for change in live],
        *([getattr(interval, field) for interval in figures] for field in _INTERVAL_FIELDS),
    ]


def _identifiers(changes: list[Change[Identified]]) -> Columns:
    known = [change.payload for change in changes if change.payload is not None]
    encode = msgspec.json.encode
    return [
        [one.identifier for one in known],
        [one.kind for one in known],
        [one.owner for one in known],
        [one.state for one in known],
        [one.contacts for one in known],
        [one.sets for one in known],
        [encode(one.evidence) if one.evidence else b"" for one in known],
        [one.links for one in known],
        [one.unlinks for one in known],
        [one.change for one in known],
        [one.changed_at for one in known],
    ]


_CAUSE_FIELDS = tuple(tables.ROOT_CAUSES.columns)[1:-2]


def _causes(changes: list[Change[RootCause]]) -> Columns:
    live = [change for change in changes if change.payload is not None]
    causes = [change.payload for change in live]
    columns: dict[str, list[Any]] = {name: [getattr(cause, name) for cause in causes] for name in _CAUSE_FIELDS}
    columns["significant"] = list(map(int, columns["significant"]))
    return [[change.id for change in live], *columns.values()]


_queue_change = msgspec.json.Decoder(Change[QueueInterval | QueueNow]).decode


def _interval_only(value: bytes) -> Change[QueueInterval | QueueNow] | None:
    """The live state of a queue stands on the same topic; it is for the metrics, not for a table."""
    change = _queue_change(value)
    return change if change.entity == "interval" else None


_agent_change = msgspec.json.Decoder(Change[AgentInterval | AgentNow]).decode


def _agent_interval_only(value: bytes) -> Change[AgentInterval | AgentNow] | None:
    change = _agent_change(value)
    return change if change.entity == "interval" else None


def _agent_intervals(changes: list[Change[AgentInterval]]) -> Columns:
    live = [change for change in changes if change.payload is not None]
    figures = [change.payload for change in live]
    names = list(tables.AGENT_INTERVALS.columns)[1:-2]  # the struct's own, without id and version
    return [[change.id for change in live], *([getattr(one, name) for one in figures] for name in names)]


def _fields(table: Table) -> Callable[[list[Change[Any]]], Columns]:
    """Columns of an id, and of fields that are named as the columns are."""
    names = list(table.columns)[1:-2]

    def columns(changes: list[Change[Any]]) -> Columns:
        live = [change for change in changes if change.payload is not None]
        figures = [change.payload for change in live]
        return [[change.id for change in live], *([getattr(one, name) for one in figures] for name in names)]

    return columns


class _Forecast(NamedTuple):
    """What was expected of an interval so long before it."""

    queue: str
    channel: str
    starts_at: int
    interval_s: int
    ahead: str
    expected: float
    low: float
    high: float
    from_journeys: float
    as_of: int


def _accuracies(changes: list[Change[Accuracy]]) -> Columns:
    day_id, queue, channel, days, *figures = _fields(tables.FORECAST_ACCURACY)(changes)
    return [day_id, queue, channel, [day * DAY_MS for day in days], *figures]


_SIDE_FIELDS = Side.__struct_fields__


def _moves(changes: list[Change[Move]]) -> Columns:
    moves = [change.payload for change in changes if change.payload is not None]
    names = [name for name in list(tables.MOVES.columns)[:-2] if not name.startswith(("giver_", "taker_"))]
    columns: dict[str, list[Any]] = {name: [getattr(move, name) for move in moves] for name in names}
    columns["withdrawn"] = list(map(int, columns["withdrawn"]))
    for side in ("giver", "taker"):
        sides = [getattr(move, side) for move in moves]
        columns |= {f"{side}_{name}": [getattr(one, name) for one in sides] for name in _SIDE_FIELDS}
    return [columns[name] for name in list(tables.MOVES.columns)[:-2]]


_staffing = msgspec.json.Decoder(Change[Floor | Staffing | Move | Accuracy]).decode


class StaffingRows(Rows):
    """What staffing says, of four tables; the live state of a queue stands on the same topic, for the metrics."""

    table = tables.STAFFING

    def __init__(self) -> None:
        self._staffing = ChangedRows(tables.STAFFING, _staffing, _fields(tables.STAFFING))
        self._forecasts = ChangedRows(tables.FORECASTS, _staffing, _fields(tables.FORECASTS))
        self._accuracies = ChangedRows(tables.FORECAST_ACCURACY, _staffing, _accuracies)
        self._moves = ChangedRows(tables.MOVES, _staffing, _moves)

    def __len__(self) -> int:
        return sum(map(len, self.parts()))

    def take(self, record: Record) -> Iterable[Unreadable]:
        if record.value is None:
            return ()
        try:
            change = _staffing(record.value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return (Unreadable(record, record.value, str(error)),)
        payload = change.payload
        if isinstance(payload, Staffing):
            self._staffing.keep(change)
            self._forecast(change, payload)
        elif isinstance(payload, Accuracy):
            self._accuracies.keep(change)
        elif isinstance(payload, Move):
            self._moves.keep(change)
        return ()

    def _forecast(self, change: Change[Any], row: Staffing) -> None:
        ahead = max((length, name) for length, name in AHEAD if length <= max(0, row.starts_at - row.as_of))[1]
        forecast = _Forecast(
            row.queue, row.channel, row.starts_at, row.interval_s, ahead,
            row.expected, row.low, row.high, row.from_journeys, row.as_of,
        )  # fmt: skip
        self._forecasts.keep(Change("forecast", f"{change.id}|{ahead}", change.version, forecast))

    def columns(self) -> Columns:
        return self._staffing.columns()

    def erasures(self) -> Iterable[str]:
        """None: nothing of it is of a customer."""
        return ()

    def parts(self) -> Sequence[Rows]:
        return self._staffing, self._forecasts, self._accuracies, self._moves


AHEAD = (
    (0, "now"),
    (15 * MINUTE_MS, "15m"),
    (60 * MINUTE_MS, "1h"),
    (240 * MINUTE_MS, "4h"),
    (DAY_MS, "1d"),
    (7 * DAY_MS, "7d"),
)
"""How long before its interval a forecast was made, at least."""

# What each topic's messages become. (streams/topics.py has all topics; sinks import no streams.)
READERS: dict[str, Callable[[], Rows]] = {
    "journey.accepted": TouchpointRows,
    "journey.stitched": lambda: ChangedRows(tables.CONTACTS, msgspec.json.Decoder(Change[Stitched]).decode, _contacts),
    "journey.visits": lambda: ChangedRows(
        tables.QUEUE_VISITS, msgspec.json.Decoder(Change[QueueVisit]).decode, _visits
    ),
    "journey.journeys": lambda: ChangedRows(tables.JOURNEYS, msgspec.json.Decoder(Change[Journey]).decode, _journeys),
    "journey.signals": lambda: ChangedRows(tables.SIGNALS, msgspec.json.Decoder(Change[Signal]).decode, _signals),
    "journey.next": lambda: ChangedRows(tables.NEXT_STEPS, _steps_only, _next_steps),
    "journey.queues": lambda: ChangedRows(tables.QUEUE_INTERVALS, _interval_only, _intervals),
    "journey.agent_figures": lambda: ChangedRows(tables.AGENT_INTERVALS, _agent_interval_only, _agent_intervals),
    "journey.identifiers": lambda: ChangedRows(
        tables.IDENTIFIERS, msgspec.json.Decoder(Change[Identified]).decode, _identifiers
    ),
    "journey.causes": lambda: ChangedRows(tables.ROOT_CAUSES, msgspec.json.Decoder(Change[RootCause]).decode, _causes),
    "journey.staffing": StaffingRows,
    "journey.touchpoints.dlq": DeadLetterRows,
    settlements.TOPIC: SettledRows,
}
