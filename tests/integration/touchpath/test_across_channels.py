"""One customer, four vendors' ways to tell of her, and one journey: an ad, a search, WhatsApp, a call, a survey.

All of it comes as the vendors send it, through the collector, into the real parts: nothing is joined but by what the
payloads say. She is a cookie to the web site until she signs in, a number to WhatsApp and Amazon Connect, spelt in two
ways, and an address to Delighted.
"""

from __future__ import annotations

import hmac
import json
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from segment.analytics.client import Client as Segment

from journeys.settings import DEFAULTS
from sinks.rows import READERS
from tests.integration.touchpath.command import Collecting, Up, rows
from touchpath.brokers import Brokers
from touchpath.drain import drain, ends_of_touchpoints
from touchpath.keys import pseudonyms_of
from touchpath.layout import Layout
from touchpath.sink import group_of
from touchpath.worker import APP_ID

pytestmark = pytest.mark.timeout(300)

SHOP, CONNECT = "the-shop-s-write-key", "amazon-connect-s-key"
SIGNED = {
    "whatsapp": ("X-Hub-Signature-256", "the-secret-of-the-app"),
    "delighted": ("X-Delighted-Webhook-Signature", "the-key-of-the-account"),
}
"""Vendor to the header with its signature, and its secret."""
KEYS = {
    "TOUCHPATH_WRITE_KEY_SHOP": SHOP,
    "TOUCHPATH_WRITE_KEY_CONNECT": CONNECT,
    **{f"TOUCHPATH_HOOK_SECRET_{vendor.upper()}": secret for vendor, (_, secret) in SIGNED.items()},
}
SETTINGS = """
[collector.keys.connect]  # it does not sign
scopes = ["hooks"]
"""
CUSTOMER = "42"
ARN = "arn:aws:connect:eu-central-1:000000000001:instance/i-1"


def hook(collector: Collecting, vendor: str, payload: dict[str, Any]) -> None:
    """As ``vendor`` calls it, with its signature if it has one; twice, as all of them may."""
    body = json.dumps(payload).encode()
    headers = {"Content-Type": "application/json"}
    if vendor in SIGNED:
        name, secret = SIGNED[vendor]
        headers[name] = f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"
    else:
        headers["Authorization"] = "Basic " + b64encode(f"{CONNECT}:".encode()).decode()
    for _ in range(2):
        asked = urllib.request.Request(f"{collector.url}/v1/hooks/{vendor}", body, headers)
        with urllib.request.urlopen(asked, timeout=20) as said:
            assert said.status == 200


class Day:
    """When things happened: minutes after she clicked, some hours ago."""

    def __init__(self) -> None:
        self.start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=4)

    def at(self, minute: float) -> datetime:
        return self.start + timedelta(minutes=minute)

    def text(self, minute: float) -> str:
        return self.at(minute).isoformat().replace("+00:00", "Z")

    def epoch(self, minute: float) -> int:
        return int(self.at(minute).timestamp())


def on_the_web(client: Segment, day: Day) -> None:
    """By an ad to a page of help, which has nothing; then she signs in."""
    came = {"campaign": {"name": "spring", "source": "search"}, "page": {"path": "/help"}}
    client.page(anonymous_id="a-1", name="Help", properties={"path": "/help"}, context=came, timestamp=day.at(0))
    client.track(
        anonymous_id="a-1", event="FAQ Searched", properties={"query": "pay twice", "results": 0}, timestamp=day.at(1)
    )
    traits = {"email": "Ann@Shop.example", "phone": "+41 79 555 01 42"}
    client.identify(CUSTOMER, traits, anonymous_id="a-1", timestamp=day.at(2))
    client.flush()


def in_whatsapp(day: Day) -> Iterator[dict[str, Any]]:
    """She writes, is answered, and writes again; somebody else writes too."""

    def change(**value: Any) -> dict[str, Any]:
        value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "2003"}} | value
        return {"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]}

    for name, sender, minute in (("1", "41795550142", 10), ("3", "41795550142", 13), ("9", "41795550199", 12)):
        message = {"id": f"wamid.{name}", "from": sender, "timestamp": str(day.epoch(minute)), "type": "text"}
        yield change(messages=[message | {"text": {"body": "I paid twice"}}])
    for status, minute in (("sent", 11), ("delivered", 11), ("read", 12)):
        told = {"id": "wamid.2", "status": status, "timestamp": str(day.epoch(minute)), "recipient_id": "41795550142"}
        yield change(statuses=[told])


def by_telephone(day: Day) -> Iterator[dict[str, Any]]:
    """Contact events, in no order, and the contact record, which alone says what it was about."""
    queue = {"queueArn": f"{ARN}/queue/q-1", "enqueueTimestamp": day.text(60.5)}
    agent = {"agentArn": f"{ARN}/agent/a-7", "connectedToAgentTimestamp": day.text(61)}
    for kind, more in (
        ("DISCONNECTED", {"disconnectTimestamp": day.text(66), "queueInfo": queue, "agentInfo": agent}),
        ("INITIATED", {}),
        ("CONNECTED_TO_AGENT", {"queueInfo": queue, "agentInfo": agent}),
        ("QUEUED", {"queueInfo": queue}),
    ):
        detail = {
            "eventType": kind, "contactId": "leg-1", "channel": "VOICE", "initiationMethod": "INBOUND",
            "initiationTimestamp": day.text(60),
            "customerEndpoint": {"type": "TELEPHONE_NUMBER", "address": "+41795550142"},
        }  # fmt: skip
        yield {"detail-type": "Amazon Connect Contact Event", "time": day.text(66), "detail": detail | more}
    yield {
        "AWSContactTraceRecordFormatVersion": "2017-03-10", "ContactId": "leg-1", "Channel": "VOICE",
        "InitiationMethod": "INBOUND", "InitiationTimestamp": day.text(60), "DisconnectTimestamp": day.text(66),
        "LastUpdateTimestamp": day.text(68), "Attributes": {"intent": "billing"},
        "CustomerEndpoint": {"Address": "+41795550142", "Type": "TELEPHONE_NUMBER"},
        "Queue": {"ARN": f"{ARN}/queue/q-1", "Name": "Billing", "EnqueueTimestamp": day.text(60.5), "Duration": 30},
        "Agent": {
            "ARN": f"{ARN}/agent/a-7", "ConnectedToAgentTimestamp": day.text(61), "AgentInteractionDuration": 300,
            "AfterContactWorkDuration": 60, "AfterContactWorkEndTimestamp": day.text(67),
        },
    }  # fmt: skip


def asked_how_it_was(day: Day) -> Iterator[dict[str, Any]]:
    """A score, and then the words to it."""
    for event, minute, comment in (("created", 120, None), ("updated", 121, "Solved, but it took three tries")):
        yield {
            "event_type": f"survey_response.{event}",
            "event_data": {
                "id": "5501", "person": {"id": "p1", "email": "ann@shop.example"}, "survey_type": "nps", "score": 6,
                "comment": comment, "created_at": day.epoch(120), "updated_at": day.epoch(minute),
            },
        }  # fmt: skip


def test_an_ad_a_search_whatsapp_a_call_and_a_survey_are_one_journey_of_one_customer(tmp_path: Path) -> None:
    data, settings, day = tmp_path / "data", tmp_path / "touchpath.toml", Day()
    settings.write_text(SETTINGS)
    failed: list[Exception] = []
    with Up("--data", data, "--settings", settings) as up:
        up.ready()
        log = tmp_path / "collector.log"
        with Collecting(log, "--data", data, "--settings", settings, environment=KEYS) as collector:
            client = Segment(SHOP, host=collector.url, on_error=lambda error, _: failed.append(error))
            on_the_web(client, day)
            client.shutdown()
            assert not failed
            for vendor, payloads in (
                ("whatsapp", in_whatsapp(day)),
                ("amazon-connect", by_telephone(day)),
                ("delighted", asked_how_it_was(day)),
            ):
                for payload in payloads:
                    hook(collector, vendor, payload)
            assert collector.stop() == 0
        with Brokers(up.bootstrap) as brokers:
            partitions = brokers.count_partitions()
            published = ends_of_touchpoints(brokers, partitions)
            drain(brokers, partitions, published, APP_ID, {group_of(Layout(data), None): list(READERS)})

        customer = f"customer_id:{pseudonyms_of(DEFAULTS, None, Layout(data)).of('customer_id', CUSTOMER)}"
        hers = f"WHERE customer = '{customer}'"
        [journey] = rows(data, f"SELECT * FROM v_journeys {hers}")
        assert (journey["intent"], journey["first_channel"], journey["last_channel"]) == ("billing", "ad", "survey")
        assert (journey["contacts"], journey["switches"]) == (5, 3)
        assert journey["repeats"] == 1, "she wrote about what her search had not told her"
        contacts = rows(
            data,
            f"SELECT channel, direction, outcome, touchpoints, journey_id FROM v_contacts {hers} ORDER BY started_at",
        )
        assert {one.pop("journey_id") for one in contacts} == {journey["journey_id"]}
        assert [tuple(one.values()) for one in contacts] == [
            ("ad", "inbound", "open", 1),
            ("web", "inbound", "self_service", 2),
            ("messenger", "inbound", "open", 5),
            ("voice", "inbound", "answered", 5),
            ("survey", "inbound", "open", 1),
        ]
        switched = rows(data, f"SELECT from_channel, to_channel, cause FROM v_switches {hers} ORDER BY at")
        assert [tuple(one.values()) for one in switched] == [
            ("ad", "web", "choice"), ("web", "messenger", "choice"), ("messenger", "voice", "choice"),
        ]  # fmt: skip
        [call] = rows(data, f"SELECT queue, wait_s, talk_s, wrap_s FROM v_contacts {hers} AND channel = 'voice'")
        assert call == {"queue": "Billing", "wait_s": 30, "talk_s": 300, "wrap_s": 60}
        [survey] = rows(data, f"SELECT contact_id, joined_by FROM v_surveys {hers}")
        assert survey["contact_id"] == "leg-1", "what she was asked about is the call before"

        others = rows(data, f"SELECT channel, customer FROM v_contacts WHERE customer != '{customer}'")
        assert [one["channel"] for one in others] == ["messenger"], "whose number is another is another customer"
        assert not rows(data, "SELECT letter_id FROM v_dead_letters")
        assert up.stop() == 0, str(up)
