"""The collector while its broker is away: nobody is told 200 for what is not there, and nothing is there twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.integration.producers.test_collector import Topics, event, serving
from touchpath.embedded_kafka import EmbeddedKafka

pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    with EmbeddedKafka(tmp_path / "broker", heap="256m") as broker:
        yield broker


async def post(client: ClientSession, number: int) -> tuple[int, str, float]:
    """The answer to an event that is always the same for a number: its status, when to come again, and how long."""
    began = time.monotonic()
    sent = event(number) | {"id": f"e{number}"}
    async with client.post("/v1/touchpoints", json=sent) as answer:
        return answer.status, answer.headers.get("Retry-After", ""), time.monotonic() - began


async def until_taken(client: ClientSession, number: int) -> None:
    """As a client does: again while it is told to come again."""
    while (found := await post(client, number))[0] != 200:
        assert found[:2] in ((503, "5"), (429, "1"))
        await asyncio.sleep(0.2)


@pytest.mark.timeout(120)
async def test_a_broker_that_is_killed_and_comes_back(broker: EmbeddedKafka) -> None:
    topics = Topics(broker.bootstrap)
    topics.close()
    async with serving(broker.bootstrap, patience_s=1.0) as (client, _):
        assert (await post(client, 0))[0] == 200
        broker.kill()
        first = await asyncio.gather(*(post(client, number) for number in range(1, 20)))
        assert {found[:2] for found in first} == {(503, "5")}
        assert all(took < 5 for *_, took in first)
        assert (await client.get("/ready")).status == 503
        assert (await client.get("/health")).status == 200
        later = await post(client, 20)
        assert later[:2] == (503, "5")
        assert later[2] < 1.0, "who comes while the broker is known to be away does not wait"
        telling = asyncio.gather(*(until_taken(client, number) for number in range(1, 40)))
        await asyncio.to_thread(broker.start)
        await telling
        assert (await client.get("/ready")).status == 200
    topics = Topics(broker.bootstrap, from_the_beginning=True)
    counts = Counter(found.id for found in topics.touchpoints())
    topics.close()
    assert counts.keys() == {f"e{number}" for number in range(40)}


@pytest.mark.timeout(120)
async def test_a_broker_that_stands_still(broker: EmbeddedKafka) -> None:
    Topics(broker.bootstrap).close()
    async with serving(broker.bootstrap, patience_s=1.0) as (client, server):
        assert (await post(client, 0))[0] == 200
        broker.suspend()
        try:
            assert (await post(client, 1))[:2] == (503, "5")
            waiting = server._outlet.waiting_bytes
            assert waiting
            for number in range(2, 200):
                assert (await post(client, number))[0] == 503
            assert server._outlet.waiting_bytes == waiting, "what is refused is not kept"
        finally:
            broker.resume()
        await until_taken(client, 1)
