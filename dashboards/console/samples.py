"""What /metrics says, as far as the console shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client.parser import text_string_to_metric_families

Labels = Mapping[str, str]

_SHOWN = (
    "journey_queue_waiting",
    "journey_queue_connected",
    "journey_queue_longest_wait_seconds",
    "journey_queue_interval_",
    "journey_staffing_",
    "journey_move_",
    "journey_journeys_open",
    "journey_newest_event_timestamp_seconds",
    "journey_metrics_",
    "journey_input_lag_records",
    "journey_worker_ready",
    "journey_sink_backlog_messages",
    "journey_sink_store_up",
    "journey_sink_last_insert_timestamp_seconds",
)


class Samples:
    """The samples of one or several expositions, by name."""

    def __init__(self) -> None:
        self._found: dict[str, list[tuple[Labels, float]]] = defaultdict(list)

    def take(self, exposition: str) -> None:
        """Raises ``ValueError`` for what is no exposition."""
        # Reading all of it would take most of the console's time; help and types are of no use here.
        lines = "\n".join(line for line in exposition.splitlines() if line.startswith(_SHOWN))
        for family in text_string_to_metric_families(lines + "\n"):
            for sample in family.samples:
                self._found[sample.name].append((sample.labels, sample.value))

    def of(self, name: str, **labels: str) -> Iterator[tuple[Labels, float]]:
        """Those that bear ``labels``, in the order in which they were told."""
        return ((have, value) for have, value in self._found.get(name, ()) if labels.items() <= have.items())

    def total(self, name: str) -> float:
        return sum(value for _, value in self.of(name))

    def one(self, name: str) -> float | None:
        """The greatest, none where nobody says it: of two that say the same, either."""
        return max((value for _, value in self.of(name)), default=None)
