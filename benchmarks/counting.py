"""The counting job on touchpath's own engine.

    python -m benchmarks.counting --bootstrap 127.0.0.1:9092 --app-id count --data state --input events --output counts

What every contestant does: decode a JSON event of 200 bytes, add one to its customer's count, which is kept in state
with a changelog, and write the customer and the new count to the output; here all of it exactly once. Creates its
changelog and dead-letter topics, and runs until it is stopped.
"""

from __future__ import annotations

import logging

import msgspec

from benchmarks.arguments import parse
from benchmarks.events import PARTITIONS, create_topic
from streams.application import run_worker
from streams.batch import Batch
from streams.settings import EngineSettings, Topology


class _Event(msgspec.Struct):
    customer: str


class _Count(msgspec.Struct):
    customer: str
    count: int


class Counting:
    """State: customer -> count in decimal. Output: keyed by customer, `{"customer": …, "count": …}`."""

    name = "count"
    schema = 1
    linger_s = 0.1
    fewest = 1

    def __init__(self, source: str, output: str) -> None:
        self.inputs = (source,)
        self._output = output
        self._decode = msgspec.json.Decoder(_Event).decode
        self._encode = msgspec.json.Encoder().encode

    def process(self, batch: Batch) -> None:
        decode, encode, emit, output = self._decode, self._encode, batch.emit, self._output
        partition = batch.partition
        events = [decode(record.value) for record in batch.records]  # type: ignore[arg-type]
        keys = {event.customer: event.customer.encode() for event in events}
        kept = batch.load(keys.values())
        counts = {customer: int(kept.get(key, 0)) for customer, key in keys.items()}
        for event in events:
            customer = event.customer
            count = counts[customer] = counts[customer] + 1
            emit(output, keys[customer], encode(_Count(customer, count)), partition)
        for customer, count in counts.items():
            batch.save(keys[customer], b"%d" % count)

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        return value


def main() -> None:
    options = parse()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    changelog, dead_letters = f"{options.app_id}.changelog", f"{options.app_id}.dead-letters"
    create_topic(options.bootstrap, changelog)
    create_topic(options.bootstrap, dead_letters)
    stage = Counting(options.input, options.output)
    topics = (options.input, options.output, changelog, dead_letters)
    topology = Topology((stage,), dict.fromkeys(topics, PARTITIONS), {stage.name: changelog}, dead_letters)
    run_worker(topology, EngineSettings(options.bootstrap, options.app_id, options.data))


if __name__ == "__main__":
    main()
