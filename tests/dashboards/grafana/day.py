"""A day and a half of a simulated centre through the whole topology, in memory: what dashboards are looked at with.

Something goes wrong on the first morning (an article, a menu's node, a team), agents may take contacts from any queue,
and those who are asked to move do so; so that there are causes to be found, and moves with an outcome. Journeys close
after six hours of silence, so that some do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import msgspec

from journeys.agents import AgentEvent
from journeys.partition import partition_of
from journeys.settings import convert
from journeys.staffing.figures import Accuracy, Floor, Move, Staffing
from journeys.staffing.schedule import parts, read
from journeys.staffing.situation import KEY
from producers.simulator import agent_states, simulate
from producers.simulator.centre import INTENTS, QUEUES, TEAMS, team_of
from producers.simulator.scenarios import planted
from streams import topics
from tests.streams.pipeline import Pipeline

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = date(2026, 3, 2)
BEGIN = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)
END = BEGIN + 31 * HOUR + 55 * MINUTE
"""In the second morning, when the floor is busy, somebody waits and moves are under way."""
SEED = 5
SIZE = 300
STEP = 10 * MINUTE
SETTINGS = convert(
    {
        "staffing": {
            "every": "1m",
            "horizon": "4h",
            "minimum_gain": 1.0,
            "skills": {team_of(queue, place): tuple(QUEUES) for queue in QUEUES for place in range(TEAMS)},
        },
        "journeys": {"default_gap": "6h", "gaps": dict.fromkeys(INTENTS, "6h")},
        "sites": {"berlin": {"time_zone": "Europe/Berlin"}},
        "queues": {"support_voice": {"site": "berlin"}, "billing_voice": {"site": "berlin"}},
    }
)
ROWS = Floor | Staffing | Move | Accuracy


@dataclass
class _Obedient:
    """Agents who do as they are asked: each moves once, as soon as it is recommended."""

    on_duty: dict[str, AgentEvent] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def move(self, pipeline: Pipeline, now: int) -> None:
        for move_id, move in pipeline.rows(topics.STAFFING, "move", ROWS).items():
            if move_id in self.asked or move.withdrawn or move.deadline <= now:
                continue
            self.asked.add(move_id)
            there = [one for one in self.on_duty.values() if move.giver.queue in one.queues and one.state != "offline"]
            for one in there[: move.agents]:
                slots = {move.taker.channel: 1}
                told = msgspec.structs.replace(
                    one, at=now, id=f"{move_id}-{one.agent}", queues=(move.taker.queue,), slots=slots
                )
                pipeline.publish_agent(told)


def lived() -> Pipeline:
    pipeline = Pipeline(1, SETTINGS, staffed=True)
    schedule(pipeline)
    pipeline.append(topics.TOUCHPOINTS, 0, b"c", b"no event", BEGIN)
    scenario = planted(SEED, 8.0)
    told = [*simulate(SEED, DAY, SIZE, 2, scenario), *agent_states(SEED, DAY, SIZE, 2, scenario)]
    agents = _Obedient()
    due = BEGIN + STEP
    for one in sorted(told, key=lambda one: one.at):
        if one.at >= END:
            break
        if one.at >= due:
            pipeline.drain(4_000)
            agents.move(pipeline, one.at)
            due = one.at + STEP
        if isinstance(one, AgentEvent):
            agents.on_duty[one.agent] = one
            pipeline.publish_agent(one)
        else:
            pipeline.publish(one)
    pipeline.drain(4_000)
    return pipeline


def schedule(pipeline: Pipeline) -> None:
    """Who of two queues is to work, as a manager uploads it."""
    text = "agent,start,end,activity,queue\n" + "".join(
        f"{queue}-{number},{day}T07:00Z,{day}T19:00Z,work,{queue}\n"
        for queue in ("support_voice", "billing_voice")
        for day in ("2026-03-02", "2026-03-03")
        for number in range(4)
    )
    for part in parts(read(text.splitlines(keepends=True), SETTINGS)):
        pipeline.append(topics.SCHEDULES, partition_of(KEY, pipeline.partitions), KEY, msgspec.json.encode(part), 0)
