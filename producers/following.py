"""Follows a file that grows, across rotation: line after line, each file in turn, from a place that can be kept.

Rotation is noticed in both of its ways. *Renamed and created anew*: what is still written to the renamed file is read
before the new one. *Copied and truncated*: what had not been read is read from the copy, found beside the file (name,
then a dot or a dash, then digits; gzip too) by the bytes that it begins with. (What is written between the copying and
the truncating is lost by the tool that rotates, and is nowhere to be found: logrotate's manual says so of its
``copytruncate``.)
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

log = logging.getLogger(__name__)

HEAD_BYTES = 4096
_CHUNK = 256 * 1024
_POLL_S = 0.25
_GRACE_S = 2.0
"""How long nothing more must come into a renamed file before it is left: who writes it may reopen late."""


class Place(msgspec.Struct, frozen=True):
    """How far a file was read. ``head`` tells one file from another, as inodes are used again."""

    device: int
    inode: int
    offset: int
    head_bytes: int
    head: str


class Stop(Exception):
    """Following was to end; the place that was last told holds."""


class Truncated(Exception):
    """The file is not the one any more that was read; what is left of that is in the next generation."""


Between = Callable[[Place, bool], None]
"""Called between lines with the place after the last one, and whether there is nothing more at the moment."""


class Generation:
    """One file, from its beginning: ``given`` is the offset after the last line that was given; those up to ``start``
    had been given before. It ends when the file was renamed, with whatever stands in its last line; its lines raise
    ``Truncated`` where the file was."""

    def __init__(
        self, path: Path, start: int, live: bool, between: Between, stop: Callable[[], bool], before: Place | None
    ) -> None:
        self.path = path
        self.start = start
        self.given = 0
        self.ended = False
        self._live = live
        self._between = between
        self._stop = stop
        self._before = before
        self._lines: BinaryIO = _opened(path)
        self._head = _head(path) if path.suffix == ".gz" else self._begins()
        status = os.fstat(self._lines.fileno())
        self._identity = status.st_dev, status.st_ino

    @property
    def place(self) -> Place:
        """While it is empty the one before it: any file that it becomes would begin as it does."""
        if not self._head and self._before is not None:
            return self._before
        return Place(*self._identity, self.given, len(self._head), _digest(self._head))

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        try:
            while True:
                chunk = self._more()
                if not chunk:
                    break
                if self._live and len(self._head) < HEAD_BYTES:
                    self._head = self._begins()
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self.given += len(line) + 1
                    yield line + b"\n"
                    self._pause(idle=False)
            if rest:
                self.given += len(rest)
                yield rest
            self.ended = True
        finally:
            self.close()

    def begins_as(self, place: Place) -> bool:
        """Whether it is the file of ``place``, as far as that can be told."""
        number = self._lines.fileno()
        return not self._live or _digest(os.pread(number, place.head_bytes, 0)) == place.head

    def close(self) -> None:
        self._lines.close()

    def _more(self) -> bytes:
        """The next bytes; waits for them while the file is the one that is written. Nothing at its end."""
        quiet_since = time.monotonic()
        while True:
            if self._live and self._is_truncated():
                log.info("%s: truncated at %d", self.path, self.given)
                raise Truncated
            if chunk := self._lines.read(_CHUNK):
                return chunk
            if not self._live:
                return b""
            if self._is_renamed():
                if time.monotonic() - quiet_since > _GRACE_S:
                    return b""
            else:
                quiet_since = time.monotonic()
            self._pause(idle=True)
            time.sleep(_POLL_S)

    def _pause(self, idle: bool) -> None:
        stop = self._stop()
        if self.given >= self.start:
            self._between(self.place, idle or stop)
        if stop:
            raise Stop

    def _is_truncated(self) -> bool:
        number = self._lines.fileno()
        return os.fstat(number).st_size < self._lines.tell() or os.pread(number, len(self._head), 0) != self._head

    def _begins(self) -> bytes:
        return os.pread(self._lines.fileno(), HEAD_BYTES, 0)

    def _is_renamed(self) -> bool:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return True
        return (status.st_dev, status.st_ino) != self._identity


def generations(file: Path, place: Place | None, between: Between, stop: Callable[[], bool]) -> Iterator[Generation]:
    """What is left of ``file`` since ``place``, file after file; the last one is followed for ever. Each is to be read
    before the next is asked for. Ends by ``Stop``; raises ``OSError``."""
    done = False
    while True:
        for path, start in _left(file, place, done):
            generation = _generation(path, start, path == file, between, stop, place)
            if start and place is not None and not generation.begins_as(place):  # rotated this very moment
                generation.close()
                break
            yield generation
            place, done = generation.place, generation.ended


def _generation(
    path: Path, start: int, live: bool, between: Between, stop: Callable[[], bool], before: Place | None
) -> Generation:
    while True:
        try:
            return Generation(path, start, live, between, stop, before)
        except FileNotFoundError:  # rotated, and not created yet
            if not live:
                raise
        if stop():
            raise Stop
        time.sleep(_POLL_S)


def _left(file: Path, place: Place | None, done: bool) -> list[tuple[Path, int]]:
    """The files to be read, each with the offset up to which it was; without that of ``place`` if it is ``done``."""
    if place is None:
        return [(file, 0)]
    beside = _rotated(file)
    current = [file] if file.exists() else []
    found = next((path for path in current + beside if _is(path, place, same_file=True)), None) or next(
        (path for path in beside + current if _is(path, place, same_file=False)), None
    )
    if found is None and not done:
        log.warning(
            "%s: the file that was read up to %d is not found; what came after may be missing", file, place.offset
        )
    if found is None:
        return [(file, 0)]
    if found == file and not done:
        return [(file, place.offset)]
    after = found.stat().st_mtime_ns
    newer = [path for path in beside if path.stat().st_mtime_ns > after and not _is(path, place, same_file=False)]
    rest = [(path, 0) for path in (*newer, file)]
    return rest if done else [(found, place.offset), *rest]


def _rotated(file: Path) -> list[Path]:
    """What ``file`` was before, as tools that rotate name it; the oldest first."""
    stem, suffix = re.escape(file.stem), re.escape(file.suffix)
    name = re.compile(rf"{stem}({suffix})?[.-]\d[\d.T_-]*({suffix})?(\.gz)?")
    found = [path for path in file.parent.iterdir() if name.fullmatch(path.name) and path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns)


def _is(path: Path, place: Place, same_file: bool) -> bool:
    """Whether ``path`` begins as the file of ``place`` did, and has all that was read of it; if asked for, also whether
    it is that very file and no copy."""
    status = path.stat()
    if same_file and (status.st_dev, status.st_ino) != (place.device, place.inode):
        return False
    if not same_file and not place.head_bytes:  # nothing to know it by
        return False
    if _digest(_head(path)[: place.head_bytes]) != place.head:
        return False
    return path.suffix == ".gz" or status.st_size >= place.offset


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else open(path, "rb", buffering=0)


def _head(path: Path) -> bytes:
    with _opened(path) as lines:
        return lines.read(HEAD_BYTES)


def _digest(head: bytes) -> str:
    return hashlib.sha256(head).hexdigest()
