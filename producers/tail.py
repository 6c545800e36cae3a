"""Publishes what is appended to a file, with its place kept: at least once, and by their ids events count once.

The place is written when the broker has acknowledged all that came before it, so that whoever is killed begins again
where nothing is missing. On the way there a file is read from its beginning, for a format may need its first line, or
what it knows of a call; what had been acknowledged is not published again.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from journeys.pseudonyms import Pseudonyms
from journeys.sentiment import Scorer
from journeys.touchpoint import Invalid
from producers.adapters.adapter import How
from producers.bulk import BulkPublisher
from producers.delivery import TOPIC, Event, PublishError
from producers.following import Generation, Place, Stop, Truncated, generations
from producers.formats import PLAIN, BadLine, PassedOver, UnknownFormat, WrongFormat, format_of
from producers.routed import Routed

log = logging.getLogger(__name__)

_KEEP_EVERY_S = 0.5
_BACKOFF_S = (0.5, 15.0)


class TailError(Exception):
    """The file cannot be followed; one line that names it and the cause."""


@dataclass
class Tailed:
    """What became of the lines so far."""

    published: int = 0
    bad: int = 0
    passed_over: PassedOver = field(default_factory=PassedOver)
    """Of a vendor's events the kinds that nothing is made of, by its names."""


class Kept:
    """The place in a file of its own: replaced as a whole, so that a crash leaves the old one or the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: Place | None = None

    def read(self) -> Place | None:
        """None at the first start. Raises ``TailError`` for a file that is something else."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Place)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise TailError(f"{self._path}: not a place that was kept here: {error}") from None

    def write(self, place: Place) -> None:
        if place == self._last:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(self._path.name + ".new")
        with draft.open("wb") as written:
            written.write(msgspec.json.encode(place) + b"\n")
            written.flush()
            os.fsync(written.fileno())
        draft.replace(self._path)
        self._last = place


class Tail:
    """Follows ``file``, of a format as ``producers.formats.format_of`` knows it, and keeps its place in ``state``.

    pseudonyms, scorer: as for ``Publisher``. how: what a vendor's payloads do not say. tell: called with each bad line,
    once. stop: asked between lines and while waiting.
    """

    def __init__(
        self,
        file: Path,
        format: str,  # noqa: A002 (the word that users know)
        bootstrap: str,
        state: Path,
        *,
        pseudonyms: Pseudonyms | None,
        scorer: Scorer | None = None,
        how: How = PLAIN,
        tell: Callable[[str], None] = lambda line: None,
        stop: Callable[[], bool] = lambda: False,
        delivery_timeout_s: float = 30.0,
    ) -> None:
        self.tailed = Tailed()
        try:
            format_of(format, how, self.tailed.passed_over.add)
        except UnknownFormat as error:
            raise TailError(f"format: {error} (got {format!r})") from None
        self._file = file
        self._format = format
        self._how = how
        self._kept = Kept(state)
        self._tell = tell
        self._stop = stop
        self._routed = Routed(
            lambda topic: BulkPublisher(
                bootstrap, topic=topic, pseudonyms=pseudonyms, scorer=scorer, delivery_timeout_s=delivery_timeout_s
            )
        )
        self._kept_at = 0.0

    def run(self) -> None:
        """Until ``stop()``. A broker that goes away is waited for, and what it had not acknowledged is sent again.

        Raises ``TailError`` for the file, ``PublishError`` if no broker answers at the start.
        """
        self._routed.open(TOPIC)
        pause, longest = _BACKOFF_S
        while True:
            before = self._kept.read()
            try:
                self._follow(before)
            except Stop:
                return
            except PublishError as error:
                if self._kept.read() != before:
                    pause = _BACKOFF_S[0]
                log.warning("%s: from where it was acknowledged, in %.1f s: %s", self._file, pause, error)
                if self._waited(pause):
                    return
                pause = min(2 * pause, longest)
            except WrongFormat as wrong:
                raise TailError(f"{self._file}:{wrong}") from None
            except OSError as error:
                raise TailError(f"{self._file}: {error.strerror or error}") from None
            finally:
                self._routed.close(timeout_s=0)

    def _follow(self, place: Place | None) -> None:
        for generation in generations(self._file, place, self._between, self._stop):
            if self._kept.read() is None:  # it may be rotated before anything of it is acknowledged
                self._kept.write(generation.place)
            try:
                self._read_all(generation)
            except Truncated:
                continue
            self._keep(generation.place)

    def _read_all(self, generation: Generation) -> None:
        def reject(bad: BadLine) -> None:
            self._reject(generation, bad)

        def pass_over(kinds: Mapping[str, int]) -> None:
            if _is_new(generation):
                self.tailed.passed_over.add(kinds)

        for event in format_of(self._format, self._how, pass_over)(generation, reject):
            if _is_new(generation):
                self._publish(generation, event)

    def _publish(self, generation: Generation, event: Event) -> None:
        try:
            self._routed.publish(event)
        except Invalid as invalid:
            self._reject(generation, f" {invalid}")
        else:
            self.tailed.published += 1

    def _reject(self, generation: Generation, problem: object) -> None:
        if _is_new(generation):
            self.tailed.bad += 1
            self._tell(f"{generation.path}:{problem}")

    def _between(self, place: Place, idle: bool) -> None:
        """Now and then, and before it waits: what was published is acknowledged, and then the place is kept."""
        if idle or time.monotonic() - self._kept_at >= _KEEP_EVERY_S:
            self._keep(place)

    def _keep(self, place: Place) -> None:
        self._routed.flush()
        if failed := self._routed.report().failed:
            raise PublishError(f"{failed} events were not acknowledged")
        self._kept.write(place)
        self._kept_at = time.monotonic()

    def _waited(self, seconds: float) -> bool:
        """Whether it was to stop meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._stop():
                return True
            time.sleep(0.05)
        return self._stop()


def _is_new(generation: Generation) -> bool:
    """Whether what was read last of it had not been acknowledged before."""
    return generation.given > generation.start or generation.ended
