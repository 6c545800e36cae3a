from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from touchpath.ahead_of_time import cache_file, trained
from touchpath.embedded_kafka import EmbeddedKafka


def test_a_broker_starts_from_the_cache(kafka: EmbeddedKafka) -> None:
    maps = Path(f"/proc/{kafka.pid}/maps").read_text(encoding="utf-8")
    assert ".aot" in maps, "Java did not take the cache"


def test_it_is_made_once_and_those_of_other_versions_go(tmp_path: Path) -> None:
    program = tmp_path / "program.jar"
    program.write_bytes(b"1")
    caches = tmp_path / "caches"
    made: list[Path] = []

    def train(cache: Path) -> None:
        made.append(cache)
        cache.write_bytes(b"learned")

    first = cache_file(caches, [program])
    assert trained(first, train) == trained(first, train) == [f"-XX:AOTCache={first}"]
    assert len(made) == 1
    os.utime(program, ns=(1, 1))
    second = cache_file(caches, [program])
    assert trained(second, train) == [f"-XX:AOTCache={second}"]
    assert second != first
    assert [file.name for file in caches.glob("*.aot")] == [second.name]


def test_a_training_that_leaves_nothing_is_no_obstacle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert trained(tmp_path / "x.aot", lambda cache: None) == []
    assert "starts take longer" in caplog.text


def test_where_it_cannot_be_kept_it_is_done_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    assert trained(tmp_path / "file" / "x.aot", lambda cache: None) == []
    assert "no ahead-of-time cache" in caplog.text


def test_of_many_who_want_it_at_once_one_makes_it(tmp_path: Path) -> None:
    script = """
import sys, time
from pathlib import Path
from touchpath.ahead_of_time import trained

def train(cache):
    print("trained")
    time.sleep(0.5)
    cache.touch()

assert trained(Path(sys.argv[1]), train)
"""

    def run(_: int) -> str:
        return subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "x.aot")], check=True, capture_output=True, text=True
        ).stdout

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(run, range(3))) == ["", "", "trained\n"]


def test_a_cache_that_java_cannot_read_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.aot"
    broken.write_bytes(b"no cache at all")
    monkeypatch.setattr("touchpath.embedded_kafka.trained", lambda *_: [f"-XX:AOTCache={broken}"])
    with EmbeddedKafka(tmp_path / "kafka", heap="256m") as broker:
        assert broker.running
