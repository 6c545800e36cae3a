"""A simulated floor whose surge is now: hours of it to catch up with, then what happens goes on as the clock does.

The centre is the one that staffing is scored on, with sales planned too tightly and others with some to spare, so that
a marketing e-mail leaves sales short for an hour and somebody can be moved.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import msgspec

from journeys.agents import AgentEvent
from journeys.touchpoint import Touchpoint
from producers.bulk import BulkPublisher
from producers.delivery import PublishError
from producers.routed import Routed
from producers.simulator.floor.centre import CENTRE
from producers.simulator.floor.roster import roster
from producers.simulator.floor.surges import Kind, Surge
from producers.simulator.floor.told import touchpoints
from tests.journeys.scenes import PSEUDONYMS

DAY = date(2026, 3, 4)
BEGINS_S = 10 * 3600.0
"""Of the surge, since midnight,"""
NOW_S = BEGINS_S + 25 * 60
"""and of the moment that is now when the feed begins."""
SHORT = "sales_voice"
MARGINS = {SHORT: 0.0, "billing_voice": 3.0, "support_voice": 3.0}
BUSY = replace(
    CENTRE, queues={name: queue._replace(margin=MARGINS.get(name, 1.5)) for name, queue in CENTRE.queues.items()}
)
Event = Touchpoint | AgentEvent


def settings() -> str:
    """Of the centre, as a settings file has them."""
    sites = "".join(f'[sites."{site}"]\n' for site in sorted({queue.site for queue in BUSY.queues.values()}))
    queues = "".join(
        f'[queues.{name}]\ntarget = "{queue.target_s:g}s"\nservice_level = {queue.service_level}\n'
        f'due = "{queue.target_s:g}s"\nsite = "{queue.site}"\noccupancy = 0.97\nshrinkage = 0.0\n'
        for name, queue in BUSY.queues.items()
    )
    return sites + queues


def events(seed: int, now_ms: int) -> list[Event]:
    """The day, with ``NOW_S`` at ``now_ms``, in the order of their times."""
    skills = {person.key: person.skills for person in roster(BUSY)}
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC).timestamp()
    shift = now_ms - round((midnight + NOW_S) * 1000)
    states: list[AgentEvent] = []
    said = touchpoints(seed, DAY, Surge(Kind.MARKETING, BEGINS_S, SHORT), BUSY, states.append)
    found: list[Event] = [msgspec.structs.replace(one, at=one.at + shift) for one in said]
    found += [msgspec.structs.replace(one, at=one.at + shift, skills=skills[one.agent]) for one in states]
    return sorted(found, key=lambda event: event.at)


class LiveFeed(threading.Thread):
    """Publishes what has happened by now, again and again, until ``stop``."""

    def __init__(self, bootstrap: str, seed: int) -> None:
        super().__init__(daemon=True)
        self._events = events(seed, int(time.time() * 1000))
        self._publisher = Routed(lambda topic: BulkPublisher(bootstrap, topic=topic, pseudonyms=PSEUDONYMS))
        self._stopping = threading.Event()
        self.failed: PublishError | None = None

    def catch_up(self, drained: Callable[[], object]) -> None:
        """Publish what is past: contacts first, then, once these are through (``drained``), who was there.

        Nobody has agents' states hours before contacts; here they would be through first, for they have less far to go.
        """
        past = self._due()
        for kind in (Touchpoint, AgentEvent):
            for event in past:
                if isinstance(event, kind):
                    self._publisher.publish(event)
            self._publisher.flush()
            drained()

    def run(self) -> None:
        try:
            while not self._stopping.wait(0.5):
                for event in self._due():
                    self._publisher.publish(event)
                self._publisher.flush()
        except PublishError as error:
            self.failed = error
        finally:
            self._publisher.close()

    def stop(self) -> None:
        self._stopping.set()
        self.join(30)

    def _due(self) -> list[Event]:
        """What has happened since this was asked last."""
        number = bisect_right(self._events, time.time() * 1000, key=lambda event: event.at)
        found, self._events = self._events[:number], self._events[number:]
        return found
