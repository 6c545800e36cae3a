"""What is counted of a day that was lived: contacts answered within target, and the service level as time went on."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple

from producers.simulator.floor.centre import CLOSES_S, OPENS_S, Centre
from producers.simulator.floor.day import Contact

LEAST = 20
"""Contacts that a service level over fifteen minutes says something of."""
WINDOW_S = 900.0
MINUTE_S = 60.0


class Answers(NamedTuple):
    """Of one day, one queue or all."""

    offered: int = 0
    answered: int = 0
    within: int = 0
    abandoned: int = 0
    late_abandoned: int = 0
    """After more than the target."""

    @property
    def service_level(self) -> float:
        counted = self.answered + self.late_abandoned
        return self.within / counted if counted else math.nan


def answers(contacts: Iterable[Contact], centre: Centre) -> dict[str, Answers]:
    """By queue; what still waited at the end of the day was offered, and that is all. ``""`` is all of them."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * len(Answers._fields))
    for contact in contacts:
        target = centre.queues[contact.queue].target_s
        wait = contact.wait_s
        for count in (counts[contact.queue], counts[""]):
            count[0] += 1
            if wait is None:
                continue
            if contact.answered_s is not None:
                count[1] += 1
                count[2] += wait <= target
            else:
                count[3] += 1
                count[4] += wait > target
    return {queue: Answers(*count) for queue, count in counts.items()}


def falls(contacts: Iterable[Contact], centre: Centre, queue: str) -> list[float]:
    """Minutes (s since midnight) at which the service level over the fifteen minutes before was below target."""
    target = centre.queues[queue].target_s
    left = deque(sorted(
        (contact.left_s, contact.answered_s is not None and contact.wait_s is not None and contact.wait_s <= target)
        for contact in contacts
        if contact.queue == queue
        and contact.left_s is not None
        and contact.wait_s is not None
        and (contact.answered_s is not None or contact.wait_s > target)
    ))  # fmt: skip
    window: deque[tuple[float, bool]] = deque()
    within = 0
    found = []
    minute = OPENS_S
    while minute <= CLOSES_S:
        while left and left[0][0] <= minute:
            window.append(left.popleft())
            within += window[-1][1]
        while window and window[0][0] <= minute - WINDOW_S:
            within -= window.popleft()[1]
        if len(window) >= LEAST and within / len(window) < centre.queues[queue].service_level:
            found.append(minute)
        minute += MINUTE_S
    return found
