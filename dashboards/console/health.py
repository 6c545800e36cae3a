"""How the pipeline is: what is not read yet, what is not stored yet, which part does not answer."""

from __future__ import annotations

import msgspec

from dashboards.console.samples import Samples


class Health(msgspec.Struct):
    parts: dict[str, str]
    """By part, what is wrong with it; empty where it answers."""
    lag: int
    """Records that no worker has processed yet."""
    metrics_lag: int
    """Messages that the exporter of figures has not read yet."""
    backlog: int | None
    """Messages that are not stored yet; none where no sink says so."""
    store_up: bool | None
    newest: float
    """Time of the newest event (seconds since the epoch)."""
    stored_at: float | None
    """When something was stored last."""


def health(samples: Samples, parts: dict[str, str]) -> Health:
    backlog, up = samples.one("journey_sink_backlog_messages"), samples.one("journey_sink_store_up")
    return Health(
        dict(sorted(parts.items())),
        int(samples.total("journey_input_lag_records")),
        int(samples.total("journey_metrics_lag_messages")),
        None if backlog is None else int(backlog),
        None if up is None else bool(up),
        samples.one("journey_newest_event_timestamp_seconds") or 0.0,
        samples.one("journey_sink_last_insert_timestamp_seconds") or None,
    )
