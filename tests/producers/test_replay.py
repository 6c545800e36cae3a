from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.touchpoint import Touchpoint, encode
from producers import jsonl
from producers.replay import Reading, ReplayError, replay, sorted_within


def touchpoint(number: int) -> Touchpoint:
    return Touchpoint(1_700_000_000_000 + number // 2, f"e{number:05d}", "queued", "voice", "c1", source="acd")


@pytest.fixture
def shuffled(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    touchpoints = [touchpoint(number) for number in range(300)]
    Random(1).shuffle(touchpoints)
    assert jsonl.write(file, touchpoints) == 300
    return file


def test_a_file_comes_out_in_the_order_in_which_it_happened(shuffled: Path) -> None:
    with Reading(shuffled, "touchpoints") as reading:
        assert list(reading) == [touchpoint(number) for number in range(300)]
        assert (reading.expected, reading.bad) == (300, 0)


def test_bad_lines_are_counted_and_named_and_the_rest_is_read(shuffled: Path) -> None:
    with open(shuffled, "ab") as lines:
        lines.write(b'{"id": 1}\nnonsense\n')
    with Reading(shuffled, "touchpoints") as reading:
        assert len(list(reading)) == 300
    assert reading.bad == 2
    assert reading.bad_lines[0].startswith(f"{shuffled}:301: id: Expected `str`, got `int`")
    assert reading.bad_lines[1].startswith(f"{shuffled}:302: ")


@pytest.mark.parametrize(
    ("name", "format_", "message"),
    [
        (
            "events.jsonl",
            "xml",
            r"format: expected one of agent-states, amazon-connect, .*zendesk \(got 'xml'\)",
        ),
        ("missing.jsonl", "touchpoints", "missing.jsonl: No such file or directory"),
        ("", "touchpoints", "Is a directory"),
        ("events.jsonl", "anonymous-bank", r"events.jsonl:1: expected the tab-separated columns"),
    ],
)
def test_what_cannot_be_replayed_is_named(shuffled: Path, name: str, format_: str, message: str) -> None:
    with pytest.raises(ReplayError, match=message), Reading(shuffled.parent / name, format_) as reading:
        list(reading)


def test_a_speed_is_above_0(shuffled: Path) -> None:
    with pytest.raises(ReplayError, match=r"speed: .*\(got 0\)"):
        replay(shuffled, "touchpoints", "127.0.0.1:1", speed=0)


@given(st.lists(st.integers(0, 50)), st.integers(1, 10))
def test_sorting_keeps_everything_and_sorts_what_is_little_out_of_place(numbers: list[int], window: int) -> None:
    touchpoints = [touchpoint(number) for number in numbers]
    out = list(sorted_within(touchpoints, window))
    in_order = sorted(touchpoints, key=lambda one: (one.at, one.id))
    assert sorted(out, key=lambda one: (one.at, one.id)) == in_order
    ranks = {id(one): rank for rank, one in enumerate(in_order)}
    if all(place - ranks[id(one)] <= window for place, one in enumerate(touchpoints)):
        assert out == in_order


def test_a_written_file_is_one_event_a_line(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    jsonl.write(file, [touchpoint(1), touchpoint(2)])
    assert file.read_bytes() == encode(touchpoint(1)) + b"\n" + encode(touchpoint(2)) + b"\n"
