"""The collector against a real broker: what it answers is what the topics hold."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession
from kafka import KafkaConsumer, TopicPartition

from journeys.agents import decode as decode_state
from journeys.pseudonyms import is_pseudonym
from journeys.sentiment import Scorer
from journeys.settings import DEFAULTS, Collector, Hook, WriteKey
from journeys.touchpoint import decode
from producers.collector.access import from_environment
from producers.collector.hooks import Hooks
from producers.collector.intake import Intake
from producers.collector.limits import Limits
from producers.collector.outlet import Outlet
from producers.collector.server import Collector as Server
from producers.delivery import AGENTS, TOPIC
from streams.dead_letters import Seal
from streams.topics import DEAD_LETTERS
from tests.journeys.scenes import PSEUDONYMS
from touchpath.brokers import Brokers
from touchpath.collecting import sealer
from touchpath.embedded_kafka import EmbeddedKafka

KEY, SECRET = "a-write-key-of-tests", "a-secret-of-tests-00"
ENVIRONMENT = {
    "TOUCHPATH_WRITE_KEY_SHOP": KEY,
    "TOUCHPATH_WRITE_KEY_IVR": "the-ivr-s-own-write-key",
    "TOUCHPATH_WRITE_KEY_ADMIN": "an-operator-s-write-key",
    "TOUCHPATH_HOOK_SECRET_TICKETS": SECRET,
    "TOUCHPATH_HOOK_SECRET_TWILIO": SECRET,
    "TOUCHPATH_HOOK_SECRET_WHATSAPP": SECRET,
    "TOUCHPATH_HOOK_TOKEN_WHATSAPP": "a-token-of-tests",
}
SETTINGS = Collector(
    keys={
        "ivr": WriteKey(scopes=("touchpoints",), source="ivr"),
        "admin": WriteKey(scopes=("touchpoints", "rulings", "hooks")),
    },
    hooks={"tickets": Hook(adapter="zendesk", source="support")},
    public_url="https://events.example.org",
)


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode()}


def event(number: int, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": f"e{number}-{time.monotonic_ns()}", "source": "shop", "type": "visited",
        "time": "2026-01-01T10:00:00Z",
        "data": {"channel": "web", "contact_id": f"c{number}", "identifiers": {"email": "ann@example.org"}} | data,
    }  # fmt: skip


class Topics:
    """What has come onto the topics since it was made."""

    def __init__(self, bootstrap: str, *, from_the_beginning: bool = False) -> None:
        self._consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        with Brokers(bootstrap) as brokers:
            partitions = brokers.create_topics(4)
        self._places = [
            TopicPartition(topic, number) for topic in (TOPIC, AGENTS, DEAD_LETTERS) for number in range(partitions)
        ]
        self._found: dict[str, list[Any]] = {TOPIC: [], AGENTS: [], DEAD_LETTERS: []}
        self._consumer.assign(self._places)
        if from_the_beginning:
            self._consumer.seek_to_beginning()
        else:
            self._consumer.seek_to_end()
        for place in self._places:
            self._consumer.position(place)

    def news(self, topic: str) -> list[Any]:
        ends = self._consumer.end_offsets(self._places)
        deadline = time.monotonic() + 20
        while any(self._consumer.position(place) < ends[place] for place in self._places):
            assert time.monotonic() < deadline, "the topics could not be read to their ends"
            for place, records in self._consumer.poll(timeout_ms=200).items():
                self._found[place.topic] += records
        found, self._found[topic] = self._found[topic], []
        return found

    def touchpoints(self) -> list[Any]:
        return [decode(record.value) for record in self.news(TOPIC)]

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture
def topics(own_kafka: EmbeddedKafka) -> Any:
    found = Topics(own_kafka.bootstrap)
    yield found
    found.close()


@asynccontextmanager
async def serving(
    bootstrap: str, limits: Limits | None = None, patience_s: float = 10.0
) -> AsyncIterator[tuple[ClientSession, Server]]:
    """A collector, and a client of it that sends the shop's key."""
    access = from_environment(SETTINGS, ENVIRONMENT)
    outlet = Outlet(bootstrap, (TOPIC, AGENTS, DEAD_LETTERS), patience_s)
    await outlet.start()
    intake = Intake(PSEUDONYMS, Scorer(DEFAULTS))
    server = Server(outlet, intake, access, Hooks(access, {}, SETTINGS.public_url), sealer(Seal(PSEUDONYMS)), limits)
    await server.start("127.0.0.1", 0)
    try:
        async with ClientSession(f"http://127.0.0.1:{server.port}", headers=basic(KEY)) as client:
            yield client, server
    finally:
        assert await server.stop() == 0


async def test_one_event_is_answered_when_it_is_on_the_topic(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    sent = event(1, attributes={"text": "This is great, thank you!", "said": "I am ann@example.org"})
    sent |= {"traceparent": "00-abc"}
    async with serving(own_kafka.bootstrap) as (client, _):
        answer = await client.post("/v1/touchpoints", json=sent)
        assert (answer.status, await answer.json()) == (200, {"success": True})
        (record,) = topics.news(TOPIC)
    found = decode(record.value)
    assert (found.id, found.contact_id, found.source, record.key) == (sent["id"], "c1", "shop", b"c1")
    assert found.identifiers == {"email": PSEUDONYMS.of("email", "ann@example.org")}
    assert "text" not in found.attributes
    assert found.attributes["sentiment"] > 0.5
    assert "ann@" not in record.value.decode()
    assert json.loads(record.value)["traceparent"] == "00-abc", "fields that we do not know are kept"


async def test_a_batch_is_taken_and_what_is_bad_in_it_is_put_aside(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    good = [event(number) for number in range(300)]
    bad = event(300) | {"time": "yesterday, by ann@example.org"}
    sent = [*good[:7], bad, *good[7:]]
    lines = "\n".join(map(json.dumps, sent)).encode()
    async with serving(own_kafka.bootstrap) as (client, _):
        answer = await client.post("/v1/touchpoints", json=sent)
        told = await answer.json()
        assert (answer.status, told["taken"], told["dead_letters"]) == (200, 300, 1)
        assert told["refused"][0]["index"] == 7
        assert told["refused"][0]["field"] == "time"
        assert "yesterday" in told["refused"][0]["message"]
        again = await client.post("/v1/touchpoints", data=lines, headers={"Content-Type": "application/x-ndjson"})
        assert (await again.json())["taken"] == 300
    wanted = sorted(one["id"] for one in good)
    ids = sorted(found.id for found in topics.touchpoints())
    assert ids == sorted(wanted * 2)
    letters = topics.news(DEAD_LETTERS)
    assert len(letters) == 2
    headers = dict(letters[0].headers)
    assert headers["__connect.errors.stage"] == b"collector"
    assert headers["__connect.errors.topic"] == TOPIC.encode()
    assert headers["__connect.errors.exception.class.name"] == b"invalid_field"
    assert b"ann" not in headers["__connect.errors.exception.message"]
    assert b"ann" not in letters[0].value
    letter = Seal(PSEUDONYMS).open(letters[0].value)
    assert json.loads(letter.value or b"") == bad
    assert "ann@example.org" in letter.message


async def test_what_is_all_bad_is_refused_and_leaves_nothing(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    bad = event(1) | {"time": "2026-01-01T10:00:00"}
    many = [event(number) for number in range(200)] + [bad] * 101
    deep = b"[" * 2000
    async with serving(own_kafka.bootstrap) as (client, _):
        for body, code, says in (
            (json.dumps(bad), "invalid_field", "time"),
            (json.dumps(event(1, wait_s=-1)), "invalid_field", "data.wait_s: Expected `float` >= 0.0 (got -1)"),
            (json.dumps(event(1) | {"specversion": "2.0"}), "unknown_version", "specversion"),
            (json.dumps(event(1) | {"time": "1970-01-01T00:00:00Z"}), "implausible_time", "1970"),
            (json.dumps([bad, bad]), "invalid_field", "nothing was taken: 2 of 2 events"),
            (json.dumps(many), "invalid_field", "nothing was taken: 101 of 301 events cannot be; first: event 200"),
            ("{", "not_json", "truncated"),
            ("[1,", "not_json", "no JSON array"),
            (deep, "not_json", ""),
            (b"\xff\xfe", "not_json", ""),
            ("", "null_value", "no body"),
            ("[]", "null_value", "no event"),
        ):
            answer = await client.post("/v1/touchpoints", data=body)
            told = await answer.json()
            assert (answer.status, told["code"]) == (400, code), told
            assert says in told["message"]
        answer = await client.post("/v1/touchpoints", json=event(1, attributes={"x": "x" * 33_000}))
        assert (answer.status, (await answer.json())["code"]) == (413, "too_large")
    assert not topics.news(TOPIC)
    assert not topics.news(DEAD_LETTERS)


async def test_keys_say_who_may_send_what(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    forget = event(1) | {"type": "forget"}
    async with serving(own_kafka.bootstrap) as (client, server):
        for headers, sent, status, code in (
            (None, event(1), 401, "no_key"),
            (basic("another-key-of-tests"), event(1), 401, "wrong_key"),
            ({"Authorization": "Basic ???"}, event(1), 401, "no_key"),
            (basic(KEY), forget, 403, "scope"),
            (basic("the-ivr-s-own-write-key"), event(1), 403, "source"),
        ):
            async with ClientSession(f"http://127.0.0.1:{server.port}", headers=headers) as other:
                answer = await other.post("/v1/touchpoints", json=sent)
                assert (answer.status, (await answer.json())["code"]) == (status, code)
                assert ("WWW-Authenticate" in answer.headers) == (status == 401)
        ivr, admin = basic("the-ivr-s-own-write-key"), {"Authorization": "Bearer an-operator-s-write-key"}
        answer = await client.post("/v1/agents", json=event(1), headers=ivr)
        assert (answer.status, (await answer.json())["code"]) == (403, "scope")
        assert (await client.post("/v1/touchpoints", json=event(2) | {"source": "ivr"}, headers=ivr)).status == 200
        assert (await client.post("/v1/touchpoints", json=forget, headers=admin)).status == 200
    assert [(found.source, found.type) for found in topics.touchpoints()] in (
        [("ivr", "visited"), ("shop", "forget")], [("shop", "forget"), ("ivr", "visited")],
    )  # fmt: skip


async def test_agents_states_go_to_their_own_topic(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    data = {"agent": "a-7", "state": "available", "slots": {"voice": 1}}
    sent = {
        "specversion": "1.0", "id": "s1", "source": "desk", "type": "agent_state_changed",
        "time": "2026-01-01T10:00:00Z", "dataschema": "touchpath:agent:1", "data": data,
    }  # fmt: skip
    async with serving(own_kafka.bootstrap) as (client, _):
        assert (await client.post("/v1/agents", json=sent)).status == 200
        answer = await client.post("/v1/agents", json=sent | {"data": {"agent": "a-7"}})
        assert (answer.status, (await answer.json())["field"]) == (400, "data.state")
    (record,) = topics.news(AGENTS)
    assert (decode_state(record.value).agent, record.key) == ("a-7", b"a-7")


async def test_bodies_are_unpacked_within_their_limit(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    packed = {"Content-Encoding": "gzip"}
    body = gzip.compress(json.dumps([event(1), event(2)]).encode())

    async def dribble() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)
        yield b"}"

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 60_000

    async with serving(own_kafka.bootstrap, limits=Limits(slow_s=0.3)) as (client, _):
        assert (await client.post("/v1/touchpoints", data=body, headers=packed)).status == 200
        for sent, headers, status, code in (
            (gzip.compress(b" " * 50_000_000), packed, 413, "too_large"),
            (b" " * 600_000, {}, 413, "too_large"),
            (endless(), {}, 413, "too_large"),
            (dribble(), {}, 408, "slow"),
            (b"no gzip", packed, 400, "not_gzip"),
            (body[:-9], packed, 400, "not_gzip"),
            (body, {"Content-Encoding": "br"}, 415, "encoding"),
        ):
            answer = await client.post("/v1/touchpoints", data=sent, headers=headers)
            assert (answer.status, (await answer.json())["code"]) == (status, code)
    assert len(topics.touchpoints()) == 2


async def test_addresses_and_methods(own_kafka: EmbeddedKafka) -> None:
    async with serving(own_kafka.bootstrap) as (client, server):
        assert (await client.get("/health")).status == 200
        assert (await client.get("/ready")).status == 200
        assert (await client.get("/v1/touchpoints")).status == 405
        assert (await client.post("/v1/nothing", data=b"")).status == 404
        assert (await client.post("/v1/hooks/nobody", data=b"")).status == 404
        asked = await client.options("/v1/touchpoints", headers={"Origin": "https://shop.example"})
        assert (asked.status, asked.headers["Access-Control-Allow-Origin"]) == (204, "*")
        for number in range(300):  # labels are of a fixed set, whatever is asked for
            await client.get(f"/v1/{number}/{number}")
        samples = [one for family in server.registry.collect() for one in family.samples]
        assert len([one for one in samples if one.name == "journey_collector_requests_total"]) < 10
        other = next(one for one in samples if one.labels == {"endpoint": "other", "status": "404"})
        assert other.value == 301


async def test_connections_beyond_the_limit_are_turned_away(own_kafka: EmbeddedKafka) -> None:
    async with serving(own_kafka.bootstrap, limits=Limits(connections=5, idle_s=0.5)) as (_, server):
        streams = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(5)]
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")
        writer.close()
        assert [await reader.read() for reader, _ in streams] == [b""] * 5, "who says nothing is not waited for"
        for _, writer in streams:
            writer.close()
        async with ClientSession(f"http://127.0.0.1:{server.port}") as client:
            assert (await client.get("/health")).status == 200


async def test_a_stop_answers_what_was_begun(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    async with serving(own_kafka.bootstrap) as (client, server):
        sent = [asyncio.ensure_future(client.post("/v1/touchpoints", json=event(number))) for number in range(50)]
        await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
        stopping = asyncio.ensure_future(server.stop())
        answers = await asyncio.gather(*sent, return_exceptions=True)
        await stopping
        taken = sum(not isinstance(one, BaseException) and one.status == 200 for one in answers)
        assert taken
    assert len(topics.news(TOPIC)) == taken


TICKET = {
    "type": "zen:event-type:ticket.created", "id": "01TICKET", "time": "2026-01-01T10:00:00Z",
    "zendesk_event_version": "2022-11-06", "subject": "zen:ticket:7",
    "detail": {"id": "7", "status": "OPEN", "via": {"channel": "web"}, "created_at": "2026-01-01T10:00:00Z"},
    "event": {},
}  # fmt: skip


def by_zendesk(body: bytes, secret: str = SECRET) -> dict[str, str]:
    at = "2026-01-01T10:00:01Z"
    signature = b64encode(hmac.digest(secret.encode(), at.encode() + body, "sha256")).decode()
    return {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": at}


async def test_a_hook_is_taken_from_who_signs_it(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    body = json.dumps(TICKET).encode()
    unread = b'{"type": "zen:event-type:ticket.created", "time": "at noon, says ann@example.org"}'
    async with serving(own_kafka.bootstrap) as (client, server):
        for headers in ({}, by_zendesk(body, "another secret"), by_zendesk(body + b" ")):
            answer = await client.post("/v1/hooks/tickets", data=body, headers=headers)
            assert (answer.status, (await answer.json())["code"]) == (401, "signature"), "a write key does not help"
        answer = await client.post("/v1/hooks/tickets", data=body, headers=by_zendesk(body))
        assert (answer.status, await answer.text()) == (200, "")
        assert (await client.post("/v1/hooks/tickets", data=unread, headers=by_zendesk(unread))).status == 200
        assert (await client.head("/v1/hooks/tickets")).status == 200
        letters = server.registry.get_sample_value(
            "journey_collector_dead_letters_total", {"endpoint": "hooks", "reason": "invalid_field"}
        )
        assert letters == 1
    (found,) = topics.touchpoints()
    assert found.source == "support"
    (letter,) = topics.news(DEAD_LETTERS)
    headers = dict(letter.headers)
    assert headers["__connect.errors.topic"] == b"collector/zendesk"
    assert b"ann@" not in headers["__connect.errors.exception.message"]
    assert Seal(PSEUDONYMS).open(letter.value).value == unread


async def test_twilio_signs_the_address_that_the_world_sees(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    form = {"MessageSid": "SM1", "From": "+15551234567", "To": "+15559876543", "Body": "Where is my order?"}
    signed = "https://events.example.org/v1/hooks/twilio" + "".join(name + form[name] for name in sorted(form))
    headers = {"X-Twilio-Signature": b64encode(hmac.digest(SECRET.encode(), signed.encode(), "sha1")).decode()}
    async with serving(own_kafka.bootstrap) as (client, _):
        answer = await client.post("/v1/hooks/twilio", data=form, headers=headers)
        assert (answer.status, answer.content_type, await answer.text()) == (200, "text/xml", "<Response/>")
        assert (await client.post("/v1/hooks/twilio?x=1", data=form, headers=headers)).status == 401
    (found,) = topics.touchpoints()
    assert (found.channel, found.type) == ("sms", "message")
    assert "text" not in found.attributes
    assert all(is_pseudonym(value) for value in found.identifiers.values())


async def test_meta_asks_whether_the_address_is_ours(own_kafka: EmbeddedKafka) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": "a-token-of-tests", "hub.challenge": "1158201444"}
    async with serving(own_kafka.bootstrap) as (client, _):
        answer = await client.get("/v1/hooks/whatsapp", params=asked)
        assert (answer.status, await answer.text()) == (200, "1158201444")
        for wrong, status in (
            ({"hub.verify_token": "a-token"}, 403),
            ({"hub.verify_token": ""}, 403),
            ({"hub.challenge": ""}, 400),
            ({"hub.mode": "x"}, 400),
        ):
            assert (await client.get("/v1/hooks/whatsapp", params=asked | wrong)).status == status
        assert (await client.get("/v1/hooks/messenger", params=asked)).status == 403, "nobody set a token for it"


async def test_a_vendor_who_does_not_sign_needs_a_key(own_kafka: EmbeddedKafka, topics: Topics) -> None:
    async with serving(own_kafka.bootstrap) as (_, server), ClientSession(f"http://127.0.0.1:{server.port}") as client:
        for key, status in (("", 401), (f"?key={KEY}", 403), ("?key=an-operator-s-write-key", 200)):
            answer = await client.post(f"/v1/hooks/satismeter{key}", data=b"{}")
            assert answer.status == status
    assert not topics.touchpoints()
