"""What the words on a panel mean: the definitions of docs/definitions.md, for the panels' descriptions.

They are read from the page, so that no panel says anything else than the documentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "definitions.md"
_CELL = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


class UnknownWord(KeyError):
    """The page does not define it."""


def meaning(word: str) -> str:
    """What the page says of ``word``, in Markdown. Raises ``UnknownWord``."""
    try:
        return _page()[word]
    except KeyError:
        raise UnknownWord(f"{PAGE.name} has no row {word!r}; it has {', '.join(sorted(_page()))}") from None


@cache
def _page() -> dict[str, str]:
    found: dict[str, str] = {}
    for word, text in _rows(PAGE.read_text()):
        found.setdefault(word, text)  # the first row defines it; others list it (what is friction, what is counted)
    return found


def _rows(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in _CELL.split(line)[1:-1]]
            if len(cells) > 1 and not cells[0].startswith("---"):
                yield cells[0].replace("`", ""), _LINK.sub(_absolute, cells[1])


def _absolute(link: re.Match[str]) -> str:
    """A link to another page leads nowhere from Grafana: of those only the words stay."""
    return link[0] if link[2].startswith("http") else link[1]
