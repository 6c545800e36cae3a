"""What each vendor's payloads become: fixtures/VENDOR/NAME is told as expected/VENDOR/NAME.txt has it, line by line.

After a change that is meant: ``python -m tests.producers.adapters.fixtures_of VENDOR``, and read the difference.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from journeys import Touchpoint
from journeys.contact import Contact, QueueVisit, fold
from journeys.settings import DEFAULTS
from producers.adapters.adapter import Adapted, How
from producers.adapters.registry import BUILT_IN, GROUP, UnknownVendor, adapter, vendors
from tests.producers.adapters.fixtures_of import EXPECTED, FIXTURES, ZONE, fixtures, told

CASES = [(directory.name, fixture) for directory in sorted(EXPECTED.iterdir()) for fixture in fixtures(directory.name)]


@pytest.mark.parametrize(("vendor", "fixture"), CASES, ids=[f"{vendor}-{one.name}" for vendor, one in CASES])
def test_a_payload_becomes_what_a_person_expects(vendor: str, fixture: Any) -> None:
    assert told(vendor, fixture) == (EXPECTED / vendor / f"{fixture.name}.txt").read_text()


def test_every_vendor_has_payloads_to_be_tried_with() -> None:
    assert {vendor for vendor in BUILT_IN if not (FIXTURES / vendor).is_dir()} == set()


@pytest.mark.parametrize(("vendor", "fixture"), CASES, ids=[f"{vendor}-{one.name}" for vendor, one in CASES])
def test_a_payload_that_comes_twice_is_a_duplicate(vendor: str, fixture: Any) -> None:
    first, second = (adapter(vendor)(fixture.raw, fixture.how) for _ in range(2))
    assert (first.touchpoints, first.agent_events) == (second.touchpoints, second.agent_events)


def read(vendor: str, *names: str) -> Adapted:
    """The fixtures of these names, as one payload."""
    raw = b"\n".join((FIXTURES / vendor / name).read_bytes() for name in names)
    return adapter(vendor)(raw, How(time_zone=ZONE))


def folded(touchpoints: list[Touchpoint], contact_id: str) -> tuple[Contact, list[QueueVisit]]:
    own = [one for one in touchpoints if one.contact_id == contact_id]
    return fold(sorted(own, key=lambda one: (one.at, one.id)), DEFAULTS)


def test_a_call_of_amazon_connect_is_one_contact_with_its_durations() -> None:
    contact, (visit,) = folded(read("amazon-connect", "contact_record.json").touchpoints, "leg-1")
    assert (contact.outcome, contact.direction, contact.intent, contact.channel) == (
        "answered", "inbound", "billing", "voice",
    )  # fmt: skip
    assert contact.containment_failed
    assert (visit.queue, visit.agent, visit.wait_s, visit.talk_s, visit.hold_s, visit.wrap_s) == (
        "Billing", "a-ann", 25.0, 245.0, 60.0, 40.0,
    )  # fmt: skip


def test_a_transfer_within_amazon_connect_is_two_visits_of_one_contact_though_the_first_agent_stays_on() -> None:
    contact, visits = folded(read("amazon-connect", "transferred.jsonl").touchpoints, "leg-3")
    assert (contact.transfers, contact.agents) == (1, ("a-ann", "a-bob"))
    assert [(one.queue, one.outcome, one.agent, one.talk_s) for one in visits] == [
        ("Billing", "answered", "a-ann", 245.0),
        ("Faults", "answered", "a-bob", 170.0),
    ]


def test_a_call_back_of_amazon_connect_is_a_contact_of_its_own_and_ends_the_one_that_asked_for_it() -> None:
    made = read("amazon-connect", "call_back.jsonl").touchpoints
    asked, (waited,) = folded(made, "leg-16")
    assert (waited.outcome, waited.wait_s, asked.closed, asked.direction) == ("called_back", 50.0, True, "inbound")
    called, (served,) = folded(made, "leg-5")
    assert (called.direction, called.outcome, served.talk_s) == ("outbound", "answered", 200.0)


def test_a_call_of_amazon_connect_that_is_answered_in_the_second_in_which_it_queues_waits_for_nobody() -> None:
    record = json.loads((FIXTURES / "amazon-connect/contact_record.json").read_bytes())
    record["Queue"] |= {"EnqueueTimestamp": "2026-03-02T09:01:05Z", "Duration": 0}
    made = adapter("amazon-connect")(json.dumps(record).encode(), How()).touchpoints
    _, (visit,) = folded(made, "leg-1")
    assert (visit.outcome, visit.wait_s) == ("answered", 0.0)


def test_of_a_contact_record_the_newest_holds_and_it_has_the_last_word_on_contact_events() -> None:
    record = json.loads((FIXTURES / "amazon-connect/contact_record.json").read_bytes())
    newer = record | {"LastUpdateTimestamp": "2026-03-02T10:08:00Z"}
    event = {
        "eventType": "DISCONNECTED", "contactId": "leg-1", "channel": "VOICE", "initiationMethod": "INBOUND",
        "disconnectTimestamp": "2026-03-02T09:06:10.250Z",
    }  # fmt: skip
    made = [adapter("amazon-connect")(json.dumps(one).encode(), How()).touchpoints for one in (newer, record, event)]
    revisions = {one.id: [two.revision for those in made for two in those if two.id == one.id] for one in made[0]}
    for id_, found in revisions.items():
        assert found[0] > found[1] > 0, id_
    assert revisions["leg-1/4-left"][2] == 0


def test_a_conversation_of_genesys_tells_its_transfer_before_it_queues_again() -> None:
    contact, visits = folded(read("genesys-cloud", "conversations.json").touchpoints, "conv-3")
    assert (contact.transfers, contact.outcome, contact.direction) == (1, "answered", "inbound")
    assert [(one.queue, one.outcome, one.wait_s, one.talk_s, one.holds) for one in visits] == [
        ("q-1", "answered", 59.0, 150.0, 1),
        ("q-2", "abandoned", 60.0, 0.0, 0),
    ]


def test_both_ways_in_which_genesys_tells_of_a_session_give_it_one_id() -> None:
    event = json.loads((FIXTURES / "genesys-cloud/call.jsonl").read_text().splitlines()[2])
    event["detail"]["eventBody"] |= {"conversationId": "conv-3", "sessionId": "s-2"}
    event["detail"]["topicName"] = "v2.detail.events.conversation.conv-3.acd.start"
    (live,) = adapter("genesys-cloud")(json.dumps(event).encode(), How()).touchpoints
    after = {one.id: one.revision for one in read("genesys-cloud", "conversations.json").touchpoints}
    assert after[live.id] > live.revision == 0


def test_a_queue_is_called_as_the_one_who_set_it_up_says() -> None:
    how = How(names={"q-billing": "Bills", "q-1": "Bills", "g-1": "Bills"})
    for vendor, name in (
        ("amazon-connect", "contact_record.json"), ("amazon-connect", "contact_events.jsonl"),
        ("genesys-cloud", "call.jsonl"), ("zendesk", "ticket.jsonl"),
    ):  # fmt: skip
        made = adapter(vendor)((FIXTURES / vendor / name).read_bytes(), how).touchpoints
        assert next(one.queue for one in made if one.type == "queued") == "Bills", name


def test_a_message_that_bears_no_time_is_refused_unless_it_is_known_when_it_came() -> None:
    (refused,) = read("twilio", "sms.form").refused
    assert str(refused) == "DateSent: is required, or when it was received (got None)"


def test_what_twilio_tells_in_three_ways_has_one_id() -> None:
    (called,) = read("twilio", "callback.form").touchpoints
    (streamed,) = read("twilio", "event_stream.json").touchpoints
    fetched = read("twilio", "task.jsonl").touchpoints[2]
    assert called.id == streamed.id == fetched.id
    assert (called.type, called.at, called.agent) == (streamed.type, streamed.at, streamed.agent)
    assert (called.type, called.at, called.agent) == (fetched.type, fetched.at, fetched.agent)


@pytest.mark.parametrize("vendor", sorted({vendor for vendor, _ in CASES}))
def test_no_words_of_people_stand_anywhere_but_in_the_text(vendor: str) -> None:
    """Names, addresses and text would be stored as they came: only ``text`` is scored and let go."""
    private = ["Eve", "ann.meier", "Ann ", "Bill is wrong", "Please look", "refund.", "192.0.2.1", "kind", "my bill"]
    for fixture in fixtures(vendor):
        for one in adapter(vendor)(fixture.raw, fixture.how).touchpoints:
            kept = repr({name: value for name, value in one.attributes.items() if name != "text"})
            assert not [word for word in private if word in kept], (fixture.name, one.id)


def test_another_package_may_add_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nacme = acme_adapter:adapt\n")
    (tmp_path / "acme_adapter.py").write_text("def adapt(raw, how): return raw")
    monkeypatch.syspath_prepend(tmp_path)
    found: Callable[..., object] = adapter("acme")
    assert found(b"x", How()) == b"x"
    assert "acme" in vendors()
    with pytest.raises(UnknownVendor, match="no adapter for 'acmee'; there are acme, amazon-connect"):
        adapter("acmee")
