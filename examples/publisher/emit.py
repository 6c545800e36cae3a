"""A service that emits: an IVR that hands a caller over to a queue.

    export TOUCHPATH_PRIVACY_KEYS=$(paste -sd, data/privacy.keys)
    python examples/publisher/emit.py localhost:9092

The keys hide identifiers before they leave this process (docs/connect/publish.md).
"""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime, timedelta

from producers.publisher import Publisher

bootstrap = sys.argv[1] if len(sys.argv) > 1 else "localhost:9092"
call = f"ivr-{uuid.uuid4()}"
rang = datetime.now(UTC) - timedelta(minutes=5)

# At the end of the block every event is acknowledged, or it raises Undelivered.
with Publisher(bootstrap, source="ivr") as publisher:

    def tell(kind: str, after_s: float, channel: str = "voice", **more: object) -> None:
        publisher.publish(
            type=kind, channel=channel, contact_id=call, time=rang + timedelta(seconds=after_s),
            id=f"{call}-{kind}",  # an id of our own: should this run again, the event counts once
            **more,  # type: ignore[misc]
        )  # fmt: skip

    tell("menu_chosen", 0, "ivr", identifiers={"phone": "+972501234567"}, attributes={"node": "billing"})
    tell("opted_out", 20, "ivr", attributes={"node": "billing"})
    tell("queued", 21, queue="billing", intent="billing", direction="inbound")
    tell("connected", 61, queue="billing", agent="a-7")
    tell("ended", 240, queue="billing", agent="a-7", outcome="resolved")

print(f"{publisher.report().acknowledged} touchpoints of {call} acknowledged")
