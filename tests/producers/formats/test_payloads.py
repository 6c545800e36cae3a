"""Files are cut into payloads where one ends and the next begins, whatever they are laid out like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.formats import payloads
from producers.formats.payloads import Numbered, blocks, each
from producers.formats.rows import WrongFormat

SIMPLE = st.one_of(st.none(), st.integers(), st.text(max_size=8))
VALUES = st.recursive(SIMPLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)


def cut(raw: bytes, text: payloads.Cut = each) -> list[Numbered]:
    return list(payloads.payloads(raw.splitlines(keepends=True), text))


@given(st.lists(OBJECTS, min_size=1), st.data())
def test_json_is_cut_between_objects_in_any_layout(objects: list[dict[str, Any]], data: st.DataObject) -> None:
    raw = "\n".join(json.dumps(one, indent=data.draw(st.sampled_from([2, 4, "\t", None]))) for one in objects).encode()
    assert [json.loads(payload) for _, payload in cut(raw)] == objects


def test_payloads_have_the_number_of_their_first_line() -> None:
    assert cut(b'\n{"a": 1}\n\n{\n"b": "}"\n}\n{"c": 3}{"d": 4}\n[\n{}\n]') == [
        (2, b'{"a": 1}\n'),
        (4, b'{\n"b": "}"\n}\n'),
        (7, b'{"c": 3}{"d": 4}\n'),
        (8, b"[\n{}\n]"),
    ]


@pytest.mark.parametrize(
    "broken", [b'{"a": "tex', b'{"a": 1,', b'{"a":', b'{"a": [1', b'{"a": [{"b": 2},', b"{", b"nonsense"]
)
def test_a_line_that_broke_off_takes_no_other_along(broken: bytes) -> None:
    assert cut(b'{"x": 1}\n' + broken + b'\n{"y": 2}\n{"z": 3}\n') == [
        (1, b'{"x": 1}\n'),
        (2, broken + b"\n"),
        (3, b'{"y": 2}\n'),
        (4, b'{"z": 3}\n'),
    ]


def test_a_list_with_an_object_a_line_is_one_payload() -> None:
    raw = b'{"conversations": [\n{"id": 1},\n{"id": 2}\n]}\n'
    assert cut(raw) == [(1, raw)]


def test_text_is_cut_by_line_or_by_block() -> None:
    raw = b"\xef\xbb\xbfEvent: A\r\nX: 1\r\n\r\n\r\nEvent: B\r\n"
    assert [number for number, _ in cut(raw)] == [1, 2, 5]
    assert cut(raw, blocks) == [(1, b"\xef\xbb\xbfEvent: A\r\nX: 1\r\n"), (5, b"Event: B\r\n")]
    assert cut(b"\n \n") == []


@pytest.mark.parametrize(("line", "text"), [(b'{"a":\n', each), (b"Event: A\n", blocks)])
def test_what_never_ends_is_of_another_format(line: bytes, text: payloads.Cut) -> None:
    def lines() -> Iterator[bytes]:
        yield line
        while True:
            yield b"x" * 2**20

    with pytest.raises(WrongFormat, match=r"^1: more than 32 MB without an end"):
        list(islice(payloads.payloads(lines(), text), 1))


def test_a_payload_is_given_before_the_next_is_read() -> None:
    """So that what is followed is not told late."""
    lines = iter([b'{"a": 1}\n', b'{"b":\n', b"2}\n"])
    found = payloads.payloads(lines, each)
    assert next(found) == (1, b'{"a": 1}\n')
    assert next(lines) == b'{"b":\n'
