"""aiokafka logs every attempt to reach a broker, hundreds a second in an outage: pass each message once in a while."""

from __future__ import annotations

import logging
from time import monotonic

_LOGGERS = (
    "aiokafka",
    "aiokafka.conn",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
    "aiokafka.producer.sender",
)
_EVERY_S = 30.0


class Throttle(logging.Filter):
    """Passes a message of a logger, whatever its arguments, at most once in `every_s` seconds."""

    def __init__(self, every_s: float = _EVERY_S) -> None:
        super().__init__()
        self._every_s = every_s
        self._passed_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key = record.name, str(record.msg)
        now = monotonic()
        if now - self._passed_at.get(key, -self._every_s) < self._every_s:
            return False
        self._passed_at[key] = now
        return True


def throttle_aiokafka() -> None:
    """Only warnings and errors, each once in a while. Call it once."""
    throttle = Throttle()
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.addFilter(throttle)
        if logger.getEffectiveLevel() > logging.DEBUG:
            logger.setLevel(logging.WARNING)
