from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.touchpoint import Touchpoint, encode
from producers.formats import PLAIN, UnknownFormat, format_of
from producers.formats.rows import BadLine
from producers.formats.touchpoints import read

GOOD = Touchpoint(1_700_000_000_000, "e1", "queued", "voice", "c1", {"phone": "1"}, queue="billing", source="acd")


def test_a_line_is_a_touchpoint() -> None:
    refused: list[BadLine] = []
    assert list(read([encode(GOOD) + b"\r\n", b"\n", encode(GOOD)], refused.append)) == [GOOD, GOOD]
    assert refused == []


def test_bad_lines_are_named_with_field_and_value() -> None:
    refused: list[BadLine] = []
    wrong = encode(GOOD).replace(b'"queued"', b"7")
    assert list(read([encode(GOOD), wrong, b"{", encode(GOOD)], refused.append)) == [GOOD, GOOD]
    assert [(bad.line, bad.field, bad.value) for bad in refused] == [(2, "type", 7), (3, "", b"{")]
    assert str(refused[0]) == "2: type: Expected `str`, got `int` (got 7)"


@given(st.lists(st.one_of(st.just(encode(GOOD)), st.binary(max_size=60).filter(lambda line: b"specv" not in line))))
def test_every_line_is_read_or_refused(lines: list[bytes]) -> None:
    refused: list[BadLine] = []
    good = list(read(lines, refused.append))
    assert len(good) == lines.count(encode(GOOD))
    assert len(good) + len(refused) == sum(bool(line.strip()) for line in lines)


def test_a_format_that_there_is_not_names_those_that_there_are() -> None:
    with pytest.raises(UnknownFormat, match=r"expected one of agent-states, amazon-connect, .*touchpoints, twilio"):
        format_of("xml", PLAIN, lambda kinds: None)
