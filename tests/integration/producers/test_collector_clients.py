"""Segment's and RudderStack's own Python clients, as they are, through the collector onto the topic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from rudderstack.analytics.client import Client as RudderStack
from segment.analytics.client import Client as Segment

from producers.collector.limits import Limits
from tests.faults.harness import eventually
from tests.integration.producers.test_collector import KEY, Topics, serving
from tests.journeys.scenes import PSEUDONYMS
from touchpath.embedded_kafka import EmbeddedKafka

AT = datetime(2026, 1, 1, 10, tzinfo=UTC)
CLIENTS = [
    pytest.param(Segment, {"gzip": False}, id="Segment"),
    pytest.param(Segment, {"gzip": True}, id="Segment, packed"),
    pytest.param(RudderStack, {"gzip": True}, id="RudderStack"),
]


@pytest.fixture
def topics(own_kafka: EmbeddedKafka) -> Any:
    found = Topics(own_kafka.bootstrap)
    yield found
    found.close()


def tell(client: Any) -> None:
    """A visitor comes by an ad, searches, signs in and orders; then the app."""
    web = {"campaign": {"name": "spring"}}
    client.page(anonymous_id="a-1", name="Home", properties={"path": "/"}, context=web, timestamp=AT, message_id="m1")
    client.track(
        anonymous_id="a-1", event="Products Searched", properties={"query": "router", "products": []}, timestamp=AT,
        message_id="m2",
    )  # fmt: skip
    client.identify("42", {"email": "ann@example.org"}, anonymous_id="a-1", timestamp=AT, message_id="m3")
    client.track("42", "Order Completed", {"order_id": "o-9"}, timestamp=AT, message_id="m4")
    client.screen("42", name="Orders", timestamp=AT, message_id="m5")
    client.alias("a-1", "42", timestamp=AT, message_id="m6")
    client.group("42", "acme", timestamp=AT, message_id="m7")
    client.flush()


@pytest.mark.parametrize(("client", "options"), CLIENTS)
async def test_what_a_client_tells_becomes_touchpoints(
    client: Callable[..., Any], options: dict[str, Any], own_kafka: EmbeddedKafka, topics: Topics
) -> None:
    failed: list[Exception] = []
    async with serving(own_kafka.bootstrap) as (_, server):
        one = client(
            KEY, host=f"http://127.0.0.1:{server.port}", on_error=lambda error, _: failed.append(error), **options
        )
        await asyncio.to_thread(tell, one)
        await asyncio.to_thread(one.shutdown)
        unmapped = server.registry.get_sample_value(
            "journey_collector_unmapped_total", {"vendor": "segment", "kind": "group"}
        )
    assert not failed
    assert unmapped == 1
    found = {touchpoint.id: touchpoint for touchpoint in topics.touchpoints()}
    assert {id_: (one.channel, one.type) for id_, one in found.items()} == {
        "m1/ad": ("ad", "clicked"),
        "m1": ("web", "visited"),
        "m2": ("web", "searched"),
        "m3": ("web", "identify"),
        "m4": ("web", "order_completed"),
        "m5": ("app", "visited"),
        "m6": ("web", "alias"),
    }
    assert {one.source for one in found.values()} == {"shop"}, "the name of the key"
    assert found["m2"].attributes["results"] == 0
    assert found["m4"].reference == "o-9"
    assert found["m3"].identifiers == {
        kind: PSEUDONYMS.of(kind, value)
        for kind, value in (("customer_id", "42"), ("cookie", "a-1"), ("email", "ann@example.org"))
    }
    assert found["m3"].at == AT.timestamp() * 1000


@pytest.mark.parametrize(("client", "options"), CLIENTS)
async def test_what_a_client_may_not_send_it_hears_of(
    client: Callable[..., Any], options: dict[str, Any], own_kafka: EmbeddedKafka, topics: Topics
) -> None:
    failed: list[Any] = []
    async with serving(own_kafka.bootstrap) as (_, server):
        one = client(
            "not a key of ours", host=f"http://127.0.0.1:{server.port}",
            on_error=lambda error, _: failed.append(error), **options,
        )  # fmt: skip
        await asyncio.to_thread(tell, one)
        await asyncio.to_thread(one.shutdown)
    assert {(error.status, error.code) for error in failed} == {(401, "wrong_key")}
    assert not topics.touchpoints()


@pytest.mark.parametrize(("client", "options"), CLIENTS)
async def test_a_client_comes_again_when_the_collector_has_no_room(
    client: Callable[..., Any], options: dict[str, Any], own_kafka: EmbeddedKafka, topics: Topics
) -> None:
    failed: list[Exception] = []
    async with serving(own_kafka.bootstrap, limits=Limits(waiting=0)) as (_, server):
        one = client(
            KEY, host=f"http://127.0.0.1:{server.port}", on_error=lambda error, _: failed.append(error), **options
        )
        telling = asyncio.ensure_future(asyncio.to_thread(tell, one))
        labels = {"endpoint": "batch", "reason": "busy"}
        told = partial(server.registry.get_sample_value, "journey_collector_refused_total", labels)
        await asyncio.to_thread(eventually, "the client is told", lambda: bool(told()), 20)
        server._limits = Limits()
        await telling
        await asyncio.to_thread(one.shutdown)
    assert not failed
    assert len(topics.touchpoints()) == 7
