"""Two workers and more: hand-overs, zombies, restarts."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from tests.integration.streams.scene import eventually

QUICK = {"max_batch": 100, "session_timeout_s": 2}
SLOW = {"sleep_s": 0.0005}


def owned(worker):
    return worker.metric("journey_worker_partitions")


def test_second_worker_takes_its_share_and_the_rest_when_the_first_is_killed(scene):
    """And every count is right; the dead worker's partitions move within seconds (20 s at most on a busy machine)."""
    scene.send(4_000)
    first = scene.start("first", stage=SLOW, settings=QUICK)
    first.wait_ready()
    second = scene.start("second", stage=SLOW, settings=QUICK)
    eventually("each owns two", lambda: second.ready and owned(first) == owned(second) == 2)
    killed = time.monotonic()
    first.kill()
    eventually("the second owns all", lambda: owned(second) == 4 and second.ready, 20)
    print(f"taken over {time.monotonic() - killed:.1f} s after kill -9")
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.assert_versions_grow()


def test_workers_come_and_go_under_load(scene):
    """T5, short: 1, 2, 1 workers; versions never fall."""
    stop = threading.Event()

    def feed():
        while not stop.is_set():
            scene.send(50)
            time.sleep(0.02)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        first = scene.start("first", settings=QUICK)
        first.wait_ready()
        second = scene.start("second", settings=QUICK)
        eventually("each owns two", lambda: second.ready and owned(first) == owned(second) == 2)
        time.sleep(0.5)
        first.stop()
        eventually("the second owns all", lambda: owned(second) == 4 and second.ready, 20)
        time.sleep(0.5)
    finally:
        stop.set()
        feeder.join()
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.assert_versions_grow()


def test_zombie_commits_nothing(scene):
    """T4: stopped for longer than the session, its partitions go to another; awake again it finds itself fenced."""
    scene.send(3_000)
    zombie = scene.start("zombie", stage=SLOW, settings=QUICK)
    zombie.wait_ready()
    other = scene.start("other", stage=SLOW, settings=QUICK)
    eventually("each owns two", lambda: other.ready and owned(zombie) == owned(other) == 2)
    for _ in range(5):  # a batch is under way most of the time, but not always
        scene.send(2_000)
        time.sleep(0.1)
        zombie.signal(signal.SIGSTOP)
        eventually("the other owns all", lambda: owned(other) == 4 and other.ready, 20)
        zombie.signal(signal.SIGCONT)
        eventually("both share again", lambda: owned(other) == owned(zombie) == 2 and other.ready and zombie.ready)
        if zombie.metric("journey_fenced_total"):
            break
    assert zombie.metric("journey_fenced_total") >= 1
    scene.send(500)
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.assert_versions_grow()


def test_transaction_that_the_broker_timed_out(scene):
    """The worker hangs for longer than a transaction may, but not for its session: fenced, it is still the owner."""
    worker = scene.start(settings={"max_batch": 20, "transaction_timeout_s": 1, "session_timeout_s": 10})
    worker.wait_ready()
    for _ in range(5):  # a transaction is open most of the time, but not always
        scene.send(2_000)
        worker.signal(signal.SIGSTOP)
        time.sleep(3)
        worker.signal(signal.SIGCONT)
        scene.wait_drained()
        if worker.metric("journey_fenced_total"):
            break
    else:
        pytest.fail("never fenced")
    scene.assert_exactly_once()
    assert worker.metric("journey_rebalances_total") == 1


def test_restarts_leave_no_duplicates(scene):
    """T3: SIGTERM in mid-work, two in a row; the transactions are finished, not aborted."""
    scene.send(3_000)
    for _ in range(2):
        worker = scene.start(stage=SLOW, settings=QUICK)
        worker.wait_ready()
        time.sleep(0.3)
        worker.stop()
        assert "is left open" not in worker.log
    scene.start(settings=QUICK)
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.assert_versions_grow()


def test_slow_head_batch_is_processed_again(scene):
    """T18: one partition's first batch hangs while the others commit; after kill -9 it is not skipped."""
    scene.send(400)
    worker = scene.start(stage={"sleep_s": 0.2, "slow_partition": 1}, settings={**QUICK, "max_batch": 20})
    eventually("the others are done", lambda: scene.lag(0, 2, 3) == 0)
    assert scene.lag(1) > 0
    worker.kill()
    scene.start(settings=QUICK)
    scene.wait_drained()
    scene.assert_exactly_once()
