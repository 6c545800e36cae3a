"""RudderStack's calls, which are Segment's: https://www.rudderstack.com/docs/event-spec/standard-events/."""

from __future__ import annotations

from collections.abc import Iterator

from producers.adapters import segment
from producers.adapters.adapter import How
from producers.adapters.payload import Fields, Made, adapter

VENDOR = "rudderstack"


@adapter(VENDOR)
def adapt(fields: Fields, how: How) -> Iterator[Made]:
    """What one call, or one batch of calls, becomes."""
    yield from segment.read(fields, how, VENDOR)
