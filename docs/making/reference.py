"""`make reference`: the pages that follow from the code, in docs/reference/; a test shows that they are current."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from docs.making import commands, contract, metrics, settings, tables, topics

DIRECTORY = Path(__file__).parents[1] / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "contract.md": contract.text,
    "topics.md": topics.text,
    "tables.md": tables.text,
    "metrics.md": metrics.text,
    "settings.md": settings.text,
    "commands.md": commands.text,
}


def write() -> None:
    for name, text in PAGES.items():
        (DIRECTORY / name).write_text(text(), encoding="utf-8")
        print(f"docs/reference/{name}", file=sys.stderr)


if __name__ == "__main__":
    write()
