"""Reads what the page shows while somebody looks: the floor as it changes, the rest at a pace that its cost allows."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import aiohttp
import msgspec

from dashboards.console.board import Board
from dashboards.console.floor import Floor, floor
from dashboards.console.health import health
from dashboards.console.named import queries
from dashboards.console.samples import Samples
from dashboards.console.sources import SourceError, Sources

log = logging.getLogger(__name__)

FLOOR_S = 0.5
"""How often the exporter of figures is asked."""
PARTS_S = 2.0
"""How often the other parts are, and the store at most."""
SELDOM_S = 30.0
SHARE = 0.2
"""The store is asked for at most this share of the time, so that looking never slows what is looked at."""
_ANSWER_S = 2.0


class Watch:
    """Shows on ``board`` what ``sources`` say, until ``stop``."""

    def __init__(self, sources: Sources, board: Board) -> None:
        self._sources = sources
        self._board = board
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="console")
        self._tasks: list[asyncio.Task[None]] = []
        self._exporters: Mapping[str, str] = {}
        self._floor: Floor | None = None
        self._shown_at = 0.0
        self._session: aiohttp.ClientSession

    def start(self) -> None:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_S))
        self._tasks = [asyncio.create_task(each) for each in (self._live(), self._all_parts(), self._stored())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _live(self) -> None:
        while True:
            await self._board.somebody.wait()
            began = time.monotonic()
            await self._read_floor()
            await asyncio.sleep(max(FLOOR_S - (time.monotonic() - began), FLOOR_S / 4))

    async def _read_floor(self) -> None:
        samples, read_at = Samples(), time.time()
        problems = await self._scrape(self._exporters, samples)
        if not self._exporters:  # which of the parts it is turns out when all are asked
            return
        if len(list(samples.of("journey_metrics_ready"))) == 0:
            told = "; ".join(filter(None, problems.values()))
            self._board.fail("floor", f"the exporter of figures (touchpath metrics) does not answer: {told}")
            return
        before, self._floor = self._floor, floor(samples, read_at, self._floor)
        # A page that draws the same twice a second drains telephones.
        same = before is not None and before == msgspec.structs.replace(self._floor, as_of=before.as_of)
        if not same or read_at - self._shown_at >= PARTS_S:
            self._shown_at = read_at
            self._board.show("floor", read_at, self._floor)

    async def _all_parts(self) -> None:
        while True:
            await self._board.somebody.wait()
            try:
                addresses = await self._in_thread(self._sources.metrics)
            except SourceError as error:
                for part in ("floor", "health"):
                    self._board.fail(part, str(error))
            else:
                await self._read_parts(addresses)
            await asyncio.sleep(PARTS_S)

    async def _read_parts(self, addresses: Mapping[str, str]) -> None:
        exporters, samples, read_at = {}, Samples(), time.time()
        problems: dict[str, str] = {}
        for part, url in addresses.items():
            own = Samples()
            problems |= await self._scrape({part: url}, own, samples)
            if any(own.of("journey_metrics_ready")):
                exporters[part] = url
        gone = {part: url for part, url in self._exporters.items() if part in addresses and problems[part]}
        self._exporters = exporters or gone
        if not self._exporters:
            told = "; ".join(f"{part}: {problem}" for part, problem in problems.items() if problem)
            self._board.fail("floor", f"no exporter of figures (touchpath metrics) answers ({told or 'none is known'})")
        self._board.show("health", read_at, health(samples, problems))

    async def _scrape(self, addresses: Mapping[str, str], *into: Samples) -> dict[str, str]:
        """By part, what went wrong; empty where nothing did."""
        said = await asyncio.gather(*(self._get(url) for url in addresses.values()))
        problems = {}
        for part, (text, problem) in zip(addresses, said, strict=True):
            problems[part] = problem
            for samples in into if not problem else ():
                try:
                    samples.take(text)
                except ValueError as error:
                    problems[part] = f"what {addresses[part]} says is no exposition of metrics: {error}"
        return problems

    async def _get(self, url: str) -> tuple[str, str]:
        try:
            async with self._session.get(url) as answer:
                text = await answer.text(errors="replace")
                return text, "" if answer.status == 200 else f"{url} answers {answer.status}"
        except TimeoutError:
            return "", f"{url} does not answer within {_ANSWER_S:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return "", f"{url} cannot be reached: {getattr(error, 'strerror', None) or type(error).__name__}"

    async def _stored(self) -> None:
        asked = queries()
        while True:
            await self._board.somebody.wait()
            self._board.newcomer.clear()
            began = time.monotonic()
            for part, sql in asked.items():
                read_at = time.time()
                try:
                    rows = await self._in_thread(self._sources.rows, sql)
                except SourceError as error:
                    self._board.fail(part, str(error))
                else:
                    self._board.show(part, _as_of(rows, read_at), rows)
            took = time.monotonic() - began
            await asyncio.sleep(PARTS_S)
            with suppress(TimeoutError):  # who begins to look after all have gone is not to wait for new figures
                await asyncio.wait_for(self._board.newcomer.wait(), min(took / SHARE, SELDOM_S))

    async def _in_thread(self, work: Any, *arguments: Any) -> Any:
        """What ``work`` gives. What goes wrong with it is told, and never ends the watch."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        except SourceError:
            raise
        except Exception as error:
            log.exception("the console could not read")
            raise SourceError(f"the console failed: {type(error).__name__}; its log says more") from None


def _as_of(rows: Sequence[Mapping[str, Any]], read_at: float) -> float:
    """Of what the store itself computes now and then (``refreshed_at``), as of when that is."""
    computed = rows[0].get("refreshed_at") if rows else None
    return read_at if computed is None else computed.timestamp()
