"""What is to be forgotten is gone from the tables in every version, and what came later is not."""

from __future__ import annotations

import msgspec

from journeys import Touchpoint
from journeys.change import Change, encode
from journeys.forgetting import KEY, Forgotten
from sinks.embedded import Embedded
from sinks.store import Store
from tests.sinks.messages import (
    HOUR,
    START,
    Message,
    accepted,
    contact,
    deleted,
    identifier,
    journey,
    next_step,
    put,
    signal,
    stitched,
)  # fmt: skip

ANN = "customer_id:42"


def erased(topic: str, entity: str, id_: str, version: int = 9) -> Message:
    return Message(topic, encode(Change(entity, id_, version, deleted=True, erased=True)), version)


def forgotten(contact_id: str, until: int, *identifiers: tuple[str, str]) -> Message:
    return Message("journey.accepted", msgspec.json.encode(Forgotten(contact_id, until, identifiers)), key=KEY)


def raw(store: Store, table: str, column: str) -> list[str]:
    """The column's values in all versions that there are."""
    return sorted(value for (value,) in store.query(f"SELECT {column} FROM {table}").rows)


def test_an_entity_goes_in_every_version(store: Embedded) -> None:
    put(store, stitched(contact("c1")), stitched(contact("c2")))
    put(store, stitched(contact("c1"), version=2), deleted("journey.stitched", "stitched", "c3", 3))
    put(store, erased("journey.stitched", "stitched", "c1"))
    assert raw(store, "contacts", "contact_id") == ["c2", "c3"]


def test_what_waits_in_the_same_block_goes_too_and_what_comes_after_stays(store: Embedded) -> None:
    put(store, journey("customer_id:42/c1"))
    put(
        store,
        journey("customer_id:42/c2"),
        journey("customer_id:7/c3", customer="customer_id:7"),
        erased("journey.journeys", "customer", ANN),
        journey("customer_id:42/c4", version=10),
    )
    assert raw(store, "journeys", "journey_id") == ["customer_id:42/c4", "customer_id:7/c3"]


def test_a_customer_goes_with_the_tombstones_whose_ids_tell_of_them(store: Embedded) -> None:
    put(
        store,
        deleted("journey.signals", "signal", "redial:customer_id:42/c1", 2),
        signal("x:customer_id:4/c1", "redial"),
    )
    put(store, erased("journey.signals", "customer", ANN))
    assert raw(store, "signals", "signal_id") == []  # the second is a signal of 42 by its column
    put(store, signal("redial:customer_id:421/c1", "redial", version=3))
    put(store, erased("journey.signals", "customer", "customer_id:21"))
    assert raw(store, "signals", "signal_id") == ["redial:customer_id:421/c1"]


def test_older_versions_of_others_no_longer_mention_an_identifier(store: Embedded) -> None:
    put(store, identifier("phone:1", ANN, links=("email:ann",)))
    put(store, identifier("phone:1", "customer_id:7", version=2), identifier("phone:2", ANN, links=("email:ann",)))
    put(store, erased("journey.identifiers", "identifier", "email:ann"))
    found = store.query("SELECT identifier, links FROM identifiers ORDER BY identifier").rows
    assert found == [("phone:1", []), ("phone:2", ["email:ann"])], "the newest of each stays, whatever it says"


def test_touchpoints_of_a_contact_go_up_to_a_time(store: Embedded) -> None:
    put(
        store,
        accepted(Touchpoint(START, "t1", "queued", "voice", "c1"), Touchpoint(START, "t2", "queued", "voice", "c2")),
    )
    put(
        store,
        accepted(Touchpoint(START + 1, "t3", "ended", "voice", "c1")),
        forgotten("c1", START + HOUR),
        accepted(Touchpoint(START + HOUR + 1, "t4", "queued", "voice", "c1")),
    )
    assert raw(store, "touchpoints", "id") == ["t2", "t4"]


def test_an_identifier_goes_out_of_touchpoints_that_stay(store: Embedded) -> None:
    who = {"cookie": 'x"y\\', "customer_id": "7"}
    stored = Touchpoint(START, "t1", "visited", "web", "c1", who)
    waiting = Touchpoint(START, "t2", "visited", "web", "c1", who)
    put(store, accepted(stored))
    put(store, accepted(waiting), forgotten("c1", START, ("cookie", who["cookie"])))
    found = store.query("SELECT identifiers, raw FROM touchpoints ORDER BY id").rows
    assert [identifiers for identifiers, _ in found] == [{"cookie": "", "customer_id": "7"}] * 2
    assert all("x" not in text.partition("identifiers")[2].partition("}")[0] for _, text in found)


def test_what_was_foretold_goes_with_the_contact_and_with_the_customer(store: Embedded) -> None:
    put(store, next_step("c1"), next_step("c2"), next_step("c3", customer="customer_id:7"))
    put(store, erased("journey.next", "next_step", "c1"))
    assert raw(store, "next_steps", "contact_id") == ["c2", "c3"]
    put(store, erased("journey.next", "customer", ANN))
    assert raw(store, "next_steps", "contact_id") == ["c3"]
