"""Files of the past through a pipeline that is at work: as fast as it takes them, and no faster.

Live events wait behind what lies before them on their partition. So a backfill publishes only while the first stage is
less than ``MOST_WAITING`` touchpoints behind, which is a second or two of its work.
"""

from __future__ import annotations

import time

from streams import topics
from touchpath.brokers import Brokers
from touchpath.drain import lag
from touchpath.worker import APP_ID

MOST_WAITING = 20_000
_LOOK_EVERY = 2_000
_AGAIN_S = 0.1


class Throttle:
    """When the next event is due: at once while the stages keep up. For ``producers.pacing.play``."""

    def __init__(self, brokers: Brokers, most: int = MOST_WAITING) -> None:
        self._brokers = brokers
        self._partitions = brokers.count_partitions()
        self._most = most
        self._left = 0

    def __call__(self, at: int) -> float:
        if self._left > 0:
            self._left -= 1
            return 0.0
        waiting = lag(self._brokers, self._partitions, APP_ID, [topics.TOUCHPOINTS, topics.AGENTS])
        if sum(waiting.values()) >= self._most:
            return time.time() + _AGAIN_S
        self._left = _LOOK_EVERY
        return 0.0
