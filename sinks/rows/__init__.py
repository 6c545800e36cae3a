"""From what stands on a topic to a table's rows: one typed reading per topic, then columns.

This is the sinks' hot path: a message is decoded once, the highest version per entity is kept, and the columns are
built by comprehensions, one a column, when the block is cut.
"""

from __future__ import annotations

from collections.abc import Callable

from sinks import settlements
from sinks.rows.entities import ENTITIES
from sinks.rows.letters import DeadLetterRows, SettledRows
from sinks.rows.staffing import StaffingRows
from sinks.rows.touchpoints import TouchpointRows
from sinks.rows.waiting import Record, Rows

__all__ = ["READERS", "DeadLetterRows", "Record", "Rows"]

# What each topic's messages become. (streams/topics.py has all topics; sinks import no streams.)
READERS: dict[str, Callable[[], Rows]] = ENTITIES | {
    "journey.accepted": TouchpointRows,
    "journey.staffing": StaffingRows,
    "journey.touchpoints.dlq": DeadLetterRows,
    settlements.TOPIC: SettledRows,
}
