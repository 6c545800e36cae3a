"""Every topic, what it carries, and how it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DAY_MS = 86_400_000


@dataclass(frozen=True)
class Topic:
    """`key` says what the records are partitioned by, `carries` what type of `journeys` a value has."""

    name: str
    key: str
    carries: str
    cleanup: Literal["delete", "compact"] = "delete"
    retention_ms: int = 7 * DAY_MS
    """For the deleted ones; a compacted topic keeps the last of each key."""

    def config(self) -> dict[str, str]:
        """As the broker wants it."""
        if self.cleanup == "compact":
            # Segments roll within the hour, so that state which changes all the time does not pile up; and what is
            # deleted is gone after two days, however little else changes.
            return {
                "cleanup.policy": "compact",
                "segment.ms": "3600000",
                "min.cleanable.dirty.ratio": "0.3",
                "max.compaction.lag.ms": str(DAY_MS),
                "delete.retention.ms": str(DAY_MS),
            }
        # Only a closed segment goes, so one is closed each day.
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms), "segment.ms": str(DAY_MS)}


TOUCHPOINTS = "journey.touchpoints"
AGENTS = "journey.agents"
ROUTED = "journey.routed"
DEAD_LETTERS = "journey.touchpoints.dlq"
ACCEPTED = "journey.accepted"
EVIDENCE = "journey.evidence"
OWNERS = "journey.owners"
IDENTIFIERS = "journey.identifiers"
RESOLVED = "journey.resolved"
VISITS = "journey.visits"
STITCHED = "journey.stitched"
JOURNEYS = "journey.journeys"
SIGNALS = "journey.signals"
QUEUES = "journey.queues"


def changelog(stage: str) -> str:
    return f"journey.{stage}.changelog"


CATALOGUE: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(TOUCHPOINTS, "contact_id", "CloudEvent"),
        Topic(AGENTS, "agent", "agent states; no stage reads them yet"),
        Topic(ROUTED, "contact_id", "CloudEvent: touchpoints that lay in another contact's partition"),
        Topic(
            DEAD_LETTERS,
            "none",
            "what could not be taken, sealed (streams/dead_letters.py), with the reason in the headers",
            retention_ms=30 * DAY_MS,
        ),
        Topic(ACCEPTED, "none", "CloudEvents, one a line: the touchpoints taken in one transaction"),
        Topic(EVIDENCE, "identifier", "Sighting, Ruling, Question and Answer: what identity is made of"),
        Topic(OWNERS, "identifier", "Answer: whom an identifier belongs to, for the contacts that carry it"),
        Topic(IDENTIFIERS, "identifier", "Change[Identified]"),
        Topic(RESOLVED, "customer", "Change[Contact]"),
        Topic(VISITS, "queue", "Change[QueueVisit]"),
        Topic(STITCHED, "customer", "Change[Stitched]"),
        Topic(JOURNEYS, "customer", "Change[Journey]"),
        Topic(SIGNALS, "customer", "Change[Signal]", retention_ms=30 * DAY_MS),
        Topic(QUEUES, "queue", "Change[QueueInterval] and Change[QueueNow]"),
        *(
            Topic(changelog(stage), "state key", "the stage's state", cleanup="compact")
            for stage in ("contact", "identity", "journey", "queue")
        ),
    )
}
