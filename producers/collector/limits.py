"""What the collector takes at once, and how long it waits. Sizes in bytes, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from journeys.touchpoint import MAX_BYTES


@dataclass(frozen=True)
class Limits:
    event: int = MAX_BYTES
    body: int = 500 * 1024
    """Of a request, as it comes and unpacked: what Segment allows
    (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#batch)."""
    events: int = 5_000
    """In a request. More are no batch but a file, for `touchpath replay`."""
    bad: int = 100
    """With more bad events in it, a batch is refused whole: what cannot be taken costs more than what can."""
    waiting: int = 64 << 20
    """For an acknowledgement, bodies that are being read included; beyond it clients are told to come later."""
    connections: int = 1_000
    idle_s: float = 75.0
    """A connection without a request, or with half of one's head; longer than the 60 s of most load balancers."""
    slow_s: float = 20.0
    """A request's body must have come by then."""
    stop_s: float = 15.0
    """So long what was begun may take when the collector is asked to stop."""
