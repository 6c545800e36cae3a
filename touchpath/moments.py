"""A moment as people write it on a command line: how long ago, or when."""

from __future__ import annotations

import time
from datetime import datetime

from journeys.settings import Duration
from touchpath.problem import BadInput


def moment(option: str, value: str | None) -> int | None:
    """``value`` in ms since the epoch. Raises ``BadInput``: a time without an offset is refused, and not guessed."""
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(value.strip())
    except ValueError:
        try:
            return int(time.time() * 1000) - Duration.parse(value).ms
        except ValueError:
            when = None
    if when is None or when.tzinfo is None:
        raise BadInput(
            f'{option}: expected how long ago, such as "90m" or "7d", or a time with its offset, '
            f"such as 2026-01-31T08:00Z or 2026-01-31T08:00+01:00; got {value!r}"
        )
    return int(when.timestamp() * 1000)
