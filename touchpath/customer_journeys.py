"""What happened to one customer, journey by journey, as the store has it: what each was like, and each contact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec

from sinks.store import literal
from touchpath.queries import Queries


class Mark(msgspec.Struct, frozen=True):
    """What a contact is to an earlier one."""

    mark: Literal["switch", "repeat", "redial", "called_back"]
    of_contact_id: str
    of_channel: str
    cause: str = ""
    """Of a switch: what came of the earlier one."""


class Stay(msgspec.Struct, frozen=True):
    """Time in one stage, until the next one was entered."""

    stage: str
    seconds: float


class Felt(msgspec.Struct, frozen=True):
    """Friction in a contact: what went wrong, in which stage, how many times."""

    kind: str
    stage: str
    times: int


class Part(msgspec.Struct, frozen=True):
    """Friction in a journey, and the points that it adds to the effort score."""

    kind: str
    stage: str
    times: int
    points: float


class Drop(msgspec.Struct, frozen=True):
    """Where sentiment fell suddenly, from what level to what."""

    contact_id: str
    at: datetime
    before: float
    after: float


class Mood(msgspec.Struct, frozen=True):
    """How the customer sounded: sentiment from -1 to 1."""

    first: float
    last: float
    low: float
    drops: tuple[Drop, ...]


class Answer(msgspec.Struct, frozen=True):
    """A score that the customer gave, or a reviewer."""

    survey_id: str
    """The contact that it was given in."""
    at: datetime
    kind: str
    score: float
    contact_id: str
    """The contact that it is about; empty where none was found."""
    channel: str
    """Of that contact."""
    joined_by: str


class Next(msgspec.Struct, frozen=True):
    """What is likely next, given the silence since ``contact_id``; a judgement of ``as_of``."""

    contact_id: str
    p_15m: float | None
    """That the customer makes contact again within so long of its end; none for what has passed, or is not known."""
    p_1h: float | None
    p_1d: float | None
    channel: str
    share: float
    """How likely that channel then is."""
    p_switch: float
    """That it comes within an hour of the contact's end, and in another channel."""
    reasons: tuple[str, ...]
    as_of: datetime


class Step(msgspec.Struct, frozen=True):
    """One contact of the customer."""

    contact_id: str
    started_at: datetime
    ended_at: datetime
    channel: str
    direction: str
    queue: str
    outcome: str
    wait_s: float
    talk_s: float
    agents: tuple[str, ...]
    resolution: str
    resolved_by: str
    """The agent who had it last, if it was resolved."""
    passed_on: tuple[str, ...]
    """The agents who transferred it."""
    queues: tuple[str, ...]
    teams: tuple[str, ...]
    articles: tuple[str, ...]
    nodes: tuple[str, ...]
    marks: tuple[Mark, ...]
    stages: tuple[Stay, ...]
    friction: tuple[Felt, ...]
    mood: Mood | None
    answers: tuple[Answer, ...]
    """Those that were given in it."""


class Story(msgspec.Struct, frozen=True):
    """One journey of the customer."""

    journey_id: str
    intent: str
    state: str
    opened_at: datetime
    last_at: datetime
    switches: int
    repeats: int
    stages: tuple[Stay, ...]
    drop_off: str
    """The stage in which it ended with nothing settled."""
    effort: float
    """0 to 100: the points of its parts, and no more than 100."""
    effort_parts: tuple[Part, ...]
    mood: Mood | None
    answers: tuple[Answer, ...]
    """About it, wherever they were given."""
    next: Next | None
    """Of an open journey."""
    contacts: tuple[Step, ...]


_CONTACTS = """
SELECT contact_id, journey_id, started_at, ended_at, channel, direction, queue, outcome, wait_s, talk_s, agents,
    resolution, resolved_by, passed_on, queues, teams, articles, nodes, stages, stage_s,
    sentiment_first, sentiment_last, sentiment_low, repeat_of_any, redial_id, redial
FROM v_contacts WHERE customer = {} ORDER BY started_at, contact_id
"""
_JOURNEYS = """
SELECT journey_id, intent, state, opened_at, last_at, switches, repeats, stages, stage_s, drop_off, effort,
    friction, friction_stages, friction_counts, friction_points, long_wait_points
FROM v_journeys WHERE customer = {} ORDER BY opened_at, journey_id
"""
_SWITCHES = "SELECT to_contact_id, from_contact_id, from_channel, cause FROM v_switches WHERE customer = {}"
_FRICTION = """
SELECT contact_id, journey_id, stage, kind, times FROM v_friction WHERE customer = {} ORDER BY contact_id, stage, kind
"""
_MOODS = "SELECT journey_id, first, last, low FROM v_journey_sentiment WHERE customer = {}"
_DROPS = """
SELECT contact_id, journey_id, at,
    JSONExtractFloat(details, 'before') AS before, JSONExtractFloat(details, 'after') AS after
FROM signals FINAL WHERE is_deleted = 0 AND kind = 'sentiment_drop' AND customer = {} ORDER BY at, signal_id
"""
_ANSWERS = """
SELECT survey_id, at, kind, score, contact_id, channel, joined_by, journey_id FROM v_surveys
WHERE customer = {0} OR contact_id IN (SELECT contact_id FROM v_contacts WHERE customer = {0})
ORDER BY at, survey_id, kind
"""
_NEXT = """
SELECT journey_id, contact_id, p_15m, p_1h, p_1d, channel, share, p_switch, reasons, as_of
FROM v_next_steps WHERE customer = {}
"""

_Row = dict[str, Any]
_T = TypeVar("_T", bound=msgspec.Struct)


def has_contacts(store: Queries, customer: str) -> bool:
    return bool(_rows(store, _CONTACTS + " LIMIT 1", customer))


def stories(store: Queries, customer: str) -> tuple[Story, ...]:
    """The journeys of ``customer``, in the order in which they opened. Raises ``StoreError``."""
    friction = _rows(store, _FRICTION, customer)
    drops = _rows(store, _DROPS, customer)
    answers = _rows(store, _ANSWERS, customer)
    moods = {row["journey_id"]: row for row in _rows(store, _MOODS, customer)}
    nexts = {row["journey_id"]: row for row in _rows(store, _NEXT, customer)}
    steps = _steps(store, customer, friction, drops, answers)
    found = []
    for row in _rows(store, _JOURNEYS, customer):
        journey_id = row["journey_id"]
        own = {name: row[name] for name in Story.__struct_fields__ if name in row}
        own |= {
            "stages": _stays(row),
            "effort_parts": _parts(row, [one for one in friction if one["journey_id"] == journey_id]),
            "mood": _mood(moods.get(journey_id), [one for one in drops if one["journey_id"] == journey_id]),
            "answers": tuple(_as(Answer, one) for one in answers if one["journey_id"] == journey_id),
            "next": _as(Next, nexts[journey_id]) if journey_id in nexts else None,
            "contacts": tuple(steps[journey_id]),
        }
        found.append(Story(**own))
    return tuple(found)


def _steps(
    store: Queries, customer: str, friction: list[_Row], drops: list[_Row], answers: list[_Row]
) -> dict[str, list[Step]]:
    """By journey."""
    contacts = _rows(store, _CONTACTS, customer)
    marks = _marks(contacts, _rows(store, _SWITCHES, customer))
    felt, fell, given = _by(friction, "contact_id"), _by(drops, "contact_id"), _by(answers, "survey_id")
    steps: dict[str, list[Step]] = defaultdict(list)
    for row in contacts:
        contact_id = row["contact_id"]
        own = {name: row[name] for name in Step.__struct_fields__ if name in row}
        sounded = {name: row[f"sentiment_{name}"] for name in ("first", "last", "low")}
        own |= {
            "marks": tuple(marks[contact_id]),
            "stages": _stays(row),
            "friction": tuple(_as(Felt, one) for one in felt[contact_id]),
            "mood": _mood(sounded if sounded["first"] is not None else None, fell[contact_id]),
            "answers": tuple(_as(Answer, one) for one in given[contact_id]),
        }
        steps[row["journey_id"]].append(_as(Step, own))
    return steps


def _marks(contacts: list[_Row], switches: list[_Row]) -> dict[str, list[Mark]]:
    """By contact: from which channel it switched, which contact it repeats, which abandoned one it makes good."""
    channels = {row["contact_id"]: row["channel"] for row in contacts}
    marks: dict[str, list[Mark]] = defaultdict(list)
    for row in switches:
        marks[row["to_contact_id"]].append(Mark("switch", row["from_contact_id"], row["from_channel"], row["cause"]))
    for row in contacts:
        if earlier := row["repeat_of_any"]:
            marks[row["contact_id"]].append(Mark("repeat", earlier, channels.get(earlier, "")))
        if later := row["redial_id"]:
            kind: Literal["redial", "called_back"] = "called_back" if row["redial"] == "called_back" else "redial"
            marks[later].append(Mark(kind, row["contact_id"], row["channel"]))
    return marks


def _stays(row: _Row) -> tuple[Stay, ...]:
    return tuple(Stay(stage, seconds) for stage, seconds in zip(row["stages"], row["stage_s"], strict=True))


def _parts(journey: _Row, friction: list[_Row]) -> tuple[Part, ...]:
    """The most points first. What long waits there were hangs on other customers, so the journey's row does not say."""
    columns = (journey[name] for name in ("friction", "friction_stages", "friction_counts", "friction_points"))
    parts = [Part(kind, stage, int(times), points) for kind, stage, times, points in zip(*columns, strict=True)]
    waited: dict[str, int] = defaultdict(int)
    for row in friction:
        if row["kind"] == "long_wait":
            waited[row["stage"]] += row["times"]
    each = journey["long_wait_points"]
    parts += [Part("long_wait", stage, times, each * times) for stage, times in waited.items()]
    return tuple(sorted(parts, key=lambda part: (-part.points, part.kind, part.stage)))


def _mood(sounded: Mapping[str, float] | None, drops: Iterable[_Row]) -> Mood | None:
    if sounded is None:
        return None
    return Mood(sounded["first"], sounded["last"], sounded["low"], tuple(_as(Drop, one) for one in drops))


def _as(kind: type[_T], row: _Row) -> _T:
    values = {name: tuple(row[name]) if isinstance(row[name], list) else row[name] for name in kind.__struct_fields__}
    return kind(**values)


def _by(rows: list[_Row], column: str) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def _rows(store: Queries, sql: str, customer: str) -> list[_Row]:
    return store.query(sql.format(literal(customer))).dicts()
