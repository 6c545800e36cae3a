"""Simulated time: processes that sleep and queue, and the desks at which agents serve them.

A process is a generator that yields seconds to sleep, or a ``Turn`` to wait for, whose agent (or None, if patience ran
out) it is then sent. Sixty lines of ours instead of a library, because desks need shifts and names, and because the
demonstration should add no dependency.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeAlias

Process: TypeAlias = Generator["float | Turn", Any, Any]
OnState: TypeAlias = Callable[[str, str, str], None]
"""Told which agent (second) of which desk (first) is now available, on a break or offline."""


class Clock:
    """``now`` is in seconds since the simulation's origin."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._agenda: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._entries = 0

    def at(self, moment: float, action: Callable[[Any], None], argument: Any = None) -> None:
        self._entries += 1  # keeps equal times in the order in which they were entered
        heapq.heappush(self._agenda, (moment, self._entries, action, argument))

    def start(self, process: Process, delay: float = 0.0) -> None:
        self.at(self.now + delay, self._wake, process)

    def resume(self, process: Process, value: str | None) -> None:
        try:
            wish = process.send(value)
        except StopIteration:
            return
        if isinstance(wish, Turn):
            wish.take(process)
        else:
            self.at(self.now + wish, self._wake, process)

    def run(self, until: float) -> Iterator[None]:
        """Let time pass, one step at a time, up to ``until``."""
        agenda = self._agenda
        while agenda and agenda[0][0] <= until:
            self.now, _, action, argument = heapq.heappop(agenda)
            action(argument)
            yield

    def _wake(self, process: Process) -> None:
        self.resume(process, None)


class Turn:
    """A place in the queue of ``desk``, given up after ``patience`` seconds."""

    def __init__(self, desk: Desk, patience: float) -> None:
        self.desk = desk
        self.patience = patience
        self.process: Process | None = None

    def take(self, process: Process) -> None:
        self.process = process
        agent = self.desk.idle.popleft() if self.desk.idle else None
        if agent:
            self.desk.clock.resume(process, agent)
        else:
            self.desk.waiting.append(self)
            self.desk.clock.at(self.desk.clock.now + self.patience, self._give_up)

    def _give_up(self, _: Any) -> None:
        if self.process is not None and self in self.desk.waiting:
            self.desk.waiting.remove(self)
            process, self.process = self.process, None
            self.desk.clock.resume(process, None)


class Desk:
    """Agents who serve one queue, first come first served, as many as are on duty."""

    def __init__(
        self, clock: Clock, name: str, roster: list[str], on_state: OnState = lambda desk, agent, state: None
    ) -> None:
        self.clock = clock
        self.name = name
        self.on_state = on_state
        self.idle: deque[str] = deque()
        self.waiting: deque[Turn] = deque()
        self._off = deque(roster)
        self._breaks: list[str] = []
        self.on_duty = 0
        self._leaving = 0

    def staff(self, agents: int) -> None:
        """From now on ``agents`` are on duty; who is busy leaves when done."""
        agents = min(agents, self.on_duty + len(self._off))
        for _ in range(agents - self.on_duty):
            if self._leaving:
                self._leaving -= 1
            else:
                self.free(self._off.popleft())
        for _ in range(self.on_duty - agents):
            if self.idle:
                self._go(self.idle.pop())
            else:
                self._leaving += 1
        self._breaks = [agent for agent in self._breaks if agent in self._off]
        if agents < self.on_duty:
            for agent in self._breaks:
                self.on_state(self.name, agent, "offline")
            self._breaks.clear()
        self.on_duty = agents

    def relieve(self, agents: int) -> None:
        """Up to ``agents`` idle ones take a break; who had one comes back for them, else somebody stands in."""
        for _ in range(min(agents, len(self.idle), len(self._off))):
            rested = self._breaks.pop(0) if self._breaks else self._off[0]
            self._off.remove(rested)
            tired = self.idle.popleft()
            self._off.append(tired)
            self._breaks.append(tired)
            self.on_state(self.name, tired, "break")
            self.free(rested)

    def free(self, agent: str) -> None:
        """``agent`` can serve the next."""
        if self._leaving:
            self._leaving -= 1
            self._go(agent)
            return
        self.on_state(self.name, agent, "available")
        if self.waiting:
            turn = self.waiting.popleft()
            process, turn.process = turn.process, None
            assert process is not None, "who waits has a process"
            self.clock.resume(process, agent)
        else:
            self.idle.append(agent)

    def _go(self, agent: str) -> None:
        self._off.append(agent)
        self.on_state(self.name, agent, "offline")
