"""What the stages tell each other: an entity as it is now, or that it is no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

Payload = TypeVar("Payload")

SCHEMA = 1
CAUSES_KEPT = 8


class Change(msgspec.Struct, Generic[Payload], omit_defaults=True, gc=False):
    """One version of one entity.

    The version is given by the entity's one writer and only grows; a receiver keeps the highest, tombstones
    (``deleted``) included. What is ``erased`` is to be forgotten: nothing may be kept that says that it ever was.
    ``as_of`` is the newest event time that the writer had seen (ms since the epoch, UTC);
    ``causes`` are the ids of what led to the change, the newest ``CAUSES_KEPT`` of them.
    """

    entity: str
    id: str
    version: int
    payload: Payload | None = None
    deleted: bool = False
    as_of: int = 0
    schema: int = SCHEMA
    causes: list[str] = []
    erased: bool = False


encode: Callable[[Change[Any]], bytes] = msgspec.json.Encoder().encode
