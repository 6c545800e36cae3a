"""Simulated days through the real topology, in memory, slice by slice of simulated time.

    for piece in slices(simulate(seed, DAY, size, scenario=planted(seed))):
        for signal in piece.payloads(topics.SIGNALS, "signal", Signal):
            ...  # it was there ``piece.until`` (ms) at the latest

A slice holds what the stages put onto each topic while the touchpoints of that slice were worked off, as a worker that
keeps up would have: what is seen in it was known by its end.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import NamedTuple, TypeVar

import msgspec

from journeys.change import Change
from journeys.settings import DEFAULTS, Settings
from journeys.touchpoint import Touchpoint
from tests.streams.pipeline import Pipeline, Rec

DAY = date(2026, 1, 5)
"""A Monday; the simulated day that is scored."""
EVERY_S = 30.0
"""Of simulated time, per slice."""

Payload = TypeVar("Payload")


class Slice(NamedTuple):
    """What came out of one slice of simulated time."""

    begins: int
    """ms UTC."""
    until: int
    """ms UTC, not in it."""
    touchpoints: int
    """That went in."""
    records: dict[str, list[Rec]]
    """By topic, in the order in which they came."""

    def payloads(self, topic: str, entity: str, payload: type[Payload]) -> list[Payload]:
        """What was said of ``entity`` on ``topic``, without what was taken back."""
        changes = self.changes(topic, entity, payload)
        return [change.payload for change in changes if change.payload is not None and not change.deleted]

    def changes(self, topic: str, entity: str, payload: type[Payload]) -> list[Change[Payload]]:
        """The same with versions and causes, and what was taken back as well. Other entities may share the topic."""
        decoder = msgspec.json.Decoder(Change[payload])  # type: ignore[valid-type]
        values = [record.value for record in self.records.get(topic, ()) if record.value]
        return [decoder.decode(value) for value in values if _ENTITY.decode(value).entity == entity]


class _Entity(msgspec.Struct):
    """Enough of a change to see what it is about."""

    entity: str


_ENTITY = msgspec.json.Decoder(_Entity)


@dataclass
class Floor(Pipeline):
    """The topology in memory, which forgets what has been read and handed out: a day would not fit otherwise."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._handed: dict[tuple[str, int], int] = defaultdict(int)
        self._forgotten: dict[tuple[str, int], int] = defaultdict(int)
        self._internal = {topic for stage in self.topology.stages for topic in stage.inputs}

    def hand_out(self) -> dict[str, list[Rec]]:
        """The records since the last time, by topic."""
        found: dict[str, list[Rec]] = {}
        for place, log in self.log.items():
            topic = place[0]
            if len(log) > self._handed[place]:
                found.setdefault(topic, []).extend(log[self._handed[place] :])
                self._handed[place] = len(log)
            done = min(len(log), self.read[place]) if topic in self._internal else len(log)
            log[self._forgotten[place] : done] = [_FORGOTTEN] * (done - self._forgotten[place])
            self._forgotten[place] = done
        return found


_FORGOTTEN = Rec("", 0, 0, 0, None, None)


def slices(
    touchpoints: Iterable[Touchpoint],
    settings: Settings = DEFAULTS,
    every_s: float = EVERY_S,
    partitions: int = 1,
    floor: Floor | None = None,
) -> Iterator[Slice]:
    """``touchpoints`` (in the order of their times) through the topology, drained every ``every_s`` of simulated time.

    Slices in which nothing happened are left out. ``floor``: one of your own, to look into afterwards, or to add to.
    """
    floor = floor or Floor(partitions, settings, rng=random.Random(0))
    every_ms = round(every_s * 1000)
    for number, group in groupby(touchpoints, lambda touchpoint: touchpoint.at // every_ms):
        count = 0
        for touchpoint in group:
            floor.publish(touchpoint)
            count += 1
        floor.drain()
        yield Slice(number * every_ms, (number + 1) * every_ms, count, floor.hand_out())


def followed(pieces: Iterable[Slice], say: Callable[[str], None], what: str) -> Iterator[Slice]:
    """The same slices; ``say`` hears of every hour of simulated time that has passed."""
    told, done = -1, 0
    for piece in pieces:
        done += piece.touchpoints
        hour = piece.until // 3_600_000
        if hour != told:
            told = hour
            say(f"{what}: {hour % 24:02d}:00, {done:,} touchpoints")
        yield piece
