"""The connections that the collector has at once: more are turned away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from producers.collector.limits import Limits

_GOODBYE_S = 2.0
_TOLD = b'{"success":false,"code":"connections","message":"too many connections"}'
_TURNED_AWAY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(_TOLD), _TOLD)
)


class Connections(web.Server):
    """aiohttp's low-level server: no routes, no middlewares, nothing unpacked before its size is known."""

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], limits: Limits) -> None:
        super().__init__(
            handler,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=limits.idle_s,
            lingering_time=limits.slow_s,
        )
        self._most = limits.connections
        self.turned_away = 0

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        if len(self._connections) > self._most:
            self.turned_away += 1
            handler.close()  # what it sends is read and dropped: unread, it would cost the client our answer
            transport.write(_TURNED_AWAY)
            if len(self._connections) > 2 * self._most:
                transport.close()
            else:
                transport.write_eof()
                asyncio.get_running_loop().call_later(_GOODBYE_S, transport.close)

    @property
    def count(self) -> int:
        return len(self._connections)
