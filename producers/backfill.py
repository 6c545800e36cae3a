"""Files of the past, brought in while the centre works: what says that they are of the past.

Figures of the store are of event time, and take them as they come. What shows the centre as it is *now* must not: so a
backfill says on ``journey.backfills`` when it began, and the metrics process takes nothing into gauges and counters
that happened before, and was told since. Its events carry a header of their own, so that those which cannot be taken do
not count as dead letters of now.
"""

from __future__ import annotations

import time

from producers.once import producing

TOPIC = "journey.backfills"
HEADER = ("touchpath-backfill", b"1")


def announce(bootstrap: str) -> int:
    """Say that a backfill begins now, and return when that is (ms). Raises ``PublishError``."""
    began = int(time.time() * 1000)
    with producing(bootstrap, f"the backfill could not be announced on {TOPIC}") as producer:
        producer.send(TOPIC, b"%d" % began, b"%d" % began).get(timeout=30)
    return began
