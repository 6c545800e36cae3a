"""Ways to tell whose a touchpoint is: the shipped rule, and what it is held against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from journeys.contact import Contact, fold
from journeys.identity import ANONYMOUS, Owner, Seen, customer_of, identifiers_of, owners_of, rank_of
from journeys.settings import DEFAULTS, Settings
from journeys.touchpoint import Touchpoint

Customers = dict[str, str]
"""Customer by touchpoint id."""
Folded = tuple[Contact, list[str]]
"""A contact, and the ids of its touchpoints."""


def contacts_of(touchpoints: Iterable[Touchpoint]) -> list[Folded]:
    """The contacts, as the contact stage folds them."""
    members: dict[str, list[Touchpoint]] = defaultdict(list)
    for touchpoint in touchpoints:
        members[touchpoint.contact_id].append(touchpoint)
    return [(fold(own, DEFAULTS)[0], [touchpoint.id for touchpoint in own]) for own in members.values()]


def owners(contacts: Sequence[Folded], settings: Settings = DEFAULTS) -> dict[str, Owner]:
    """To whom each identifier belongs, as journeys.identity says."""
    seen = [Seen(identifiers_of(contact.identifiers), contact.started_at) for contact, _ in contacts]
    return owners_of(seen, {}, settings)


def shipped(contacts: Sequence[Folded], found: Mapping[str, Owner], settings: Settings = DEFAULTS) -> Customers:
    """Whose each touchpoint is, as journeys.identity says; ``found`` are the ``owners``."""
    customers: Customers = {}
    for contact, members in contacts:
        customers |= dict.fromkeys(members, customer_of(contact, found.__getitem__, settings))
    return customers


def note_per_touchpoint(touchpoints: Iterable[Touchpoint]) -> Customers:
    """The strongest unique root, as the design note has it: what the shipped rule came from."""
    return _note({touchpoint.id: identifiers_of(touchpoint.identifiers.items()) for touchpoint in touchpoints})


def note_per_contact(contacts: Sequence[Folded]) -> Customers:
    """The same with contacts as the unit of evidence, which the shipped rule takes."""
    roots = _note({contact.contact_id: identifiers_of(contact.identifiers) for contact, _ in contacts})
    return {member: roots[contact.contact_id] for contact, members in contacts for member in members}


def _note(units: Mapping[str, Sequence[str]]) -> Customers:
    """Without facts and expiry, which these data have not, and without the cap on touchpoints remembered."""
    evidence: dict[str, set[frozenset[str]]] = defaultdict(set)
    for identifiers in units.values():
        for one in identifiers:
            if above := frozenset(other for other in identifiers if _rank(other) < _rank(one)):
                evidence[one].add(above)
            else:
                evidence[one]  # known, though nothing is
    roots: dict[str, Owner] = {}
    for one in sorted(evidence, key=_rank):
        if len(evidence[one]) > DEFAULTS.identity.most_sets:
            roots[one] = None
            continue
        found = {root for above in evidence[one] if (root := _climb(above, roots)) is not None}
        roots[one] = _pick(found) if found else one
    return {unit: _climb(identifiers, roots) or ANONYMOUS + unit for unit, identifiers in units.items()}


def _climb(identifiers: Iterable[str], roots: Mapping[str, Owner]) -> Owner:
    """What the strongest kind that has a root says; two roots of it that are of one kind say nothing."""
    by_rank: dict[int, set[str]] = defaultdict(set)
    for one in identifiers:
        if (root := roots[one]) is not None:
            by_rank[_rank(one)].add(root)
    return _pick(by_rank[min(by_rank)]) if by_rank else None


def _pick(roots: Iterable[str]) -> Owner:
    """The one root of the strongest kind there is, if there is only one."""
    kinds: dict[int, list[str]] = defaultdict(list)
    for root in roots:
        kinds[_rank(root)].append(root)
    best = kinds[min(kinds)]
    return best[0] if len(best) == 1 else None


def components(touchpoints: Sequence[Touchpoint]) -> Customers:
    """Connected components: whatever was ever seen together is one customer's."""
    sets = Sets()
    for touchpoint in touchpoints:
        first, *others = identifiers_of(touchpoint.identifiers.items())
        for other in others:
            sets.join(first, other)
    return {one.id: sets.find(identifiers_of(one.identifiers.items())[0]) for one in touchpoints}


def last_writer(touchpoints: Sequence[Touchpoint]) -> Customers:
    """Each identifier belongs to the strongest that it was last seen with."""
    last: dict[str, str] = {}
    strongest: dict[str, str] = {}
    for touchpoint in sorted(touchpoints, key=lambda one: one.at):
        identifiers = identifiers_of(touchpoint.identifiers.items())
        top = strongest[touchpoint.id] = min(identifiers, key=_rank)
        last |= {one: top for one in identifiers if _rank(one) > _rank(top)}
    customers: Customers = {}
    for name, customer in strongest.items():
        while customer in last:
            customer = last[customer]
        customers[name] = customer
    return customers


class Sets:
    """Disjoint sets of names; one that was never joined is alone."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def find(self, name: str) -> str:
        """The name that stands for the set of ``name``."""
        while (parent := self._parent.get(name, name)) != name:
            self._parent[name] = self._parent.get(parent, parent)
            name = self._parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        self._parent[self.find(one)] = self.find(other)


def _rank(identifier: str) -> int:
    return rank_of(identifier, DEFAULTS)
