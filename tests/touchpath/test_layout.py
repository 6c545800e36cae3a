from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from touchpath.layout import Layout, Running
from touchpath.problem import BadInput, Problem


def running(pid: int) -> Running:
    return Running(
        pid, "2026-01-01T00:00:00+00:00", "127.0.0.1:9092", "clickhouse://u:secret@h/t", {"sink": "http://x"}
    )


def test_a_run_file_is_believed_only_while_its_process_holds_the_lock(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    assert layout.running() is None
    with layout.owned():
        layout.announce(running(os.getpid()))
        assert layout.running() == running(os.getpid())
    assert layout.running() is None
    assert layout.last_run() == running(os.getpid())  # for its ports


def test_who_is_starting_is_not_taken_for_the_one_before(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.announce(running(1))
    with layout.owned(), pytest.raises(Problem, match=f"process {os.getpid()}.* is starting"):
        layout.running()


def test_two_on_one_directory(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    with (
        layout.owned(),
        pytest.raises(Problem, match=f"{tmp_path}: touchpath runs there already .process {os.getpid()}"),
        layout.owned(),
    ):
        pytest.fail("two at once")
    with layout.owned():
        pass


def test_a_password_in_the_run_file_is_for_its_owner_only(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.announce(running(1))
    assert stat.S_IMODE(layout.run_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"{", b'{"pid": "x"}', b"\xff\xfe"])
def test_a_damaged_run_file_is_none(tmp_path: Path, content: bytes) -> None:
    layout = Layout(tmp_path)
    layout.run_file.write_bytes(content)
    assert layout.last_run() is None
    assert layout.running() is None


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match=f"--data {tmp_path}/file/data: Not a directory"):
        Layout(tmp_path / "file" / "data").create()
