"""Every metric of the stream workers. Labels are bounded: stages, topics, partitions, reasons of a fixed set."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RECORDS = (1, 10, 50, 100, 250, 500, 1_000, 2_000, 4_000, 8_000)
_RECOVERY_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)

BATCH_RECORDS = Histogram("journey_batch_records", "Input records in a batch.", ["stage"], buckets=_RECORDS)
BATCH_SECONDS = Histogram(
    "journey_batch_seconds", "Time of a batch by step (process, commit).", ["stage", "step"], buckets=_SECONDS
)
RECORDS = Counter("journey_records_processed", "Input records whose batch was committed.", ["stage"])
DEAD_LETTERS = Counter("journey_dead_letters", "Records sent to the dead letters.", ["stage", "reason"])
STAGE_EVENTS = Counter("journey_stage_events", "What a stage counted itself.", ["stage", "event"])
LAG = Gauge(
    "journey_input_lag_records", "Offsets between the position and the end of an input.", ["topic", "partition"]
)
NEWEST_EVENT = Gauge(
    "journey_newest_event_timestamp_seconds",
    "Time of the newest event that a stage has processed.",
    ["stage", "partition"],
)
READY = Gauge("journey_worker_ready", "1 if every assigned partition is recovered and processing.")
PARTITIONS = Gauge("journey_worker_partitions", "Partitions of stages that this worker owns.", ["stage"])
REBALANCES = Counter("journey_rebalances", "Assignments received from the consumer group.")
RECOVERIES = Counter("journey_recoveries", "Times a partition was opened: fenced, recovered, made ready.", ["stage"])
RECOVERY_SECONDS = Histogram(
    "journey_recovery_seconds", "Time to open a partition, recovery included.", ["stage"], buckets=_RECOVERY_SECONDS
)
RECOVERED_RECORDS = Counter("journey_recovered_records", "Changelog records read in recoveries.", ["stage"])
FENCED = Counter("journey_fenced", "Times another producer had taken over a partition.", ["stage"])
BROKER_ERRORS = Counter("journey_broker_errors", "Times a partition was reopened after an error of Kafka.", ["stage"])
