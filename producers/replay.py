"""Publishes a file of events: in the order in which they happened, each with its own time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from journeys.agents import AgentEvent
from journeys.pseudonyms import Pseudonyms
from journeys.sentiment import Scorer
from producers.adapters.adapter import How
from producers.bulk import BulkPublisher
from producers.delivery import AGENTS, TOPIC, Event, OnDelivery, PublishError, Report
from producers.formats import AGENT_STATES, PLAIN, BadLine, PassedOver, UnknownFormat, WrongFormat, format_of
from producers.keys import FROM_ENVIRONMENT, FromEnvironment
from producers.pacing import Due, OnProgress, Progress, Stop, play
from producers.packed import UNREADABLE, unpacked, why
from producers.routed import Routed

SORT_WINDOW = 50_000
BAD_LINES_KEPT = 100


class ReplayError(Exception):
    """The file cannot be replayed at all; one line that names file and cause."""


@dataclass(frozen=True)
class Replayed:
    """How a replay went. ``bad_lines`` holds one line of text for each of the first ``BAD_LINES_KEPT`` bad ones."""

    file: Path
    delivery: Report
    bad: int
    bad_lines: tuple[str, ...]
    gave_up: str = ""
    """Why the rest of the file was not published, if so."""
    of_agents: int = 0
    """How many of the events that were read are agents'."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """Of a vendor's events the kinds that nothing is made of, by its names."""

    @property
    def complete(self) -> bool:
        """Every line of the file was read, and every event acknowledged."""
        return not self.bad and not self.gave_up and self.delivery.acknowledged == self.delivery.attempted


def replay(
    file: Path,
    format: str,  # noqa: A002 (the word that users know)
    bootstrap: str,
    *,
    topic: str | None = None,
    speed: float | None = None,
    on_progress: OnProgress | None = None,
    on_delivery: OnDelivery | None = None,
    ledger: Path | None = None,
    stop: Stop = lambda: False,
    connect_timeout_s: float = 30.0,
    pseudonyms: Pseudonyms | FromEnvironment | None = FROM_ENVIRONMENT,
    scorer: Scorer | None = None,
    headers: Sequence[tuple[str, bytes]] = (),
    due: Due | None = None,
    how: How = PLAIN,
) -> Replayed:
    """Publish ``file``, be it packed with gzip, to the broker at ``bootstrap``: touchpoints to journey.touchpoints and
    events of agents to journey.agents. ``format``: as ``producers.formats.format_of`` knows it.

    speed: how many times as fast as it happened (1: real time); none: as fast as it goes. Bad lines are left out and
    counted, the rest is published. Undelivered events are in the result's ``delivery``; if the broker goes away for
    longer than the delivery time-out, the replay gives up and says so. pseudonyms, scorer: as for ``Publisher``. topic:
    instead of journey.touchpoints (of agent-states: journey.agents). headers: of every record. due: instead of
    ``speed``, see ``play``. how: what a vendor's payloads do not say.

    Raises ``ReplayError`` if the file cannot be read or is not of the format, ``PublishError`` if no broker answers.
    """
    if speed is not None and not speed > 0:
        raise ReplayError(f"speed: expected a number above 0 (got {speed!r})")
    gave_up = ""
    home = AGENTS if format == AGENT_STATES else TOPIC

    def publisher(name: str) -> BulkPublisher:
        return BulkPublisher(
            bootstrap, topic=topic if topic and name == home else name, on_delivery=on_delivery, ledger=ledger,
            connect_timeout_s=connect_timeout_s, pseudonyms=pseudonyms, scorer=scorer, headers=headers,
        )  # fmt: skip

    with Reading(file, format, how) as reading:
        routed = Routed(publisher)
        routed.open(home)

        def progressed(progress: Progress) -> None:
            if on_progress:
                on_progress(replace(progress, total=reading.expected))

        try:
            play(reading, routed, _pace(speed) if speed else due, progressed, stop)
        except PublishError as error:
            gave_up = str(error)
        finally:
            delivery = routed.close()
    return Replayed(
        file, delivery, reading.bad, tuple(reading.bad_lines), gave_up, reading.of_agents, reading.passed_over
    )


class Reading:
    """A file as events sorted by (time, id), with what could not be read beside them.

    Sorting goes through a window: what lies within ``SORT_WINDOW`` touchpoints of its place comes out in order, so
    that memory stays bounded. Disorder beyond that changes no figure, only what is seen meanwhile.
    """

    def __init__(self, file: Path, format: str, how: How = PLAIN) -> None:  # noqa: A002
        self.passed_over = PassedOver()
        try:
            self._read = format_of(format, how, self.passed_over.add)
        except UnknownFormat as error:
            raise ReplayError(f"format: {error} (got {format!r})") from None
        self._file = file
        self._found = 0
        self.bad = 0
        self.bad_lines: list[str] = []
        self.of_agents = 0
        try:
            self._raw = open(file, "rb")  # noqa: SIM115 (closed by __exit__)
            self._lines = unpacked(self._raw)
            self._bytes = file.stat().st_size
        except OSError as error:
            raise ReplayError(f"{file}: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._raw.close()

    def __iter__(self) -> Iterator[Event]:
        try:
            yield from sorted_within(self._touchpoints(), SORT_WINDOW)
        except WrongFormat as wrong:
            raise ReplayError(f"{self._file}:{wrong}") from None
        except UNREADABLE as error:
            raise ReplayError(f"{self._file}: {why(error)}") from None

    @property
    def expected(self) -> int:
        """How many touchpoints the file holds: an estimate until it is read to its end."""
        return round(self._found * self._bytes / self._raw.tell()) if self._found else 0

    def _touchpoints(self) -> Iterator[Event]:
        for touchpoint in self._read(self._lines, self._reject):
            self._found += 1
            self.of_agents += isinstance(touchpoint, AgentEvent)
            yield touchpoint

    def _reject(self, bad: BadLine) -> None:
        self.bad += 1
        if len(self.bad_lines) < BAD_LINES_KEPT:
            self.bad_lines.append(f"{self._file}:{bad}")


def sorted_within(touchpoints: Iterable[Event], window: int) -> Iterator[Event]:
    """``touchpoints`` by (time, id), wholly if no one is more than ``window`` places late; holds twice that."""
    held: list[Event] = []
    for touchpoint in touchpoints:
        held.append(touchpoint)
        if len(held) >= 2 * window:
            held.sort(key=_order)
            yield from held[:window]
            del held[:window]
    held.sort(key=_order)
    yield from held


def _order(event: Event) -> tuple[int, str]:
    return event.at, event.id


def _pace(speed: float) -> Due:
    began: list[tuple[int, float]] = []  # time of the first event, and when it was published

    def due(at: int) -> float:
        if not began:
            began.append((at, time.time()))
        first, wall = began[0]
        return wall + (at - first) / 1000 / speed

    return due
