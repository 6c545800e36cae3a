"""What the store knows about one customer: who it is, why, and what happened, in the order in which it did."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from journeys.identity import ANONYMOUS, PERIOD_MS, SeenWith
from journeys.pseudonyms import Pseudonyms
from journeys.settings import Settings
from sinks.store import literal
from touchpath.problem import BadInput, Problem
from touchpath.queries import Queries

State = Literal["owned", "unclaimed", "shared", "blocked", "anonymous"]
_PERIOD = timedelta(milliseconds=PERIOD_MS)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MEANT = 20


class Identifier(msgspec.Struct, frozen=True):
    identifier: str
    kind: str
    state: State
    owner: str | None
    """The customer; none where it is shared or blocked."""
    contacts: int = 0
    """In how many contacts it was seen with stronger ones."""


class Reason(msgspec.Struct, frozen=True):
    """A set of stronger identifiers that this one was seen with."""

    seen_with: tuple[Identifier, ...]
    contacts: int
    not_before: datetime
    """The bounds are those of periods of 30 days, by which evidence is counted."""
    not_after: datetime


class Mark(msgspec.Struct, frozen=True):
    """What a contact is to an earlier one."""

    mark: Literal["switch", "repeat", "redial", "called_back"]
    of_contact_id: str
    of_channel: str
    cause: str = ""
    """Of a switch: what came of the earlier one."""


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
    marks: tuple[Mark, ...]


class Story(msgspec.Struct, frozen=True):
    """One journey of the customer."""

    journey_id: str
    intent: str
    state: str
    opened_at: datetime
    last_at: datetime
    switches: int
    repeats: int
    contacts: tuple[Step, ...]


class Record(msgspec.Struct, frozen=True):
    """Everything about the customer of one identifier, as of the newest touchpoint."""

    as_of: datetime | None
    asked: str
    """What was asked for, as it was typed."""
    identifier: Identifier
    customer: str | None
    reasons: tuple[Reason, ...]
    """Those of the most contacts; ``sets`` says how many there are."""
    sets: int
    linked: tuple[str, ...]
    """By explicit facts, whichever of the two they are kept with."""
    unlinked: tuple[str, ...]
    identifiers: tuple[Identifier, ...]
    """All that belong to the customer."""
    journeys: tuple[Story, ...]


class _Found(NamedTuple):
    """A row of v_identifiers."""

    identifier: str
    kind: str
    owner: str
    state: State
    contacts: int
    sets: int
    evidence: str
    links: list[str]
    unlinks: list[str]

    def told(self) -> Identifier:
        return Identifier(self.identifier, self.kind, self.state, self.owner or None, self.contacts)


_evidence = msgspec.json.Decoder(tuple[SeenWith, ...]).decode


def record(store: Queries, wanted: str, pseudonyms: Pseudonyms | None, settings: Settings) -> Record:
    """What is known of ``wanted``: "kind:value", a customer's key, or a bare value, for which every kind is tried;
    spelt in any way, or as its pseudonym. Without keys, and so without ``pseudonyms``, only as it is stored.

    Raises ``Problem`` if nobody knows it, ``BadInput`` if it means several customers, ``StoreError``.
    """
    as_of = _as_of(store)
    found = _find(store, wanted, pseudonyms, settings)
    told = found.told()
    others = _rows(store, _FACTS.format(literal(told.identifier)))
    linked = {*found.links, *(row["identifier"] for row in others if told.identifier in row["links"])}
    unlinked = {*found.unlinks, *(row["identifier"] for row in others if told.identifier in row["unlinks"])}
    customer = told.owner
    return Record(
        as_of,
        wanted.strip(),
        told,
        customer,
        _reasons(store, found, as_of),
        found.sets,
        tuple(sorted(linked)),
        tuple(sorted(unlinked)),
        _identifiers(store, f"owner = {literal(customer)}") if customer and told.state != "anonymous" else (),
        _journeys(store, customer) if customer else (),
    )


_AS_OF = "SELECT count() AS touchpoints, max(time) AS as_of FROM touchpoints"
_IDENTIFIERS = (
    "SELECT identifier, kind, owner, state, contacts, sets, evidence, links, unlinks FROM v_identifiers AS known"
)
_KINDS = "SELECT DISTINCT kind FROM v_identifiers ORDER BY kind"
_FACTS = "SELECT identifier, links, unlinks FROM v_identifiers WHERE has(links, {0}) OR has(unlinks, {0})"
_CONTACTS = """
SELECT contact_id, journey_id, started_at, ended_at, channel, direction, queue, outcome, wait_s, talk_s, agents,
    repeat_of_any, redial_id, redial
FROM v_contacts WHERE customer = {} ORDER BY started_at, contact_id
"""
_JOURNEYS = """
SELECT journey_id, intent, state, opened_at, last_at, switches, repeats
FROM v_journeys WHERE customer = {} ORDER BY opened_at, journey_id
"""
_SWITCHES = "SELECT to_contact_id, from_contact_id, from_channel, cause FROM v_switches WHERE customer = {}"


def _as_of(store: Queries) -> datetime | None:
    (row,) = _rows(store, _AS_OF)
    return row["as_of"] if row["touchpoints"] else None


def _find(store: Queries, wanted: str, pseudonyms: Pseudonyms | None, settings: Settings) -> _Found:
    """The one identifier that is meant."""
    try:
        wanted.encode()
    except UnicodeEncodeError:
        raise BadInput(f"IDENTIFIER: expected text in UTF-8, got {wanted!r}") from None
    if not wanted.strip():
        raise BadInput(f"IDENTIFIER: expected one such as email:ann@example.org, got {wanted!r}")
    wanted = wanted.strip()
    every = pseudonyms.every if pseudonyms else lambda kind, value: ()
    kind, _, value = wanted.partition(":")
    for name in (wanted, *(f"{kind}:{hidden}" for hidden in every(kind, value))):
        if meant := _known(store, f"identifier = {literal(name)}"):
            return meant[0]
    if wanted.startswith(ANONYMOUS) and _rows(store, _CONTACTS.format(literal(wanted)) + " LIMIT 1"):
        return _Found(wanted, ANONYMOUS.rstrip(":"), wanted, "anonymous", 0, 0, "", [], [])
    kinds = dict.fromkeys((*settings.identity.ranks, *(row["kind"] for row in _rows(store, _KINDS))))
    names = ", ".join(literal(f"{kind}:{hidden}") for kind in kinds for hidden in every(kind, wanted))
    same_value = f"substring(identifier, position(identifier, ':') + 1) = {literal(wanted)}"
    condition = f"identifier IN ({names}) OR {same_value}" if names else same_value
    meant = _known(store, f"{condition} ORDER BY identifier LIMIT {_MOST_MEANT}")
    if not meant:
        raise Problem(f"{wanted}: nobody is known by this identifier")
    if len(meant) > 1 and (len({one.owner for one in meant}) > 1 or not meant[0].owner):
        several = ", ".join(one.identifier for one in meant)
        raise BadInput(f"IDENTIFIER {wanted}: means more than one customer; give one of {several}")
    return next((one for one in meant if one.identifier == one.owner), meant[0])


def _known(store: Queries, condition: str) -> list[_Found]:
    return [_Found(**row) for row in _rows(store, f"{_IDENTIFIERS} WHERE {condition}")]


def _identifiers(store: Queries, condition: str) -> tuple[Identifier, ...]:
    found = _known(store, f"{condition} ORDER BY identifier != owner, known.contacts DESC, identifier")
    return tuple(one.told() for one in found)


def _reasons(store: Queries, found: _Found, as_of: datetime | None) -> tuple[Reason, ...]:
    evidence = _evidence(found.evidence) if found.evidence else ()
    names = sorted({name for seen in evidence for name in seen.identifiers})
    known: dict[str, Identifier] = {}
    if names:
        told = _identifiers(store, f"identifier IN ({', '.join(map(literal, names))})")
        known = {one.identifier: one for one in told}
    reasons = []
    for seen in evidence:
        # One without a row is a customer id that no contact is left with and nobody ruled about: it is its own.
        missing = {name: Identifier(name, name.partition(":")[0], "owned", name) for name in seen.identifiers}
        those = tuple(known.get(name, missing[name]) for name in seen.identifiers)
        end = _time(seen.last_period_at) + _PERIOD
        not_after = end if as_of is None else min(end, as_of)
        reasons.append(Reason(those, seen.contacts, _time(seen.first_period_at), not_after))
    return tuple(reasons)


def _journeys(store: Queries, customer: str) -> tuple[Story, ...]:
    contacts = _rows(store, _CONTACTS.format(literal(customer)))
    marks = _marks(contacts, _rows(store, _SWITCHES.format(literal(customer))))
    steps: dict[str, list[Step]] = defaultdict(list)
    for row in contacts:
        fields = {name: row[name] for name in Step.__struct_fields__ if name not in ("agents", "marks")}
        own = tuple(marks[row["contact_id"]])
        steps[row["journey_id"]].append(Step(**fields, agents=tuple(row["agents"]), marks=own))
    found = _rows(store, _JOURNEYS.format(literal(customer)))
    return tuple(Story(**row, contacts=tuple(steps[row["journey_id"]])) for row in found)


def _marks(contacts: list[dict[str, Any]], switches: list[dict[str, Any]]) -> dict[str, list[Mark]]:
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


def _rows(store: Queries, sql: str) -> list[dict[str, Any]]:
    found = store.query(sql)
    return [dict(zip(found.names, row, strict=True)) for row in found.rows]


def _time(at: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at)
