"""Stock Faust 0.15.3: one agent, one Table, JSON, all else default.

STORE in the environment says where the Table lives: rocksdb:// (through rocksdict) or memory://.
"""

from __future__ import annotations

import os
from typing import Any

import faust
from faust.types import StreamT

from benchmarks.arguments import parse

PARTITIONS = 4


def main() -> None:
    options = parse()
    app = faust.App(
        options.app_id,
        broker=f"kafka://{options.bootstrap}",
        store=os.environ["STORE"],
        datadir=options.data,
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
        web_enabled=False,
    )
    events = app.topic(options.input, key_type=str, value_serializer="json")
    output = app.topic(options.output, key_type=str, value_serializer="json")
    counts = app.Table("counts", default=int, key_type=str, value_type=int, partitions=PARTITIONS)

    @app.agent(events)  # type: ignore[untyped-decorator]
    async def count(stream: StreamT[dict[str, Any]]) -> None:
        async for event in stream:
            customer = event["customer"]
            counts[customer] += 1
            await output.send(key=customer, value={"customer": customer, "count": counts[customer]})

    app.finalize()
    faust.Worker(app, loglevel="warning").execute_from_commandline()


if __name__ == "__main__":
    main()
