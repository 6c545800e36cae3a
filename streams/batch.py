"""The batch: all that a stage sees of the world, and all that it may do to it. Knows nothing of Kafka."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from journeys.partition import partition_of
from streams.dead_letters import Letter, Seal
from streams.stage import Record

# A version is 47 bits: the epoch of the partition layout above, then a sequence. The journey stage appends 16 more.
SEQUENCE_BITS = 40
EPOCH_BITS = 7
HEADER_PREFIX = "__connect.errors."
PASSED_ON = frozenset({"touchpath-backfill"})
"""Headers of a record that its dead letter has too, in sight: they say nothing about anybody."""

_RESERVED = b"\x01"  # keys below this one are the engine's own


class Output(NamedTuple):
    """A record to write. `timestamp`: milliseconds since the epoch, None for the moment of the commit."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()
    timestamp: int | None = None


Fields: TypeAlias = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]], int | None]
"""The same for those who make many and need no names."""


class State(Protocol):
    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that exist."""


class RecordTooLarge(ValueError):
    """A record that the broker would refuse for its size."""


class Batch:
    """Records of one partition number of a stage's inputs, its state, and what comes of them.

    `state` may be a plain dict in a test. `topics` gives the number of partitions of each topic that is written.
    """

    __slots__ = (
        "_base",
        "_limit",
        "_seal",
        "_sequence",
        "_state",
        "_topics",
        "counts",
        "dead_letters",
        "newest_at",
        "outputs",
        "partition",
        "partitions",
        "records",
        "rejected",
        "stage",
        "writes",
    )

    def __init__(
        self,
        stage: str,
        partition: int,
        records: Sequence[Record],
        state: State | Mapping[bytes, bytes],
        topics: Mapping[str, int],
        *,
        partitions: int = 1,
        dead_letters: str = "dead-letters",
        sequence: int = 0,
        epoch: int = 0,
        max_record_bytes: int = 1_000_000,
        seal: Seal | None = None,
    ) -> None:
        self.stage = stage
        self.partition = partition
        self.partitions = partitions
        self.records = records
        self.dead_letters = dead_letters
        self.writes: dict[bytes, bytes | None] = {}
        self.outputs: dict[tuple[str, int], list[Output]] = {}
        self.counts: Counter[str] = Counter()
        self.rejected: Counter[str] = Counter()
        self.newest_at: int | None = None
        self._state: State = _Dict(state) if isinstance(state, Mapping) else state
        self._topics = topics
        self._sequence = sequence
        self._base = epoch << SEQUENCE_BITS
        self._limit = max_record_bytes
        self._seal = seal

    # State.

    def load(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that exist, this batch's own saves included."""
        writes = self.writes
        if not writes:
            return self._state.get_many(list(keys))
        found: dict[bytes, bytes] = {}
        missing: list[bytes] = []
        for key in keys:
            if key in writes:
                value = writes[key]
                if value is not None:
                    found[key] = value
            else:
                missing.append(key)
        if missing:
            found.update(self._state.get_many(missing))
        return found

    def save(self, key: bytes, value: bytes | None) -> None:
        """Keep the value under the key; None deletes. Raises ValueError for an empty key or one that starts with 0."""
        if key < _RESERVED:
            raise ValueError(f"state key {key!r} is reserved")
        if value is not None and len(value) > self._limit:
            raise RecordTooLarge(f"state of {key[:100]!r} is {len(value)} bytes, the limit is {self._limit}")
        self.writes[key] = value

    # Outputs.

    def emit(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        timestamp: int | None = None,
    ) -> None:
        """Write a record; without a partition it goes to its key's. Raises KeyError for a topic not in the topology."""
        if partition is None:
            partition = partition_of(key or b"", self._topics[topic])
        if value is not None:
            size = len(value) + (_size(key, headers) if headers else 0)
            if size > self._limit:
                raise RecordTooLarge(f"record for {topic} is {size} bytes, the limit is {self._limit}")
        place = topic, partition
        outputs = self.outputs.get(place)
        if outputs is None:
            outputs = self.outputs[place] = []
        outputs.append(Output(key, value, headers, timestamp))

    def reject(self, record: Record, reason: str, told: str, message: str = "") -> None:
        """Send the record as it came to the dead letters. `reason`: a word of a fixed set, for it labels a metric.

        `told`: what is wrong, without a value of the event, for anybody to see. `message`: the same with the value.
        With a seal, key, value, headers and message go under it; without one the message takes the place of `told`.

        What the broker took from a producer may be more than it takes back: a batch that came compressed, or a record
        to which the headers of a dead letter are too much. Then its value is cut, and a header says how long it was.
        """
        errors = (
            ("topic", record.topic),
            ("partition", str(record.partition)),
            ("offset", str(record.offset)),
            ("stage", self.stage),
            ("exception.class.name", reason),
            ("exception.message", (told if self._seal else message or told)[:1000]),
        )
        mine = [(HEADER_PREFIX + name, text.encode(errors="backslashreplace")) for name, text in errors]
        if record.headers and self._seal:
            mine += [(name, value[:16]) for name, value in record.headers if name in PASSED_ON][:1]
        length = HEADER_PREFIX + "value.bytes", str(len(record.value or b"")).encode()
        if self._seal:
            room = self._limit - _size(None, [*mine, length])
            readable = (message or told).encode(errors="backslashreplace").decode()
            letter = Letter(record.key, record.value, tuple(record.headers), readable)
            sealed, cut = self._seal.seal(letter, room)
            output = Output(None, sealed, [*mine, length] if cut else mine, record.timestamp)
        else:
            output = self._shown(record, mine, length)
        partition = record.partition % self._topics[self.dead_letters]
        self.outputs.setdefault((self.dead_letters, partition), []).append(output)
        self.rejected[reason] += 1

    def _shown(self, record: Record, mine: list[tuple[str, bytes]], length: tuple[str, bytes]) -> Output:
        """The record as it came, with headers of our own; cut if need be."""
        key, value, headers = record.key, record.value, [*record.headers, *mine]
        if len(value or b"") + _size(key, headers) > self._limit:
            mine = [*mine, length]
            headers = [*record.headers, *mine]
            if _size(key, headers) > self._limit // 2:  # key and headers alone are too much
                key, headers = (key or b"")[: self._limit // 4], mine
            value = (value or b"")[: max(0, self._limit - _size(key, headers))]
        return Output(key, value, headers, record.timestamp)

    def next_version(self) -> int:
        """A number below 2**47 that only grows in the life of this stage and partition."""
        self._sequence += 1
        return self._base | self._sequence

    # Figures.

    def count(self, name: str, n: int = 1) -> None:
        """Add to the stage's counter of that name."""
        self.counts[name] += n

    def observe(self, at: int) -> None:
        """Tell the time of an event (milliseconds since the epoch), for the age of the newest one."""
        if self.newest_at is None or at > self.newest_at:
            self.newest_at = at

    # For the engine.

    @property
    def sequence(self) -> int:
        return self._sequence

    def child(self, records: Sequence[Record]) -> Batch:
        """A batch of some of the records that sees this one's state, to be given to `absorb` or thrown away."""
        child = Batch(
            self.stage,
            self.partition,
            records,
            _Loaded(self),
            self._topics,
            partitions=self.partitions,
            dead_letters=self.dead_letters,
            sequence=self._sequence,
            max_record_bytes=self._limit,
            seal=self._seal,
        )
        child._base = self._base
        return child

    def absorb(self, child: Batch) -> None:
        """Take over what the child did."""
        if self.writes or self.outputs:
            self.writes.update(child.writes)
            for place, outputs in child.outputs.items():
                self.outputs.setdefault(place, []).extend(outputs)
        else:  # nearly always: the one child did it all, and has no more use for it
            self.writes, self.outputs = child.writes, child.outputs
        self.counts.update(child.counts)
        self.rejected.update(child.rejected)
        self._sequence = child._sequence
        if child.newest_at is not None:
            self.observe(child.newest_at)


def _size(key: bytes | None, headers: Sequence[tuple[str, bytes]]) -> int:
    """Bytes of a record beside its value: about, and not too few, whatever the lengths are written with."""
    return len(key or b"") + sum(len(name) + len(value or b"") + 10 for name, value in headers)


class _Dict:
    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        self._values = values

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        values = self._values
        return {key: values[key] for key in keys if key in values}


class _Loaded:
    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        return self._batch.load(keys)
