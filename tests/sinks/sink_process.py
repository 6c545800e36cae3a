"""A sink into the embedded store as a process of its own: BOOTSTRAP DIRECTORY [INSERTS].

With INSERTS it gets kill -9 right after so many inserts, when the rows are stored and their offsets are not.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from sinks.catalogue import SinkMetrics
from sinks.embedded import Embedded
from sinks.migrate import migrate
from sinks.store import Columns
from sinks.tables import Table
from sinks.writer import Limits, Writer, run_until_signal
from touchpath.lifeline import tie


class Doomed(Embedded):
    def __init__(self, directory: Path, inserts: int) -> None:
        super().__init__(directory)
        self._left = inserts

    def insert(self, table: Table, columns: Columns, token: str = "") -> None:
        super().insert(table, columns, token)
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(bootstrap: str, directory: Path, inserts: int) -> None:
    store = Doomed(directory, inserts)
    migrate(store)
    limits = Limits(rows=500, age_s=0.1, poll_records=50)  # many small batches: many places to be killed in
    writer = Writer(store, bootstrap, "killed", SinkMetrics(CollectorRegistry(), "embedded"), limits)
    await run_until_signal(writer)
    store.close()


if __name__ == "__main__":
    tie()  # it ends with the test run, whatever ends that
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0))
