"""The collector over HTTP: what stands at which address, and the way of a request from its head to its answer.

A request is refused before its body is read wherever that can be told from its head: no key, too large, no room. Its
events are all made into records before the first is put, so a refused request leaves nothing behind; and it is answered
with 200 when all of them are acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import msgspec
from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from prometheus_client import CollectorRegistry

from journeys.settings import Scope
from journeys.touchpoint import Invalid
from producers.adapters.adapter import Adapted, How
from producers.adapters.registry import adapter
from producers.collector import bodies
from producers.collector.access import ANYBODY, Access, Client, allow
from producers.collector.answers import Refused, answer, described, refusal
from producers.collector.calls import BATCHES, CALLS, calls
from producers.collector.catalogue import CollectorMetrics
from producers.collector.hooks import Hooks, Known, thanks
from producers.collector.intake import Intake, split
from producers.collector.limits import Limits
from producers.collector.outlet import Outlet, Record
from producers.delivery import AGENTS, TOPIC

log = logging.getLogger(__name__)

_BUSY_S, _AWAY_S = 1, 5
_GOODBYE_S = 2.0
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type, content-encoding, anonymousid",
    "Access-Control-Max-Age": "86400",
}
_TURNED_AWAY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nContent-Length: 72\r\n\r\n"
    b'{"success":false,"code":"connections","message":"too many connections"}\n'
)


class Sealer(Protocol):
    def __call__(self, raw: bytes, reason: str, told: str, message: str, where: str) -> Record:
        """A dead letter: ``raw`` as it came, and all that is wrong with it; ``told`` is that without its values."""


class _Server(web.Server):
    """Turns connections away that are more than it may have."""

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


class Collector:
    """``run`` listens until ``stop``. ``letter``: seals what goes to the dead letters."""

    def __init__(
        self, outlet: Outlet, intake: Intake, access: Access, hooks: Hooks, letter: Sealer, limits: Limits | None = None
    ) -> None:
        self._outlet = outlet
        self._intake = intake
        self._access = access
        self._hooks = hooks
        self._letter = letter
        self._limits = limits or Limits()
        self._bodies = 0  # bytes of requests that are being read or taken
        self._stopping = False
        self.registry = CollectorRegistry()
        self._metrics = CollectorMetrics(self.registry)
        self._server = _Server(self._answered, self._limits)
        watch = self._metrics.watch
        watch("waiting_bytes", "Of events that are not acknowledged yet.", lambda: float(self._outlet.waiting_bytes))
        watch("oldest_wait_seconds", "For how long the oldest of these has waited.", self._outlet.oldest_s)
        watch("connections", "Connections now.", lambda: float(len(self._server._connections)))
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
            return await self._taken(request, lambda body: self._hook(request, body, hook))
        key = request.headers.get("Authorization", "")
        if endpoint in ("touchpoints", "agents"):
            client = self._client("touchpoints" if endpoint == "touchpoints" else "agents", key)
            return await self._taken(request, lambda body: self._ours(body, request.content_type, endpoint, client))
        if key:
            self._client("segment", key)
        return await self._taken(request, lambda body: self._calls(body, parts[1], key))

    def _client(self, scope: Scope, key: str, otherwise: str = "") -> Client:
        client = self._access.client(key, otherwise)
        allow(client, scope)
        return client

    async def _taken(self, request: web.BaseRequest, take: Callable[[bytes], _Taken]) -> web.Response:
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
        for batch in {self._outlet.put(record) for record in taken.records}:
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

    def _count(self, taken: _Taken) -> None:
        endpoint, metrics = taken.endpoint, self._metrics
        if taken.events:
            metrics.events.labels(endpoint, taken.client).inc(taken.events)
        for reason, count in taken.letters.items():
            metrics.letters.labels(endpoint, metrics.reason(reason)).inc(count)
        for kind, count in taken.unmapped.items():
            metrics.unmapped(taken.vendor, kind, count)

    # What is made of a body.

    def _ours(self, body: bytes, content_type: str, endpoint: str, client: Client) -> _Taken:
        events, many = split(body, content_type, self._limits)
        taken = _Taken(endpoint, client.name)
        take = self._intake.event if endpoint == "touchpoints" else self._intake.state
        bad: list[_Bad] = []
        for place, raw in enumerate(events):
            try:
                taken.records += take(raw, client)
            except Invalid as invalid:
                bad.append(_Bad(place, raw, [invalid]))
        self._settle(taken, bad, len(events), many=many)
        return taken

    def _calls(self, body: bytes, name: str, key: str) -> _Taken:
        found = calls(body, name, self._limits)
        client = self._client("segment", key, found.write_key)
        taken = _Taken(CALLS.get(name, "batch"), client.name, "segment")
        how = How(source=client.source or ("" if client is ANYBODY else client.name), received=_now())
        adapt = adapter("segment")
        bad: list[_Bad] = []
        for place, raw in enumerate(found.messages):
            if len(raw) > self._limits.event:
                problem = f"an event has at most {self._limits.event} bytes, this one {len(raw)}"
                bad.append(_Bad(place, raw, [Invalid("too_large", "", raw[:40], problem)]))
                continue
            adapted = adapt(raw, how)
            records, wrong = self._adapted(adapted)
            if wrong:
                bad.append(_Bad(place, raw, wrong))
            else:
                taken.records += records
                for kind, count in adapted.unmapped.items():
                    taken.unmapped[kind] = taken.unmapped.get(kind, 0) + count
        self._settle(taken, bad, len(found.messages), many=name in BATCHES)
        return taken

    def _hook(self, request: web.BaseRequest, body: bytes, hook: Known) -> _Taken:
        client = self._hooks.sender(request, body, hook)
        taken = _Taken("hooks", client.name, hook.vendor)
        adapted = hook.adapt(body, msgspec.structs.replace(hook.how, received=_now()))
        taken.records, wrong = self._adapted(adapted)
        taken.unmapped = adapted.unmapped
        taken.events = len(adapted.touchpoints) + len(adapted.agent_events)
        if wrong:  # nobody reads what a vendor is told
            self._put_aside(taken, [_Bad(0, body, wrong)])
        taken.response = thanks(hook)
        return taken

    def _adapted(self, adapted: Adapted) -> tuple[list[Record], list[Invalid]]:
        records: list[Record] = []
        wrong = list(adapted.refused)
        for touchpoint in adapted.touchpoints:
            try:
                records += self._intake.touchpoint(touchpoint)
            except Invalid as invalid:
                wrong.append(invalid)
        for event in adapted.agent_events:
            records.append(self._intake.agent_event(event))
        return records, wrong

    def _settle(self, taken: _Taken, bad: list[_Bad], events: int, *, many: bool) -> None:
        """Say what became of each event: what cannot be taken is refused where all of it is, else put aside, for few
        clients read what a batch was answered with. Raises ``Refused``."""
        taken.events = events - len(bad)
        if bad:
            if not many:
                raise Refused.of(bad[0].wrong[0])
            shown = described([(one.place, one.wrong[0]) for one in bad])
            if len(bad) == events or len(bad) > self._limits.bad:
                first = f"first: event {bad[0].place}: {bad[0].wrong[0]}"
                problem = f"nothing was taken: {len(bad)} of {events} events cannot be; {first}"
                raise Refused(400, bad[0].wrong[0].reason, problem, events=shown)
            self._put_aside(taken, bad)
            told = {"success": True, "taken": taken.events, "dead_letters": len(bad), "refused": shown}
            taken.response = answer(told)

    def _put_aside(self, taken: _Taken, bad: Sequence[_Bad]) -> None:
        where = f"collector/{taken.vendor}" if taken.vendor else _TOPICS[taken.endpoint]
        for one in bad:
            reason = one.wrong[0].reason
            told = "; ".join(dict.fromkeys(invalid.told for invalid in one.wrong))
            message = "; ".join(str(invalid) for invalid in one.wrong)
            taken.records.append(self._letter(one.raw, reason, told, message, where))
            taken.letters[reason] = taken.letters.get(reason, 0) + 1


class _Bad(NamedTuple):
    """An event that cannot be taken, and its place in the request."""

    place: int
    raw: bytes
    wrong: Sequence[Invalid]


@dataclass
class _Taken:
    """What a request became. ``vendor``: whose events they were, unless they were ours."""

    endpoint: str
    client: str
    vendor: str = ""
    records: list[Record] = field(default_factory=list)
    events: int = 0
    letters: dict[str, int] = field(default_factory=dict)
    unmapped: dict[str, int] = field(default_factory=dict)
    response: web.Response | None = None


def _now() -> str:
    return datetime.now(UTC).isoformat()


_TOPICS = {"touchpoints": TOPIC, "agents": AGENTS}
"""Where events of ours belong, and may be sent again; a vendor's payload is no event yet."""
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
