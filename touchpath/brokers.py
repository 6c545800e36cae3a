"""What the front door asks of Kafka: topics, offsets, and what lies between two of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from kafka import IsolationLevel, KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from journeys.settings import Duration
from producers.connection import secured
from streams import partitioning
from streams.partitioning import Partitioning
from streams.topics import CATALOGUE, PARTITIONING, configs
from touchpath.problem import BadInput, Problem
from touchpath.records import Sent, records, send

DEFAULT_PARTITIONS = 4
_TIMEOUT_MS, _BOOTSTRAP_MS = 10_000, 5_000

_PATIENCE_S = 10.0
_FETCH_WAIT_MS = 50  # what lies between two offsets is there; a broker that finds only markers need not wait for more
_MOST_FETCHES = 100

Offsets = dict[TopicPartition, int]
Answer = TypeVar("Answer")


class Brokers:
    """A cluster, through kafka-python's admin client; a context manager. Raises ``Problem`` where nobody answers."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._reader: KafkaConsumer | None = None
        try:
            self._admin = KafkaAdminClient(
                bootstrap_servers=bootstrap.split(","),
                request_timeout_ms=_TIMEOUT_MS,
                bootstrap_timeout_ms=_BOOTSTRAP_MS,
                client_id="touchpath",
                **secured(),
            )
        except (KafkaError, ValueError, OSError) as error:
            raise Problem(f"--bootstrap {bootstrap}: no Kafka broker answers ({_reason(error)})") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_reader()
        self._admin.close()

    def partitions(self) -> dict[str, int]:
        """The number of partitions of each of our topics that exists."""
        described = self._ask(self._admin.describe_topics)
        return {topic["name"]: len(topic["partitions"]) for topic in described if topic["name"] in CATALOGUE}

    def create_topics(self, partitions: int | None, retention: Mapping[str, Duration] | None = None) -> int:
        """Create what is missing of our topics, all with the same number of partitions, and return that number; those
        that are there keep their records for as long as the others from now on.

        None: as many as those that exist have, else ``DEFAULT_PARTITIONS``. Raises ``BadInput`` if that does not fit,
        or ``retention`` (by topic, see ``streams.topics``) cannot be.
        """
        try:
            wanted = configs(retention)
        except ValueError as error:
            raise BadInput(str(error)) from None
        existing = self.partitions()
        count = self._agreed(existing, partitions)
        self._create({name: config for name, config in wanted.items() if name not in existing}, count)
        self._keep({name: wanted[name] for name in existing})
        if self.noted() is None:  # made now, or by a version that knew of no such note
            self.note(Partitioning(count))
        self._fitting(count)
        return count

    def partitioning(self) -> Partitioning:
        """What the state was made for. Raises ``Problem`` where that is not what the topics are."""
        return self._fitting(self.count_partitions())

    def _fitting(self, count: int) -> Partitioning:
        noted = self.noted()
        if noted is None:
            raise Problem(f"--bootstrap {self.bootstrap}: {PARTITIONING} is empty: touchpath migrate writes it")
        if noted.becoming:
            raise Problem(
                f"--bootstrap {self.bootstrap}: a change from {noted.partitions} to {noted.becoming} partitions was "
                f"begun and not ended: run touchpath repartition --partitions {noted.becoming} again"
            )
        if noted.partitions != count:
            raise Problem(
                f"--bootstrap {self.bootstrap}: the topics have {count} partitions, but the state was made for "
                f"{noted.partitions}, and would be looked for in the wrong places: touchpath repartition "
                f"--partitions {count} makes it anew"
            )
        return noted

    def noted(self) -> Partitioning | None:
        """What was noted last of what the state was made for, if anything was."""
        if PARTITIONING not in self.partitions():
            return None
        found = [record.value for record in records(self.bootstrap, PARTITIONING, [0])]
        return partitioning.decode(found[-1]) if found else None

    def note(self, fact: Partitioning) -> None:
        """Have ``fact`` be what the state was made for. Raises ``Problem``."""
        send(self.bootstrap, PARTITIONING, [Sent(partitioning.KEY, partitioning.encode(fact), 0)])

    def grow(self, count: int) -> None:
        """Give each of our topics ``count`` partitions, where it has fewer or is not there."""
        there = self.partitions()
        if fewer := {name: count for name, found in there.items() if found < count}:
            self._ask(partial(self._admin.create_partitions, fewer))
        self._create({name: config for name, config in configs().items() if name not in there}, count)

    def cluster_id(self) -> str:
        """The name that the cluster gave itself when it was made."""
        return str(self._ask(self._admin.describe_cluster)["cluster_id"])

    def members(self, group: str) -> int:
        """How many processes are in a consumer group."""
        described = self._ask(partial(self._admin.describe_groups, [group]))
        return len(described[group]["members"]) if group in described else 0

    def commit(self, group: str, offsets: Offsets) -> None:
        """Have ``group``, in which nobody is, go on from ``offsets``."""
        self._ask(
            partial(
                self._admin.alter_group_offsets,
                group,
                {place: OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()},
            )
        )

    def _create(self, missing: Mapping[str, Mapping[str, str]], count: int) -> None:
        wanted = {
            name: {"num_partitions": count, "replication_factor": -1, "configs": config}
            for name, config in missing.items()
        }
        if wanted:
            self._ask(partial(self._admin.create_topics, wanted, wait_for_metadata=True))

    def _keep(self, wanted: Mapping[str, Mapping[str, str]]) -> None:
        """Set what topics that exist have otherwise."""
        if not wanted:
            return
        asked = [ConfigResource("TOPIC", name, dict.fromkeys(config)) for name, config in wanted.items()]
        found = self._ask(partial(self._admin.describe_configs, asked, config_filter="all"))["topic"]
        differ = {
            name: {key: value for key, value in config.items() if found[name][key]["value"] != value}
            for name, config in wanted.items()
        }
        changes = [ConfigResource("TOPIC", name, changed) for name, changed in differ.items() if changed]
        if not changes:
            return
        answers = self._ask(partial(self._admin.alter_configs, changes))["topic"]
        for name, answer in answers.items():
            if answer != "OK":
                raise Problem(f"--bootstrap {self.bootstrap}: topic {name}: {answer}")

    def count_partitions(self) -> int:
        """The number that all our topics have. Raises ``Problem`` if some are missing or differ."""
        existing = self.partitions()
        missing = sorted(CATALOGUE.keys() - existing.keys())
        if missing:
            raise Problem(
                f"--bootstrap {self.bootstrap}: topics are missing ({', '.join(missing)}): touchpath migrate makes them"
            )
        return self._agreed(existing, None)

    def _agreed(self, existing: Mapping[str, int], wanted: int | None) -> int:
        counts = set(existing.values())
        if len(counts) > 1:
            shown = ", ".join(f"{name} {count}" for name, count in sorted(existing.items()))
            raise Problem(
                f"--bootstrap {self.bootstrap}: the topics must have the same number of partitions, and "
                f"touchpath repartition --partitions {max(counts)} makes it so; they have: {shown}"
            )
        found = counts.pop() if counts else None
        if found and wanted and found != wanted:
            raise BadInput(f"--partitions {wanted}: the topics on {self.bootstrap} have {found} each; leave it out")
        return found or wanted or DEFAULT_PARTITIONS

    def kept_for(self) -> dict[str, float]:
        """For how many seconds, at most, each of our topics keeps what was written to it; a compacted one, what was
        superseded or deleted since."""
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, None) for name in CATALOGUE]
        described = self._ask(partial(self._admin.describe_configs, resources, config_filter="all"))
        found = next(iter(described.values()))
        return {name: _kept_ms({key: one["value"] for key, one in found[name].items()}) / 1000 for name in found}

    def ends(self, topics: Iterable[str], partitions: int) -> Offsets:
        """The offset after the last record of each partition, committed or not."""
        return self._list(topics, partitions, OffsetSpec.LATEST, IsolationLevel.READ_UNCOMMITTED)

    def stable(self, places: Iterable[TopicPartition]) -> Offsets:
        """How far readers of committed records can see."""
        return self._offsets(places, OffsetSpec.LATEST, IsolationLevel.READ_COMMITTED)

    def beginnings(self, places: Iterable[TopicPartition]) -> Offsets:
        return self._offsets(places, OffsetSpec.EARLIEST, IsolationLevel.READ_UNCOMMITTED)

    def committed(self, group: str) -> Offsets:
        """What a consumer group has committed, for as far as it has."""
        found = self._ask(partial(self._admin.list_group_offsets, group)).get(group, {})
        return {place: offset.offset for place, offset in found.items() if offset.offset >= 0}

    def groups(self) -> list[str]:
        """All consumer groups."""
        return [group["group_id"] for group in self._ask(self._admin.list_groups)]

    def records_between(self, starts: Offsets, ends: Offsets) -> bool:
        """Whether a committed record lies in one of the ranges: not every offset is one (markers of transactions)."""
        places = [place for place, end in ends.items() if starts.get(place, 0) < end]
        if not places:
            return False
        try:
            consumer = self._reader = self._reader or KafkaConsumer(
                bootstrap_servers=self.bootstrap.split(","),
                isolation_level="read_committed",
                enable_auto_commit=False,
                request_timeout_ms=_TIMEOUT_MS,
                fetch_max_wait_ms=_FETCH_WAIT_MS,
                metrics_enabled=False,
                **secured(),
            )
            consumer.assign(places)
            for place in places:
                consumer.seek(place, starts.get(place, 0))
            for _ in range(_MOST_FETCHES):
                if consumer.poll(timeout_ms=_FETCH_WAIT_MS, max_records=1):
                    return True
                if all(consumer.position(place) >= ends[place] for place in places):
                    return False
            return True  # not proven
        except KafkaError as error:
            self._close_reader()
            raise self._problem(error) from None

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close(timeout_ms=1000)

    def _list(self, topics: Iterable[str], partitions: int, spec: OffsetSpec, isolation: IsolationLevel) -> Offsets:
        places = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
        return self._offsets(places, spec, isolation)

    def _offsets(self, places: Iterable[TopicPartition], spec: OffsetSpec, isolation: IsolationLevel) -> Offsets:
        found = self._ask(partial(self._admin.list_partition_offsets, dict.fromkeys(places, spec), isolation))
        return {place: offset.offset for place, offset in found.items()}

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """The cluster's answer; a cluster that has just begun, or lost a leader, is given some seconds for it."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return question()
            except KafkaError as error:
                if not error.retriable or time.monotonic() > deadline:
                    raise self._problem(error) from None
                time.sleep(0.2)

    def _problem(self, error: KafkaError) -> Problem:
        return Problem(f"--bootstrap {self.bootstrap}: {_reason(error)}")


def _kept_ms(config: Mapping[str, str]) -> float:
    """By Kafka's rules: a segment goes when its last record is old enough, and is closed when its first one is."""
    closed = float(config["segment.ms"])
    if "compact" in config["cleanup.policy"]:
        return closed + float(config["max.compaction.lag.ms"]) + float(config["delete.retention.ms"])
    retention = float(config["retention.ms"])
    return math.inf if retention < 0 else retention + closed


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
