"""The collector and what it is composed of: keys, hooks, dead letters, metrics."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from journeys.pseudonyms import Pseudonyms
from journeys.sentiment import Scorer
from journeys.settings import Settings
from producers.collector.access import WRITE_KEY, Access, AccessError, from_environment
from producers.collector.hooks import Hooks, mappings
from producers.collector.intake import Intake
from producers.collector.limits import Limits
from producers.collector.origin import Origin
from producers.collector.outlet import Outlet, Record
from producers.collector.server import Collector
from producers.collector.taking import Sealer
from producers.delivery import PublishError
from sinks.exposition import expose
from streams import topics
from streams.batch import HEADER_PREFIX
from streams.dead_letters import Letter, Seal
from touchpath.problem import BadInput, Problem

log = logging.getLogger(__name__)

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_TOPICS = (topics.TOUCHPOINTS, topics.AGENTS, topics.DEAD_LETTERS)
_MOST_BYTES = 900_000
"""Of a sealed letter: with its headers, less than a broker takes."""


@dataclass(frozen=True)
class Plan:
    """``beside``: where paths in the settings are seen from."""

    settings: Settings
    beside: Path
    host: str
    port: int
    metrics_host: str
    metrics_port: int
    bootstrap: str

    def access(self) -> tuple[Access, Hooks]:
        """Raises ``BadInput`` if keys or hooks cannot be used, or none are there though others can reach the port."""
        said = self.settings.collector
        try:
            access = from_environment(said, os.environ)
            hooks = Hooks(access, mappings(access.hooks, self.beside), said.public_url)
        except AccessError as error:
            raise BadInput(str(error)) from None
        if access.open and self.host not in _LOOPBACK:
            raise BadInput(
                f"--host {self.host}: whoever reaches it could write; set {WRITE_KEY}NAME to a key, "
                f"or listen on {_LOOPBACK[0]}"
            )
        return access, hooks


async def run(plan: Plan, access: Access, hooks: Hooks, pseudonyms: Pseudonyms) -> None:
    """Until SIGTERM or SIGINT. Raises ``Problem``."""
    # It complains several times a second while a broker is away; the outlet says so once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    outlet = Outlet(plan.bootstrap, _TOPICS)
    said = plan.settings.collector
    limits = Limits(connections=said.connections, idle_s=said.idle, slow_s=said.slow)
    intake = Intake(pseudonyms, Scorer(pseudonyms.settings))
    try:
        await outlet.start()
        collector = Collector(outlet, intake, access, hooks, sealer(Seal(pseudonyms)), limits)
        runner, metrics_port = await expose(collector.registry, plan.metrics_host, plan.metrics_port)
        await collector.start(plan.host, plan.port)
    except PublishError as error:
        raise Problem(str(error)) from None
    except OSError as error:
        raise BadInput(f"--host {plan.host} --port {plan.port}: {error.strerror or error}") from None
    log.info("metrics on http://%s:%d/metrics", plan.metrics_host, metrics_port)
    log.info("listening on http://%s:%d%s", plan.host, collector.port, " without keys" if access.open else "")
    await stopping.wait()
    left = await collector.stop()
    await runner.cleanup()
    if left:
        raise Problem(f"stopped with {left} bytes that the broker has not acknowledged; their senders were told")


def sealer(seal: Seal) -> Sealer:
    """Dead letters as a worker writes them, of the stage `collector`; `topic` says where they came in."""
    numbers = count()

    def letter(raw: bytes, reason: str, told: str, message: str, where: str, origin: Origin) -> Record:
        sealed, cut = seal.seal(Letter(None, raw, origin.headers(), message), _MOST_BYTES)
        errors = [
            ("topic", where),
            ("partition", "0"),
            ("offset", "0"),
            ("stage", "collector"),
            ("exception.class.name", reason),
            ("exception.message", told[:1000]),
            *([("value.bytes", str(len(raw)))] if cut else []),
        ]
        headers = [(HEADER_PREFIX + name, text.encode(errors="backslashreplace")) for name, text in errors]
        return Record(topics.DEAD_LETTERS, b"%d" % next(numbers), sealed, headers)

    return letter
