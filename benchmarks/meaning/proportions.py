"""Shares, with how far they can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.table import Table
from scipy.stats import binomtest


class Share(NamedTuple):
    """``hits`` of ``of``: of the drops found, how many are true, say."""

    what: str
    hits: int
    of: int


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of Wilson (1927) for ``hits`` of ``of``; all from 0 to 1 if there were none."""
    if not of:
        return 0.0, 1.0
    interval = binomtest(hits, of).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)


def table(title: str, shares: Iterable[Share]) -> Table:
    """One row a share."""
    printed = Table(title=title)
    for heading in ("", "hits", "of", "share", "95 % (Wilson)"):
        printed.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for what, hits, of in shares:
        low, high = wilson(hits, of)
        share = f"{hits / of:.3f}" if of else "none"
        printed.add_row(what, f"{hits:,}", f"{of:,}", share, f"{low:.3f} to {high:.3f}")
    return printed
