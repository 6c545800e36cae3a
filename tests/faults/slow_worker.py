"""A worker whose commits in one partition hang for as long as a file names that partition (trial T18).

    python -m tests.faults.slow_worker HOLD worker --bootstrap …

The outputs and offsets of the batch have been sent by then; what hangs is the last step of its transaction. This lives
here, around the engine, so that the engine needs no hook for it.
"""

from __future__ import annotations

from touchpath.lifeline import tie

tie()

import asyncio  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from aiokafka import AIOKafkaProducer  # noqa: E402

from touchpath.cli import main  # noqa: E402

_commit = AIOKafkaProducer.commit_transaction


async def slow(self: AIOKafkaProducer) -> None:
    transactional_id = self._txn_manager.transactional_id
    while _held(transactional_id):  # noqa: ASYNC110 (another process ends it)
        await asyncio.sleep(0.05)
    await _commit(self)


def _held(transactional_id: str) -> bool:
    return HOLD.exists() and transactional_id.endswith(HOLD.read_text())


HOLD = Path(sys.argv.pop(1))
AIOKafkaProducer.commit_transaction = slow
main()
