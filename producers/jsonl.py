"""Touchpoints as a file of JSON Lines, which replay reads as the format ``touchpoints``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from journeys.touchpoint import Touchpoint, encode
from producers.pacing import OnProgress, Progress

_EVERY = 5000


def write(file: Path, touchpoints: Iterable[Touchpoint], on_progress: OnProgress | None = None) -> int:
    """Write ``touchpoints`` to ``file``, one a line, and return how many; raises ``OSError``."""
    written = at = 0
    with open(file, "wb", buffering=1 << 20) as lines:
        for touchpoint in touchpoints:
            lines.write(encode(touchpoint) + b"\n")
            written += 1
            at = touchpoint.at
            if on_progress and written % _EVERY == 0:
                on_progress(Progress(written, at))
    if on_progress:
        on_progress(Progress(written, at))
    return written
