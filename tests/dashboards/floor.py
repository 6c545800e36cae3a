"""A floor of two queues as staffing tells of it: quiet, and in a surge that agents of the other queue could take."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from journeys.staffing.figures import Floor, Move, Side, Staffing
from sinks.metrics import Figures
from tests.sinks.messages import changed

INTERVAL_S = 900
Row = Floor | Staffing | Move


def exposition(rows: list[Row]) -> bytes:
    """What the exporter of figures shows once it has read these on ``journey.staffing``."""
    figures = Figures()
    figures.ready = True
    for number, row in enumerate(rows):
        figures.take(changed("journey.staffing", "row", str(number), row, 1, row.as_of))
    registry = CollectorRegistry()
    registry.register(figures)
    return generate_latest(registry)


def quiet(now_ms: int) -> list[Row]:
    return [
        *_queue("billing", now_ms, waiting=1, offered_5m=15, offered_15m=44, level=0.9, expected=46, required=11.5),
        *_queue("orders", now_ms, waiting=0, offered_5m=12, offered_15m=36, level=0.95, expected=37, required=9.5),
    ]


def surge(now_ms: int) -> list[Row]:
    """Billing is about to be 2.5 agents short; two from orders would help."""
    move = Move(
        move_id="m1",
        as_of=now_ms,
        giver=Side("orders", "voice", "leeds", 12, 10, 0.95, 0.88, -2.5),
        taker=Side("billing", "voice", "leeds", 12, 14, 0.58, 0.83, 2.5),
        agents=2,
        starts_at=now_ms,
        until=now_ms + 3_600_000,
        deadline=now_ms + 1_200_000,
        gain=21.3,
        cause="switches from chat",
    )
    busy = _queue(
        "billing", now_ms, waiting=7, offered_5m=24, offered_15m=63, level=0.82, expected=71, required=14.5, came=11.6
    )
    calm = _queue("orders", now_ms, waiting=0, offered_5m=12, offered_15m=36, level=0.95, expected=37, required=9.5)
    return [*busy, *calm, move]


def _queue(
    queue: str,
    now_ms: int,
    *,
    waiting: int,
    offered_5m: int,
    offered_15m: int,
    level: float,
    expected: float,
    required: float,
    came: float = 0.0,
) -> list[Row]:
    """Its floor, the interval under way and the four after it. ``came``: from open journeys."""
    now = Floor(
        queue,
        "voice",
        now_ms,
        "leeds",
        waiting,
        now_ms - 72_000 if waiting else None,
        connected=10,
        offered_5m=offered_5m,
        offered_15m=offered_15m,
        service_level_5m=level,
        service_level_15m=level,
        aht_s=240.0,
        patience_s=180.0,
        staffed=12,
        available=1,
        busy=10,
        after_contact_work=1,
        arrived=31,
    )
    began = now_ms // (INTERVAL_S * 1000) * INTERVAL_S * 1000
    coming = [
        Staffing(
            queue,
            "voice",
            began + ahead * INTERVAL_S * 1000,
            INTERVAL_S,
            now_ms,
            "leeds",
            expected=expected,
            low=expected * 0.85,
            high=expected * 1.15,
            from_journeys=came,
            aht_s=240.0,
            required=required,
            available=12.0,
            gap=required - 12.0,
            service_level=0.58 if required > 12 else 0.9,
            cause="switches from chat" if required > 12 else "",
        )
        for ahead in range(5)
    ]
    return [now, *coming]
