"""Payloads that hold several events: one that cannot be taken does not keep the others from being."""

from __future__ import annotations

from collections.abc import Iterator

from producers.adapters.adapter import How
from producers.adapters.payload import Fields, Made, Read, until_invalid


def each(fields: Fields, path: str, read: Read, how: How) -> Iterator[Made]:
    """What ``read`` makes of every object in the list at ``path``, which must be there and hold one at least."""
    found = fields.objects(path)
    if not found:
        raise fields.wrong(path, "is required")
    for one in found:
        yield from until_invalid(read, one, how)
