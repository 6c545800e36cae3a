"""Every metric that the sinks export: names, labels and meaning in one place (docs list them from here).

Labels are bounded: tables, topics, queues, channels, intents, causes and reasons, the latter cut to ``MAX_VALUES``
distinct ones each, then "other"; never a customer, a contact, an agent or free text.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

MAX_VALUES = 200
OTHER = "other"

INSERT_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BLOCK_ROWS = (10, 100, 1_000, 10_000, 100_000, 1_000_000)


class SinkMetrics:
    """What a sink says about itself; ``store`` (clickhouse, embedded) is a label of each."""

    def __init__(self, registry: CollectorRegistry, store: str) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(name, text, ("store",), registry=registry).labels(store)

        self._store = store
        self._rows = Counter(
            "journey_sink_rows", "Rows sent and stored; twice if sent twice.", ("store", "table"), registry=registry
        )
        self._retries = Counter(
            "journey_sink_retries", "Inserts that failed and were sent again.", ("store", "table"), registry=registry
        )
        self._unreadable = Counter(
            "journey_sink_unreadable",
            "Records that were not what their topic promises; they are in dead_letters.",
            ("store", "topic"),
            registry=registry,
        )
        self._seconds = Histogram(
            "journey_sink_insert_seconds", "Time of an insert that succeeded.", ("store", "table"),
            buckets=INSERT_SECONDS, registry=registry,
        )  # fmt: skip
        self._block = Histogram(
            "journey_sink_block_rows", "Rows in an insert.", ("store", "table"), buckets=BLOCK_ROWS, registry=registry
        )
        self.backlog = gauge("journey_sink_backlog_messages", "Messages on the topics that are not stored yet.")
        self.buffered = gauge("journey_sink_buffered_bytes", "Message bytes read and not stored yet.")
        self.up = gauge("journey_sink_store_up", "1 if the last insert succeeded, 0 while inserts fail.")
        self.stored_at = gauge("journey_sink_last_insert_timestamp_seconds", "When the last insert succeeded.")
        self.newest_event = gauge(
            "journey_sink_newest_event_timestamp_seconds", "Event time of the newest touchpoint stored."
        )

    def stored(self, table: str, rows: int, seconds: float) -> None:
        self._rows.labels(self._store, table).inc(rows)
        self._seconds.labels(self._store, table).observe(seconds)
        self._block.labels(self._store, table).observe(rows)

    def retried(self, table: str) -> None:
        self._retries.labels(self._store, table).inc()

    def unreadable(self, topic: str) -> None:
        self._unreadable.labels(self._store, topic).inc()


# What the metrics process exports; values are computed when it is scraped (sinks/metrics.py).
QUEUE_LABELS = ("queue", "channel")
INTERVAL_LABELS = ("queue", "channel", "interval")
"""``interval`` is current or previous: the interval that now lies in, and the complete one before it."""

GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "journey_queue_waiting": ("Contacts that wait in the queue now.", QUEUE_LABELS),
    "journey_queue_connected": ("Contacts of the queue that are in service now.", QUEUE_LABELS),
    "journey_queue_longest_wait_seconds": (
        "How long the one that waits longest has waited by now; 0 if none waits. Now is the clock's time while events "
        "are live (the newest less than a day old), else the newest event's.",
        QUEUE_LABELS,
    ),
    "journey_queue_interval_offered": ("Contacts that entered the queue in the interval.", INTERVAL_LABELS),
    "journey_queue_interval_answered": ("Of those, answered so far.", INTERVAL_LABELS),
    "journey_queue_interval_abandoned": ("Of those, abandoned so far.", INTERVAL_LABELS),
    "journey_queue_interval_short_abandoned": ("Of those, abandoned within the short-abandon time.", INTERVAL_LABELS),
    "journey_queue_interval_answered_within": ("Of those, answered within the target.", INTERVAL_LABELS),
    "journey_queue_interval_wait_answered_seconds": (
        "Waiting time of the answered, summed; over the answered it is the ASA.", INTERVAL_LABELS
    ),
    "journey_queue_interval_handle_seconds": ("Talk, hold and wrap-up, summed; over answered: AHT.", INTERVAL_LABELS),
    "journey_queue_interval_service_level_ratio": (
        "Service level of the interval by dialect (docs: service level); absent while nothing counts.",
        (*INTERVAL_LABELS, "dialect"),
    ),
    "journey_agents": (
        "Agents now, by the state that they told last; none once it has lasted too long.", ("team", "state")
    ),
    "journey_queue_agents": (
        "Agents now, by each queue that they take contacts from, so that one of two queues counts twice.",
        ("queue", "state"),
    ),
    "journey_agents_contacts": ("Contacts that agents have in hand now.", ("team", "channel")),
    "journey_agents_occupancy_ratio": (
        "Of the time in which agents were busy or available, how much was taken: by the wall clock, or weighted by the "
        "slots in use (docs: the agent's day); absent while there was none.",
        ("team", "interval", "weight"),
    ),
    "journey_journeys_open": ("Journeys that are open.", ("intent",)),
    "journey_root_cause_excess": (
        "How many repeats, switches, escalations or transfers of today (UTC, as events go) came after a cause beyond "
        "what was expected, at least; of the causes that are beyond chance.",
        ("event", "dimension", "cause"),
    ),
    "journey_newest_event_timestamp_seconds": ("Event time of the newest event that figures are made of.", ()),
    "journey_metrics_lag_messages": ("Messages on the topics that the metrics do not include yet.", ()),
    "journey_metrics_ready": (
        "1 once all that was on the topics at the start is in; until then no queue or journey gauge is exported.", ()
    ),
}  # fmt: skip
COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "journey_switches": ("Channel switches, as first seen.", ("from_channel", "to_channel", "cause")),
    "journey_repeats": ("Repeat contacts, as first seen; rule is same_intent or any_intent.", ("channel", "rule")),
    "journey_redials": ("Redials after an abandonment, by what came of it as first seen.", ("channel", "outcome")),
    "journey_sentiment_drops": (
        "Sudden drops of sentiment within a contact, as first seen.",
        ("channel",),
    ),
    "journey_survey_scores": ("Survey scores, as first seen; kind is csat, nps, ces or qa.", ("kind",)),
    "journey_survey_points": ("The same scores, summed; over their number it is the mean.", ("kind",)),
    "journey_emerging_causes": ("Causes worse in an hour than usual, as first seen.", ("event", "dimension")),
    "journey_dead_letters": ("Events that could not be taken, by reason.", ("reason",)),
}


class Bounded:
    """At most ``limit`` distinct values for a label; any further one is "other"."""

    def __init__(self, known: Iterable[str] = (), limit: int = MAX_VALUES) -> None:
        self._limit = limit
        self.known = dict.fromkeys(known)

    def __call__(self, value: str) -> str:
        if value in self.known:
            return value
        if len(self.known) >= self._limit:
            return OTHER
        self.known[value] = None
        return value
