"""A backup brought back: into the Kafka that it was taken beside, whose sink then goes on where it stood; or into
another one, where the stages' state is made anew from the facts (docs/decisions/backup.md)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kafka import TopicPartition

from journeys.settings import Settings
from sinks.migrate import migrate
from sinks.tables import DEAD_LETTERS, SETTLED_LETTERS, TABLES
from streams.batch import EPOCH_BITS
from streams.partitioning import Partitioning
from touchpath import backing_up, facts
from touchpath.backing_up import Manifest
from touchpath.brokers import Brokers
from touchpath.facts import Tell
from touchpath.problem import BadInput, Problem
from touchpath.worker import APP_ID

if TYPE_CHECKING:
    from sinks.store import Store
    from touchpath.queries import Queries

_ROWS = 100_000


def is_of(manifest: Manifest, brokers: Brokers) -> bool:
    """Whether the backup was taken beside this Kafka. Raises ``Problem`` where it is another one that is in use."""
    noted = brokers.noted()
    if noted is not None and brokers.cluster_id() == manifest.cluster:
        return True
    if noted is not None and not noted.becoming and brokers.committed(APP_ID):
        raise Problem(
            f"--bootstrap {brokers.bootstrap}: workers have been at work there, and the backup is of another Kafka"
        )
    return False


def load(manifest: Manifest, directory: Path, store: Store, elsewhere: bool, tell: Tell) -> int:
    """The backup's rows into ``store``, which has none; how many there were. ``elsewhere``: for another Kafka.

    Raises ``Problem``, ``StoreError``; then the store is to be emptied before it is tried again.
    """
    migrate(store)
    ((there,),) = store.query("SELECT count() FROM touchpoints").rows
    if there:
        raise Problem(f"the store has {there:,} touchpoints already: a backup is restored into an empty one")
    count = 0
    for table in TABLES:
        tell(table.name)
        for block in backing_up.rows(directory, table, _ROWS):
            if elsewhere and table in (DEAD_LETTERS, SETTLED_LETTERS):
                # A letter is called by its place in the topic, where in another Kafka others will lie.
                block[0] = [f"{manifest.cluster}/{name}" for name in block[0]]
            store.insert(table, block)
            count += len(block[0])
    return count


def go_on(manifest: Manifest, brokers: Brokers, group: str, tell: Tell) -> None:
    """Have the sink read again from where it stood when the backup was taken."""
    offsets = {
        TopicPartition(topic, number): offset
        for topic, own in manifest.offsets.items()
        for number, offset in own.items()
    }
    beginnings = brokers.beginnings(offsets)
    for place, offset in offsets.items():
        if (gone := beginnings[place] - offset) > 0:
            tell(f"{place.topic}/{place.partition}: {gone:,} records since the backup are not kept any more, and lost")
    brokers.commit(group, offsets)


def begin(manifest: Manifest, brokers: Brokers, settings: Settings, partitions: int | None) -> int:
    """Make the topics, of which no worker takes anything yet; the number of their partitions."""
    if manifest.partitioning.epoch + 1 >= 1 << EPOCH_BITS:
        raise BadInput(f"the partitions were changed {manifest.partitioning.epoch} times, which is as often as can be")
    noted = brokers.noted()
    if noted is not None and noted.becoming:  # a restore that was killed
        if partitions not in (None, noted.becoming):
            raise BadInput(f"--partitions {partitions}: a restore has begun with {noted.becoming}")
        return noted.becoming
    count = brokers.create_topics(partitions or manifest.partitioning.partitions, settings.retention.topics)
    brokers.note(Partitioning(count, manifest.partitioning.epoch, count))
    return count


def rebuild(manifest: Manifest, directory: Path, brokers: Brokers, store: Queries, partitions: int, tell: Tell) -> int:
    """Publish what the backup knows, for workers to take when they start; how many touchpoints those are."""
    bootstrap = brokers.bootstrap
    facts.suppress(bootstrap, partitions, backing_up.suppressions(directory))
    tell("publishing touchpoints again")
    uploaded, told = backing_up.schedules(directory), backing_up.agent_events(directory)
    count = facts.publish(bootstrap, partitions, uploaded, told, facts.touchpoints(store), tell)
    brokers.note(Partitioning(partitions, manifest.partitioning.epoch + 1))
    return count
