"""Which partition a key belongs to, for every keyed topic of ours.

CRC32, the default of librdkafka's clients ("consistent"), because it costs a hundredth of murmur2 in Python.
A producer that chose otherwise is no error: the contact stage forwards what lies in a foreign partition
(docs/decisions/partitioning.md).
"""

from __future__ import annotations

from zlib import crc32


def partition_of(key: bytes, partitions: int) -> int:
    """Partition (0 to ``partitions`` - 1) of ``key``."""
    return crc32(key) % partitions
