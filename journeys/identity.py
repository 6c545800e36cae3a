"""Whose contact it is: the customer who owns the strongest identifier that belongs to somebody (M3, M4).

An identifier, "kind:value", looks only at stronger ones seen with it in one contact, so working strongest first gives
one result, whatever the order of arrival; there is no graph, and what evidence joined, evidence can part again. What is
known of an identifier is its ``Evidence`` and its ``Verdicts``; what others are told is its ``Owner``. The stages and
the batch definition, ``owners_of``, call the same ``owner_of`` and ``speaker``.

The rule, its figures and what fools it: docs/decisions/identity-rule.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from journeys.contact import Contact
from journeys.settings import EVIDENCE_PERIOD, Settings

ANONYMOUS = "anonymous:"
PERIOD_MS = EVIDENCE_PERIOD.ms

Owner = str | None
"""To whom an identifier belongs: another, itself while nobody has claimed it, or nobody, as it is shared or blocked."""
Lookup = Callable[[str], Owner]
Above = tuple[str, ...]
"""The stronger identifiers that one was seen with in a contact, sorted, none twice."""


class Seen(NamedTuple):
    """What one contact, or one `identify`, says about the identifiers that it carries."""

    identifiers: tuple[str, ...]
    started_at: int


class Verdict(msgspec.Struct, array_like=True, frozen=True, order=True):
    """What somebody knows better about two identifiers, or about one alone. The greatest holds."""

    at: int
    fact_id: str
    verb: str
    """link, unlink or auto (which withdraws either); block or unblock for one alone."""


class Verdicts(NamedTuple):
    """What holds of one identifier."""

    links: frozenset[str] = frozenset()
    unlinks: frozenset[str] = frozenset()
    blocked: bool = False


_NO_VERDICTS = Verdicts()


class Evidence(msgspec.Struct, array_like=True):
    """What one identifier was seen with: per set of stronger ones (sorted), how many contacts in which period."""

    sets: dict[Above, dict[int, int]] = {}

    def add(self, above: Above, period: int, count: int = 1) -> None:
        """Count ``above`` in."""
        periods = self.sets.setdefault(above, {})
        periods[period] = periods.get(period, 0) + count

    def take(self, above: Above, period: int) -> None:
        """Count ``above`` out again, if it was counted in."""
        periods = self.sets.get(above, {})
        if period not in periods:
            return
        periods[period] -= 1
        if not periods[period]:
            del periods[period]
        if not periods:
            del self.sets[above]


def identifiers_of(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """(kind, value) pairs as identifiers."""
    return tuple([f"{kind}:{value}" for kind, value in pairs])


def above(identifier: str, identifiers: Iterable[str], settings: Settings) -> Above:
    """Those of ``identifiers`` that are of a stronger kind than ``identifier``."""
    rank = rank_of(identifier, settings)
    return tuple(sorted({other for other in identifiers if rank_of(other, settings) < rank})) if rank else ()


def above_each(identifiers: Iterable[str], settings: Settings) -> dict[str, Above]:
    """The same of each of ``identifiers``."""
    ranks = {name: rank_of(name, settings) for name in identifiers}
    return {
        name: tuple(sorted([other for other, its in ranks.items() if its < rank])) if rank else ()
        for name, rank in ranks.items()
    }


def names_customer(identifier: str, settings: Settings) -> bool:
    """Whether it is of the kind that names a customer: of rank 0."""
    return identifier.startswith(settings.customers_prefix)


def rank_of(identifier: str, settings: Settings) -> int:
    """0 for the kind that names a customer; the greater, the weaker."""
    ranks = settings.rank_of
    return ranks.get(identifier.partition(":")[0], len(ranks))


def heeded(identifiers: Sequence[str], lookup: Lookup, settings: Settings) -> Sequence[str]:
    """Those of ``identifiers`` whose owners matter: a customer_id speaks for the others, unless it is blocked."""
    if len(identifiers) == 1:  # most contacts
        return identifiers
    prefix = settings.customers_prefix
    named = [name for name in identifiers if name.startswith(prefix) and lookup(name) is not None]
    return named or identifiers


def speaker(identifiers: Sequence[str], lookup: Lookup, settings: Settings) -> str | None:
    """Who owns a contact with ``identifiers``; None if nobody can tell.

    Those that belong to a customer_id speak first, then those that belong to another identifier, then those that nobody
    has claimed; among these the strongest kind. Two of one kind that name different owners are a conflict, and nobody
    speaks; if both are unclaimed, the smaller names the contact.
    """
    identifiers = heeded(identifiers, lookup, settings)
    if len(identifiers) == 1:
        return lookup(identifiers[0])
    return _spoken(identifiers, lookup, settings)[0]


def _spoken(identifiers: Sequence[str], lookup: Lookup, settings: Settings) -> tuple[str | None, bool]:
    """What the ``speaker`` says, and whether somebody has claimed it; a customer_id needs nobody to."""
    best: tuple[bool, int, int] | None = None
    owners: set[str] = set()
    for identifier in identifiers:
        owner = lookup(identifier)
        if owner is None:
            continue
        rank, owner_rank = rank_of(identifier, settings), rank_of(owner, settings)
        place = (owner == identifier and rank > 0, owner_rank, rank)
        if best is None or place < best:
            best, owners = place, {owner}
        elif place == best:
            owners.add(owner)
    if best is None or (len(owners) > 1 and not best[0]):
        return None, False
    return min(owners), not best[0]


def itself(identifier: str) -> Owner:
    """The lookup where identity is not resolved (`identity.resolve`): every identifier is its own owner."""
    return identifier


def owner_of(identifier: str, evidence: Evidence, verdicts: Verdicts, lookup: Lookup, settings: Settings) -> Owner:
    """To whom ``identifier`` belongs, if ``lookup`` tells it of every stronger identifier in its evidence.

    Owners for whom a claimed identifier has spoken go before those who only spoke for themselves: an address that
    nobody else knows may be a slip. The first of them needs nine of ten contacts that name one of them (`share`), and
    two of five that name anybody (`least`). Where all spoke for themselves, the first of several needs half of the
    contacts, and two at least. Else it is shared.
    """
    rule = settings.identity
    if verdicts.blocked:
        return None
    if verdicts.links:
        return _linked(identifier, verdicts.links, lookup, settings)
    if not evidence.sets:
        return identifier
    if len(evidence.sets) > settings.most_sets_of(identifier):
        return None
    votes, known = _votes(identifier, evidence, verdicts.unlinks, lookup, settings)
    if len(votes) < 2:
        return next(iter(votes), identifier)
    total = votes.total()
    first = min(known or votes, key=lambda owner: (-votes[owner], rank_of(owner, settings), owner))
    if known:
        rivals = sum(votes[owner] for owner in known)
        owned = votes[first] >= rule.share * rivals and votes[first] >= rule.least * total
    else:
        owned = votes[first] == total or votes[first] >= max(2, total / 2)
    return first if owned else None


def _linked(identifier: str, links: frozenset[str], lookup: Lookup, settings: Settings) -> Owner:
    """Where links lead: to the strongest kind of owner, if there is one such."""
    found = {owner: rank_of(owner, settings) for owner in map(lookup, links) if owner is not None}
    if not found:
        return identifier
    strongest = min(found.values())
    best = [owner for owner, rank in found.items() if rank == strongest]
    if len(best) == 1:
        return best[0]
    return identifier if rank_of(identifier, settings) == 0 else None


def _votes(
    identifier: str, evidence: Evidence, unlinked: frozenset[str], lookup: Lookup, settings: Settings
) -> tuple[Counter[str], set[str]]:
    """How many contacts say to whom ``identifier`` belongs, by owner; and the owners a claimed one has spoken for."""
    kept = settings.identity_periods.get(identifier.partition(":")[0])
    newest = 0 if kept is None else max(period for periods in evidence.sets.values() for period in periods)
    votes: Counter[str] = Counter()
    known: set[str] = set()
    for others, periods in evidence.sets.items():
        count = sum(n for period, n in periods.items() if kept is None or period > newest - kept)
        if not count:
            continue
        telling = [other for other in others if other not in unlinked] if unlinked else others
        owner, claimed = _spoken(heeded(telling, lookup, settings), lookup, settings)
        if owner is not None and owner not in unlinked:
            votes[owner] += count
            if claimed:
                known.add(owner)
    return votes, known


def about(one: str, other: str, settings: Settings) -> tuple[str, str]:
    """A fact about two identifiers is one about the weaker, of equals about the larger: that one first."""
    low, high = sorted((one, other), key=lambda name: (rank_of(name, settings), name))
    return high, low


def held(verdicts: Mapping[str, Verdict]) -> Verdicts:
    """What holds, from the greatest verdict about each other identifier; "" is the identifier alone."""
    if not verdicts:
        return _NO_VERDICTS
    links = frozenset(other for other, verdict in verdicts.items() if verdict.verb == "link")
    unlinks = frozenset(other for other, verdict in verdicts.items() if verdict.verb == "unlink")
    alone = verdicts.get("")
    return Verdicts(links, unlinks, alone is not None and alone.verb == "block")


def owners_of(
    seen: Iterable[Seen], verdicts: Mapping[str, Mapping[str, Verdict]], settings: Settings
) -> dict[str, Owner]:
    """The owner of every identifier, strongest first: the plain batch definition."""
    evidence: dict[str, Evidence] = {}
    linked = {other for own in verdicts.values() for other in own if other}
    for one in seen:
        for identifier in one.identifiers:
            own = evidence.setdefault(identifier, Evidence({}))
            if stronger := above(identifier, one.identifiers, settings):
                own.add(stronger, one.started_at // PERIOD_MS)
    owners: dict[str, Owner] = {}
    everyone = evidence.keys() | verdicts.keys() | linked
    for identifier in sorted(everyone, key=lambda name: (rank_of(name, settings), name)):
        owners[identifier] = owner_of(
            identifier,
            evidence.get(identifier) or Evidence({}),
            held(verdicts.get(identifier, {})),
            owners.__getitem__,
            settings,
        )
    return owners


def customer_of(contact: Contact, lookup: Lookup, settings: Settings) -> str:
    """The key of ``contact``'s customer: what owns it, or "anonymous:<contact id>" where nobody can tell."""
    return customer_of_id(contact.contact_id, identifiers_of(contact.identifiers), lookup, settings)


def customer_of_id(contact_id: str, identifiers: Sequence[str], lookup: Lookup, settings: Settings) -> str:
    """The same for the contact of that id, which carries ``identifiers``."""
    return speaker(identifiers, lookup, settings) or ANONYMOUS + contact_id


def is_identified(customer: str) -> bool:
    return not customer.startswith(ANONYMOUS)


MOST_TOLD = 20
"""So many sets of stronger identifiers, those of the most contacts, are told of one identifier."""


OwnerChange = Literal["", "joined", "parted", "moved"]
"""What became of an identifier: another's now, its own or nobody's again, or it went from one to another."""


def changed(identifier: str, before: Owner, after: Owner) -> OwnerChange:
    """What the change of owner is."""
    if after in (None, identifier):
        return "parted"
    return "joined" if before in (None, identifier) else "moved"


class SeenWith(msgspec.Struct, frozen=True, gc=False):
    """A set of stronger identifiers that one was seen with. Times in ms since the epoch (UTC)."""

    identifiers: tuple[str, ...]
    contacts: int
    """In how many contacts; an `identify` counts as one."""
    first_period_at: int
    last_period_at: int
    """When the first and the last period (of ``PERIOD_MS``) with such a contact start."""


class Identified(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is known of one identifier, and why, for those who look at it from outside."""

    identifier: str
    kind: str
    owner: str
    """Empty where it belongs to nobody."""
    state: Literal["owned", "unclaimed", "shared", "blocked"]
    """Owned: by another, or it names a customer itself. Unclaimed: its own owner, as nobody stronger is known."""
    contacts: int
    """Contacts in the evidence, all sets together."""
    sets: int
    """Different sets in the evidence."""
    evidence: tuple[SeenWith, ...]
    """At most ``MOST_TOLD`` of these sets, most contacts first."""
    links: tuple[str, ...] = ()
    unlinks: tuple[str, ...] = ()
    change: OwnerChange = ""
    """The last change of its owner; it depends on the order of arrival, as nothing else here does."""
    changed_at: int = 0
    """When that was found, by the clock of the broker's records (ms); 0 if it never was."""


def identified(
    identifier: str,
    owner: Owner,
    evidence: Evidence,
    verdicts: Verdicts,
    settings: Settings,
    change: OwnerChange = "",
    changed_at: int = 0,
) -> Identified:
    """``identifier`` as others are told of it."""
    counts = {others: sum(periods.values()) for others, periods in evidence.sets.items()}
    most = sorted(counts, key=lambda others: (-counts[others], others))[:MOST_TOLD]
    state: Literal["owned", "unclaimed", "shared", "blocked"] = "owned"
    if owner is None:
        state = "blocked" if verdicts.blocked else "shared"
    elif owner == identifier and rank_of(identifier, settings) > 0:
        state = "unclaimed"
    return Identified(
        identifier,
        identifier.partition(":")[0],
        owner or "",
        state,
        sum(counts.values()),
        len(counts),
        tuple(
            SeenWith(
                others,
                counts[others],
                min(evidence.sets[others]) * PERIOD_MS,
                max(evidence.sets[others]) * PERIOD_MS,
            )
            for others in most
        ),
        tuple(sorted(verdicts.links)),
        tuple(sorted(verdicts.unlinks)),
        change,
        changed_at,
    )
