"""What a trial is, and how the figures of its runs add up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

    ``run`` gets the bench, the run's seed and the scale (1 is the full form). ``most`` bounds the figures; those of the
    oracle may be at most 0 in any case. ``at_end`` bounds those of ``finish``, which looks at everything once more when
    all runs are through. ``least`` is asked of the full number of runs only: it says that the fault was met often
    enough, which a single run may miss.
    """

    name: str
    title: str
    runs: int
    run: Callable[[Bench, int, float], Result]
    bench: Callable[[Path], Bench]
    finish: Callable[[Bench], Result]
    most: Mapping[str, float] = field(default_factory=dict)
    at_end: Mapping[str, float] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    compares: bool = True
    """Whether what is stored is held against what was sent; a trial of pages has none of it."""

    def off(self, result: Result, runs: int, *, finished: bool) -> list[str]:
        """What is not as it must be after so many runs, a line each. What was not measured is off as well."""
        most = (
            dict.fromkeys(ORACLE if self.compares else (), 0.0)
            | dict(self.most)
            | (dict(self.at_end) if finished else {})
        )
        least = self.least if runs >= self.runs else {}
        nan = float("nan")
        found = [
            (name, f"at most {limit:g}") for name, limit in most.items() if not result.figures.get(name, nan) <= limit
        ]
        found += [
            (name, f"at least {limit:g}") for name, limit in least.items() if not result.figures.get(name, nan) >= limit
        ]
        return [f"{name}: {result.figures.get(name, nan):g}, {bound}" for name, bound in found]
