"""What the page shows, part by part, as it was read last; and whoever looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

_BEHIND = 100
"""So many messages may wait for one who looks; who is further behind starts anew from what is shown now."""


class Shown(msgspec.Struct, frozen=True):
    """One part of the page."""

    part: str
    read_at: float
    """When ``data`` were read (seconds since the epoch): these are as old, however often nothing came since."""
    data: Any
    problem: str = ""
    """Why nothing newer could be read, if so, and what to do."""


class Board:
    """The last state of each part. Changed and read in one event loop."""

    def __init__(self) -> None:
        self._shown: dict[str, bytes] = {}
        self._parts: dict[str, Shown] = {}
        self._looking: set[asyncio.Queue[bytes | None]] = set()
        self.somebody = asyncio.Event()
        """Set while anybody looks."""
        self.newcomer = asyncio.Event()
        """Set when somebody begins to look; whoever waits for it clears it."""

    @property
    def looking(self) -> int:
        return len(self._looking)

    def show(self, part: str, read_at: float, data: Any) -> None:
        self._put(Shown(part, read_at, data))

    def fail(self, part: str, problem: str) -> None:
        """What was read last stays, and is told to be old."""
        before = self._parts.get(part)
        self._put(Shown(part, before.read_at if before else 0.0, before.data if before else None, problem))

    def _put(self, shown: Shown) -> None:
        self._parts[shown.part] = shown
        message = b"event: part\ndata: " + msgspec.json.encode(shown) + b"\n\n"
        self._shown[shown.part] = message
        for queue in self._looking:
            if queue.qsize() < _BEHIND:
                queue.put_nowait(message)
            else:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(None)

    @contextmanager
    def look(self) -> Iterator[asyncio.Queue[bytes | None]]:
        """Messages for one who looks: everything as it is shown now, then what changes. None: start anew."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        for message in self._shown.values():
            queue.put_nowait(message)
        self._looking.add(queue)
        self.somebody.set()
        self.newcomer.set()
        try:
            yield queue
        finally:
            self._looking.discard(queue)
            if not self._looking:
                self.somebody.clear()
