"""The collector over HTTP: what stands at which address, and the way of a request from its head to its answer.

A request is refused before its body is read wherever that can be told from its head: no key, too large, no room. Its
events are all made into records before the first is put, so a refused request leaves nothing behind; and it is answered
with 200 when all of them are acknowledged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry

from journeys.settings import Scope
from producers.collector import bodies
from producers.collector.access import Access, Client, allow
from producers.collector.answers import Refused, answer, refusal
from producers.collector.calls import BATCHES, CALLS
from producers.collector.catalogue import CollectorMetrics
from producers.collector.connections import Connections
from producers.collector.hooks import Hooks
from producers.collector.intake import Intake
from producers.collector.limits import Limits
from producers.collector.outlet import Outlet
from producers.collector.taking import Sealer, Taken, Taking

log = logging.getLogger(__name__)

_BUSY_S, _AWAY_S = 1, 5
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type, content-encoding, anonymousid",
    "Access-Control-Max-Age": "86400",
}


class Collector:
    """``run`` listens until ``stop``. ``letter``: seals what goes to the dead letters."""

    def __init__(
        self, outlet: Outlet, intake: Intake, access: Access, hooks: Hooks, letter: Sealer, limits: Limits | None = None
    ) -> None:
        self._outlet = outlet
        self._access = access
        self._hooks = hooks
        self._limits = limits or Limits()
        self._taking = Taking(intake, access, hooks, letter, self._limits)
        self._bodies = 0  # bytes of requests that are being read or taken
        self._stopping = False
        self.registry = CollectorRegistry()
        self._metrics = CollectorMetrics(self.registry)
        self._server = Connections(self._answered, self._limits)
        watch = self._metrics.watch
        watch("waiting_bytes", "Of events that are not acknowledged yet.", lambda: float(self._outlet.waiting_bytes))
        watch("oldest_wait_seconds", "For how long the oldest of these has waited.", self._outlet.oldest_s)
        watch("connections", "Connections now.", lambda: float(self._server.count))
        watch("connections_turned_away", "Since the start.", lambda: float(self._server.turned_away))
        watch("ready", "1 while events are taken.", lambda: float(self._unready() is None))
        self.port = 0
        """The port in use, once it listens."""

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises ``OSError`` if the port is taken."""
        self._runner = web.ServerRunner(self._server, shutdown_timeout=self._limits.stop_s)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, backlog=512).start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> int:
        """Take no more, answer what was begun; the bytes that the broker has not acknowledged by then."""
        self._stopping = True
        began = time.monotonic()
        await self._runner.cleanup()
        return await self._outlet.stop(max(1.0, self._limits.stop_s - (time.monotonic() - began)))

    # The way of a request.

    async def _answered(self, request: web.BaseRequest) -> web.StreamResponse:
        began = time.monotonic()
        parts = request.path.strip("/").split("/")
        endpoint = _endpoint(parts)
        try:
            response = await self._respond(request, endpoint, parts)
        except Refused as refused:
            self._metrics.refused.labels(endpoint, self._metrics.reason(refused.code)).inc()
            response = refusal(refused)
            if not request.content.is_eof() or self._stopping:
                response.force_close()
        except Exception as error:  # a mistake of ours; the sender may try again
            log.exception("%s", endpoint)
            response = refusal(Refused(500, "failed", f"the collector failed: {type(error).__name__}"))
        if endpoint in _FOR_BROWSERS and not self._access.open:
            response.headers["Access-Control-Allow-Origin"] = "*"
        self._metrics.requests.labels(endpoint, str(response.status)).inc()
        self._metrics.seconds.labels(endpoint).observe(time.monotonic() - began)
        return response

    async def _respond(self, request: web.BaseRequest, endpoint: str, parts: Sequence[str]) -> web.Response:
        if endpoint == "health":
            return answer({"healthy": True})
        if endpoint == "ready":
            problem = self._unready()
            if problem is not None:
                raise problem
            return answer({"ready": True})
        if endpoint == "other":
            raise Refused(404, "no_endpoint", f"there is nothing at {request.path[:80]!r}; see docs/collector.md")
        if request.method == "OPTIONS" and endpoint in _FOR_BROWSERS and not self._access.open:
            return web.Response(status=204, headers=_CORS)
        hook = self._hooks.named(parts[2]) if endpoint == "hooks" else None
        if hook is not None and request.method == "GET":
            return self._hooks.subscribed(request, hook)
        if hook is not None and request.method == "HEAD":  # Intercom looks whether anybody is there
            return web.Response()
        if request.method != "POST":
            raise Refused(405, "method", f"expected POST (got {request.method[:20]!r})")
        if hook is not None:
            return await self._taken(request, lambda body: self._taking.hook(request, body, hook))
        key = request.headers.get("Authorization", "")
        if endpoint in ("touchpoints", "agents"):
            client = self._client("touchpoints" if endpoint == "touchpoints" else "agents", key)
            return await self._taken(
                request, lambda body: self._taking.ours(body, request.content_type, endpoint, client)
            )
        if key:
            self._client("segment", key)
        return await self._taken(request, lambda body: self._taking.calls(body, parts[1], key))

    def _client(self, scope: Scope, key: str) -> Client:
        client = self._access.client(key)
        allow(client, scope)
        return client

    async def _taken(self, request: web.BaseRequest, take: Callable[[bytes], Taken]) -> web.Response:
        """Read the body while there is room for it, take it, and answer when that is acknowledged."""
        if (problem := self._unready()) is not None:
            raise problem
        length = request.content_length
        room = 2 * min(self._limits.body, self._limits.body if length is None else length)
        if self._bodies + self._outlet.waiting_bytes + room > self._limits.waiting:
            raise Refused(429, "busy", "too much is waiting for the broker; come again", retry_after=_BUSY_S)
        self._bodies += room
        try:
            taken = take(await bodies.read(request, self._limits))
        finally:
            self._bodies -= room
        batches = {self._outlet.put(record) for record in taken.records}
        taken.records.clear()  # they are in the batches, and may wait there for long
        for batch in batches:
            if await batch.acknowledged():
                told = "the broker has not acknowledged it; send it again"
                raise Refused(503, "not_acknowledged", told, retry_after=_AWAY_S)
        self._count(taken)
        return taken.response or answer({"success": True})

    def _unready(self) -> Refused | None:
        """Why no event is taken now, if so."""
        if self._stopping:
            return Refused(503, "stopping", "the collector stops; send it to another, or later", retry_after=_AWAY_S)
        if not self._outlet.up or self._outlet.late:
            return Refused(503, "broker_away", "the broker does not answer; come again", retry_after=_AWAY_S)
        return None

    def _count(self, taken: Taken) -> None:
        endpoint, metrics = taken.endpoint, self._metrics
        if taken.events:
            metrics.events.labels(endpoint, taken.client).inc(taken.events)
        for reason, count in taken.letters.items():
            metrics.letters.labels(endpoint, metrics.reason(reason)).inc(count)
        for kind, count in taken.unmapped.items():
            metrics.unmapped(taken.vendor, kind, count)


_FOR_BROWSERS = frozenset({"touchpoints", "batch", *CALLS.values()})


def _endpoint(parts: Sequence[str]) -> str:
    match parts:
        case ["v1", ("touchpoints" | "agents") as name]:
            return name
        case ["v1", name] if name in BATCHES:
            return "batch"
        case ["v1", name] if name in CALLS:
            return CALLS[name]
        case ["v1", "hooks", _]:
            return "hooks"
        case [("health" | "ready") as name]:
            return name
        case _:
            return "other"
