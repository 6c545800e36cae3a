from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaError

from streams.cancellation import no_stray_cancellation


async def test_a_cancellation_that_nobody_asked_for_is_an_error():
    """As in aiokafka's Fetcher.close(): it awaits a task that it has cancelled."""
    inner = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    inner.cancel()
    with pytest.raises(KafkaError), no_stray_cancellation():
        await inner


async def test_our_own_cancellation_passes():
    async def work():
        with no_stray_cancellation():
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_timeout_stays_a_timeout():
    with pytest.raises(TimeoutError), no_stray_cancellation():
        async with asyncio.timeout(0.01):
            await asyncio.sleep(60)
