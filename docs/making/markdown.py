"""Tables and code in Markdown, as GitHub and the site both read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(heading), _row(["---"] * len(heading)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def fenced(text: str, language: str = "text") -> str:
    return f"```{language}\n{text.strip()}\n```"


def page(title: str, source: str, *parts: str) -> str:
    """``source``: what it is made from, as one says it to whoever wants to change it."""
    head = f"# {title}\n\n<!-- Written by `make reference` from {source}: change that, not this. -->"
    return "\n\n".join([head, *(part for part in parts if part)]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(' '.join(cell.replace('|', chr(92) + '|').split()) for cell in cells)} |"
