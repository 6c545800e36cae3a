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

STAFFING_LABELS = ("queue", "channel", "site")
AHEAD_LABELS = (*STAFFING_LABELS, "ahead")
"""``ahead``: 0 is the interval under way, 1 the next, up to 4."""
LATELY_LABELS = (*STAFFING_LABELS, "window")
"""``window``: 5m or 15m, up to the newest event."""
MOVE_LABELS = ("giver", "giver_channel", "taker", "taker_channel", "site")

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
    "journey_next_step_brier": (
        "Mean squared error of the probability that a customer makes contact again within the horizon, over those that "
        "were foretold in the last 28 days and are decided; base_rate: of the same for everybody. Less is better.",
        ("horizon", "model"),
    ),
    "journey_next_step_log_loss": ("The same as a mean logarithmic loss (natural logarithm).", ("horizon", "model")),
    "journey_next_step_scored": ("Predictions that these figures are of.", ("horizon",)),
    "journey_next_step_open": ("Contacts of the last day after which the customer has not come back yet.", ()),
    "journey_next_step_trials": ("Contacts that predictions are made from.", ()),
    "journey_staffing_required_agents": ("Agents on the floor who meet the queue's targets.", AHEAD_LABELS),
    "journey_staffing_available_agents": (
        "Agents who are there, or will be by the schedule; who takes from several queues counts in part.", AHEAD_LABELS
    ),
    "journey_staffing_scheduled_agents": ("Agents scheduled; absent without a schedule.", AHEAD_LABELS),
    "journey_staffing_gap_agents": ("Agents required less available: above 0 some are missing.", AHEAD_LABELS),
    "journey_staffing_service_level_projected_ratio": ("What the agents available give, by the model.", AHEAD_LABELS),
    "journey_staffing_forecast_contacts": ("Contacts expected to enter in the interval.", AHEAD_LABELS),
    "journey_staffing_forecast_low_contacts": ("Of ten such intervals, nine have this many at least.", AHEAD_LABELS),
    "journey_staffing_forecast_high_contacts": ("Of ten such intervals, nine have this many at most.", AHEAD_LABELS),
    "journey_staffing_from_journeys_contacts": (
        "Of those expected, what open journeys bring beyond what is usual.", AHEAD_LABELS
    ),
    "journey_staffing_target_ratio": ("How many are to be answered within the target.", STAFFING_LABELS),
    "journey_staffing_target_seconds": ("The target.", STAFFING_LABELS),
    "journey_staffing_offered_contacts": ("Contacts that entered the queue in the window.", LATELY_LABELS),
    "journey_staffing_service_level_ratio": (
        "Service level (ours) of those that left the queue in the window; absent while nobody did.", LATELY_LABELS
    ),
    "journey_staffing_waiting_contacts": ("Contacts that wait now.", STAFFING_LABELS),
    "journey_staffing_oldest_entered_timestamp_seconds": (
        "When the one that waits longest entered; 0 if none waits.", STAFFING_LABELS
    ),
    "journey_staffing_aht_seconds": ("Handle time of those served lately.", STAFFING_LABELS),
    "journey_staffing_patience_seconds": (
        "Mean patience, estimated from who abandoned; absent while nobody does.", STAFFING_LABELS
    ),
    "journey_staffing_agents": (
        "Agents now: available, busy, after_contact_work or away; who takes from several queues counts in part.",
        (*STAFFING_LABELS, "state"),
    ),
    "journey_staffing_adherence_ratio": (
        "Of the agents scheduled now, how many do as they are scheduled to; absent without a schedule.", STAFFING_LABELS
    ),
    "journey_staffing_arrived_contacts": ("Contacts that entered in the interval under way.", STAFFING_LABELS),
    "journey_staffing_cause_info": ("1 for why agents are missing.", (*STAFFING_LABELS, "cause")),
    "journey_staffing_as_of_timestamp_seconds": ("Event time of the newest plan.", ()),
    "journey_move_agents": ("Agents whose move is recommended, or runs.", MOVE_LABELS),
    "journey_move_gain_contacts": ("Contacts answered within target that the move adds, on both sides.", MOVE_LABELS),
    "journey_move_deadline_timestamp_seconds": ("Later than this the move helps no more.", MOVE_LABELS),
    "journey_move_until_timestamp_seconds": ("When the move ends.", MOVE_LABELS),
    "journey_move_service_level_ratio": (
        "Service level foretold for the move's time: of the giver and of the taker, without it and with it.",
        (*MOVE_LABELS, "side", "move"),
    ),
    "journey_forecast_error_ratio": (
        "Absolute error of the forecasts made an hour ahead, summed over the last whole day (UTC), over what came.",
        STAFFING_LABELS,
    ),
    "journey_forecast_naive_error_ratio": (
        "The same of what came a week before, in the same interval.", STAFFING_LABELS
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
    "journey_likely_switches": ("Signals that a switch of channel is likely.", ("from_channel", "to_channel")),
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
