"""The live floor: each queue as it is now and in the next intervals, and the moves recommended.

Made of the gauges that Prometheus scrapes (their meaning: the metrics' own help, and docs/definitions.md, the floor),
so page, alert rules and Grafana say the same. Times are seconds since the epoch, shares from 0 to 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from dashboards.console.samples import Labels, Samples

LIVE_S = 86_400
"""Figures are of now while the newest event is less than a day old, as the exporter has it (sinks/metrics.py)."""
_SAME_S = 1.0
Key = tuple[str, str]


class Ahead(msgspec.Struct, omit_defaults=True):
    """One interval: the one under way, or one that is coming."""

    gap: float
    required: float = 0.0
    available: float = 0.0
    expected: float = 0.0
    low: float = 0.0
    high: float = 0.0
    from_journeys: float = 0.0
    service_level: float | None = None
    """What those available give, by the model."""


class Queue(msgspec.Struct):
    queue: str
    channel: str
    site: str = ""
    waiting: int = 0
    waiting_since: float | None = None
    """When the one that waits longest entered; none if nobody waits."""
    connected: int = 0
    service_level: float | None = None
    """Ours, of those who entered in the interval under way; none while nothing counts."""
    service_level_15m: float | None = None
    """Of those who left the queue in the last 15 min."""
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    """In the interval under way."""
    target: float | None = None
    target_s: float | None = None
    agents: dict[str, float] = {}
    """By what they do: available, busy, after_contact_work, away."""
    ahead: list[Ahead | None] = []
    """From the interval under way on; none where nothing is said of one."""
    cause: str = ""


class Side(msgspec.Struct):
    queue: str
    channel: str
    without: float | None = None
    with_: float | None = msgspec.field(default=None, name="with")
    """Service level foretold for the move's time."""


class Move(msgspec.Struct):
    agents: float
    giver: Side
    taker: Side
    site: str
    gain: float
    """Contacts that are answered within target on account of it, on both sides."""
    deadline: float
    until: float
    cause: str = ""


class Floor(msgspec.Struct):
    as_of: float
    """Time of the newest event."""
    live: bool
    """Whether that is now; else the centre's clock stands at ``as_of``."""
    ready: bool
    """Whether the exporter has read all that happened before its start."""
    queues: list[Queue]
    moves: list[Move]
    open_journeys: dict[str, int]


_AHEAD = {
    "gap": "journey_staffing_gap_agents",
    "required": "journey_staffing_required_agents",
    "available": "journey_staffing_available_agents",
    "expected": "journey_staffing_forecast_contacts",
    "low": "journey_staffing_forecast_low_contacts",
    "high": "journey_staffing_forecast_high_contacts",
    "from_journeys": "journey_staffing_from_journeys_contacts",
    "service_level": "journey_staffing_service_level_projected_ratio",
}


def floor(samples: Samples, read_at: float, before: Floor | None = None) -> Floor:
    """The floor as ``samples`` have it, read at ``read_at``. ``before``: the one shown last, from which the beginning
    of a wait is taken where it is the same wait: scrapes are some milliseconds apart from what they say."""
    as_of = samples.one("journey_newest_event_timestamp_seconds") or 0.0
    live = abs(read_at - as_of) < LIVE_S
    found = Floor(
        as_of,
        live,
        bool(samples.one("journey_metrics_ready")),
        _queues(samples, read_at if live else as_of),
        _moves(samples),
        {labels["intent"]: int(value) for labels, value in samples.of("journey_journeys_open") if value},
    )
    if before is not None:
        _keep_waits(found.queues, before.queues)
    return found


def _queues(samples: Samples, now: float) -> list[Queue]:
    queues: dict[Key, Queue] = {}

    def of(labels: Labels) -> Queue:
        key = labels["queue"], labels["channel"]
        return queues.setdefault(key, Queue(*key))

    for labels, value in samples.of("journey_queue_waiting"):
        of(labels).waiting = int(value)
    for labels, value in samples.of("journey_queue_connected"):
        of(labels).connected = int(value)
    for labels, value in samples.of("journey_queue_longest_wait_seconds"):
        of(labels).waiting_since = round(now - value, 1) if of(labels).waiting else None
    for name in ("offered", "answered", "abandoned"):
        for labels, value in samples.of(f"journey_queue_interval_{name}", interval="current"):
            setattr(of(labels), name, int(value))
    for labels, value in samples.of("journey_queue_interval_service_level_ratio", interval="current", dialect="ours"):
        of(labels).service_level = value
    for labels, value in samples.of("journey_staffing_service_level_ratio", window="15m"):
        of(labels).service_level_15m = value
    for labels, value in samples.of("journey_staffing_target_ratio"):
        of(labels).site = labels["site"]
        of(labels).target = value
    for labels, value in samples.of("journey_staffing_target_seconds"):
        of(labels).target_s = value
    for labels, value in samples.of("journey_staffing_agents"):
        of(labels).agents[labels["state"]] = value
    for labels, _ in samples.of("journey_staffing_cause_info"):
        of(labels).cause = labels["cause"]
    for (queue, channel), ahead in _ahead(samples).items():
        of({"queue": queue, "channel": channel}).ahead = ahead
    return [queues[key] for key in sorted(queues)]


def _ahead(samples: Samples) -> dict[Key, list[Ahead | None]]:
    told: dict[Key, dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for field, name in _AHEAD.items():
        for labels, value in samples.of(name):
            told[labels["queue"], labels["channel"]][int(labels["ahead"])][field] = value
    return {
        key: [Ahead(**of[number]) if "gap" in of.get(number, ()) else None for number in range(max(of) + 1)]
        for key, of in told.items()
    }


def _moves(samples: Samples) -> list[Move]:
    """The one that gains most first."""

    def value(name: str, labels: Labels) -> float | None:
        return next((found for _, found in samples.of(name, **labels)), None)

    moves = []
    for labels, agents in samples.of("journey_move_agents"):
        taken = {"queue": labels["taker"], "channel": labels["taker_channel"]}
        moves.append(
            Move(
                agents,
                _side(samples, labels, "giver"),
                _side(samples, labels, "taker"),
                labels["site"],
                value("journey_move_gain_contacts", labels) or 0.0,
                value("journey_move_deadline_timestamp_seconds", labels) or 0.0,
                value("journey_move_until_timestamp_seconds", labels) or 0.0,
                next((have["cause"] for have, _ in samples.of("journey_staffing_cause_info", **taken)), ""),
            )
        )
    return sorted(moves, key=lambda move: -move.gain)


def _side(samples: Samples, move: Labels, side: str) -> Side:
    found = samples.of("journey_move_service_level_ratio", **move, side=side)
    levels = {labels["move"]: value for labels, value in found}
    return Side(move[side], move[f"{side}_channel"], levels.get("without"), levels.get("with"))


def _keep_waits(queues: Iterable[Queue], before: Iterable[Queue]) -> None:
    shown = {(queue.queue, queue.channel): queue.waiting_since for queue in before}
    for queue in queues:
        since, was = queue.waiting_since, shown.get((queue.queue, queue.channel))
        if since is not None and was is not None and abs(since - was) < _SAME_S:
            queue.waiting_since = was
