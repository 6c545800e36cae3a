"""The fast way of stitching equals the definition, contact by contact."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from journeys import Touchpoint, reference
from journeys.contact import Contact, fold
from journeys.definition import Reference, Relations, Told
from journeys.journey import Journey, Stitched
from journeys.settings import DEFAULTS, Settings
from journeys.stitch import stitch
from tests.journeys.scenes import asked, touchpoints


def stitched(
    facts: list[Touchpoint], expected: Reference, settings: Settings = DEFAULTS
) -> tuple[dict[str, Stitched], dict[str, Journey], set[tuple[str, str, str]]]:
    by_contact: dict[str, list[Touchpoint]] = defaultdict(list)
    for fact in sorted(facts, key=lambda fact: (fact.at, fact.id)):
        by_contact[fact.contact_id].append(fact)
    by_customer: dict[str, list[Contact]] = defaultdict(list)
    for own in by_contact.values():
        contact, _ = fold(own, settings)
        by_customer[expected.relations[contact.contact_id].customer].append(contact)
    contacts: dict[str, Stitched] = {}
    found: dict[str, Journey] = {}
    switches = set()
    for customer, those in by_customer.items():
        result = stitch(customer, those, settings)
        contacts.update((placed.contact.contact_id, placed) for placed in result.stitched)
        found.update((journey.journey_id, journey) for journey in result.journeys)
        switches |= {(s.previous_id, s.contact_id, s.cause) for s in result.signals if s.kind == "channel_switch"}
    return contacts, found, switches


def relations(placed: Stitched) -> Relations:
    return Relations(
        placed.customer,
        placed.journey_id,
        placed.part_of,
        placed.first_repeat_same_at,
        placed.first_repeat_any_at,
        placed.repeat_of_same,
        placed.repeat_of_any,
        placed.redial_at,
        placed.redial_id,
        placed.redial,
        placed.survey_of,
        placed.survey_joined_by,
        placed.window_ends,
        placed.redial_until,
        placed.friction,
    )


def told_of(placed: Stitched) -> Told:
    contact = placed.contact
    return Told(contact.path, Counter(zip(contact.friction_stages, contact.friction, strict=True)))


def told(journey: Journey) -> Told:
    friction = Counter({(one.stage, one.kind): one.count for one in journey.friction})
    points = sum(one.points for one in journey.friction)
    return Told(journey.path, friction, points, journey.drops_off_at, journey.stage_s)


@given(st.one_of(touchpoints(), asked()))
def test_stitching_equals_the_definition(facts: list[Touchpoint]) -> None:
    expected = reference(facts)
    contacts, journeys, switches = stitched(facts, expected)

    assert {key: relations(placed) for key, placed in contacts.items()} == expected.relations
    assert {key: placed.contact for key, placed in contacts.items()} == expected.contacts
    assert switches == expected.switches
    assert {
        (key, *drop)
        for key, placed in contacts.items()
        if not placed.part_of and placed.contact.mood
        for drop in placed.contact.mood.drops
    } == expected.drops
    assert set(journeys) == set(expected.journeys)
    for journey_id, journey in journeys.items():
        assert journey.intent == expected.intents[journey_id]
        assert journey.contacts == len(expected.journeys[journey_id])
    assert {key: told_of(placed) for key, placed in contacts.items() if not placed.part_of} == expected.contacts_told
    assert {key: told(journey) for key, journey in journeys.items()} == expected.journeys_told
