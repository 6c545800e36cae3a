from __future__ import annotations

import subprocess
import sys
import time

import pytest

pytest.importorskip("confluent_kafka", reason="the extra `bench` is not installed")

from benchmarks import latency
from benchmarks.__main__ import ratios, with_identity
from benchmarks.contestants import KAFKA_STREAMS_EXACTLY_ONCE
from benchmarks.events import EVENT_BYTES, create_topic, event
from benchmarks.harness import ContestantFailed, Result, Steady, steady_state, stop, wrong_customers
from benchmarks.whole_way import ALL_STAGES, name_of
from touchpath.embedded_kafka import EmbeddedKafka


def result(name: str, events_per_second: float) -> Result:
    return Result(name, Steady(1, events_per_second, 1.0, 1.0, 1.0, 1.0, 0.0), 0)


def test_events_have_their_size() -> None:
    assert {len(event(number, "c00001")) for number in (0, 999_999_999)} == {EVENT_BYTES}


def test_a_count_lost_or_taken_twice_is_seen() -> None:
    right = [b'{"customer":"a","count":1}', b'{"customer":"b","count":1}', b'{"customer":"a","count":2}']
    assert wrong_customers(right) == 0
    assert wrong_customers([*right, b'{"customer":"a","count":2}']) == 1
    assert wrong_customers([*right, b'{"customer":"a","count":4}']) == 1


def test_ratios_are_over_the_better_run_of_the_reference() -> None:
    one, two = KAFKA_STREAMS_EXACTLY_ONCE
    results = [result("ours", 60.0), result(one, 40.0), result(two, 50.0)]
    assert ratios(results[0], results) == {"Kafka Streams exactly once": 1.2}


def test_identity_is_held_against_the_same_job_without() -> None:
    rates = {(1, False): 40.0, (2, False): 50.0, (1, True): 45.0, (2, True): 30.0}
    results = [result(name_of(ALL_STAGES, *run), rate) for run, rate in rates.items()]
    assert with_identity(results) == {ALL_STAGES: {"events/s": 0.9, "CPU": 1.0}}
    assert with_identity(results[:2]) == {}


def test_a_steady_rate_is_measured_without_the_start() -> None:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    start = time.monotonic()

    def done() -> int:  # half a second of nothing, then 1,000 a second
        time.sleep(0.005)
        return max(0, int((time.monotonic() - start - 0.5) * 1000))

    try:
        steady = steady_state(process, done, 1000, timeout_s=20)
    finally:
        stop(process)
    assert steady.events_per_second == pytest.approx(1000, rel=0.1)
    assert steady.first_output_s >= 0.5
    assert 0 < steady.cpu_us_per_event < 1100  # at most one core: 1,000 µs an event
    assert steady.peak_rss_mb > 1


def test_a_contestant_that_ends_is_no_result() -> None:
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(ContestantFailed, match="ended early with status 3"):
        steady_state(process, lambda: 0, 1000, timeout_s=20)


def test_latency_is_of_what_was_seen(kafka: EmbeddedKafka) -> None:
    create_topic(kafka.bootstrap, "latency-test")
    messages = ((str(number), b"key", str(number).encode()) for number in range(1000))
    with latency.topic_observer(
        kafka.bootstrap, "latency-test", lambda value: [value.decode()] * (value[-1:] != b"7")
    ) as seen:
        measured = latency.measure(
            kafka.bootstrap, "latency-test", messages, seen, rate=200, duration_s=1, warm_up_s=0.5, drain_s=2
        )
    assert (measured.seen, measured.unseen) == (180, 20)
    assert 0 < measured.p50_ms <= measured.p99_ms < 2000
