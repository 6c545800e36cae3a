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
        assert worker.wait_ready() < 15
    scene.wait_drained()
    scene.assert_exactly_once()
    scene.assert_versions_grow()
