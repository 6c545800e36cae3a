"""Metrics are answered where they were asked for, and nowhere else."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry, Gauge

from sinks.exposition import expose
from touchpath.loopback import answers


@pytest.mark.parametrize(("host", "elsewhere"), [("127.0.0.1", "127.0.0.2"), ("127.0.0.2", "127.0.0.1")])
async def test_only_the_address_that_was_given_answers(host: str, elsewhere: str) -> None:
    registry = CollectorRegistry()
    Gauge("journey_things", "Things.", registry=registry).set(1)
    runner, port = await expose(registry, host, 0)
    try:
        assert await _answers(f"http://{host}:{port}/metrics")
        assert not await _answers(f"http://{elsewhere}:{port}/metrics")
    finally:
        await runner.cleanup()


async def _answers(url: str) -> bool:
    return await asyncio.to_thread(answers, url)
