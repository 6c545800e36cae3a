"""Cuts a vendor's file into payloads, one after the other, so that months of them need no more memory than one.

What begins with a brace or a bracket is JSON: objects or lists, one a line, over several lines, or several on one
line (as Firehose writes them into S3). Other files are text: a payload a line, or a block of lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from producers.formats.rows import WrongFormat

Numbered = tuple[int, bytes]
"""What is in a file, and the number of its first line, from 1."""
Cut = Callable[[Iterator[Numbered]], Iterator[Numbered]]
"""From lines to payloads."""

MOST_BYTES = 32 * 2**20
"""Of one payload."""
_BLANK = b" \t\r\n\x1e\xef\xbb\xbf"  # RFC 7464 begins each text with a record separator; a file may begin with a BOM
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(rb"[\[\]{}]")


def payloads(lines: Iterable[bytes], text: Cut) -> Iterator[Numbered]:
    """The payloads in ``lines``; ``text`` cuts a file that is no JSON. Raises ``WrongFormat``."""
    numbered = enumerate(lines, 1)
    for number, line in numbered:
        if begins := line.lstrip(_BLANK)[:1]:
            cut = documents if begins in b"{[" else text
            yield from cut(chain([(number, line)], numbered))
            return


def each(lines: Iterator[Numbered]) -> Iterator[Numbered]:
    """A payload a line."""
    return ((number, line) for number, line in lines if line.strip())


def blocks(lines: Iterator[Numbered]) -> Iterator[Numbered]:
    """Lines with an empty one behind them."""
    held = _Held()
    for number, line in lines:
        if line.strip():
            held.add(number, line)
        elif held:
            yield held.taken()
    if held:
        yield held.taken()


def documents(lines: Iterator[Numbered]) -> Iterator[Numbered]:
    """Whole lines of JSON, up to where all that was opened is closed.

    A line that ends within a string, or is followed by one that cannot belong to it, was broken off. It is given as it
    is, for the adapter to refuse, so that it takes none of what comes after it along.
    """
    held = _Held()
    opened: list[bytes] = []  # brackets, the innermost last
    by_line = False  # the last document was a line of its own
    for number, line in lines:
        if held and line.startswith(b"{") and (opened[-1] == b"{" or (by_line and opened[0] == b"{")):
            yield held.taken()
            opened.clear()
        if not held and not line.strip(_BLANK):
            continue
        bare = _STRING.sub(b"", line)
        for bracket in _BRACKETS.findall(bare):
            if bracket in b"[{":
                opened.append(bracket)
            elif opened:
                opened.pop()
        began = not held
        held.add(number, line)
        if not opened or b'"' in bare:
            by_line = began
            opened.clear()
            yield held.taken()
    if held:
        yield held.taken()


class _Held:
    """The lines of a payload that is not whole yet."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._first = self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, number: int, line: bytes) -> None:
        """Raises ``WrongFormat`` if it gets too long."""
        self._first = self._first if self._lines else number
        self._lines.append(line)
        self._bytes += len(line)
        if self._bytes > MOST_BYTES and len(self._lines) > 1:
            problem = f"more than {MOST_BYTES >> 20} MB without an end"
            raise WrongFormat(f"{self._first}: {problem}; write one object a line, as jq -c '.[]' does")

    def taken(self) -> Numbered:
        payload = b"".join(self._lines)
        self._lines, self._bytes = [], 0
        return self._first, payload
