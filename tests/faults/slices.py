"""What a run publishes: a simulated day whose contacts, customers, agents and intervals are no other run's."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec

from journeys.touchpoint import Touchpoint
from producers.bulk import BulkPublisher
from producers.delivery import PublishError
from producers.simulator import simulate
from tests.journeys.scenes import PSEUDONYMS

FIRST_DAY = date(2025, 1, 1)
TOUCHPOINTS_A_NEED = 7
_CHUNK, _LARGE_CHUNK = 50, 5_000


@dataclass
class Slice:
    """The touchpoints of one run. ``first`` and ``last`` bound their times (ms UTC; the last not included)."""

    prefix: str
    first: int
    last: int
    touchpoints: list[Touchpoint]
    ledger: set[str] = field(default_factory=set)
    """The ids that the broker acknowledged."""


def make(seed: int, day: int, touchpoints: int, days: int = 1) -> Slice:
    """About so many touchpoints in order of time, on ``days`` days from the ``day``-th of the trial's calendar on."""
    at = FIRST_DAY + timedelta(days=day)
    first = int(datetime(at.year, at.month, at.day, tzinfo=UTC).timestamp() * 1000)
    size = max(1, touchpoints // TOUCHPOINTS_A_NEED // days)
    # The simulator's ids carry seed and day; its customers and agents are the same every day, so they get a prefix.
    prefix = f"s{seed}-{at:%Y%m%d}-"
    made = [
        msgspec.structs.replace(
            fact,
            identifiers={kind: prefix + value for kind, value in fact.identifiers.items()},
            agent=fact.agent and prefix + fact.agent,
        )
        for fact in simulate(seed, at, size, days)
    ]
    return Slice(prefix, first, first + days * 86_400_000, made)


def stirred(touchpoints: Sequence[Touchpoint], rng: Random, reach: float = 60) -> list[Touchpoint]:
    """Shuffled a little: each within some ``reach`` places of its own."""
    places = [index + rng.uniform(0, reach) for index in range(len(touchpoints))]
    return [touchpoints[index] for index in sorted(range(len(touchpoints)), key=places.__getitem__)]


class Feed(threading.Thread):
    """Publishes in the background, evenly over some seconds; ``finish`` fills the slice's ledger.

    The ids that the broker acknowledged come from the publisher's ledger file. What fails is left to the oracle:
    an event that was not acknowledged may be stored or not.
    """

    def __init__(
        self, bootstrap: str, part: Slice, touchpoints: Sequence[Touchpoint], over_s: float, ledger: Path
    ) -> None:
        super().__init__(daemon=True)
        self._address = bootstrap
        self._slice = part
        self._touchpoints = touchpoints
        self._over_s = over_s
        self._ledger = ledger
        self.published = 0
        self.failed = 0
        self.flowing = threading.Event()
        """Set when the first events are acknowledged, or when it is over."""
        self.start()

    def run(self) -> None:
        try:
            self._publish()
        finally:
            self.flowing.set()

    def _publish(self) -> None:
        publisher = BulkPublisher(self._address, ledger=self._ledger, pseudonyms=PSEUDONYMS)
        started = time.monotonic()
        try:
            chunk = _CHUNK if self._over_s else _LARGE_CHUNK
            for first in range(0, len(self._touchpoints), chunk):
                due = started + self._over_s * first / len(self._touchpoints)
                time.sleep(max(0.0, due - time.monotonic()))
                for touchpoint in self._touchpoints[first : first + chunk]:
                    publisher.publish(touchpoint)
                publisher.flush()
                self.published = first + chunk
                self.flowing.set()
        except PublishError:
            pass  # the report has them as failed
        finally:
            self.failed = publisher.close().failed

    def finish(self) -> None:
        """Wait until all is acknowledged or has failed."""
        self.join()
        self._slice.ledger.update(self._ledger.read_text(encoding="utf-8").split("\n"))
        self._slice.ledger.discard("")
