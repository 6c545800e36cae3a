"""What the store knows about one customer: who it is, and why; what happened is in customer_journeys.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from journeys.identity import ANONYMOUS, PERIOD_MS, SeenWith
from journeys.pseudonyms import Pseudonyms
from journeys.settings import Settings
from sinks.store import literal
from touchpath.customer_journeys import Story, has_contacts, stories
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
        stories(store, customer) if customer else (),
    )


_AS_OF = "SELECT count() AS touchpoints, max(time) AS as_of FROM touchpoints"
_IDENTIFIERS = (
    "SELECT identifier, kind, owner, state, contacts, sets, evidence, links, unlinks FROM v_identifiers AS known"
)
_KINDS = "SELECT DISTINCT kind FROM v_identifiers ORDER BY kind"
_FACTS = "SELECT identifier, links, unlinks FROM v_identifiers WHERE has(links, {0}) OR has(unlinks, {0})"


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
    if wanted.startswith(ANONYMOUS) and has_contacts(store, wanted):
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


def _rows(store: Queries, sql: str) -> list[dict[str, Any]]:
    return store.query(sql).dicts()


def _time(at: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at)
