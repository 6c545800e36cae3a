"""What lies where in the data directory, and what of it is running."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from touchpath.problem import BadInput, Problem


class Running(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """The run file: who runs on a data directory, and where its parts are reached.

    It stays after the end, so that the next run takes the same ports; whether it is of now, the lock tells.
    """

    pid: int
    started_at: str
    bootstrap: str
    store: str
    """http://host:port of the embedded store's server, or the clickhouse:// URL that was given."""
    metrics: dict[str, str]
    """By part, the address of its /metrics."""
    console: str = ""
    """http://host:port, where one is served."""


@dataclass(frozen=True)
class Layout:
    """A data directory. Nothing is created until a part needs it."""

    root: Path

    @property
    def kafka(self) -> Path:
        return self.root / "kafka"

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def metrics(self) -> Path:
        return self.root / "metrics.snapshot"

    @property
    def keys(self) -> Path:
        """Of the pseudonyms; for its owner alone to read."""
        return self.root / "privacy.keys"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run_file(self) -> Path:
        return self.root / "touchpath.json"

    @property
    def lock_file(self) -> Path:
        return self.root / "touchpath.lock"

    def worker(self, name: str) -> Path:
        return self.root / "workers" / name

    def log(self, part: str) -> Path:
        return self.logs / f"{part}.log"

    def create(self) -> None:
        """Make the directory and its logs'; raises ``BadInput`` where that cannot be done."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            if not os.access(self.root, os.W_OK):
                raise BadInput(f"--data {self.root}: not writable")
        except OSError as error:
            raise BadInput(f"--data {self.root}: {error.strerror}") from None

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Be the one that runs on this directory. The lock goes with the process; raises ``Problem`` if it is taken."""
        self.create()
        descriptor = os.open(self.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            if not _locked(descriptor):
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise Problem(f"--data {self.root}: touchpath runs there already (process {holder})")
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            yield
        finally:
            os.close(descriptor)

    def owner(self) -> int | None:
        """The process that runs on this directory; None if nobody does, whatever the run file says."""
        try:
            descriptor = os.open(self.lock_file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return int(os.pread(descriptor, 32, 0).strip() or b"0")
        finally:
            os.close(descriptor)
        return None

    def last_run(self) -> Running | None:
        """The run file, of now or of the last time; None if there is none that can be read."""
        try:
            return msgspec.json.decode(self.run_file.read_bytes(), type=Running)
        except (OSError, msgspec.DecodeError):
            return None

    def running(self) -> Running | None:
        """What runs here now. Raises ``Problem`` while it is starting."""
        owner = self.owner()
        if owner is None:
            return None
        run = self.last_run()
        if run is None or run.pid != owner:
            raise Problem(f"--data {self.root}: touchpath (process {owner}) is starting there; try again in a moment")
        return run

    def announce(self, running: Running) -> None:
        """Write the run file. For its owner alone to read: a ClickHouse URL may hold a password."""
        draft = self.run_file.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(running)) + b"\n")
        draft.rename(self.run_file)


def _locked(descriptor: int) -> bool:
    """Take the lock. Not at the first refusal: ``owner`` holds it for a moment to look."""
    for _ in range(5):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
