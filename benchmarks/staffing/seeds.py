"""The seed rule, written down before anything was scored (docs/decisions/staffing-scenarios.md).

Seeds 1 to 30 may be looked at while the floor, forecasts, pages and moves are built and changed, as often as one likes.
Seeds 201 to 230 are for scoring: run by nobody while building, scored when a thing is settled, and reported as they
come out. Where a result makes somebody change what was scored, that is said where the figure is, and the next score is
taken on seeds that nobody has used: "fresh" are 231 to 260.

A seed gives one Wednesday of the simulated centre (``producers.simulator.floor``) and, per scenario, when its surge
begins and whom it strikes. The four weeks before it are seeds of their own, from ``PAST`` on, the same for all: days as
any, never scored.
"""

from __future__ import annotations

from benchmarks.seeds import Seeds

NUMBERS = {Seeds.BUILDING: range(1, 31), Seeds.SCORING: range(201, 231), Seeds.FRESH: range(231, 261)}
PAST = 10_001
