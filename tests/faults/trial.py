"""What a trial is, and how the figures of its runs add up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.harness import Bench

ORACLE = ("lost", "duplicates", "unseen", "unbalanced", "mismatch")
"""What each trial compares, and none may find: see tests.faults.oracle."""


@dataclass
class Result:
    """Figures by name: those that end in " max" are the largest over the runs, " min" the smallest, others the sum."""

    figures: dict[str, float] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    """What differed, for whoever looks for the reason."""

    def add(self, other: Result) -> Result:
        """Take in the figures of another run, or other figures of this one."""
        for name, value in other.figures.items():
            if name not in self.figures:
                self.figures[name] = value
            elif name.endswith(" max"):
                self.figures[name] = max(self.figures[name], value)
            elif name.endswith(" min"):
                self.figures[name] = min(self.figures[name], value)
            else:
                self.figures[name] += value
        self.remarks += other.remarks
        return self


@dataclass(frozen=True)
class Trial:
    """A fault, tried ``runs`` times in a row on one bench.

    ``run`` gets the bench, the run's seed and the scale (1 is the full form). ``most`` and ``least`` bound the figures
    of all runs together; those of the oracle may be at most 0 in any case. ``least`` is asked of all runs only: it
    says that the fault was met often enough, which a single run may miss.
    """

    name: str
    title: str
    runs: int
    run: Callable[[Bench, int, float], Result]
    bench: Callable[[Path], Bench]
    most: Mapping[str, float] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    finish: Callable[[Bench], Result] | None = None
    """What is compared once more when all runs are through."""

    def off(self, result: Result, runs: int) -> list[str]:
        """What is not as it must be, a line each."""
        most = dict.fromkeys(ORACLE, 0.0) | dict(self.most)
        found = [f"{name}: {result.figures.get(name, float('nan')):g}, at most {limit:g}" for name, limit in most.items()
                 if result.figures.get(name, limit + 1) > limit]  # fmt: skip
        if runs < self.runs:
            return found
        found += [f"{name}: {result.figures.get(name, float('nan')):g}, at least {limit:g}" for name, limit in self.least.items()
                  if result.figures.get(name, limit - 1) < limit]  # fmt: skip
        return found


def together(results: Iterable[Result]) -> Result:
    total = Result()
    for result in results:
        total.add(result)
    return total
