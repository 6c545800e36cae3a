"""What a collector has to bear, over plain sockets: each way to abuse it, and the answer that it must give."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import time
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from journeys.touchpoint import Touchpoint, encode

MB = 1 << 20
BOMB = gzip.compress(b" " * (50 * MB))
CLOSED = 0
"""Instead of a status: the connection was closed without an answer."""
METHODS = (b"PUT", b"DELETE", b"PATCH", b"PROPFIND", b"MKCOL", b"LOCK", b"REPORT")
"""Which there are, though not here; of others the parser makes a 400, and closes."""


@dataclass
class Door:
    """Where the collector is, and what was answered, by who asked."""

    port: int
    key: str
    answers: dict[str, Counter[int]] = field(default_factory=dict)

    def note(self, who: str, status: int) -> None:
        self.answers.setdefault(who, Counter())[status] += 1

    def head(self, path: str, length: int | None, *headers: str, key: str | None = None) -> bytes:
        lines = [f"POST {path} HTTP/1.1", "Host: collector", *headers]
        if key is not None:
            lines.append(f"Authorization: Basic {b64encode(f'{key}:'.encode()).decode()}")
        lines.append("Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}")
        return "\r\n".join([*lines, "", ""]).encode()

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def send(self, who: str, parts: Sequence[bytes], pause_s: float = 0.0) -> None:
        """One request on a connection of its own, in ``parts``; the answer counts even where it comes early."""
        async with self.opened() as (reader, writer):
            answer = asyncio.ensure_future(status(reader))
            try:
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    if pause_s:
                        await asyncio.wait([answer], timeout=pause_s)
                    if answer.done():
                        break
            except ConnectionError:
                pass
            self.note(who, await asyncio.wait_for(answer, 30))


async def status(reader: asyncio.StreamReader) -> int:
    """Of the next answer, whose body is read too."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return CLOSED
    return int(head.split(b" ", 2)[1])


# Each takes the door and how often; EXPECTED has the answer.


async def no_key(door: Door, times: int) -> None:
    body = b'{"specversion": "1.0"}'
    for _ in range(times):
        await door.send("no key", [door.head("/v1/touchpoints", len(body)) + body])


async def wrong_key(door: Door, times: int) -> None:
    for number in range(times):
        body = json.dumps({"batch": [{"type": "track", "userId": "stowaway", "event": "X"}]}).encode()
        await door.send("wrong key", [door.head("/v1/batch", len(body), key=f"{door.key}{number}") + body])


async def large_body(door: Door, times: int) -> None:
    for _ in range(times):
        parts = [door.head("/v1/touchpoints", 10 * MB, key=door.key), *[b"[" * 65_536] * 160]
        await door.send("10 MB, announced", parts)


async def endless_body(door: Door, times: int) -> None:
    chunk = b"10000\r\n" + b"[" * 65_536 + b"\r\n"
    for _ in range(times):
        await door.send("10 MB, in chunks", [door.head("/v1/batch", None, key=door.key), *[chunk] * 160])


async def bomb(door: Door, times: int) -> None:
    head = door.head("/v1/batch", len(BOMB), "Content-Encoding: gzip", key=door.key)
    for _ in range(times):
        await door.send("bomb", [head, BOMB])


async def slow_head(door: Door, times: int) -> None:
    head = [b"%c" % one for one in door.head("/v1/touchpoints", 2, key=door.key)]
    await asyncio.gather(*(door.send("slow head", head, 0.4) for _ in range(times)))


async def slow_body(door: Door, times: int) -> None:
    parts = [door.head("/v1/touchpoints", 1_000, key=door.key), *[b" "] * 1_000]
    await asyncio.gather(*(door.send("slow body", parts, 0.4) for _ in range(times)))


async def labels(door: Door, times: int) -> None:
    """Addresses, methods, hooks and kinds of events that nobody has heard of: none may become a label."""
    async with door.opened() as (reader, writer):
        for number in range(times):
            event = json.dumps({"type": f"zen:event-type:bomb{number}", "id": f"b{number}", "time": "2026-01-01"})
            for request, who in (
                (door.head(f"/v1/bomb{number}", 0, key=door.key), "unknown address"),
                (door.head(f"/v1/hooks/bomb{number}", 0, key=door.key), "unknown hook"),
                (
                    door.head("/v1/batch", 0, key=door.key).replace(b"POST", METHODS[number % len(METHODS)]),
                    "unknown method",
                ),
                (door.head("/v1/hooks/zendesk", len(event), key=door.key) + event.encode(), "unmapped kind"),
            ):
                writer.write(request)
                door.note(who, await status(reader))


async def many(door: Door, times: int) -> None:
    """So many connections at once, held until each was answered, turned away or closed."""

    async def one() -> None:
        async with door.opened() as (reader, _):
            door.note("connections", await status(reader))

    await asyncio.gather(*(one() for _ in range(times)))


Abuse = Callable[[Door, int], Awaitable[None]]
ABUSE: dict[Abuse, int] = {
    no_key: 200, wrong_key: 200, large_body: 20, endless_body: 20, bomb: 20, slow_head: 20, slow_body: 20, labels: 500,
    many: 1_000,
}  # fmt: skip
"""With how often it is done in one run."""
EXPECTED: dict[str, frozenset[int]] = {
    "no key": frozenset({401}),
    "wrong key": frozenset({401}),
    "10 MB, announced": frozenset({413}),
    "10 MB, in chunks": frozenset({413}),
    "bomb": frozenset({413}),
    "slow head": frozenset({CLOSED}),
    "slow body": frozenset({408}),
    "unknown address": frozenset({404}),
    "unknown hook": frozenset({404}),
    "unknown method": frozenset({405}),
    "unmapped kind": frozenset({200}),
    "connections": frozenset({503, CLOSED}),
}
TURNED_AWAY = 503
"""What anybody may hear who opens a connection while there are too many."""


async def honest(door: Door, touchpoints: Sequence[Touchpoint], over_s: float, ledger: set[str]) -> None:
    """Who has a key and uses it well, on a connection that stays: one event, then a batch, and so on. What is turned
    away comes again; ``ledger`` gets the ids of what was answered with 200."""
    began = time.monotonic()
    async with door.opened() as (reader, writer):
        place = 0
        while place < len(touchpoints):
            await asyncio.sleep(max(0.0, began + over_s * place / len(touchpoints) - time.monotonic()))
            some = touchpoints[place : place + (1 if place % 2 else 49)]
            body = b"[" + b",".join(map(encode, some)) + b"]"
            writer.write(door.head("/v1/touchpoints", len(body), key=door.key) + body)
            answered = await status(reader)
            door.note("honest", answered)
            if answered == 200:
                ledger.update(one.id for one in some)
                place += len(some)
            elif answered in (429, 503):
                await asyncio.sleep(0.2)
            else:
                return


async def all_at_once(door: Door, touchpoints: Sequence[Touchpoint], over_s: float, ledger: set[str]) -> None:
    """All the abuse, while the honest go about their business."""
    lanes = 4
    feeds = [honest(door, touchpoints[lane::lanes], over_s, ledger) for lane in range(lanes)]
    await asyncio.gather(*feeds, *(abuse(door, times) for abuse, times in ABUSE.items()))
