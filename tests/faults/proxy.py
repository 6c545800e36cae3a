"""Between a client and the broker, on loopback: swallows answers to produce requests now and then, and cuts (T9).

The broker has appended what it answers for, so the client is left with events that stand in the topic and that it
knows nothing of. https://kafka.apache.org/protocol.html: a request begins with its length, the number of its kind, its
version and a correlation id; an answer with its length and that id.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from random import Random
from types import TracebackType
from typing import Self

_PRODUCE = 0
_HOST = "127.0.0.1"
_SWALLOWS = 0.3
"""The chance that an answer is the first to be swallowed on its connection."""
_MORE_S = 0.15
"""At most so long requests are still passed on, and their answers swallowed, before the cut."""


class Proxy:
    """A context manager. ``broker``: "127.0.0.1:port", which in the broker's answers becomes the proxy's own."""

    def __init__(self, broker: str, rng: Random) -> None:
        self._port = int(broker.rpartition(":")[2])
        self._rng = rng
        self.cuts = 0
        self.swallowed = 0
        self._loop = asyncio.new_event_loop()
        self._lines: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, _HOST, 0), self._loop).result(
            10
        )
        port = self._server.sockets[0].getsockname()[1]
        self.bootstrap = f"{_HOST}:{port}"
        self._theirs, self._ours = _address(self._port), _address(port)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for writer in self._lines.values():
            writer.transport.abort()
        await asyncio.gather(*self._lines)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection, until one side or a cut ends it."""
        line = asyncio.current_task()
        assert line is not None
        self._lines[line] = writer
        ends = [writer]
        try:
            from_broker, to_broker = await asyncio.open_connection(_HOST, self._port)
            ends.append(to_broker)
            produced: set[int] = set()
            ways = [
                asyncio.ensure_future(self._requests(reader, to_broker, produced)),
                asyncio.ensure_future(self._answers(from_broker, writer, produced)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except ConnectionError:
            pass
        finally:
            for end in ends:
                end.transport.abort()
            del self._lines[line]

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, produced: set[int]) -> None:
        while True:
            frame = await _frame(reader)
            kind, _, correlation = struct.unpack_from(">hhi", frame, 4)
            if kind == _PRODUCE:
                produced.add(correlation)
            writer.write(frame)
            await writer.drain()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, produced: set[int]) -> None:
        while True:
            frame = await _frame(reader)
            (correlation,) = struct.unpack_from(">i", frame, 4)
            if correlation in produced:
                if self._rng.random() < _SWALLOWS:
                    break
                produced.discard(correlation)
            writer.write(frame.replace(self._theirs, self._ours))
            await writer.drain()
        self.swallowed += 1
        try:
            async with asyncio.timeout(self._rng.uniform(0, _MORE_S)):
                while True:
                    (correlation,) = struct.unpack_from(">i", await _frame(reader), 4)
                    self.swallowed += correlation in produced
        except TimeoutError:
            self.cuts += 1


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """Raises ``IncompleteReadError`` at the end."""
    head = await reader.readexactly(4)
    return head + await reader.readexactly(struct.unpack(">i", head)[0])


def _address(port: int) -> bytes:
    """As a broker tells its own."""
    return _HOST.encode() + struct.pack(">i", port)
