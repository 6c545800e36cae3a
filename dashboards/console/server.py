"""The console over HTTP: the page, what it shows as it changes (server-sent events), and one customer at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from dashboards.console import guard
from dashboards.console.access import COOKIE, COOKIE_S, Access, Role
from dashboards.console.assets import IMPORTS, Asset, assets, page
from dashboards.console.board import Board
from dashboards.console.sources import NotFound, SourceError, Sources
from dashboards.console.watching import Watch

log = logging.getLogger(__name__)

TICK_S = 2.0
"""An event is sent at least so often, so that the page knows that the connection lives and what time it is here."""
MOST_LOOKING = 200
LOOKUPS = 2
"""So many customers are looked up at once; who comes then is told to come again."""
LOOKUP_S = 30.0
LONGEST_IDENTIFIER = 300
_WRONG_S = 1.0
_BODY_BYTES = 4096
_STOP_S = 1.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    identifier: str


class Said(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class Refused(Exception):
    """What is not answered: the status, and a line that says what is wrong and what to do."""

    def __init__(self, status: HTTPStatus, line: str) -> None:
        super().__init__(line)
        self.status = status


class Console:
    """Answers from ``start`` to ``stop``. ``secure``: browsers reach it over TLS, so cookies are for that alone."""

    def __init__(self, sources: Sources, access: Access, secure: bool = False) -> None:
        self._sources = sources
        self._access = access
        self._secure = secure
        self._board = Board()
        self._watch = Watch(sources, self._board)
        self._lookups = asyncio.Semaphore(LOOKUPS)
        self._guesses = asyncio.Semaphore(1)
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="customer")
        self._page, self._assets = page(), assets()
        self._headers = guard.headers(IMPORTS)
        self._on_loopback = True
        self._runner: web.AppRunner
        self.port = 0
        """The port in use, once it listens."""

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises ``OSError`` if the port is taken, ``ValueError`` for an open console beyond loopback."""
        self._on_loopback = guard.is_loopback(host)
        if self._access.open and not self._on_loopback:
            raise ValueError(f"whoever reaches {host} could look at everything: tokens are needed")
        app = web.Application(client_max_size=_BODY_BYTES, middlewares=[self._guarded])
        app.on_response_prepare.append(self._bear_headers)
        app.router.add_get("/", self._send_page)
        app.router.add_get("/health", self._say_healthy)
        app.router.add_get("/whoami", self._whoami)
        app.router.add_post("/session", self._enter)
        app.router.add_delete("/session", self._leave)
        app.router.add_get("/events", self._events)
        app.router.add_post("/customer", self._customer)
        for path in self._assets:
            app.router.add_get(path, self._send_asset)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.port = int(self._runner.addresses[0][1])
        self._watch.start()

    async def stop(self) -> None:
        await self._watch.stop()
        await self._runner.cleanup()
        self._threads.shutdown(wait=False, cancel_futures=True)

    # What holds for every request.

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if problem := guard.foreign(request, self._on_loopback):
                raise Refused(HTTPStatus.FORBIDDEN, f"not answered: {problem}")
            return await handler(request)
        except Refused as refused:
            return _told(refused.status, str(refused))
        except web.HTTPException as error:
            return _told(HTTPStatus(error.status), f"{error.reason}: {request.method} {request.path[:80]!r}")

    async def _bear_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(self._headers)
        response.headers.setdefault("Cache-Control", "no-store")

    def _role(self, request: web.Request) -> Role | None:
        if self._access.open:
            return Role.CLEAR
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._access.role(token.strip())
        return self._access.role_of_cookie(request.cookies.get(COOKIE, ""))

    def _allow(self, request: web.Request, least: Role) -> Role:
        role = self._role(request)
        if role is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "a token is needed: open the page and give yours")
        if role < least:
            asked = f"your token's role is {role.name.lower()}, and this needs {least.name.lower()}"
            raise Refused(HTTPStatus.FORBIDDEN, f"{asked}: ask whoever runs the console for such a token")
        return role

    # What stands where.

    async def _send_page(self, request: web.Request) -> web.Response:
        return _asset(request, self._page)

    async def _send_asset(self, request: web.Request) -> web.Response:
        return _asset(request, self._assets[request.path])

    async def _say_healthy(self, request: web.Request) -> web.Response:
        return web.json_response({"healthy": True})

    async def _whoami(self, request: web.Request) -> web.Response:
        role = self._role(request)
        return web.json_response({"role": role.name.lower() if role else None, "tokens": not self._access.open})

    async def _enter(self, request: web.Request) -> web.Response:
        said = await _read(request, Said)
        async with self._guesses:  # one after the other, so that nobody tries many
            role = self._access.role(said.token.strip())
            if role is None:
                await asyncio.sleep(_WRONG_S)
                raise Refused(HTTPStatus.UNAUTHORIZED, "this token is not known here: ask whoever runs the console")
        answer = web.json_response({"role": role.name.lower()})
        answer.set_cookie(
            COOKIE, self._access.cookie(said.token.strip()), max_age=COOKIE_S, httponly=True, samesite="Strict",
            secure=self._secure,
        )  # fmt: skip
        return answer

    async def _leave(self, request: web.Request) -> web.Response:
        answer = web.json_response({"role": None})
        answer.del_cookie(COOKIE, httponly=True, samesite="Strict", secure=self._secure)
        return answer

    async def _events(self, request: web.Request) -> web.StreamResponse:
        self._allow(request, Role.VIEW)
        if self._board.looking >= MOST_LOOKING:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"{MOST_LOOKING} look at it already; come again later")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        await response.prepare(request)
        # A browser that has gone is noticed when it is written to.
        with self._board.look() as messages, suppress(ConnectionResetError):
            await response.write(b"retry: 1000\n\n" + _tick())
            while True:
                try:
                    message = await asyncio.wait_for(messages.get(), TICK_S)
                except TimeoutError:
                    message = _tick()
                if message is None:  # too slow for what comes: it connects again, and has the last state at once
                    return response
                await response.write(message)
        return response

    async def _customer(self, request: web.Request) -> web.Response:
        role = self._allow(request, Role.MANAGE)
        asked = await _read(request, Asked)
        if not 0 < len(asked.identifier.strip()) <= LONGEST_IDENTIFIER:
            raise Refused(
                HTTPStatus.BAD_REQUEST,
                f"identifier: expected 1 to {LONGEST_IDENTIFIER} characters, such as email:ann@example.org",
            )
        if self._lookups.locked():
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, f"{LOOKUPS} are being looked up; come again in a moment")
        async with self._lookups:
            return web.json_response(
                body=msgspec.json.encode(await self._looked_up(asked.identifier.strip(), role), enc_hook=str)
            )

    async def _looked_up(self, identifier: str, role: Role) -> Any:
        work = asyncio.get_running_loop().run_in_executor(
            self._threads, self._sources.customer, identifier, role >= Role.CLEAR
        )
        try:
            return await asyncio.wait_for(work, LOOKUP_S)
        except TimeoutError:
            raise Refused(HTTPStatus.GATEWAY_TIMEOUT, f"the store did not answer within {LOOKUP_S:g} s") from None
        except NotFound as error:
            raise Refused(HTTPStatus.NOT_FOUND, str(error)) from None
        except SourceError as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from None
        except Exception as error:
            log.exception("a customer could not be looked up")
            line = f"the console failed: {type(error).__name__}; its log says more"
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, line) from None


def _asset(request: web.Request, asset: Asset) -> web.Response:
    headers = {"ETag": asset.tag, "Cache-Control": "no-cache"}
    if request.headers.get("If-None-Match") == asset.tag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=asset.content, headers={**headers, "Content-Type": asset.type})


def _tick() -> bytes:
    return b'event: tick\ndata: {"now":%.3f}\n\n' % time.time()


def _told(status: HTTPStatus, line: str) -> web.Response:
    headers = {"Retry-After": "2"} if status in (429, 503) else {}
    return web.json_response({"error": line}, status=status, headers=headers)


async def _read(request: web.Request, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.DecodeError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"{request.path}: {error}") from None
