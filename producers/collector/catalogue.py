"""Every metric of the collector. Labels are bounded: whatever a client may choose is one of a fixed set, or "other"."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MOST_KINDS = 100
_LONGEST = 60
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


class CollectorMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "journey_collector_requests", "Requests answered.", ["endpoint", "status"], registry=registry
        )
        self.seconds = Histogram(
            "journey_collector_request_seconds", "From a request's head to its answer.", ["endpoint"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self.events = Counter(
            "journey_collector_events", "Events taken, by the name of the key or hook.", ["endpoint", "client"],
            registry=registry,
        )  # fmt: skip
        self.refused = Counter(
            "journey_collector_refused", "Requests and events that were refused with an answer.",
            ["endpoint", "reason"], registry=registry,
        )  # fmt: skip
        self._unmapped = Counter(
            "journey_collector_unmapped", "Events of kinds that no touchpoint is made of, by the vendor's name.",
            ["vendor", "kind"], registry=registry,
        )  # fmt: skip
        self.letters = Counter(
            "journey_collector_dead_letters", "Events that went to the dead letters.", ["endpoint", "reason"],
            registry=registry,
        )  # fmt: skip
        self._registry = registry
        self._kinds: dict[str, set[str]] = {}
        self._reasons: set[str] = set()

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Export what ``value`` says when Prometheus asks."""
        Gauge(f"journey_collector_{name}", text, registry=self._registry).set_function(value)

    def unmapped(self, vendor: str, kind: str, count: int) -> None:
        known = self._kinds.setdefault(vendor, set())
        self._unmapped.labels(vendor, _bounded(kind, known)).inc(count)

    def reason(self, reason: str) -> str:
        """An adapter of another's may say anything."""
        return _bounded(reason, self._reasons)


def _bounded(value: str, known: set[str]) -> str:
    if value not in known:
        if len(known) >= MOST_KINDS or len(value) > _LONGEST or not value.isprintable():
            return "other"
        known.add(value)
    return value
