"""The seed rule, written down before anything was scored.

Seeds 1 to 20 may be looked at while definitions, detectors and models are built and changed, as often as one likes.
Seeds 101 to 110 are for scoring: looked at by nobody while building, scored when a thing is settled, and reported as
they come out. Where a result makes somebody change what was scored, that is said where the figure is, and the next
score is taken on seeds that nobody has used: "fresh" are 111 to 120, used for the next step, which was changed once
after its first score.

A seed gives one day of the simulated centre (``producers.simulator``), and what is planted in it
(``producers.simulator.scenarios.planted``); the same seed without a scenario is the day without any cause.
"""

from __future__ import annotations

from benchmarks.seeds import Seeds

NUMBERS = {Seeds.BUILDING: range(1, 21), Seeds.SCORING: range(101, 111), Seeds.FRESH: range(111, 121)}
