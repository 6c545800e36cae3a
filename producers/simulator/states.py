"""Who is on duty when: what an agent's desktop would report, for the topic of the agents' states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from producers.simulator.centre import QUEUES, SITES, SLOTS


class AgentState(NamedTuple):
    at: int
    """ms UTC."""
    agent: str
    state: str
    """available (with a contact or without), after_contact_work, break or offline."""
    slots: Mapping[str, int]
    """Of each channel that the agent serves: how many contacts at a time."""
    queues: tuple[str, ...]
    team: str
    site: str
    name: str


class OnDuty:
    """Tells ``on_state``, if anybody listens, what changes at the desks."""

    def __init__(
        self, now_ms: Callable[[], int], teams: Mapping[str, str], on_state: Callable[[AgentState], None] | None
    ) -> None:
        self._now_ms = now_ms
        self._teams = teams
        self._on_state = on_state

    def changed(self, desk: str, agent: str, state: str) -> None:
        if self._on_state is None:
            return
        channel, team = QUEUES[desk].channel, self._teams[agent]
        site = SITES[(int(team.rpartition("-")[2]) - 1) % len(SITES)]
        name = agent.partition(".")[2].replace(".", " ").title()
        self._on_state(AgentState(self._now_ms(), agent, state, {channel: SLOTS[channel]}, (desk,), team, site, name))
