"""What misleads the shipped rule: the touchpoints that went to another person's customer, by what said so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from benchmarks.identity.population import thing
from benchmarks.identity.ways import Folded
from journeys.identity import Owner, identifiers_of, rank_of
from journeys.settings import DEFAULTS


def strangers(
    contacts: Sequence[Folded], owners: Mapping[str, Owner], customers: Mapping[str, str], person_of: Mapping[str, int]
) -> Counter[str]:
    """Touchpoints in a customer that is another person's, by the strongest identifier that belongs to the customer.

    A customer is the person's who has the most touchpoints in it, of equals the lower number's.
    """
    shares: dict[str, Counter[int]] = defaultdict(Counter)
    for one, customer in customers.items():
        shares[customer][person_of[one]] += 1
    whose = {customer: min(counts, key=lambda person: (-counts[person], person)) for customer, counts in shares.items()}
    found: Counter[str] = Counter()
    for contact, members in contacts:
        customer = customers[members[0]]
        if person_of[members[0]] == whose[customer]:
            continue
        said = [one for one in identifiers_of(contact.identifiers) if owners[one] == customer]
        found[thing(min(said, key=lambda one: rank_of(one, DEFAULTS)))] += len(members)
    return found
