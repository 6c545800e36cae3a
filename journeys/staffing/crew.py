"""Who is there for a queue and channel, from what agents do now (journeys/workload.py).

An agent of several queues counts for each in part, so that the parts make one: in proportion to the work that each has,
as an agent who takes from a busy queue and from a quiet one is nearly always in the busy one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from journeys.agents import AFTER_CONTACT_WORK, AVAILABLE, OFFLINE, ON_CONTACT
from journeys.settings import Settings
from journeys.staffing.figures import Floor
from journeys.staffing.situation import Agent, Place
from journeys.workload import SEEN_MS, AgentNow


def crew(agents: Iterable[AgentNow], as_of: int, settings: Settings) -> list[Agent]:
    """All who are known, in the order of their names; of whom nothing was heard for too long has no state."""
    could = settings.staffing.skills
    found = []
    for one in agents:
        skills = {*one.queues, *one.skills, *could.get(one.agent, ()), *could.get(one.team, ())}
        slots = settings.agents.slots | one.slots
        state = _state(one, as_of)
        in_hand = one.in_hand if state else {}
        could_serve = tuple(sorted(skills))
        found.append(Agent(one.agent, state, one.queues, could_serve, one.site, slots, in_hand, one.team, one.since))
    return sorted(found, key=lambda agent: agent.agent)


def _state(one: AgentNow, as_of: int) -> str:
    """Where no state is told, who had a contact lately is taken to be there, and free between contacts."""
    if one.state:
        return one.state if one.until > as_of else ""
    return AVAILABLE if one.queues and one.as_of > as_of - SEEN_MS else ""


def doing(agent: Agent) -> str:
    """available, busy, after_contact_work, away or offline; a state that is not known is offline."""
    if agent.state in ("", OFFLINE):
        return OFFLINE
    if any(agent.in_hand.values()) or agent.state in ON_CONTACT:
        return "busy"
    if agent.state in (AVAILABLE, AFTER_CONTACT_WORK):
        return agent.state
    return "away"


class Staffed(NamedTuple):
    """Agents of one place, in full-time ones."""

    available: float = 0.0
    busy: float = 0.0
    after_contact_work: float = 0.0
    away: float = 0.0
    concurrency: float = 1.0
    """How many contacts of the channel an agent who has any has at once."""

    @property
    def staffed(self) -> float:
        return self.available + self.busy + self.after_contact_work + self.away


def shares(queues: Iterable[str], work: Mapping[Place, float]) -> dict[Place, float]:
    """What part of an agent who takes contacts from ``queues`` is each place's; ``work`` in agents, by place.

    A place without work has a little, so that it has somebody.
    """
    own = set(queues)
    those = {place: max(load, 0.1) for place, load in work.items() if place[0] in own}
    total = sum(those.values())
    return {place: load / total for place, load in those.items()}


def staffed(crew: Iterable[Agent], work: Mapping[Place, float]) -> dict[Place, Staffed]:
    """By place, who is there."""
    counts = {place: dict.fromkeys(("available", "busy", "after_contact_work", "away"), 0.0) for place in work}
    held = dict.fromkeys(work, 0)
    holders = dict.fromkeys(work, 0)
    parts: dict[tuple[str, ...], dict[Place, float]] = {}
    for agent in crew:
        own = parts.get(agent.queues)
        if own is None:
            own = parts[agent.queues] = shares(agent.queues, work)
        state = doing(agent)
        if state == OFFLINE:
            continue
        for place, part in own.items():
            counts[place][state] += part
            if has := agent.in_hand.get(place[1], 0):
                held[place] += has
                holders[place] += 1
    return {
        place: Staffed(
            count["available"],
            count["busy"],
            count["after_contact_work"],
            count["away"],
            held[place] / holders[place] if holders[place] else 1.0,
        )
        for place, count in counts.items()
    }


def work_on(floors: Iterable[Floor]) -> dict[Place, float]:
    """By place, the agents that what came lately and what is in service take."""
    return {(one.queue, one.channel): one.offered_15m * one.aht_s / 900 + one.connected for one in floors}


def manned(floors: Iterable[Floor], crew: Iterable[Agent], work: Mapping[Place, float]) -> list[Floor]:
    """The floors, with who is there."""
    there = staffed(crew, work)
    return [
        msgspec.structs.replace(
            one,
            concurrency=own.concurrency,
            staffed=own.staffed,
            available=own.available,
            busy=own.busy,
            after_contact_work=own.after_contact_work,
            away=own.away,
        )
        for one in floors
        for own in [there[one.queue, one.channel]]
    ]
