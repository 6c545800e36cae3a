"""What a planner remembers from one plan to the next."""

from __future__ import annotations

import math

import msgspec

from journeys.staffing.figures import Accuracy, Move
from journeys.staffing.forecast import Profile
from journeys.staffing.situation import Place


class Kept(msgspec.Struct, array_like=True):
    """Of one place."""

    profile: Profile
    foretold: dict[int, float] = {}
    """What was forecast an hour before intervals that are not over."""
    brought: dict[int, float] = {}
    """What journeys were said to bring in today's intervals."""
    accuracy: Accuracy | None = None
    handled: dict[int, tuple[float, float]] = {}
    """By how many contacts agents had at once: in how many intervals that was, and the mean handle time, seconds."""
    measured_at: int = 0
    """The interval in which that was last added to."""
    told_from: int = 0
    """The interval in which the rest of the day was last told of."""


class Running(msgspec.Struct, array_like=True):
    """A move that is recommended, or runs, or whose outcome is awaited."""

    move: Move
    could: dict[str, tuple[str, ...]]
    """Agents who could be meant, and the queues that they took contacts from."""
    moved: list[str] = []
    """Those of them who were seen to."""
    losing: list[tuple[Place, float]] = []
    """Places that the agents are taken from, and how much of them."""
    over: bool = False

    @property
    def awaited(self) -> int:
        """Agents who are to move and were not seen to."""
        return max(0, self.move.agents - len(self.moved))

    def busy(self) -> list[str]:
        """Those who moved, and as many of the others as are awaited: any of them."""
        return self.moved + sorted(self.could.keys() - set(self.moved))[: self.awaited]


class Resting(msgspec.Struct, array_like=True):
    """Between these places no move is recommended for a while,"""

    giver: Place
    taker: Place
    until: int
    unless_short_of: float = math.inf
    """but for where the taker is short of more agents than so many."""


class Memory(msgspec.Struct, array_like=True):
    places: dict[Place, Kept] = {}
    usually_brought: dict[Place, list[float]] = {}
    """By queue and channel, for the intervals of the day (UTC); below 0: not known."""
    brought_until: int = 0
    running: list[Running] = []
    cooling: list[Resting] = []


decode = msgspec.msgpack.Decoder(Memory).decode
encode = msgspec.msgpack.Encoder().encode
