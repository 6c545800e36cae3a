"""aiokafka lets cancellations of its own tasks escape, which would end a task of ours without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaError


@contextmanager
def no_stray_cancellation() -> Iterator[None]:
    """Raise KafkaError for a CancelledError that nobody asked for: `Fetcher.close()` awaits tasks that it cancelled."""
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise KafkaError("a task inside aiokafka was cancelled") from error
