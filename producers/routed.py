"""Touchpoints and agents' events through one opening, each onto the topic where it belongs."""

from __future__ import annotations

from collections.abc import Callable

from journeys.agents import AgentEvent
from producers.bulk import BulkPublisher
from producers.delivery import AGENTS, FAILURES_KEPT, TOPIC, Event, Report


class Routed:
    """A publisher for each topic, by ``publisher``, when something for it comes first. Closed, it may be used again."""

    def __init__(self, publisher: Callable[[str], BulkPublisher]) -> None:
        self._publisher = publisher
        self._open: dict[str, BulkPublisher] = {}

    def open(self, topic: str) -> BulkPublisher:
        """That of ``topic``. Raises ``PublishError`` if no broker answers that has it."""
        if topic not in self._open:
            self._open[topic] = self._publisher(topic)
        return self._open[topic]

    def publish(self, event: Event, /) -> str:
        """As ``BulkPublisher.publish``."""
        return self.open(AGENTS if isinstance(event, AgentEvent) else TOPIC).publish(event)

    def flush(self, timeout_s: float | None = None) -> bool:
        flushed = [publisher.flush(timeout_s) for publisher in self._open.values()]
        return all(flushed)

    def report(self) -> Report:
        """Of all topics together."""
        return _sum([publisher.report() for publisher in self._open.values()])

    def close(self, timeout_s: float | None = None) -> Report:
        """As ``BulkPublisher.close``, all of them."""
        closed = [publisher.close(timeout_s) for publisher in self._open.values()]
        self._open.clear()
        return _sum(closed)


def _sum(reports: list[Report]) -> Report:
    return Report(
        sum(report.attempted for report in reports),
        sum(report.acknowledged for report in reports),
        sum(report.failed for report in reports),
        tuple(failure for report in reports for failure in report.failures)[:FAILURES_KEPT],
    )
