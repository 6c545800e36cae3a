"""What became of each event: every one is acknowledged by the broker, or reported as failed with its error."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from journeys.agents import AgentEvent
from journeys.touchpoint import Touchpoint

log = logging.getLogger(__name__)

TOPIC = "journey.touchpoints"
AGENTS = "journey.agents"
FAILURES_KEPT = 1000

OnDelivery = Callable[[str, Exception | None], None]
"""Called once per event with its id, and the error or None when it is acknowledged; from the publisher's I/O thread,
so it must be quick and must not publish."""


class PublishError(Exception):
    """The broker cannot be reached, or did not take an event; one line that says which and why."""


class Failure(NamedTuple):
    id: str
    error: str


@dataclass(frozen=True)
class Report:
    """Counts of events; attempted = acknowledged + failed + pending."""

    attempted: int
    acknowledged: int
    failed: int
    failures: tuple[Failure, ...]
    """The first ``FAILURES_KEPT`` of the failed. Not acknowledged is not the same as not stored: the answer may have
    been lost on its way. Publishing such an event again, with its id, is safe: an id counts once."""

    @property
    def pending(self) -> int:
        return self.attempted - self.acknowledged - self.failed


class Undelivered(PublishError):
    """Raised when a ``with`` block ends, nobody listened to ``on_delivery``, and events were not acknowledged."""

    def __init__(self, report: Report) -> None:
        first = report.failures[0]
        super().__init__(
            f"{report.failed} of {report.attempted} events were not acknowledged; first: {first.id}: {first.error}"
        )
        self.report = report


Event = Touchpoint | AgentEvent
Told = TypeVar("Told", contravariant=True)


class Outlet(Protocol[Told]):
    """What replay and the simulator publish through: Publisher or BulkPublisher."""

    def publish(self, event: Told, /) -> str: ...
    def flush(self, timeout_s: float | None = None) -> bool: ...
    def report(self) -> Report: ...


class Account:
    """Keeps the report, the ledger and the caller informed. Thread-safe.

    ledger: a file to which the ids of acknowledged events are appended, one a line (what a trial holds against the
    store afterwards).
    """

    def __init__(self, on_delivery: OnDelivery | None = None, ledger: Path | None = None) -> None:
        self._on_delivery = on_delivery
        self._ledger = open(ledger, "ab", buffering=0) if ledger else None  # noqa: SIM115 (closed by close)
        self._lock = threading.Lock()
        self._attempted = 0
        self._acknowledged = 0
        self._failed = 0
        self._failures: list[Failure] = []

    def attempt(self) -> None:
        with self._lock:
            self._attempted += 1

    def settle(self, events: Sequence[str], error: Exception | None) -> None:
        """``events`` (their ids) are acknowledged (no ``error``), or have failed."""
        with self._lock:
            if error is None:
                self._acknowledged += len(events)
                if self._ledger:
                    self._ledger.write("".join([f"{event}\n" for event in events]).encode())
            else:
                self._failed += len(events)
                room = FAILURES_KEPT - len(self._failures)
                self._failures += [Failure(event, describe(error)) for event in events[:room]]
        if self._on_delivery:
            for event in events:
                try:
                    self._on_delivery(event, error)
                except Exception:
                    log.exception("on_delivery failed for event %s", event)

    def report(self) -> Report:
        with self._lock:
            return Report(self._attempted, self._acknowledged, self._failed, tuple(self._failures))

    def close(self) -> Report:
        """Close the ledger and say in the log if events failed."""
        if self._ledger:
            self._ledger.close()
        report = self.report()
        if report.failed:
            log.error("%d of %d events were not acknowledged", report.failed, report.attempted)
        return report

    def raise_for_failures(self) -> None:
        """At the end of a ``with`` block: raises ``Undelivered`` if failures would else go unnoticed."""
        report = self.report()
        if report.failed and self._on_delivery is None:
            raise Undelivered(report)


def describe(error: Exception) -> str:
    return str(error) or type(error).__name__
