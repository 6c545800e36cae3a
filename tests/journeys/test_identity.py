"""Whose contact it is, by hand: each case is a table of contacts, what is asked is the customer of the first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from journeys import reference
from journeys.settings import DEFAULTS, Settings, convert
from journeys.touchpoint import Touchpoint
from tests.journeys.scenes import DAY, START

KINDS = {"c": "customer_id", "e": "email", "p": "phone", "s": "social", "d": "device", "k": "cookie"}
ALONE = "anonymous:t0"


def named(short: str) -> dict[str, str]:
    """ "c1 p" as {"customer_id": "c1", "phone": "p"}."""
    return {KINDS[name[0]]: name for name in short.split()}


def customer(contacts: Sequence[str], *facts: str, days: Sequence[int] = (), settings: Settings = DEFAULTS) -> str:
    """``contacts`` as "c1 p", ``facts`` as "link p c2", in the order of their versions."""
    made = [
        Touchpoint(
            START + (days[number] if days else 0) * DAY, f"t{number}", "visited", "web", f"t{number}", named(who)
        )
        for number, who in enumerate(contacts)
    ]
    for number, fact in enumerate(facts):
        verb, one, *two = fact.split()
        about = {"identifiers": named(one), "other": named(two[0]) if two else {}}
        made.append(Touchpoint(START + number, f"f{number}", verb, "voice", f"f{number}", **about))
    found = reference(made, settings=settings).relations["t0"].customer
    kind, _, value = found.partition(":")
    return found if kind == "anonymous" else value


@pytest.mark.parametrize(
    ("contacts", "facts", "want"),
    [
        # Who is joined.
        (["p", "p e1", "p e2", "e1 c1", "e2 c1"], [], "c1"),  # two addresses of one customer: no conflict
        (["d", "d c1"], [], "c1"),
        (["k p", "k c1", "p c2", "p c3"], [], "c1"),  # the shared phone is skipped, the cookie speaks
        (["e1 e1", "e1 c2"], [], "c2"),
        (["e2 p", "p c1"], [], "c1"),  # a typed address that nobody knows yields to the known phone
        (["e2 p", *["e2 p", "e1 p", "e1 p"]], [], "e1"),  # two addresses, one phone, no customer id: one person
        (["p", *["p e2"] * 3, *["p e1"] * 2], [], "e2"),
        # Who is not.
        (["p", "p e1", "p e2", "e1 c1", "e2 c2"], [], ALONE),
        (["p c1", "p c2", "p"], [], "c1"),
        (["p", "p c1", "p c2"], [], ALONE),  # a household's phone
        (["d", "d c1", "d c2"], [], ALONE),  # a second customer undoes the first join
        (["e1", "e1 c1", "e1 c2"], [], ALONE),
        (["p", "p c1", "p c2", "p c3"], [], ALONE),
        (["p e1", "p c1", "p c2"], [], "e1"),
        (["d e1", "d c1", "d c2", "e1 c1"], [], "c1"),
        (["e2 p", "e1 p"], [], "e2"),  # once each is no evidence
        (["d", "d e2", "d e1"], [], ALONE),  # a tablet that two visitors used once each joins nobody
        (["d", *["d c1"] * 4, "d e2 p2", "p2 e2"], [], ALONE),  # one who is known otherwise is no slip
        (["p d", "p c1", "p c2", "d c1", "d c2"], [], ALONE),
        ([""], [], ALONE),
        # Slips.
        (["e1", *["e1 c1"] * 9, "e1 c2"], [], "c1"),
        (["e1", *["e1 c1"] * 8, "e1 c2"], [], ALONE),
        (["d", *["d c1"] * 3, "d e2"], [], "c1"),
        (["d", *["d c1"] * 2, *["d e2"] * 3], [], "c1"),  # two of five: her second address
        (["d", "d c1", *["d e2"] * 2], [], ALONE),
        # What somebody knows better.
        (["p", "p c1", "p c2"], ["link p c2"], "c2"),
        (["p", "p c1", "p c2"], ["alias p c2"], "c2"),
        (["p", "p c1", "p c2"], ["unlink p c2"], "c1"),
        (["p", "p c1", "p c2"], ["link p c2", "auto p c2"], ALONE),
        (["e1", "e1 c1", "e1 c2"], ["link c2 e1"], "c2"),
        (["k", "k e1 c1", "e1 c2"], ["link e1 c2"], "c1"),  # the old cookie stays with the old owner
        (["c2", "c1"], ["link c1 c2"], "c1"),
        (["c2", "c1"], ["link c1 c2", "auto c2 c1"], "c2"),
        (["p", "p c1"], ["block p"], ALONE),
        (["p", "p c1"], ["block p", "unblock p"], "c1"),
        (["c2 e1", "e1 c1"], ["block c2"], "c1"),
        (["p", "p c1", "p c1"], ["unlink p c1"], "p"),  # "not the same person"; it stays so
    ],
)  # fmt: skip
def test_whose_contact_it_is(contacts, facts, want):
    assert customer(contacts, *facts) == want


def test_identify_joins_what_the_visitor_did_before():
    made = [
        Touchpoint(START, "t0", "visited", "web", "t0", {"cookie": "x"}),
        Touchpoint(START + 1, "i", "identify", "web", "i", {"cookie": "x", "customer_id": "7"}),
    ]
    found = reference(made)
    assert found.relations["t0"].customer == "customer_id:7"
    assert set(found.contacts) == {"t0"}, "an identify is no contact"


def test_a_tablet_is_public():
    visitors = [f"d e{number}" for number in range(52)]
    assert customer(["d", *visitors]) == ALONE
    assert customer(["d", *["d c1"] * 60]) == "c1", "one set of stronger identifiers, however often"


def test_a_kind_may_have_a_limit_of_its_own():
    few = convert({"identity": {"limits": {"phone": 2}}})
    callers = [f"e{number} c1" for number in range(3)]
    assert customer(["p", *[f"p {caller}" for caller in callers]], settings=few) == ALONE
    assert customer(["p", *[f"p {caller}" for caller in callers[:2]]], settings=few) == "c1"
    assert customer(["d", *[f"d {caller}" for caller in callers]], settings=few) == "c1"


def test_a_number_changes_hands():
    given = ["p", "p c1", "p c1", "p c2", "p c2"]
    days = [330, 0, 30, 300, 330]
    assert customer(given, days=days) == ALONE
    assert customer(given, days=days, settings=convert({"identity": {"expires": {"phone": "180d"}}})) == "c2"


def test_a_centre_that_resolves_nobody_goes_by_each_contacts_own():
    alone = convert({"identity": {"resolve": False}})
    assert customer(["p", "p c1"], settings=alone) == "p"
    assert customer(["p", "p c1"], "link p c2", settings=alone) == "p"
    assert customer(["e1 p"], settings=alone) == "e1"
    assert customer([""], settings=alone) == ALONE
