"""Lines of a file that grows and is rotated, once each, wherever the reader was stopped."""

from __future__ import annotations

import gzip
import random
import shutil
import threading
import time
from pathlib import Path

import pytest

from producers import following
from producers.following import Place, Stop, Truncated, generations


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_POLL_S", 0.01)
    monkeypatch.setattr(following, "_GRACE_S", 0.1)


class Reader:
    """Reads what there is, and remembers the place as a tail does."""

    def __init__(self, file: Path, place: Place | None = None) -> None:
        self.file = file
        self.place = place
        self.lines: list[str] = []
        self._idle = 0

    def read(self, idles: int = 20) -> list[str]:
        """The new lines, until it was idle for so often in a row."""
        self.lines = []
        self._idle = 0
        try:
            for generation in generations(self.file, self.place, self._between, lambda: self._idle >= idles):
                try:
                    for line in generation:
                        if generation.given > generation.start:
                            self.lines.append(line.decode().rstrip("\n"))
                except Truncated:
                    continue
                self.place = generation.place
        except Stop:
            pass
        return self.lines

    def _between(self, place: Place, idle: bool) -> None:
        self.place = place
        self._idle = self._idle + 1 if idle else 0


def append(file: Path, *lines: str) -> None:
    with open(file, "a") as written:
        written.writelines(f"{line}\n" for line in lines)


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "queue_log"
    append(file, "a", "b")
    reader = Reader(file)
    assert reader.read() == ["a", "b"]
    assert reader.read() == []
    with open(file, "a") as written:
        written.write("half a ")
    assert reader.read() == [], "a line is whole when it ends"
    append(file, "line", "d")
    assert Reader(file, reader.place).read() == ["half a line", "d"]


def renamed(file: Path, name: str) -> None:
    file.rename(file.with_name(name))


def copied(file: Path, name: str) -> None:
    shutil.copy(file, file.with_name(name))
    with open(file, "r+") as truncated:
        truncated.truncate()


def compressed(file: Path, name: str) -> None:
    with gzip.open(file.with_name(name + ".gz"), "wb") as written:
        written.write(file.read_bytes())
    file.unlink()


@pytest.mark.parametrize("rotate", [renamed, copied, compressed])
def test_what_was_rotated_while_nobody_read_is_read_first(tmp_path: Path, rotate) -> None:
    file = tmp_path / "touchpoints.log"
    append(file, "1", "2")
    reader = Reader(file)
    assert reader.read() == ["1", "2"]
    append(file, "3", "4")
    rotate(file, "touchpoints.log.2")
    time.sleep(0.02)
    append(file, "5")
    rotate(file, "touchpoints.log.1")
    (tmp_path / "touchpoints.log.bak").write_text("not ours\n")
    (tmp_path / "touchpoints.errors.log").write_text("not ours\n")
    append(file, "6")
    assert reader.read() == ["3", "4", "5", "6"]
    append(file, "7")
    assert reader.read() == ["7"]


@pytest.mark.parametrize("rotate", [renamed, copied])
def test_a_file_that_came_and_went_since_the_reader_saw_it_empty_is_read_too(tmp_path: Path, rotate) -> None:
    file = tmp_path / "touchpoints.log"
    append(file, "1")
    reader = Reader(file)
    assert reader.read() == ["1"]
    rotate(file, "touchpoints.log.2")
    file.touch()
    assert reader.read() == []
    time.sleep(0.02)
    append(file, "2")
    rotate(file, "touchpoints.log.1")
    append(file, "3")
    assert reader.read() == ["2", "3"]


@pytest.mark.parametrize("rotate", [renamed, copied])
def test_what_is_rotated_under_a_reader_is_read_to_its_end(tmp_path: Path, rotate) -> None:
    file = tmp_path / "touchpoints.log"
    append(file, "0")
    reader = Reader(file)
    numbers = iter(range(1, 2001))

    def write() -> None:
        chance = random.Random(7)
        for number in numbers:
            append(file, str(number))
            if number % 400 == 0:
                rotate(file, f"touchpoints.log-2026010{number // 400}")
            if chance.random() < 0.02:
                time.sleep(0.03)
        append(file, "end")

    writer = threading.Thread(target=write)
    writer.start()
    found: list[str] = []
    deadline = time.monotonic() + 60
    while "end" not in found:
        assert time.monotonic() < deadline
        found += reader.read(idles=30)
    writer.join()
    assert found == [*map(str, range(2001)), "end"]


def test_a_short_file_that_was_truncated_and_written_anew_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "log"
    append(file, "old 1", "old 2")
    reader = Reader(file)
    reader.read()
    file.write_text("new 1\nnew 2\nnew 3\n")
    assert reader.read() == ["new 1", "new 2", "new 3"]


def test_what_is_lost_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "log"
    append(file, "1")
    reader = Reader(file)
    reader.read()
    file.unlink()
    append(file, "2")
    assert reader.read() == ["2"]
    assert "the file that was read up to 2 is not found; what came after may be missing" in caplog.text
