"""How many partitions the state was made for. A key's state lives where its hash says, so another number of partitions
without another state gives wrong figures, silently: this record is what that is noticed by.

It is one compacted record on ``journey.partitioning``, written when the topics are made and when ``touchpath
repartition`` has changed them. Its epoch goes into every version given from then on (docs/decisions/versions.md).
"""

from __future__ import annotations

import msgspec

KEY = b"partitioning"


class Partitioning(msgspec.Struct, frozen=True, omit_defaults=True):
    """``becoming``: the number that a change has begun to make of ``partitions``; 0 when none is under way."""

    partitions: int
    epoch: int = 0
    becoming: int = 0


def encode(partitioning: Partitioning) -> bytes:
    return msgspec.json.encode(partitioning)


def decode(raw: bytes) -> Partitioning:
    """Raises ``msgspec.DecodeError`` for what is none."""
    return msgspec.json.decode(raw, type=Partitioning)


class PartitionsAdded(RuntimeError):
    """Somebody gave a topic more partitions than the state was made for."""
