"""How long a plan takes: queues of a made-up floor, of which a fifth is short of agents who others could spare.

Times say nothing of whether a plan is right, and tests nothing of time; so they are printed here.
"""

from __future__ import annotations

import time
from typing import Annotated

import msgspec
import numpy as np
import typer

from journeys.settings import DEFAULTS
from journeys.staffing.figures import Floor
from journeys.staffing.forecast import DAY_MS
from journeys.staffing.plan import Plan, Planner
from journeys.staffing.situation import Agent, Demand, Place, Situation

QUARTER = 900_000
NOON = 19_700 * DAY_MS + DAY_MS // 2
"""Of some day."""
AGENTS = 9
CONTACTS = 20.0
"""A quarter of an hour, at noon."""
AHT_S = 240.0
EVERY = 10_000
"""From a plan to the next."""


def main(
    queues: Annotated[int, typer.Option("--queues", min=2)] = 50,
    days: Annotated[int, typer.Option("--days", min=1, help="Of demand that is known.")] = 28,
    plans: Annotated[int, typer.Option("--plans", min=1, help="How many are timed.")] = 10,
) -> None:
    """Print the seconds that the first plans take, those that choose moves, and those after them.

    Example: python -m benchmarks.staffing.planning --queues 50
    """
    floor = made_up(queues, days)
    print(f"{queues} queues, {len(floor.crew)} agents, {days} days of demand")
    planner = Planner(DEFAULTS)
    seconds, plan = _timed(planner, floor)
    print(f"the first plan, nearly all profiles provisional: {seconds:.2f} s, {len(plan.staffing):,} rows")
    as_of, learning, rows = NOON, [], [0]
    while any("provisional" in row.model for row in plan.staffing):
        as_of += EVERY
        seconds, plan = _timed(planner, _at(floor, as_of))
        learning.append(seconds)
        rows.append(len(plan.staffing))
    print(
        f"{len(learning)} plans until all profiles are learned: median {np.median(learning):.2f} s, "
        f"longest {max(learning):.2f} s, most rows {max(rows):,}"
    )
    calm = Planner(DEFAULTS)
    for _ in learning:
        calm.plan(msgspec.structs.replace(floor, crew=[]))  # nobody to move, and all else is learned
    chosen = [_timed(Planner(DEFAULTS, calm.memory), floor) for _ in range(plans)]
    choosing, plan = [seconds for seconds, _ in chosen], chosen[-1][1]
    print(f"a plan that chooses moves: median {np.median(choosing):.3f} s, {len(plan.moves)} moves")
    later = [_timed(planner, _at(floor, as_of + (1 + step) * EVERY))[0] for step in range(plans)]
    print(f"the plans after it: median {np.median(later):.3f} s; memory {len(planner.memory):,} bytes")
    seconds, plan = _timed(planner, _at(floor, NOON + 4 * QUARTER))
    print(f"the first one of an interval: {seconds:.2f} s, {len(plan.staffing):,} rows")


def _at(floor: Situation, as_of: int) -> Situation:
    return msgspec.structs.replace(floor, as_of=as_of)


def made_up(queues: int, days: int) -> Situation:
    random = np.random.default_rng(0)
    demand: dict[Place, dict[int, Demand]] = {}
    floors, crew = [], []
    for number in range(queues):
        queue = f"queue {number:03}"
        by_time = {}
        for at in range(NOON // DAY_MS * DAY_MS - days * DAY_MS, NOON, QUARTER):
            hour = at % DAY_MS / (4 * QUARTER)
            offered = int(random.poisson(CONTACTS * max(0.0, np.sin((hour - 6) / 12 * np.pi))))
            if offered:
                by_time[at] = Demand(offered, 0, offered, offered, 0, 0, offered, int(offered * AHT_S * 1000))
        demand[queue, "voice"] = by_time
        there = AGENTS - 3 if number % 5 == 0 else AGENTS
        floors.append(Floor(queue, "voice", NOON, connected=there // 2, aht_s=AHT_S, patience_s=300.0))
        for agent in range(there):
            others = {f"queue {other:03}" for other in random.choice(queues, min(3, queues)).tolist()}
            crew.append(Agent(f"{queue} {agent}", "available", (queue,), tuple(sorted({queue, *others}))))
    return Situation(NOON, floors, crew, demand, [])


def _timed(planner: Planner, floor: Situation) -> tuple[float, Plan]:
    started = time.perf_counter()
    plan = planner.plan(floor)
    return time.perf_counter() - started, plan


if __name__ == "__main__":
    typer.run(main)
