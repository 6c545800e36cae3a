"""What the engine asks of a stage, and what it hands to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from streams.batch import Batch


class Record(Protocol):
    """One Kafka record as read; aiokafka's ConsumerRecord fits.

    `timestamp` is in milliseconds since the epoch; `key` and `value` are the raw bytes.
    """

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Stage(Protocol):
    """One step of the pipeline: it folds batches of one partition number into keyed state and emits what changed.

    A stage object is shared by all partitions that a worker owns: it keeps nothing between two calls but settings, and
    what can be worked out again; everything else lives in the batch's state.
    """

    @property
    def name(self) -> str:
        """Short and stable: part of the transactional id, of the state directory and of metric labels."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Topics, all with the same number of partitions; one worker gets partition n of all of them."""

    @property
    def schema(self) -> int:
        """Version of what it keeps in state, from 1. See `migrate`."""

    @property
    def linger_s(self) -> float:
        """The least time from one of its transactions to the next, in seconds, while less than a whole batch waits.

        A transaction costs the broker as much for ten records as for ten thousand.
        """

    @property
    def fewest(self) -> int:
        """How many records it is given at once at least, if so many wait: more than 1 where a batch costs much whatever
        is in it. Others are given fewer where they hold the event loop for too long."""

    def process(self, batch: Batch) -> None:
        """Fold the records. Synchronous; no I/O, no clock.

        What it raises is taken for a bad record: the batch is tried again, then halved until the record is found.
        """

    def migrate(self, key: bytes, value: bytes, schema: int) -> bytes | None:
        """One state entry of the older `schema` in today's form; None drops it."""
