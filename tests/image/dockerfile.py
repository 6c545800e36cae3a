"""A Dockerfile as steps: what of its language ours uses, and no more (https://docs.docker.com/reference/dockerfile/)."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

INSTRUCTIONS = ("FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "VOLUME", "ENTRYPOINT", "CMD")


@dataclass
class Step:
    instruction: str
    rest: str

    def words(self) -> list[str]:
        """The rest as words, be it a list of JSON or as in a shell."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


@dataclass
class Stage:
    """What one FROM begins."""

    image: str
    name: str
    steps: list[Step] = field(default_factory=list)


def stages(file: Path) -> list[Stage]:
    """Raises ``ValueError`` for an instruction that is not known here."""
    text = re.sub(r"\\\n", " ", file.read_text())
    found: list[Stage] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        instruction, _, rest = line.partition(" ")
        if instruction not in INSTRUCTIONS:
            raise ValueError(f"{file}: {instruction} is not known here")
        if instruction == "FROM":
            image, _, name = rest.strip().partition(" AS ")
            found.append(Stage(image, name or str(len(found))))
        else:
            found[-1].steps.append(Step(instruction, rest.strip()))
    return found


def sent(root: Path) -> set[str]:
    """What .dockerignore lets through, by the names at the top."""
    lines = [line.strip() for line in (root / ".dockerignore").read_text().splitlines()]
    assert lines[0] == "*", "everything is left out, but for what is named"
    return {line[1:] for line in lines if line.startswith("!")}
