"""Kills, hangs and hand-overs: every event counts once, whatever happens to workers."""

from __future__ import annotations

import random
import time

import pytest


def test_counts_everything_once(scene):
    scene.send(2_000)
    scene.send(500, topic=scene.second)
    worker = scene.start()
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.assert_versions_grow()
    worker.stop()


@pytest.mark.parametrize("seed", [1])
def test_kill_in_mid_batch(scene, seed):
    """T1."""
    times = random.Random(seed)
    scene.send(3_000)
    worker = scene.start(stage={"sleep_s": 0.0005}, settings={"max_batch": 100, "session_timeout_s": 2})
    worker.wait_ready()
    for _ in range(2):
        time.sleep(times.uniform(0.1, 0.8))
        worker.kill()
        worker = scene.start(stage={"sleep_s": 0.0005}, settings={"max_batch": 100, "session_timeout_s": 2})
        assert worker.wait_ready() < 30
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.assert_versions_grow()


def test_chunks_that_faust_drops_are_read_again(scene):
    """Faust clears its queues on the way; Kafka's offsets have holes, so only the start of a chunk tells."""
    scene.send(2_000)
    worker = scene.start(lose=2, settings={"max_batch": 50})
    worker.wait_ready()
    for _ in range(3):
        scene.send(100)
        time.sleep(0.2)
    scene.wait_drained()
    scene.assert_exactly_once()
    assert "read again" in worker.log or "reading again" in worker.log
