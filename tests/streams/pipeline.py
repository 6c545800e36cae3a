"""The whole topology in memory: topics as lists, state as dicts, the stages as they are. No broker, no clock."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import msgspec

from journeys import agents
from journeys.agents import AgentEvent
from journeys.causes import EVENTS, KEPT_HOURS, Place, Tallied
from journeys.change import Change
from journeys.contact import QueueVisit
from journeys.identity import Identified
from journeys.journey import Journey, Signal, Stitched
from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms
from journeys.queue import QueueInterval, QueueNow
from journeys.service import Service
from journeys.settings import DEFAULTS, Settings
from journeys.touchpoint import Touchpoint, encode
from journeys.workload import AgentInterval, AgentNow
from sinks.erasure import is_of_customer
from streams import topics
from streams.batch import Batch
from streams.dead_letters import Letter, Seal
from streams.processing import process
from streams.stages import tallies
from streams.topology import build
from tests.journeys.scenes import KEY


class Rec(NamedTuple):
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class Pipeline:
    """Feed it, drain it, look at what a sink would hold: per entity the highest version, unless deleted."""

    partitions: int = 1
    settings: Settings = DEFAULTS
    keys: tuple[bytes, ...] = (KEY,)
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    staffed: bool = False
    """Whether the staffing stage runs: it plans, which takes longer than all else together."""

    def __post_init__(self) -> None:
        self.pseudonyms = Pseudonyms(self.keys, self.settings)
        self.topology = build(self.settings, self.pseudonyms, self.partitions)
        if not self.staffed:
            stages = tuple(stage for stage in self.topology.stages if stage.name != "staffing")
            self.topology = replace(self.topology, stages=stages)
        self.log: dict[tuple[str, int], list[Rec]] = defaultdict(list)
        self.read: dict[tuple[str, int], int] = defaultdict(int)
        self.state: dict[tuple[str, int], dict[bytes, bytes]] = defaultdict(dict)
        self.sequence: dict[tuple[str, int], int] = defaultdict(int)
        self.counts: Counter[str] = Counter()

    def publish(self, touchpoint: Touchpoint, partition: int | None = None, timestamp: int | None = None) -> None:
        key = touchpoint.contact_id.encode()
        place = partition_of(key, self.partitions) if partition is None else partition
        self.append(
            topics.TOUCHPOINTS, place, key, encode(touchpoint), touchpoint.at if timestamp is None else timestamp
        )

    def publish_agent(self, event: AgentEvent, partition: int | None = None, timestamp: int | None = None) -> None:
        key = event.agent.encode()
        place = partition_of(key, self.partitions) if partition is None else partition
        self.append(topics.AGENTS, place, key, agents.encode(event), event.at if timestamp is None else timestamp)

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp: int,
        headers: tuple[tuple[str, bytes], ...] = (),
    ) -> None:
        log = self.log[topic, partition]
        log.append(Rec(topic, partition, len(log), timestamp, key, value, headers))

    def step(self, most: int) -> bool:
        """One batch of up to ``most`` records of a random stage and partition that has some; whether any had."""
        waiting = [
            (stage, partition)
            for stage in self.topology.stages
            for partition in range(self.partitions)
            if any(self.read[topic, partition] < len(self.log[topic, partition]) for topic in stage.inputs)
        ]
        if not waiting:
            return False
        stage, partition = self.rng.choice(waiting)
        records = []
        for topic in stage.inputs:
            at = self.read[topic, partition]
            taken = self.log[topic, partition][at : at + most]
            self.read[topic, partition] += len(taken)
            records.extend(taken)
        place = stage.name, partition
        batch = Batch(
            stage.name,
            partition,
            records,
            self.state[place],
            self.topology.partitions,
            partitions=self.partitions,
            dead_letters=self.topology.dead_letters,
            sequence=self.sequence[place],
            seal=self.topology.seal,
        )
        process(stage, batch)
        self.sequence[place] = batch.sequence
        self.counts.update(batch.counts)
        for key, value in batch.writes.items():
            if value is None:
                self.state[place].pop(key, None)
            else:
                self.state[place][key] = value
        for (topic, target), outputs in batch.outputs.items():
            for output in outputs:
                log = self.log[topic, target]
                log.append(
                    Rec(topic, target, len(log), output.timestamp or 0, output.key, output.value, tuple(output.headers))
                )
        return True

    def drain(self, most: int = 1000) -> None:
        while self.step(self.rng.randint(1, most)):
            pass

    def work_off(self, touchpoints: list[Touchpoint], most: int, foreign: float = 0.0) -> None:
        """Publish them in any order, a share of them in a partition of another key, stepping now and then; drain."""
        self.rng.shuffle(touchpoints)
        for touchpoint in touchpoints:
            self.publish(touchpoint, self.rng.randrange(self.partitions) if self.rng.random() < foreign else None)
            if self.rng.random() < 0.4:
                self.step(most)
        self.drain(most)

    def records(self, topic: str) -> list[Rec]:
        return [record for partition in range(self.partitions) for record in self.log[topic, partition]]

    def rejected(self) -> list[Letter]:
        """What lies under the seals of the dead letters."""
        return [Seal(self.pseudonyms).open(record.value or b"") for record in self.records(topics.DEAD_LETTERS)]

    def rows(self, topic: str, entity: str, payload: Any) -> dict[str, Any]:
        """Entity id to what a sink holds in the end."""
        best: dict[str, Change[Any]] = {}
        decoder = msgspec.json.Decoder(Change[payload])
        for record in self.records(topic):
            change = decoder.decode(record.value or b"")
            if change.erased:
                for key, kept in list(best.items()):
                    if key == change.id or (
                        change.entity == "customer" and is_of_customer(key, kept.payload, change.id)
                    ):
                        del best[key]
            elif change.entity == entity and (change.id not in best or best[change.id].version < change.version):
                best[change.id] = change
        return {key: change.payload for key, change in best.items() if not change.deleted}

    def stitched(self) -> dict[str, Stitched]:
        return self.rows(topics.STITCHED, "stitched", Stitched)

    def journeys(self) -> dict[str, Journey]:
        return self.rows(topics.JOURNEYS, "journey", Journey)

    def signals(self) -> dict[str, Signal]:
        return self.rows(topics.SIGNALS, "signal", Signal)

    def visits(self) -> dict[str, QueueVisit]:
        return self.rows(topics.VISITS, "visit", QueueVisit)

    def intervals(self) -> dict[str, QueueInterval]:
        return self.rows(topics.QUEUES, "interval", QueueInterval | QueueNow)

    def identifiers(self) -> dict[str, Identified]:
        return self.rows(topics.IDENTIFIERS, "identifier", Identified)

    def services(self) -> dict[str, Service]:
        return self.rows(topics.SERVICES, "service", Service)

    def agent_intervals(self) -> dict[tuple[str, int], AgentInterval]:
        rows = self.rows(topics.AGENT_FIGURES, "interval", AgentInterval | AgentNow)
        return {(row.agent, row.starts_at): row for row in rows.values()}

    def agents_now(self) -> dict[str, AgentNow]:
        return self.rows(topics.AGENT_FIGURES, "now", AgentInterval | AgentNow)

    def tallies(self) -> dict[tuple[int, str, str, str, str], list[tuple[int, ...]]]:
        """Those of all partitions together, as ``Reference.tallies`` has them."""
        decoder = msgspec.json.Decoder(Change[Tallied])
        newest: dict[tuple[int, int, str], list[int]] = {}
        versions: dict[str, int] = {}
        for record in self.records(topics.TALLIES):
            told = decoder.decode(record.value or b"")
            assert told.payload is not None
            assert told.version > versions.get(told.id, -1)
            versions[told.id] = told.version
            for hour, places in told.payload.hours.items():
                for name, tally in places.items():
                    newest[told.payload.partition, hour, name] = tally
        totals: dict[tuple[int, Place], list[int]] = {}
        for (_, hour, name), tally in newest.items():
            total = totals.setdefault((hour, Place.named(name)), [0] * len(tally))
            total[:] = map(sum, zip(total, tally, strict=True))
        return {
            (hour, *place): [tuple(total[event :: len(EVENTS)]) for event in range(len(EVENTS))]
            for (hour, place), total in totals.items()
            if any(total)
        }

    def oldest_tallied(self) -> int:
        """The hour up to which tallies are let go, in some partition at least."""
        kept = [self.state["journey", partition].get(tallies.KEY) for partition in range(self.partitions)]
        return max((max(msgspec.msgpack.decode(raw)) for raw in kept if raw), default=0) - KEPT_HOURS

    def accepted(self) -> list[bytes]:
        return [line for record in self.records(topics.ACCEPTED) for line in (record.value or b"").split(b"\n")]
