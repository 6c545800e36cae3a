"""What the page says of the floor, from what the exporter of figures really shows."""

from __future__ import annotations

import time

import pytest

from dashboards.console.floor import Floor, floor
from dashboards.console.health import health
from dashboards.console.samples import Samples
from journeys.queue import QueueInterval, QueueNow
from sinks.metrics import Figures
from tests.dashboards import floor as centre
from tests.sinks.messages import changed


def read(exposition: bytes, at: float, before: Floor | None = None) -> Floor:
    samples = Samples()
    samples.take(exposition.decode())
    return floor(samples, at, before)


def test_a_surge_with_its_need_and_the_move() -> None:
    now = time.time()
    found = read(centre.exposition(centre.surge(int(now * 1000))), now)
    assert (found.live, found.ready, found.as_of) == (True, True, pytest.approx(now, abs=0.01))
    billing, orders = found.queues
    assert (billing.queue, billing.channel, billing.site) == ("billing", "voice", "leeds")
    assert (billing.target, billing.target_s, billing.service_level_15m) == (0.8, 20.0, 0.82)
    assert billing.agents == {"available": 1.0, "busy": 10.0, "after_contact_work": 1.0, "away": 0.0}
    assert len(billing.ahead) == 5
    for one in billing.ahead:
        assert one is not None
        assert (one.gap, one.required, one.available, one.expected, one.from_journeys) == (2.5, 14.5, 12.0, 71.0, 11.6)
        assert (one.low, one.high, one.service_level) == (pytest.approx(60.35), pytest.approx(81.65), 0.58)
    assert billing.cause == "switches from chat"
    assert [one.gap for one in orders.ahead if one] == [-2.5] * 5
    assert orders.cause == ""

    [move] = found.moves
    assert (move.agents, move.gain, move.cause, move.site) == (2, 21.3, "switches from chat", "leeds")
    assert (move.giver.queue, move.giver.without, move.giver.with_) == ("orders", 0.95, 0.88)
    assert (move.taker.queue, move.taker.without, move.taker.with_) == ("billing", 0.58, 0.83)
    assert move.deadline == pytest.approx(now + 1200, abs=1)


def figures(now_ms: int, clock: float, waiting: int) -> bytes:
    """Of one queue in which somebody waits since 30 s before ``now_ms``."""
    from prometheus_client import CollectorRegistry, generate_latest

    told = Figures(clock=lambda: clock)
    told.ready = True
    since = now_ms - 30_000 if waiting else None
    told.take(changed("journey.queues", "now", "q", QueueNow("q", "chat", now_ms, waiting, since, 2), 1, now_ms))
    interval = QueueInterval(
        "q", "chat", now_ms // 900_000 * 900_000, 900, 9, 6, 3, abandoned_within=1, answered_within=4
    )
    told.take(changed("journey.queues", "interval", "i", interval, 1, now_ms))
    registry = CollectorRegistry()
    registry.register(told)
    return generate_latest(registry)


def test_a_wait_begins_when_it_began_and_does_not_jump_about() -> None:
    now = 1_800_000_000.0
    found = read(figures(int(now * 1000), now + 5, 3), now + 5.04)
    [queue] = found.queues
    assert (queue.waiting, queue.connected, queue.waiting_since) == (3, 2, pytest.approx(now - 30, abs=0.1))
    assert (queue.offered, queue.answered, queue.abandoned) == (9, 6, 3)
    assert queue.service_level == 4 / (6 + 3 - 1)
    later = read(figures(int(now * 1000), now + 6, 3), now + 6.31, found)
    assert later.queues[0].waiting_since == queue.waiting_since
    assert read(figures(int(now * 1000), now + 7, 0), now + 7, later).queues[0].waiting_since is None


def test_of_a_replayed_day_the_clock_stands_at_its_newest_event() -> None:
    now = 1_700_000_000.0
    found = read(figures(int(now * 1000), time.time(), 3), time.time())
    assert not found.live
    assert found.queues[0].waiting_since == pytest.approx(now - 30, abs=0.1)


def test_the_pipeline_is_what_its_parts_say() -> None:
    samples = Samples()
    samples.take(
        'journey_input_lag_records{topic="a",partition="0"} 3\njourney_input_lag_records{topic="a",partition="1"} 4\n'
        'journey_sink_backlog_messages{store="embedded"} 7\njourney_sink_store_up{store="embedded"} 0\n'
        "journey_metrics_lag_messages 2\njourney_newest_event_timestamp_seconds 12.5\n"
        'journey_newest_event_timestamp_seconds{stage="contact",partition="0"} 12.0\n'
    )
    found = health(samples, {"worker-1": "", "sink": ""})
    assert (found.lag, found.metrics_lag, found.backlog, found.store_up, found.newest) == (7, 2, 7, False, 12.5)
    assert list(found.parts) == ["sink", "worker-1"]
    nobody = health(Samples(), {})
    assert (nobody.backlog, nobody.store_up, nobody.newest, nobody.stored_at) == (None, None, 0.0, None)


def test_what_is_no_exposition_is_refused() -> None:
    with pytest.raises(ValueError, match="float"):
        Samples().take("journey_metrics_ready yes\n")
