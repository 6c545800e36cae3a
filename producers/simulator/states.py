"""Who is on duty when: what an agent's desktop would report, for ``journey.agents``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from journeys.agents import AgentEvent
from producers.simulator.centre import QUEUES, SITES, SLOTS


class OnDuty:
    """Tells ``on_state``, if anybody listens, what changes at the desks: available (with a contact or without),
    after_contact_work, break or offline. Ids start with ``prefix``.
    """

    def __init__(
        self, prefix: str, now_ms: Callable[[], int], teams: Mapping[str, str],
        on_state: Callable[[AgentEvent], None] | None,
    ) -> None:  # fmt: skip
        self._prefix = prefix
        self._now_ms = now_ms
        self._teams = teams
        self._on_state = on_state
        self._events = 0

    def changed(self, desk: str, agent: str, state: str) -> None:
        if self._on_state is None:
            return
        self._events += 1
        team = self._teams[agent]
        self._on_state(
            AgentEvent(
                at=self._now_ms(),
                id=f"{self._prefix}-a{self._events:08d}",
                agent=agent,
                state=state,
                slots=SLOTS[QUEUES[desk].channel],
                queues=(desk,),
                team=team,
                site=SITES[int(team.rpartition("-")[2]) % len(SITES)],
                name=agent.partition(".")[2].replace(".", " ").title(),
                source="simulator/desktop",
            )
        )
