"""The console over HTTP: who may see what, what every answer bears, and what it says when something is missing.

Behind it are the real store, filled by the stages, and what the exporter of figures shows of a made-up floor.
"""

from __future__ import annotations

import asyncio
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from dashboards.console.access import Access, from_environment
from dashboards.console.named import queries
from dashboards.console.server import Console
from journeys.settings import DEFAULTS
from sinks.embedded import Embedded
from sinks.embedded_server import Server
from sinks.migrate import migrate
from sinks.rows import READERS
from sinks.store import StoreError
from tests.dashboards import floor
from tests.dashboards.console.test_access import CLEAR, MANAGE, TOKENS, VIEW
from tests.dashboards.exporter import Exporter
from tests.journeys.scenes import KEY, OLDER_KEY
from tests.sinks.messages import put
from tests.streams.pipeline import Pipeline
from tests.touchpath.test_customer_command import scene
from touchpath.console_sources import FromLayout
from touchpath.layout import Layout, Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

PARTS = {"floor", "health", *queries()}


class Scene:
    """A data directory on which a store and an exporter run, and a console for it."""

    def __init__(self, layout: Layout, exporter: Exporter, store: Embedded) -> None:
        self.layout, self.exporter, self.store = layout, exporter, store

    async def console(self, access: Access, host: str = "127.0.0.1") -> Console:
        console = Console(FromLayout(self.layout, DEFAULTS), access)
        await console.start(host, 0)
        return console


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene_of(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    layout = Layout(tmp_path_factory.mktemp("data"))
    layout.keys.write_bytes(urlsafe_b64encode(OLDER_KEY) + b"\n" + urlsafe_b64encode(KEY))
    pipeline = Pipeline(2)
    for touchpoint in scene():
        pipeline.publish(touchpoint)
    pipeline.drain()
    store = Embedded(layout.store)
    migrate(store)
    put(store, *(record for topic in READERS for record in pipeline.records(topic)))
    server = Server(store, 0)
    port = await server.start()
    with layout.owned(), Exporter(lambda: floor.exposition(floor.surge(int(time.time() * 1000)))) as exporter:
        url = f"http://127.0.0.1:{port}"
        metrics = {"metrics": f"http://{exporter.target}/metrics"}
        layout.announce(Running(os.getpid(), "", "", url, metrics))
        yield Scene(layout, exporter, store)
    await server.stop()
    store.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(scene_of: Scene) -> AsyncIterator[Console]:
    console = await scene_of.console(from_environment(TOKENS))
    yield console
    await console.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_console(scene_of: Scene) -> AsyncIterator[Console]:
    console = await scene_of.console(Access())
    yield console
    await console.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


def at(console: Console, path: str) -> str:
    return f"http://127.0.0.1:{console.port}{path}"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def events(
    session: aiohttp.ClientSession, console: Console, token: str = "", until: int = len(PARTS)
) -> dict[str, Any]:
    """The parts that are shown, as soon as ``until`` are; the ticks are among them."""
    found: dict[str, Any] = {}
    async with session.get(at(console, "/events"), headers=bearer(token) if token else {}) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        kind = ""
        async for line in answer.content:
            name, _, value = line.decode().strip().partition(": ")
            if name == "event":
                kind = value
            elif name == "data" and kind == "tick":
                found["tick"] = msgspec.json.decode(value)
            elif name == "data":
                part = msgspec.json.decode(value)
                found[part["part"]] = part
                if len(found.keys() - {"tick"}) >= until:
                    break
    return found


async def test_all_parts_are_shown_from_the_store_and_the_exporter(
    open_console: Console, scene_of: Scene, http: aiohttp.ClientSession
) -> None:
    found = await events(http, open_console)
    assert found.keys() == PARTS | {"tick"}
    assert not [part for part in found.values() if part.get("problem")]
    assert found["tick"]["now"] == pytest.approx(time.time(), abs=5)
    assert [queue["queue"] for queue in found["floor"]["data"]["queues"]] == ["billing", "orders"]
    assert found["health"]["data"]["parts"] == {"metrics": ""}
    wanted = scene_of.store.query(
        "SELECT queue, channel, entered, answered_within AS within FROM v_queue_intervals ORDER BY ALL"
    ).dicts()
    newest = scene_of.store.query("SELECT max(time) FROM touchpoints").rows[0][0].timestamp()
    shown = [{name: row[name] for name in ("queue", "channel", "entered", "within")} for row in found["day"]["data"]]
    assert wanted
    assert len(shown) <= len(wanted)
    assert all(row in wanted for row in shown)
    assert newest < time.time()


async def test_every_answer_bears_the_headers(open_console: Console, http: aiohttp.ClientSession) -> None:
    for path in ("/", "/page/app.js", "/vendor/htm/dist/htm.mjs", "/health", "/whoami", "/nothing", "/events"):
        async with http.get(at(open_console, path)) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "unsafe" not in policy, path
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_nothing_on_the_page_comes_from_elsewhere(open_console: Console, http: aiohttp.ClientSession) -> None:
    async with http.get(at(open_console, "/")) as answer:
        page = await answer.text()
        assert "{{" not in page
        assert "://" not in page
        tag = answer.headers["ETag"]
    async with http.get(at(open_console, "/"), headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


async def test_a_page_under_another_name_is_not_answered(open_console: Console, http: aiohttp.ClientSession) -> None:
    """DNS rebinding, and a page elsewhere that sends to loopback."""
    for name in ("attacker.example", "attacker.example:80", "127.0.0.1.attacker.example", "localhost.attacker.example"):
        async with http.get(at(open_console, "/whoami"), headers={"Host": name}) as answer:
            assert answer.status == 403, name
            assert "no name of this machine's loopback" in (await answer.json())["error"]
    for name in ("localhost", f"localhost:{open_console.port}", f"[::1]:{open_console.port}"):
        async with http.get(at(open_console, "/whoami"), headers={"Host": name}) as answer:
            assert answer.status == 200, name
    asked = {"identifier": "email:ann@example.org"}
    origin = {"Origin": "https://attacker.example"}
    async with http.post(at(open_console, "/customer"), json=asked, headers=origin) as answer:
        assert answer.status == 403


async def test_each_role_sees_what_it_may(guarded: Console, http: aiohttp.ClientSession) -> None:
    asked = {"identifier": "email:ann@example.org"}
    statuses = {}
    for token in ("", "wrong" * 5, VIEW, MANAGE, CLEAR):
        headers = bearer(token) if token else {}
        async with http.get(at(guarded, "/whoami"), headers=headers) as answer:
            role = (await answer.json())["role"]
        async with http.get(at(guarded, "/events"), headers=headers) as answer:
            looked = answer.status
        async with http.post(at(guarded, "/customer"), json=asked, headers=headers) as answer:
            statuses[token] = role, looked, answer.status
            if answer.status != 200:
                assert "token" in (await answer.json())["error"]
    assert statuses == {
        "": (None, 401, 401),
        "wrong" * 5: (None, 401, 401),
        VIEW: ("view", 200, 403),
        MANAGE: ("manage", 200, 200),
        CLEAR: ("clear", 200, 200),
    }


async def test_a_browser_enters_with_a_token_and_leaves(guarded: Console, http: aiohttp.ClientSession) -> None:
    async with http.post(at(guarded, "/session"), json={"token": "wrong" * 5}) as answer:
        assert answer.status == 401
        assert "Set-Cookie" not in answer.headers
    async with http.post(at(guarded, "/session"), json={"token": MANAGE}) as answer:
        assert await answer.json() == {"role": "manage"}
        cookie = answer.headers["Set-Cookie"]
        assert MANAGE not in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
    pair = {"Cookie": cookie.partition(";")[0]}
    async with http.get(at(guarded, "/whoami"), headers=pair) as answer:
        assert await answer.json() == {"role": "manage", "tokens": True}
    async with http.delete(at(guarded, "/session"), headers=pair) as answer:
        assert 'touchpath-console=""' in answer.headers["Set-Cookie"]


async def test_a_customer_is_found_by_any_spelling_and_clear_values_are_for_one_role(
    guarded: Console, http: aiohttp.ClientSession
) -> None:
    found = {}
    for token in (MANAGE, CLEAR):
        async with http.post(
            at(guarded, "/customer"), json={"identifier": " email:Ann@Example.org "}, headers=bearer(token)
        ) as answer:
            found[token] = await answer.json()
    clear = found[CLEAR]
    assert sum(len(journey["contacts"]) for journey in clear["journeys"]) == 5
    assert {step["channel"] for journey in clear["journeys"] for step in journey["contacts"]} == {
        "web", "chat", "voice", "store",
    }  # fmt: skip
    marks = [step["marks"] for journey in clear["journeys"] for step in journey["contacts"]]
    assert sum("switch" in one for one in marks) == 4
    assert found[MANAGE]["journeys"] == clear["journeys"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b'{"identifier": "email:nobody@example.org"}', 404, "nobody is known by this identifier"),
        (b'{"identifier": "7"}', 404, "means more than one customer"),
        (b'{"identifier": "  "}', 400, "expected 1 to 300 characters"),
        (b'{"identifier": "' + b"x" * 400 + b'"}', 400, "expected 1 to 300 characters"),
        (b'{"sql": "SELECT 1"}', 400, "/customer: Object contains unknown field `sql`"),
        (b"not json", 400, "/customer: JSON is malformed"),
        (b'{"identifier": "' + b"x" * 9000 + b'"}', 413, "Request Entity Too Large"),
    ],
)
async def test_what_cannot_be_looked_up_is_said(
    open_console: Console, http: aiohttp.ClientSession, body: bytes, status: int, told: str
) -> None:
    async with http.post(at(open_console, "/customer"), data=body) as answer:
        assert (answer.status, told in (await answer.json())["error"]) == (status, True), await answer.text()


async def test_an_exporter_that_is_gone_leaves_what_was_shown_as_old(
    open_console: Console, scene_of: Scene, http: aiohttp.ClientSession
) -> None:
    before = await events(http, open_console)
    scene_of.exporter.kill()
    try:
        async with asyncio.timeout(20):
            while True:
                after = await events(http, open_console, until=len(PARTS))
                if after["floor"]["problem"]:
                    break
                await asyncio.sleep(0.3)
    finally:
        scene_of.exporter.start()
    assert "touchpath metrics" in after["floor"]["problem"]
    assert after["floor"]["data"]["queues"][0]["queue"] == "billing"
    assert before["floor"]["read_at"] <= after["floor"]["read_at"] < time.time()
    async with asyncio.timeout(20):
        while (await events(http, open_console))["floor"]["problem"]:  # noqa: ASYNC110 (the server is asked)
            await asyncio.sleep(0.3)


async def test_without_anything_that_runs_it_says_what_to_do(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    console = Console(FromLayout(Layout(tmp_path), DEFAULTS), Access())
    await console.start("127.0.0.1", 0)
    try:
        found = await events(http, console)
        wanted = f"touchpath does not run on {tmp_path}: start touchpath up"
        assert {part["problem"] for name, part in found.items() if name != "tick"} == {wanted}
    finally:
        await console.stop()


async def test_beyond_loopback_it_wants_tokens(scene_of: Scene) -> None:
    with pytest.raises(ValueError, match=r"whoever reaches 0\.0\.0\.0 could look at everything"):
        await scene_of.console(Access(), "0.0.0.0")


async def test_queries_are_bounded_and_read_alone(scene_of: Scene) -> None:
    asked = queries()
    assert len(asked) >= 5
    for name, sql in asked.items():
        assert "max_execution_time" in sql, name
        assert "{" not in sql, name
        await asyncio.to_thread(FromLayout(scene_of.layout, DEFAULTS).rows, sql)
    limits = asked["day"].rpartition("SETTINGS")[2]
    with pytest.raises(StoreError, match="Limit for result exceeded"):
        scene_of.store.query(f"SELECT number FROM numbers(5000) SETTINGS {limits}")
