"""What the simulated floor tells, as the sources of a centre would: touchpoints and agents' states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from heapq import merge

from journeys.agents import AgentEvent
from journeys.touchpoint import Touchpoint
from producers.simulator.floor.centre import CENTRE, CLOSES_S, OPENS_S, Centre
from producers.simulator.floor.day import Agent, Contact, Day
from producers.simulator.floor.roster import roster
from producers.simulator.floor.surges import Surge

STEP_S = 10.0
_UNTIL_S = CLOSES_S + 3600.0
"""By then who was still waiting when the centre closed has been served, or has left."""


class Told:
    """A witness that makes events of it. ``origin``: midnight of the day, ms UTC; ids begin with ``prefix``."""

    def __init__(self, centre: Centre, origin: int, prefix: str) -> None:
        self._centre = centre
        self._origin = origin
        self._prefix = prefix
        self._states = 0
        self.touchpoints: list[Touchpoint] = []
        """In the order of their times; for whoever reads them to empty, as the next."""
        self.states: list[AgentEvent] = []

    def entered(self, contact: Contact, at_s: float) -> None:
        self._say(contact, at_s, "queued", 1, queue=contact.queue)

    def connected(self, contact: Contact, at_s: float) -> None:
        self._say(contact, at_s, "connected", 2, queue=contact.queue, agent=contact.agent, wait_s=contact.wait_s)

    def ended(self, contact: Contact, at_s: float) -> None:
        outcome = "resolved" if contact.resolved else "unresolved"
        self._say(contact, at_s, "ended", 3, agent=contact.agent, talk_s=contact.talk_s, outcome=outcome)

    def wrapped_up(self, contact: Contact, at_s: float) -> None:
        self._say(contact, at_s, "wrapped_up", 4, agent=contact.agent, wrap_s=contact.wrap_s)

    def abandoned(self, contact: Contact, at_s: float) -> None:
        self._say(contact, at_s, "abandoned", 2, queue=contact.queue, wait_s=contact.wait_s)

    def changed(self, agent: Agent, at_s: float) -> None:
        self._states += 1
        queue = self._centre.queues[agent.queue]
        self.states.append(
            AgentEvent(
                at=self._ms(at_s),
                id=f"{self._prefix}-a{self._states:08d}",
                agent=agent.person.key,
                state=agent.state,
                slots={queue.channel: queue.slots},
                queues=(agent.queue,),
                team=agent.person.team,
                site=agent.person.site,
                source="simulator/desktop",
            )
        )

    def _say(
        self, contact: Contact, at_s: float, what: str, number: int, *, queue: str = "", agent: str = "",
        outcome: str = "", wait_s: float | None = None, talk_s: float | None = None, wrap_s: float | None = None,
    ) -> None:  # fmt: skip
        contact_id = f"{self._prefix}-{contact.number:06d}"
        self.touchpoints.append(
            Touchpoint(
                at=self._ms(at_s),
                id=f"{contact_id}-{number}",
                type=what,
                channel=contact.channel,
                contact_id=contact_id,
                identifiers={"customer_id": f"{self._prefix}-C{contact.need.number:07d}"} if number == 1 else {},
                intent=contact.need.intent,
                queue=queue,
                agent=agent,
                direction="inbound" if number == 1 else "",
                outcome=outcome,
                wait_s=_tenths(wait_s),
                talk_s=_tenths(talk_s),
                wrap_s=_tenths(wrap_s),
                source="simulator",
            )
        )

    def _ms(self, at_s: float) -> int:
        return self._origin + round(at_s * 1000)


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def touchpoints(
    seed: int, day: date, surge: Surge | None = None, centre: Centre = CENTRE,
    on_state: Callable[[AgentEvent], None] | None = None, on_day: Callable[[Day], None] = lambda day: None,
    origin: int | None = None,
) -> Iterator[Touchpoint]:  # fmt: skip
    """The floor's ``day`` as touchpoints, in the order of their times, lazily: an order that is given (to the ``Day``
    that ``on_day`` is told of) while they are read changes those to come. ``on_state`` is told of each agent's state
    before any touchpoint that is ``STEP_S`` later is given. ``origin``: when second 0 of it is (ms UTC), if not at
    midnight (UTC) of ``day``, so that any hour of it can be now.
    """
    if origin is None:
        origin = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    told = Told(centre, origin, f"floor-{seed}-{origin // 1000}")
    lived = Day(centre, roster(centre), seed, surge, day.weekday(), [told])
    on_day(lived)
    at = OPENS_S
    while at < _UNTIL_S:
        at += STEP_S
        lived.advance(at)
        if on_state is not None:
            for state in told.states:
                on_state(state)
        told.states.clear()
        yield from told.touchpoints
        told.touchpoints.clear()


def events(seed: int, day: date, surge: Surge | None = None) -> Iterator[Touchpoint | AgentEvent]:
    """Touchpoints and agents' states of the day together, in the order of their times."""
    states: list[AgentEvent] = []
    said = list(touchpoints(seed, day, surge, on_state=states.append))
    return merge(said, states, key=lambda event: event.at)
