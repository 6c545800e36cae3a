"""How a vendor's payload came in: kept beside it, under the seal of its dead letter, so that it can be read again."""

from __future__ import annotations

from typing import NamedTuple

_PREFIX = "touchpath-"
_LONGEST = 255


class Origin(NamedTuple):
    """hook: by which web hook; empty for calls of Segment's. source: of its events, if one was said. received: when
    (ISO 8601), the time of what bears none."""

    hook: str = ""
    source: str = ""
    received: str = ""

    def headers(self) -> tuple[tuple[str, bytes], ...]:
        """Of a letter."""
        given = zip(self._fields, self, strict=True)
        return tuple((_PREFIX + name, value[:_LONGEST].encode(errors="replace")) for name, value in given if value)

    @classmethod
    def of(cls, headers: tuple[tuple[str, bytes], ...]) -> Origin:
        """As ``headers`` wrote it; empty where they do not say."""
        found = {name.removeprefix(_PREFIX): value.decode(errors="replace") for name, value in headers}
        return cls(*(found.get(name, "") for name in cls._fields))
