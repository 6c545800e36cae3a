"""Jars from Maven's central repository, fetched once into the user's cache, in pure Python (no mvn, no java)."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

log = logging.getLogger(__name__)


class JarsUnavailable(RuntimeError):
    """The jars cannot be had; the message is one line that says why and what to do."""


def cache_home() -> Path:
    """Where jars live between runs: ``$XDG_CACHE_HOME/touchpath``, else ``~/.cache/touchpath``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "touchpath"


def cached_jars(name: str) -> list[Path]:
    """The jars already in the cache under `name`, sorted; empty if they were never fetched."""
    return sorted((cache_home() / name).glob("*.jar"))


def jars(name: str, coordinates: Sequence[str]) -> list[Path]:
    """The jars of `coordinates` ("group:artifact:version") and of what they need at run time, sorted by name.

    They are fetched into the cache under `name` if they are not there; afterwards no network is needed. `name` must
    change whenever `coordinates` do. Raises JarsUnavailable.
    """
    return cached_jars(name) or _fetch(name, coordinates)


def _fetch(name: str, coordinates: Sequence[str]) -> list[Path]:
    try:
        from jgo.maven import MavenContext
        from jgo.parse import Coordinate
    except ImportError as error:
        raise JarsUnavailable(f"embedded Kafka needs {error.name}: pip install 'touchpath[embedded]'") from error

    target = cache_home() / name
    log.info("fetching %s and what it needs into %s (once)", ", ".join(coordinates), target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # The directory appears under its name only when complete, so that an interrupted fetch leaves no half of it.
        with tempfile.TemporaryDirectory(prefix=f"{name}.", dir=target.parent) as staging:
            context = MavenContext(repo_cache=Path(staging) / "repository", timeout=30)
            parts = [c.split(":") for c in coordinates]
            wanted = [
                context.create_dependency(Coordinate(group, artifact, version, scope="compile"))
                for group, artifact, version in parts
            ]
            inputs, others = context.resolver.resolve(wanted)
            artifacts = [d.artifact for d in (*inputs, *others) if d.scope in ("compile", "runtime")]
            complete = Path(staging) / "complete"
            complete.mkdir()
            with ThreadPoolExecutor(8) as pool:
                for path in pool.map(lambda artifact: artifact.resolve(), artifacts):
                    shutil.move(path, complete / path.name)
            try:
                complete.rename(target)
            except OSError:
                if not cached_jars(name):  # else another process was faster
                    raise
    except Exception as error:  # jgo lets through whatever its HTTP and XML libraries raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise JarsUnavailable(f"cannot fetch {coordinates[0]} into {target}: {reason[:200]}") from error
    return cached_jars(name)
