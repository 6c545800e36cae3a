"""Records as they stand on the topics, and a way to put them into a store without a broker."""

from __future__ import annotations

from typing import Any, NamedTuple

from journeys.causes import RootCause
from journeys.change import Change, encode
from journeys.contact import Contact, QueueVisit
from journeys.identity import Identified, SeenWith
from journeys.journey import Journey, Signal, Stitched
from journeys.next_step import NextStep
from journeys.queue import QueueInterval
from journeys.touchpoint import Touchpoint
from journeys.touchpoint import encode as encode_touchpoint
from journeys.workload import AgentInterval, AgentNow
from sinks.rows import READERS, Rows
from sinks.store import Store

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z


class Message(NamedTuple):
    topic: str
    value: bytes | None
    offset: int = 0
    partition: int = 0
    timestamp: int = START
    key: bytes | None = b"key"
    headers: tuple[tuple[str, bytes], ...] = ()


def put(store: Store, *messages: Message) -> None:
    """What the writer does with one batch."""
    rows: dict[str, Rows] = {}
    for message in messages:
        unreadable = list(rows.setdefault(message.topic, READERS[message.topic]()).take(message))
        assert not unreadable
    for taken in [part for own in rows.values() for part in own.parts()]:
        for statement in taken.erasures():
            store.execute(statement)
        if len(taken):
            store.insert(taken.table, taken.columns())


def accepted(*touchpoints: Touchpoint) -> Message:
    return Message("journey.accepted", b"\n".join(map(encode_touchpoint, touchpoints)))


def newest(at: int) -> Message:
    """A touchpoint that does nothing but bring the as-of time to ``at``."""
    return accepted(Touchpoint(at, f"clock-{at}", "menu_chosen", "ivr", f"clock-{at}"))


def contact(contact_id: str = "c1", *, started_at: int = START, ended_at: int | None = None, **fields: Any) -> Contact:
    defaults: dict[str, Any] = {
        "channel": "voice",
        "closed": True,
        "times_out_at": started_at + 4 * HOUR,
        "identifiers": (("customer_id", "42"),),
        "outcome": "answered",
        "attempt": "answered",
    }
    return Contact(
        contact_id=contact_id,
        started_at=started_at,
        ended_at=started_at if ended_at is None else ended_at,
        **defaults | fields,
    )


def stitched(placed: Contact, version: int = 1, customer: str = "customer_id:42", **fields: Any) -> Message:
    payload = Stitched(placed, customer, f"{customer}/{placed.contact_id}", **fields)
    return changed("journey.stitched", "stitched", placed.contact_id, payload, version)


def visit(visit_id: str, outcome: str, wait_s: float | None, version: int = 1, **fields: Any) -> Message:
    queue = fields.pop("queue", "billing")
    payload = QueueVisit(visit_id, "c1", queue, "voice", "inbound", START, outcome=outcome, wait_s=wait_s, **fields)
    return changed("journey.visits", "visit", visit_id, payload, version)


def journey(journey_id: str = "customer_id:42/c1", version: int = 1, **fields: Any) -> Message:
    defaults: dict[str, Any] = {
        "customer": "customer_id:42",
        "intent": "billing",
        "opened_at": START,
        "last_at": START + HOUR,
        "contacts": 2,
        "channels": ("chat", "voice"),
        "switches": 1,
        "repeats": 0,
        "first_channel": "chat",
        "last_channel": "voice",
        "closes_at": START + 14 * DAY,
    }
    payload = Journey(journey_id=journey_id, **defaults | fields)
    return changed("journey.journeys", "journey", journey_id, payload, version)


def signal(signal_id: str, kind: str, version: int = 1, **fields: Any) -> Message:
    payload = Signal(signal_id, kind, "customer_id:42", "customer_id:42/c1", START, "c2", "c1", **fields)
    return changed("journey.signals", "signal", signal_id, payload, version)


def next_step(contact_id: str = "c1", version: int = 1, at: int = START, **fields: Any) -> Message:
    defaults: dict[str, Any] = {
        "customer": "customer_id:42", "journey_id": "customer_id:42/c1", "from_channel": "web", "p_15m": 0.2,
        "p_1h": 0.4, "p_1d": 0.6, "base_15m": 0.1, "base_1h": 0.2, "base_1d": 0.3, "channel": "voice", "share": 0.7,
        "p_switch": 0.3, "reasons": ("failed in web: 40 of 100", "all: 20 of 100"), "as_of": at,
        "learned_until": at - HOUR, "trials": 500,
    }  # fmt: skip
    payload = NextStep(contact_id=contact_id, at=at, **defaults | fields)
    return changed("journey.next", "next_step", contact_id, payload, version)


def interval(starts_at: int = START, version: int = 1, queue: str = "billing", **fields: Any) -> Message:
    payload = QueueInterval(queue, "voice", starts_at, 900, **fields)
    return changed("journey.queues", "interval", f"{queue}|voice|{starts_at}", payload, version)


def agent_interval(agent: str = "ann", starts_at: int = START, version: int = 1, **fields: Any) -> Message:
    payload = AgentInterval(agent, starts_at, 900, **fields)
    return changed("journey.agent_figures", "interval", f"{agent}|{starts_at}", payload, version, starts_at)


def agent_now(agent: str = "ann", version: int = 1, **fields: Any) -> Message:
    payload = AgentNow(agent, **{"as_of": START, "since": START, "until": START + HOUR} | fields)
    return changed("journey.agent_figures", "now", agent, payload, version, payload.as_of)


def identifier(
    name: str, owner: str = "customer_id:42", state: Any = "owned", *evidence: SeenWith, version: int = 1, **fields: Any
) -> Message:
    contacts = sum(one.contacts for one in evidence)
    kind = name.partition(":")[0]
    payload = Identified(name, kind, owner, state, contacts, len(evidence), evidence, **fields)
    return changed("journey.identifiers", "identifier", name, payload, version)


def root_cause(cause: str = "article-1", version: int = 1, **fields: Any) -> Message:
    defaults: dict[str, Any] = {
        "day": START,
        "event": "repeat",
        "dimension": "article",
        "rank": 1,
        "count": 30,
        "exposed": 50,
        "significant": True,
        "minutes": 120.5,
        "customers": 28,
        "base_rate": 0.2,
        "expected": 10.0,
        "lift": 3.0,
        "p_value": 1e-6,
        "excess": 8.0,
        "as_of": START + HOUR,
    }
    payload = RootCause(cause=cause, **defaults | fields)
    return changed("journey.causes", "cause", f"2026-01-01/repeat/article/{cause}", payload, version)


def changed(topic: str, entity: str, id_: str, payload: Any, version: int, as_of: int = START) -> Message:
    return Message(topic, encode(Change(entity, id_, version, payload, as_of=as_of)), version)


def deleted(topic: str, entity: str, id_: str, version: int) -> Message:
    return Message(topic, encode(Change(entity, id_, version, deleted=True)), version)
