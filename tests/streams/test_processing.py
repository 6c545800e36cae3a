from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.batch import Batch
from streams.processing import process
from streams.store import StoreCorrupt


@dataclass
class Number:
    value: bytes
    offset: int = 0
    topic: str = "in"
    partition: int = 0
    timestamp: int = 0
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class Adding:
    """Keeps the sum, emits each partial sum; cannot digest what is no number."""

    name: str = "adding"
    inputs: tuple[str, ...] = ("in",)
    schema: int = 1
    linger_s: float = 0.0
    fewest: int = 1
    failures: int = 0  # to raise whatever comes
    error: Exception | None = None

    def process(self, batch: Batch) -> None:
        if self.failures:
            self.failures -= 1
            raise self.error or RuntimeError("passing trouble")
        total = int(batch.load([b"sum"]).get(b"sum", 0))
        for record in batch.records:
            total += int(record.value)
            batch.emit("out", b"sum", b"%d" % total, 0)
            batch.next_version()
        batch.save(b"sum", b"%d" % total)

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        return value


def run(stage: Adding, values: list[bytes]) -> Batch:
    records = [Number(value, offset) for offset, value in enumerate(values)]
    batch = Batch("adding", 0, records, {b"sum": b"100"}, {"out": 1, "dead-letters": 1})
    process(stage, batch)
    return batch


@given(st.lists(st.one_of(st.integers(-5, 5).map(lambda n: b"%d" % n), st.just(b"bad")), max_size=40))
def test_only_the_bad_records_are_rejected_and_order_stays(values):
    batch = run(Adding(), values)
    good = [int(value) for value in values if value != b"bad"]
    outputs = batch.outputs.get(("out", 0), [])
    assert [int(output.value) for output in outputs] == [100 + sum(good[: n + 1]) for n in range(len(good))]
    assert batch.sequence == len(good)
    dead = batch.outputs.get(("dead-letters", 0), [])
    offsets = [int(dict(letter.headers)["__connect.errors.offset"]) for letter in dead]
    assert offsets == [n for n, value in enumerate(values) if value == b"bad"]
    assert batch.rejected.get("ValueError", 0) == len(offsets)


def test_passing_trouble_costs_no_record():
    batch = run(Adding(failures=1), [b"1", b"2"])
    assert not batch.rejected
    assert batch.writes == {b"sum": b"103"}


def test_a_failing_store_is_no_records_fault():
    with pytest.raises(StoreCorrupt):
        run(Adding(failures=1, error=StoreCorrupt("state directory x is damaged")), [b"1"])
