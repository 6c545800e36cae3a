"""All who bring events in, each in a process of its own: the publisher for services, the bulk one, the collector."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import ClientError, ClientSession

from journeys.touchpoint import Touchpoint, encode
from tests.faults.abuse import CLOSED
from tests.faults.harness import Bench, Off, eventually
from tests.faults.producing import Account
from tests.faults.slices import Slice
from tests.faults.trial import Result

KINDS = ("publisher", "bulk", "collector")
_KEY = "the-key-of-the-honest"
_SETTINGS = """
[collector.keys.honest]
scopes = ["touchpoints"]
"""
_LANES, _TOGETHER = 6, 10
"""Connections, and events in a request."""
_COME_AGAIN = {429, 503}


class Producers:
    """Each publishes a third of ``touchpoints``, evenly over ``over_s``, and what failed again until nothing does.

    bootstraps: by kind where the broker is for it. options: further ones of ``tests.faults.producing``.
    """

    def __init__(
        self,
        bench: Bench,
        part: Slice,
        touchpoints: Sequence[Touchpoint],
        over_s: float,
        bootstraps: Mapping[str, str],
        options: Sequence[str] = (),
    ) -> None:
        shares = {kind: touchpoints[place :: len(KINDS)] for place, kind in enumerate(KINDS)}
        self._part = part
        self._services = [
            _Service(bench, part.prefix, kind, shares[kind], over_s, ["--bootstrap", bootstraps[kind], *options])
            for kind in KINDS[:2]
        ]
        self._collector = _Collector(bench, shares[KINDS[2]], over_s, bootstraps[KINDS[2]])

    def start(self) -> None:
        """Returns when all have events acknowledged."""
        for service in self._services:
            service.process.start()
        self._collector.start()
        for service in self._services:
            what = f"{service.process.name} published ({service.process.last_words()})"
            eventually(what, service.flowing, 60)
        eventually("the collector's first answers", lambda: bool(self._collector.ledger), 60)

    def finish(self, within_s: float) -> Result:
        """Wait until all is acknowledged; the slice's ledger then has it, and the figures say what came of it."""
        result = Result()
        for service in self._services:
            eventually(f"{service.process.name} done", lambda ended=service.process: not ended.running, within_s)  # type: ignore[misc]
            ids = service.acknowledged()
            account = service.account()
            self._part.ledger.update(ids)
            result.add(
                Result(
                    {
                        "attempted": account.attempted,
                        "acknowledged": ids.total(),
                        "reported as failed": account.failed,
                        # All of these from what was counted outside of the publisher.
                        "unaccounted": abs(account.attempted - ids.total() - account.told)
                        + abs(account.told - account.failed)
                        + account.pending,
                        "never acknowledged": len(service.touchpoints) - len(ids),
                        f"{service.kind} rounds max": account.rounds,
                        f"{service.kind} waiting max": account.waiting,
                        f"{service.kind} grown MB max": account.grown_mb,
                    }
                )
            )
        result.add(self._collector.finish(within_s))
        self._part.ledger.update(self._collector.ledger)
        return result


class _Service:
    """``tests.faults.producing`` and its files."""

    def __init__(
        self,
        bench: Bench,
        prefix: str,
        kind: str,
        touchpoints: Sequence[Touchpoint],
        over_s: float,
        options: Sequence[str],
    ) -> None:
        self.kind = kind
        self.touchpoints = touchpoints
        place = bench.directory / f"{prefix}{kind}"
        self._ledger, self._account, lines = (place.with_suffix(end) for end in (".ledger", ".account", ".lines"))
        lines.write_bytes(b"\n".join(map(encode, touchpoints)))
        self.process = bench.new_program(
            "tests.faults.producing",
            f"{prefix}{kind}",
            [kind, "--touchpoints", str(lines), "--over", str(over_s), "--ledger", str(self._ledger),
             "--account", str(self._account), *options],
        )  # fmt: skip

    def flowing(self) -> bool:
        if not self.process.running and not self._account.exists():
            raise Off(f"{self.process.name} ended by itself: {self.process.last_words()}")
        return self._ledger.exists() and self._ledger.stat().st_size > 0

    def acknowledged(self) -> Counter[str]:
        return Counter(self._ledger.read_text(encoding="utf-8").split())

    def account(self) -> Account:
        if not self._account.exists():
            raise Off(f"{self.process.name} ended without an account: {self.process.last_words()}")
        return msgspec.json.decode(self._account.read_bytes(), type=Account)


class _Collector:
    """The collector, and clients who send what was turned away again."""

    def __init__(self, bench: Bench, touchpoints: Sequence[Touchpoint], over_s: float, bootstrap: str) -> None:
        settings = bench.directory / "producers.toml"
        settings.write_text(_SETTINGS)
        self._touchpoints = touchpoints
        self._over_s = over_s
        self._process, self._port = bench.new_collector({"TOUCHPATH_WRITE_KEY_HONEST": _KEY}, settings, bootstrap)
        self._clients = threading.Thread(target=lambda: asyncio.run(self._send()), daemon=True)
        self._answers = Counter[int]()
        self.ledger: set[str] = set()

    def start(self) -> None:
        self._process.start()
        self._process.wait_ready()
        self._clients.start()

    async def _send(self) -> None:
        lanes = [self._touchpoints[lane::_LANES] for lane in range(_LANES)]
        headers = {"Authorization": f"Bearer {_KEY}"}
        async with ClientSession(f"http://127.0.0.1:{self._port}", headers=headers) as client:
            await asyncio.gather(*(self._lane(client, lane) for lane in lanes))

    async def _lane(self, client: ClientSession, touchpoints: Sequence[Touchpoint]) -> None:
        began, place = time.monotonic(), 0
        while place < len(touchpoints):
            due = began + self._over_s * place / len(touchpoints)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            some = touchpoints[place : place + _TOGETHER]
            status = await self._post(client, b"[" + b",".join(map(encode, some)) + b"]")
            self._answers[status] += 1
            if status == 200:
                self.ledger.update(one.id for one in some)
                place += len(some)
            elif status in _COME_AGAIN:
                await asyncio.sleep(0.5)
            else:
                return

    async def _post(self, client: ClientSession, body: bytes) -> int:
        headers = {"Content-Type": "application/json"}
        try:
            async with client.post("/v1/touchpoints", data=body, headers=headers) as answer:
                return answer.status
        except ClientError:
            return CLOSED

    def finish(self, within_s: float) -> Result:
        self._clients.join(within_s)
        if self._clients.is_alive():
            raise Off(f"not within {within_s:g} s: the collector's clients done ({self._process.last_words()})")
        told = self._answers
        counted = self._process.metric("journey_collector_events_total")
        figures = {
            "collector's refusals": sum(told[status] for status in _COME_AGAIN),
            "answered otherwise": sum(told[status] for status in told if status not in {200, *_COME_AGAIN}),
            "unaccounted": abs(counted - len(self.ledger)),
            "never acknowledged": len(self._touchpoints) - len(self.ledger),
            "collector peak MB max": self._process.peak_mb(),
        }
        self._process.stop()
        return Result(figures)
