"""Quix Streams 3.28: a stateful apply (RocksDB, changelog), JSON, at least once, all else default."""

from __future__ import annotations

from typing import Any

from quixstreams import Application, State

from benchmarks.arguments import parse


def count(event: dict[str, Any], state: State) -> dict[str, Any]:
    total = state.get("count", 0) + 1
    state.set("count", total)
    return {"customer": event["customer"], "count": total}


def main() -> None:
    options = parse()
    app = Application(
        broker_address=options.bootstrap,
        consumer_group=options.app_id,
        state_dir=options.data,
        auto_offset_reset="earliest",
        loglevel="WARNING",
    )
    events = app.topic(options.input, key_deserializer="str", value_deserializer="json")
    output = app.topic(options.output, key_serializer="str", value_serializer="json")
    app.dataframe(events).apply(count, stateful=True).to_topic(output)
    app.run()


if __name__ == "__main__":
    main()
