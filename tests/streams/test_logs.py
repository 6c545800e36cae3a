from __future__ import annotations

import logging

from streams.logs import Throttle


def test_a_message_passes_once_in_a_while():
    throttle = Throttle(every_s=60)

    def passes(logger: str, message: str) -> bool:
        return throttle.filter(logging.LogRecord(logger, logging.ERROR, "", 0, message, (), None))

    assert passes("a", "down %s")
    assert not passes("a", "down %s")
    assert passes("b", "down %s")
    assert passes("a", "up")
