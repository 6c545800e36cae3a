"""Every topic, what it carries, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from journeys.settings import Duration

MINUTE_MS = 60_000
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

    def config(self, retention: Mapping[str, Duration] | None = None) -> dict[str, str]:
        """As the broker wants it; ``retention``: by name or "*", what holds instead of ``retention_ms``."""
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
        given = retention or {}
        found = given.get(self.name, given.get("*"))
        kept_ms = self.retention_ms if found is None else found.ms or -1
        # A broker deletes whole segments, and counts from the newest record in one: of a quarter of the time, so that
        # nothing is kept for more than five quarters.
        rolled_ms = max(MINUTE_MS, min(7 * DAY_MS, kept_ms // 4)) if kept_ms > 0 else 7 * DAY_MS
        return {"cleanup.policy": "delete", "retention.ms": str(kept_ms), "segment.ms": str(rolled_ms)}


TOUCHPOINTS = "journey.touchpoints"
AGENTS = "journey.agents"
BACKFILLS = "journey.backfills"
ROUTED = "journey.routed"
DEAD_LETTERS = "journey.touchpoints.dlq"
SETTLED_LETTERS = "journey.settled_letters"
ACCEPTED = "journey.accepted"
EVIDENCE = "journey.evidence"
OWNERS = "journey.owners"
IDENTIFIERS = "journey.identifiers"
RESOLVED = "journey.resolved"
VISITS = "journey.visits"
STITCHED = "journey.stitched"
JOURNEYS = "journey.journeys"
SIGNALS = "journey.signals"
NEXT = "journey.next"
QUEUES = "journey.queues"
AGENTS_ROUTED = "journey.agents_routed"
SERVICES = "journey.services"
AGENT_FIGURES = "journey.agent_figures"
TALLIES = "journey.tallies"
CAUSES = "journey.causes"
REDIALS = "journey.redials"
FLOORS = "journey.floors"
SCHEDULES = "journey.schedules"
STAFFING = "journey.staffing"
PARTITIONING = "journey.partitioning"


def changelog(stage: str) -> str:
    return f"journey.{stage}.changelog"


CATALOGUE: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic(TOUCHPOINTS, "contact_id", "CloudEvent; with text, identifiers may be clear", retention_ms=DAY_MS),
        Topic(AGENTS, "agent", "AgentCloudEvent: agent states"),
        Topic(BACKFILLS, "none", "when backfills began (producers/backfill.py)", cleanup="compact"),
        Topic(AGENTS_ROUTED, "agent", "AgentCloudEvent: those that lay in another agent's partition"),
        Topic(ROUTED, "contact_id", "CloudEvent: touchpoints that lay in another contact's partition"),
        Topic(
            DEAD_LETTERS,
            "none",
            "what could not be taken, sealed (streams/dead_letters.py), with the reason in the headers",
            retention_ms=30 * DAY_MS,
        ),
        Topic(
            SETTLED_LETTERS,
            "letter",
            "which dead letters were replayed or discarded (sinks/settlements.py); outlives them",
            retention_ms=40 * DAY_MS,
        ),
        Topic(ACCEPTED, "none", "CloudEvents, one a line: the touchpoints taken in one transaction; Forgotten"),
        Topic(EVIDENCE, "identifier", "Sighting, Ruling, Question, Answer, Forget …: what identity is made of"),
        Topic(OWNERS, "identifier", "Answer, Forgotten: whom an identifier belongs to, for the contacts that carry it"),
        Topic(IDENTIFIERS, "identifier", "Change[Identified]"),
        Topic(RESOLVED, "customer", "Change[Contact]; from identity, which customers to forget"),
        Topic(VISITS, "queue", "Change[QueueVisit]"),
        Topic(STITCHED, "customer", "Change[Stitched]"),
        Topic(JOURNEYS, "customer", "Change[Journey]"),
        Topic(SIGNALS, "customer", "Change[Signal]", retention_ms=30 * DAY_MS),
        Topic(NEXT, "customer", "Change[NextStep]; by partition, Change[Score]"),
        Topic(QUEUES, "queue", "Change[QueueInterval] and Change[QueueNow]"),
        Topic(SERVICES, "agent", "Change[Service]: what agents had of contacts"),
        Topic(AGENT_FIGURES, "agent", "Change[AgentInterval] and Change[AgentNow]"),
        Topic(TALLIES, "none, so that one partition has them all", "Change[Tallied]: what came before repeats"),
        Topic(CAUSES, "day", "Change[RootCause]"),
        Topic(REDIALS, "queue", "Change[Redial]: contacts that redialled, where they entered"),
        Topic(
            FLOORS,
            "one, so that one partition has them all",
            "Change[Seen], Change[AgentNow], Change[Brought]: what staffing is made of",
        ),
        Topic(SCHEDULES, "the same", "Uploaded: schedules and forecasts", retention_ms=35 * DAY_MS),
        Topic(STAFFING, "queue", "Change[Floor], Change[Staffing], Change[Move] and Change[Accuracy]"),
        Topic(PARTITIONING, "none", "Partitioning: how many partitions the state was made for", cleanup="compact"),
        *(
            Topic(changelog(stage), "state key", "the stage's state", cleanup="compact")
            for stage in ("contact", "identity", "journey", "queue", "agent", "cause", "staffing")
        ),
    )
}


def configs(retention: Mapping[str, Duration] | None = None) -> dict[str, dict[str, str]]:
    """Of every topic, as the broker wants it. Raises ``ValueError`` that names what ``retention`` cannot mean."""
    for name, period in (retention or {}).items():
        if name != "*" and (name not in CATALOGUE or CATALOGUE[name].cleanup == "compact"):
            kept = ", ".join(topic.name for topic in CATALOGUE.values() if topic.cleanup == "delete")
            raise ValueError(f'retention.topics: expected "*" or some of {kept}, got {name!r}')
        if 0 < period.ms < MINUTE_MS:
            raise ValueError(f"retention.topics.{name}: expected 1m or more, or 0 for ever, got {period:g}s")
    return {name: topic.config(retention) for name, topic in CATALOGUE.items()}
