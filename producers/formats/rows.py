"""What a format is: a pure function from a file's lines to events, which names the lines that it cannot read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from journeys.touchpoint import Invalid
from producers.delivery import Event

MOST_KINDS = 1000
OTHER_KINDS = "other kinds"


class BadLine(ValueError):
    """A line that is no event. ``line`` counts from 1; ``field`` is empty if the line as a whole is at fault."""

    def __init__(self, line: int, field: str, value: object, problem: str) -> None:
        shown = repr(value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        super().__init__(f"{line}: {field + ': ' if field else ''}{problem} (got {shown})")
        self.line = line
        self.field = field
        self.value = value

    @classmethod
    def of(cls, line: int, invalid: Invalid) -> BadLine:
        bad = cls(line, invalid.field, invalid.value, "")
        bad.args = (f"{line}: {invalid}",)
        return bad


class WrongFormat(ValueError):
    """The file as a whole is not of this format."""


Reject = Callable[[BadLine], None]
Format = Callable[[Iterable[bytes], Reject], Iterator[Event]]
"""``read(lines, reject)`` yields the events of ``lines`` in their order, calls ``reject`` for each bad line and
goes on; raises ``WrongFormat``."""
PassOver = Callable[[Mapping[str, int]], None]
"""Called with the kinds of a vendor's events that nothing is made of, by the vendor's names, and how many."""


class PassedOver(Counter[str]):
    """How many there were of each kind; beyond ``MOST_KINDS`` kinds, of others together."""

    def add(self, kinds: Mapping[str, int]) -> None:
        for kind, count in kinds.items():
            self[kind if kind in self or len(self) < MOST_KINDS else OTHER_KINDS] += count
