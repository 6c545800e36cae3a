"""What the simulated floor looks like to who watches it: queue visits and agents, the newest version of each."""

from __future__ import annotations

from journeys.contact import QueueVisit
from journeys.workload import AgentNow
from producers.simulator.floor.centre import Centre
from producers.simulator.floor.day import Agent, Contact

_LONGEST_MS = 12 * 3_600_000
"""No state counts for longer."""


class Seen:
    """A witness that keeps what has changed until it is taken. ``origin``: midnight of the day, ms UTC."""

    def __init__(self, centre: Centre, origin: int, prefix: str = "floor") -> None:
        self._centre = centre
        self._origin = origin
        self._prefix = prefix
        self._visits: dict[int, Contact] = {}
        self._agents: dict[str, tuple[Agent, float]] = {}

    def entered(self, contact: Contact, at_s: float) -> None:
        self._visits[contact.number] = contact

    connected = ended = wrapped_up = abandoned = entered

    def changed(self, agent: Agent, at_s: float) -> None:
        self._agents[agent.person.key] = agent, at_s

    def visits(self) -> list[QueueVisit]:
        """Those that have changed since the last time, as they are."""
        found = [visit_of(contact, self._centre, self._origin, self._prefix) for contact in self._visits.values()]
        self._visits.clear()
        return found

    def agents(self) -> list[AgentNow]:
        """The same of agents."""
        found = [self._now(agent, at_s) for agent, at_s in self._agents.values()]
        self._agents.clear()
        return found

    def _now(self, agent: Agent, at_s: float) -> AgentNow:
        channel = self._centre.queues[agent.queue].channel
        since = self._origin + round(agent.since * 1000)
        return AgentNow(
            agent=agent.person.key,
            as_of=self._origin + round(at_s * 1000),
            state=agent.state,
            since=since,
            until=since + _LONGEST_MS,
            slots={channel: self._centre.queues[agent.queue].slots},
            in_hand={channel: agent.talking} if agent.talking else {},
            queues=(agent.queue,),
            team=agent.person.team,
            site=agent.person.site,
        )


def visit_of(contact: Contact, centre: Centre, origin: int, prefix: str = "floor") -> QueueVisit:
    """``contact`` as the contact stage would tell it now."""
    queue = centre.queues[contact.queue]
    entered_at = _ms(origin, contact.entered_s)
    contact_id = f"{prefix}-{contact.number:06d}"
    outcome = "waiting" if contact.left_s is None else "answered" if contact.answered_s is not None else "abandoned"
    return QueueVisit(
        visit_id=f"{contact_id}-1",
        contact_id=contact_id,
        queue=contact.queue,
        channel=contact.channel,
        direction="inbound",
        entered_at=entered_at,
        left_at=None if contact.left_s is None else _ms(origin, contact.left_s),
        ended_at=None if contact.ended_s is None else _ms(origin, contact.ended_s),
        outcome=outcome,
        wait_s=contact.wait_s,
        talk_s=contact.talk_s if contact.ended_s is not None else 0.0,
        wrap_s=contact.wrap_s if contact.wrapped_s is not None else 0.0,
        agent=contact.agent,
        target_s=queue.target_s,
        times_out_at=entered_at + 7 * 86_400_000,
    )


def _ms(origin: int, at_s: float) -> int:
    return origin + round(at_s * 1000)
