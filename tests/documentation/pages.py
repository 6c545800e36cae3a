"""The pages that a reader comes to, and the blocks of code in them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from docs.making.site import ROOT, reached

_FENCE = re.compile(r"^( *)```(.*)$")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """``shown``: what the page says that it prints; None where it says nothing of that."""

    place: str
    text: str
    shown: str | None = None


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def pages() -> list[Path]:
    return sorted(reached()[0])


def blocks(page: Path) -> list[Block]:
    found: list[Block] = []
    inside: list[str] | None = None
    begun, language, indent = 0, "", ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if inside is None and fence:
            inside, begun, indent, language = [], number, fence[1], fence[2].strip()
        elif inside is not None and line.strip() == "```":
            found.append(Block(name(page), begun, language, "\n".join(inside)))
            inside = None
        elif inside is not None:
            inside.append(line.removeprefix(indent))
    return found


def commands(page: Path) -> list[Command]:
    """Of blocks `sh`, where each line is typed, and of `console`, where what is typed stands after a $."""
    found: list[Command] = []
    for block in blocks(page):
        if block.language in ("sh", "bash"):
            found += [Command(place, text) for place, text in _whole(block.text.splitlines(), block)]
        elif block.language == "console":
            found += _typed_and_shown(block)
    return found


def _typed_and_shown(block: Block) -> list[Command]:
    found = []
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        (place, text), *_ = _whole(lines, block)
        shown = "\n".join(lines[len(text.splitlines()) :]).strip("\n")
        found.append(Command(place, text, shown or None))
    return found


def _whole(lines: list[str], block: Block) -> list[tuple[str, str]]:
    """Commands with where they stand; one goes on over lines for as long as bash says that it is not whole."""
    found = []
    begun: list[str] = []
    for number, line in enumerate(lines, block.line + 1):
        if not begun and (not line.strip() or line.lstrip().startswith("#")):
            continue
        begun.append(line)
        text = "\n".join(begun)
        if (
            line.endswith("\\")
            or subprocess.run(["bash", "-n", "-c", text], capture_output=True, check=False).returncode
        ):
            continue
        found.append((f"{block.page}:{number - len(begun) + 1}", text))
        begun = []
        if block.language == "console":
            break
    assert not begun, f"{block.place}: bash does not take this for a command: {begun}"
    return found


def _is_whole(text: str) -> bool:
    return subprocess.run(["bash", "-n", "-c", text], capture_output=True, check=False).returncode == 0
