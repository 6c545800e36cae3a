"""The broker dies or hangs: no crash, nothing lost, nothing twice."""

from __future__ import annotations

import time

import pytest

from streams.application import run_worker
from streams.settings import EngineSettings, Topology
from tests.integration.streams.scene import eventually

# The tests' own client, kafka-python 3.0, drops connections of a dead broker without closing their sockets.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

QUICK = {"max_batch": 100, "session_timeout_s": 3}
SLOW = {"sleep_s": 0.0005}


def test_broker_killed_and_restarted(own_scene):
    """T6."""
    scene = own_scene
    scene.send(4_000)
    worker = scene.start(stage=SLOW, settings=QUICK)
    worker.wait_ready()
    time.sleep(0.4)
    scene.broker.kill()
    time.sleep(1)
    scene.broker.start()
    scene.send(1_000)
    took = scene.wait_drained()
    print(f"lag back to 0 after {took:.1f} s")
    scene.assert_exactly_once()
    scene.assert_versions_grow()
    assert worker.process.poll() is None


def test_broker_hangs(own_scene):
    """T7, short: longer than the session time-out."""
    scene = own_scene
    scene.send(4_000)
    worker = scene.start(stage=SLOW, settings=QUICK)
    worker.wait_ready()
    time.sleep(0.4)
    scene.broker.suspend()
    time.sleep(6)
    scene.broker.resume()
    scene.send(500)
    scene.wait_drained()
    scene.assert_exactly_once()
    assert worker.process.poll() is None


def test_broker_that_cannot_be_reached_is_named(tmp_path):
    settings = EngineSettings("127.0.0.1:1", "app", tmp_path, broker_wait_s=0)
    with pytest.raises(SystemExit, match=r"Kafka at 127.0.0.1:1 cannot be reached: .*refused"):
        run_worker(Topology((), {"dead": 1}, {}, "dead"), settings)


def test_unknown_answer_to_a_heartbeat(scene):
    """aiokafka stops coordinating, and would neither join a rebalance nor be a member any more, for ever."""
    worker = scene.start(fail_heartbeat=2, settings={"session_timeout_s": 2})
    worker.wait_ready()
    eventually("joined again", lambda: worker.metric("journey_rebalances_total") == 2 and worker.ready, 20)
    scene.send(500)
    scene.wait_drained()
    scene.assert_exactly_once()
