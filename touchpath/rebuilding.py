"""The stages' state made anew from the facts, for a number of partitions of its own (docs/decisions/repartition.md).

Nothing is deleted that cannot be made again, and each step may be taken twice: a change that was killed is begun again,
and until it has ended no worker starts.
"""

from __future__ import annotations

import msgspec

from journeys.partition import partition_of
from streams import topics
from streams.batch import EPOCH_BITS
from streams.partition import Meta
from streams.partitioning import Partitioning
from streams.stages import evidence
from streams.stages.evidence import Forget, Forgotten
from streams.stages.suppression import is_suppression
from streams.store import META
from touchpath import facts
from touchpath.brokers import Brokers, Offsets
from touchpath.drain import STAGES
from touchpath.facts import Tell
from touchpath.problem import BadInput, Problem
from touchpath.queries import Queries
from touchpath.records import Sent, records, send
from touchpath.worker import APP_ID

STAGE_NAMES = ("contact", "identity", "journey", "queue", "agent", "cause", "staffing")
OURS = (topics.TOUCHPOINTS, topics.ROUTED, topics.AGENTS, topics.AGENTS_ROUTED)
"""Inputs that hold facts which nobody has taken yet; all others follow from what was taken."""


def begin(brokers: Brokers, partitions: int, tell: Tell) -> Partitioning:
    """Give all topics ``partitions`` and return what the state was made for until now; from here on no worker starts.

    Raises ``Problem`` where that is fewer than some topic has: Kafka takes no partition away.
    """
    there = brokers.partitions()
    before = brokers.noted() or Partitioning(min(there.values(), default=partitions))
    most = max(before.partitions, *there.values(), 1)
    if partitions < most:
        raise BadInput(
            f"--partitions {partitions}: the topics have {most}, and Kafka takes none away; touchpath backup, and "
            f"touchpath restore --partitions {partitions} into another Kafka"
        )
    if before.epoch + 1 >= 1 << EPOCH_BITS:
        raise Problem(f"the partitions were changed {before.epoch} times already, which is as often as can be")
    tell(f"partitions: {before.partitions} → {partitions}")
    brokers.grow(partitions)
    brokers.note(Partitioning(before.partitions, before.epoch, partitions))
    return before


def rebuild(brokers: Brokers, store: Queries, before: Partitioning, partitions: int, tell: Tell) -> int:
    """Have the state begin anew from all that ``store`` holds; how many touchpoints were published for it.

    No worker runs, and the sink has stored all. Raises ``Problem``, ``StoreError``; then the same is to be done again.
    """
    bootstrap = brokers.bootstrap
    tell("reading what only the state knows")
    known = facts.suppressions(bootstrap, partitions)
    told = facts.agent_events(bootstrap, partitions)
    _skip(brokers, partitions)
    facts.suppress(bootstrap, partitions, known)
    tell("publishing touchpoints again")
    uploaded = facts.schedules(bootstrap, partitions)
    count = facts.publish(bootstrap, partitions, uploaded, told, facts.touchpoints(store), tell)
    tell("letting the old state go")
    for stage in STAGE_NAMES:
        for number in range(partitions):
            _let_go(bootstrap, topics.changelog(stage), number)
        _tell_form(bootstrap, topics.changelog(stage), partitions)
    brokers.note(Partitioning(partitions, before.epoch + 1))
    return count


def _skip(brokers: Brokers, partitions: int) -> None:
    """Pass over what stages told each other and had not read: it follows from touchpoints that come again, and went
    where its key lived before. But not over orders to forget somebody."""
    inputs = [topic for step in STAGES for topic in step if topic not in OURS]
    ends = brokers.ends(inputs, partitions)
    left = _left(brokers, ends)
    brokers.commit(APP_ID, ends)
    for topic in (topics.EVIDENCE, topics.OWNERS):
        orders = []
        for record in records(brokers.bootstrap, topic, range(partitions)):
            if record.offset >= left.get((topic, record.partition), 0):
                message = evidence.decode(record.value)
                if isinstance(message, Forget):
                    orders.append(Sent(record.key, record.value, partition_of(record.key, partitions)))
                elif isinstance(message, Forgotten):
                    orders += [Sent(record.key, record.value, number) for number in range(partitions)]
        if orders:
            send(brokers.bootstrap, topic, orders)


def _left(brokers: Brokers, ends: Offsets) -> dict[tuple[str, int], int]:
    """From where on each partition was not read."""
    committed = brokers.committed(APP_ID)
    return {(place.topic, place.partition): committed.get(place, 0) for place in ends}


def _let_go(bootstrap: str, changelog: str, partition: int) -> None:
    """Delete a partition's entries in ``changelog``, but for whom to forget, and what says which form they have."""
    keys: set[bytes] = set()
    for record in records(bootstrap, changelog, [partition]):
        if record.value is None:
            keys.discard(record.key)
        elif record.key != META and not (changelog == topics.changelog("contact") and is_suppression(record.key)):
            keys.add(record.key)
    send(bootstrap, changelog, (Sent(key, None, partition) for key in keys))


def _tell_form(bootstrap: str, changelog: str, partitions: int) -> None:
    """New partitions have entries of the form that the others have."""
    every = records(bootstrap, changelog, range(partitions))
    metas = {one.partition: msgspec.json.decode(one.value, type=Meta) for one in every if one.key == META}
    schemas = {meta.schema for meta in metas.values()}
    if len(schemas) == 1:
        raw = msgspec.json.encode(Meta(schemas.pop()))
        send(bootstrap, changelog, [Sent(META, raw, number) for number in range(partitions) if number not in metas])
