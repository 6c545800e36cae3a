"""Java's ahead-of-time cache: a program's classes as they were loaded, linked and profiled in a training run.

`python -m benchmarks.broker` prints what it saves a broker's start. A cache that does not fit does no harm: Java says
so and starts as without. https://openjdk.org/jeps/483, /514 and /515
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path

log = logging.getLogger(__name__)


def cache_file(directory: Path, made_of: Sequence[Path]) -> Path:
    """Where in ``directory`` the cache of a program made of these files lies. Java takes one only if they lie where
    they lay in training, unchanged; so its name tells of all of this."""
    fits = blake2b(digest_size=6)
    for file in made_of:
        found = file.stat()
        fits.update(f"{file} {found.st_size} {found.st_mtime_ns}\n".encode())
    return directory / f"{fits.hexdigest()}.aot"


def trained(cache: Path, train: Callable[[Path], None]) -> list[str]:
    """Java's options to start from ``cache``; none if it could not be made.

    If it is not there, ``train`` makes it: it runs the program with ``-XX:AOTCacheOutput=`` the path that it is
    given, and ends it in peace. Of several processes one does, and the others wait.
    """
    if not cache.exists():
        try:
            cache.parent.mkdir(parents=True, exist_ok=True)
            with open(cache.parent / ".training", "ab") as lock:
                fcntl.lockf(lock, fcntl.LOCK_EX)
                if not cache.exists():
                    _make(cache, train)
        except OSError as error:  # a cache on a full or read-only disk: slower, no worse
            log.warning("no ahead-of-time cache in %s, starts take longer: %s", cache.parent, error)
    return [f"-XX:AOTCache={cache}"] if cache.exists() else []


def _make(cache: Path, train: Callable[[Path], None]) -> None:
    """The file appears under its name only when complete; those of other versions go."""
    unfinished = cache.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    train(unfinished)
    if not unfinished.exists():
        log.warning("Java made no ahead-of-time cache in %s, starts take longer", cache.parent)
        return
    for other in cache.parent.glob("*.aot"):
        other.unlink()
    unfinished.rename(cache)
