"""The metrics process: what Prometheus scrapes, from the topics alone, so that no store can stop an alert.

Its state (live queues, recent intervals, open journeys, counters) belongs to one position on the topics: both are
kept in one snapshot file, so that after a restart every gauge is right and no counter has skipped or repeated
anything. Without the file it reads what the topics still hold. Why not compacted topics: the topics are keyed by
customer and queue, not by entity (docs/decisions/metrics.md).
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from bisect import bisect_right
from collections import Counter as Counted
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from journeys.causes import HOUR_MS, HOURS_A_DAY, RootCause
from journeys.change import Change
from journeys.journey import Journey, Signal
from journeys.next_step import HORIZONS, Score
from journeys.queue import QueueInterval, QueueNow
from journeys.service_level import DIALECTS, Counts
from journeys.staffing.figures import Accuracy, Floor, Move, Staffing
from journeys.workload import AgentInterval, AgentNow
from sinks.backlog import places
from sinks.catalogue import COUNTERS, GAUGES, MAX_VALUES, Bounded
from sinks.erasure import is_of_customer
from sinks.exposition import expose
from sinks.rows import Record
from sinks.staffing_gauges import StaffingState, show

log = logging.getLogger(__name__)

GROUP = "touchpath-metrics"
DAY_MS = HOURS_A_DAY * HOUR_MS
LIVE_MS = DAY_MS
INTERVALS_KEPT = 8
SIGNALS_KEPT_MS = 36 * 86_400_000
"""A signal is counted once; its id is remembered for longer than any touchpoint may be late."""
SNAPSHOT_EVERY_S = 30.0
BACKFILLS = "journey.backfills"
BACKFILLED = "touchpath-backfill"
"""A header of what a backfill sends."""
BACKFILL_MARGIN_MS = 5 * 60_000
"""What happened no longer than this before a backfill began is held to be live: it may have been on its way."""


class State(msgspec.Struct):
    """All that the figures are made of, up to ``offsets`` ("topic/partition" to the next offset)."""

    offsets: dict[str, int] = {}
    newest_at: int = 0
    """Event time (ms) of the newest event."""
    now: dict[str, tuple[int, QueueNow | None]] = {}
    """Entity id to version and figures; none is a tombstone's."""
    intervals: dict[str, tuple[int, QueueInterval | None]] = {}
    agents: dict[str, tuple[int, AgentNow | None]] = {}
    agent_intervals: dict[str, tuple[int, AgentInterval | None]] = {}
    open_journeys: dict[str, tuple[int, str, int]] = {}
    """Journey id to version, intent and when it closes (ms)."""
    causes: dict[str, tuple[int, RootCause | None]] = {}
    """Of the newest day."""
    signals: dict[str, int] = {}
    """The ids of those counted, to their time (ms)."""
    counts: dict[str, dict[str, float]] = {}
    """Metric to label values (joined by NUL) to its count."""
    scores: dict[str, tuple[int, Score | None]] = {}
    """Partition of the journey stage to version and how good its predictions were."""
    staffing: StaffingState = msgspec.field(default_factory=StaffingState)
    backfills: list[int] = []
    """When backfills began (ms), the last one last."""


Payload = TypeVar("Payload")


class _About(msgspec.Struct):
    entity: str
    as_of: int


_about = msgspec.json.Decoder(_About).decode
_journey = msgspec.json.Decoder(Change[Journey]).decode
_signal = msgspec.json.Decoder(Change[Signal]).decode
_agent = msgspec.json.Decoder(Change[AgentInterval | AgentNow]).decode
_cause = msgspec.json.Decoder(Change[RootCause]).decode
_score = msgspec.json.Decoder(Change[Score]).decode
_staffing = msgspec.json.Decoder(Change[Floor | Staffing | Move | Accuracy]).decode
_queue = msgspec.json.Decoder(Change[QueueInterval | QueueNow]).decode


class Figures(Collector):
    """The state, what changes it, and what is shown of it."""

    def __init__(self, state: State | None = None, clock: Callable[[], float] = time.time) -> None:
        self.state = state or State()
        self.ready = False
        self.lag = 0
        self._clock = clock
        self._queues, self._channels, self._intents = Bounded(), Bounded(), Bounded()
        self._causes, self._reasons = Bounded(), Bounded()
        self._teams, self._states = Bounded(), Bounded()
        self._events, self._dimensions = Bounded(), Bounded()
        self._places = Bounded()
        self._taking: dict[str, Callable[[Record], None]] = {
            "journey.queues": self._take_queue,
            "journey.agent_figures": self._take_agent,
            "journey.journeys": self._take_journey,
            "journey.signals": self._take_signal,
            "journey.causes": self._take_cause,
            "journey.next": self._take_next,
            "journey.staffing": self._take_staffing,
            "journey.touchpoints.dlq": self._take_dead_letter,
            BACKFILLS: self._take_backfill,
        }

    @property
    def topics(self) -> list[str]:
        return list(self._taking)

    def take(self, record: Record) -> None:
        """Include one record; one that cannot be read is counted as a dead letter and left."""
        try:
            self._taking[record.topic](record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            log.error("%s/%d@%d: unreadable: %s", record.topic, record.partition, record.offset, error)
            self._count("journey_dead_letters", "unreadable")
        self.state.offsets[f"{record.topic}/{record.partition}"] = record.offset + 1

    def tidy(self) -> None:
        """Forget what no figure needs any more: closed journeys, old intervals, old signals."""
        state = self.state
        as_of = self._as_of()
        state.open_journeys = {key: kept for key, kept in state.open_journeys.items() if kept[2] >= as_of}
        state.causes = {key: kept for key, kept in state.causes.items() if kept[1] and kept[1].day >= self._today()}
        oldest = state.newest_at - SIGNALS_KEPT_MS
        state.signals = {key: at for key, at in state.signals.items() if at >= oldest}
        by_queue: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for key, (_, interval) in state.intervals.items():
            if interval is not None:
                by_queue.setdefault((interval.queue, interval.channel), []).append((interval.starts_at, key))
        kept = {key for those in by_queue.values() for _, key in sorted(those)[-INTERVALS_KEPT:]}
        state.intervals = {key: state.intervals[key] for key in kept}

        state.agents = {
            key: (version, agent)
            for key, (version, agent) in state.agents.items()
            if agent is not None and agent.as_of > state.newest_at - LIVE_MS
        }
        state.agent_intervals = {
            key: (version, interval)
            for key, (version, interval) in state.agent_intervals.items()
            if interval is not None and interval.starts_at + 2000 * interval.interval_s > state.newest_at
        }
        state.staffing.tidy()

    def now_ms(self) -> int:
        """The clock's time while events are live, else the newest event's: a replay of old days has its own now."""
        wall = int(self._clock() * 1000)
        newest = self.state.newest_at
        return wall if abs(wall - newest) < LIVE_MS or (self.state.backfills and not newest) else newest

    def collect(self) -> Iterator[Metric]:
        state = self.state
        families = {name: GaugeMetricFamily(name, text, labels=labels) for name, (text, labels) in GAUGES.items()}
        families["journey_newest_event_timestamp_seconds"].add_metric((), state.newest_at / 1000)
        families["journey_metrics_lag_messages"].add_metric((), self.lag)
        families["journey_metrics_ready"].add_metric((), int(self.ready))
        if self.ready:
            now = self.now_ms()
            self._show_queues(families, now)
            self._show_intervals(families, now)
            self._show_agents(families, now)
            self._show_occupancy(families, now)
            self._show_causes(families)
            self._show_scores(families)
            show(self.state.staffing, families, self._places)
            journeys: Counted[str] = Counted()
            as_of = self._as_of()
            for _, intent, closes_at in state.open_journeys.values():
                journeys[self._intents(intent)] += closes_at >= as_of
            for intent, count in journeys.items():
                families["journey_journeys_open"].add_metric((intent,), count)
        yield from families.values()
        for name, (text, labels) in COUNTERS.items():
            counter = CounterMetricFamily(name, text, labels=labels)
            for values, total in state.counts.get(name, {}).items():
                counter.add_metric(values.split("\0"), total)
            yield counter

    def _show_queues(self, families: dict[str, GaugeMetricFamily], now: int) -> None:
        shown: dict[tuple[str, str], list[float]] = {}
        for _, live in self.state.now.values():
            if live is not None:
                figures = shown.setdefault((self._queues(live.queue), self._channels(live.channel)), [0, 0, 0.0])
                figures[0] += live.waiting
                figures[1] += live.connected
                if live.waiting and live.oldest_entered_at is not None:
                    figures[2] = max(figures[2], (now - live.oldest_entered_at) / 1000)
        names = ("journey_queue_waiting", "journey_queue_connected", "journey_queue_longest_wait_seconds")
        for labels, values in shown.items():
            for name, value in zip(names, values, strict=True):
                families[name].add_metric(labels, value)

    def _show_intervals(self, families: dict[str, GaugeMetricFamily], now: int) -> None:
        shown: dict[tuple[str, str, str], list[QueueInterval]] = {}
        for _, interval in self.state.intervals.values():
            if interval is None:
                continue
            place = self._queues(interval.queue), self._channels(interval.channel)
            length = interval.interval_s * 1000
            age = now // length - interval.starts_at // length
            for name, wanted in (("current", 0), ("previous", 1)):
                those = shown.setdefault((*place, name), [])
                if age == wanted:
                    those.append(interval)
        for labels, those in shown.items():
            counts = Counts(*(sum(getattr(one, name) for one in those) for name in Counts._fields))
            for name, value in (
                ("offered", sum(one.entered for one in those)),
                ("answered", counts.answered),
                ("abandoned", counts.abandoned),
                ("short_abandoned", counts.short_abandoned),
                ("answered_within", counts.answered_within),
                ("wait_answered_seconds", sum(one.wait_answered_s for one in those)),
                ("handle_seconds", sum(one.talk_s + one.hold_s + one.wrap_s for one in those)),
            ):
                families[f"journey_queue_interval_{name}"].add_metric(labels, value)
            for name, dialect in DIALECTS.items():
                level = dialect.service_level(counts)
                if level is not None:
                    families["journey_queue_interval_service_level_ratio"].add_metric((*labels, name), level)

    def _show_agents(self, families: dict[str, GaugeMetricFamily], now: int) -> None:
        of_team: Counted[tuple[str, str]] = Counted()
        of_queue: Counted[tuple[str, str]] = Counted()
        in_hand: Counted[tuple[str, str]] = Counted()
        for _, agent in self.state.agents.values():
            if agent is None:
                continue
            team = self._teams(agent.team)
            for channel, contacts in agent.in_hand.items():
                in_hand[team, self._channels(channel)] += contacts
            if agent.until > now:
                state = self._states(agent.state)
                of_team[team, state] += 1
                of_queue.update((self._queues(queue), state) for queue in agent.queues)
        for name, counts in (
            ("journey_agents", of_team),
            ("journey_queue_agents", of_queue),
            ("journey_agents_contacts", in_hand),
        ):
            for labels, count in counts.items():
                families[name].add_metric(labels, count)

    def _show_occupancy(self, families: dict[str, GaugeMetricFamily], now: int) -> None:
        shown: dict[tuple[str, str], list[float]] = {}
        for _, interval in self.state.agent_intervals.values():
            if interval is None:
                continue
            length = interval.interval_s * 1000
            name = {0: "current", 1: "previous"}.get(now // length - interval.starts_at // length)
            if name is not None:
                sums = shown.setdefault((self._teams(interval.team), name), [0.0, 0.0, 0.0])
                sums[0] += interval.busy_s
                sums[1] += interval.load_s
                sums[2] += interval.busy_s + interval.available_s
        for labels, (busy, load, ready) in shown.items():
            for weight, taken in (("clock", busy), ("slots", load)):
                if ready:
                    families["journey_agents_occupancy_ratio"].add_metric((*labels, weight), taken / ready)

    def _show_causes(self, families: dict[str, GaugeMetricFamily]) -> None:
        """Those of today's that are beyond chance, the greatest of them."""
        today = self._today()
        found = [
            cause
            for _, cause in self.state.causes.values()
            if cause is not None and cause.significant and cause.day == today
        ]
        for cause in sorted(found, key=lambda cause: cause.rank)[:MAX_VALUES]:
            labels = cause.event, cause.dimension, cause.cause
            families["journey_root_cause_excess"].add_metric(labels, cause.excess or 0.0)

    def _today(self) -> int:
        """When the day of the newest event began (ms)."""
        return self.state.newest_at // DAY_MS * DAY_MS

    def _show_scores(self, families: dict[str, GaugeMetricFamily]) -> None:
        scores = [score for _, score in self.state.scores.values() if score is not None]
        if not scores:
            return
        families["journey_next_step_open"].add_metric((), sum(score.pending for score in scores))
        families["journey_next_step_trials"].add_metric((), sum(score.trials for score in scores))
        for horizon in HORIZONS:
            sums = [score.horizons[horizon] for score in scores if horizon in score.horizons]
            scored = sum(one.scored for one in sums)
            families["journey_next_step_scored"].add_metric((horizon,), scored)
            if scored:
                for name, model, total in (
                    ("brier", "touchpath", sum(one.brier for one in sums)),
                    ("brier", "base_rate", sum(one.brier_base for one in sums)),
                    ("log_loss", "touchpath", sum(one.log_loss for one in sums)),
                    ("log_loss", "base_rate", sum(one.log_loss_base for one in sums)),
                ):
                    mean = total / scored / 1_000_000
                    families[f"journey_next_step_{name}"].add_metric((horizon, model), mean)

    def _take_queue(self, record: Record) -> None:
        if record.value is None:
            return
        change = _queue(record.value)
        self._advance(change.as_of, record)
        payload = change.payload
        if isinstance(payload, QueueNow | QueueInterval) and self._is_past(_time(payload), record):
            return
        if change.entity == "now" and not isinstance(payload, QueueInterval):
            _keep(self.state.now, change.id, change.version, payload)
        elif change.entity == "interval" and not isinstance(payload, QueueNow):
            _keep(self.state.intervals, change.id, change.version, payload)

    def _take_agent(self, record: Record) -> None:
        if record.value is None:
            return
        change = _agent(record.value)
        self._advance(change.as_of, record)
        payload = change.payload
        if isinstance(payload, AgentNow | AgentInterval) and self._is_past(_time(payload), record):
            return
        if change.entity == "now" and not isinstance(payload, AgentInterval):
            _keep(self.state.agents, change.id, change.version, payload)
        elif change.entity == "interval" and not isinstance(payload, AgentNow):
            _keep(self.state.agent_intervals, change.id, change.version, payload)

    def _take_journey(self, record: Record) -> None:
        if record.value is None:
            return
        change = _journey(record.value)
        self._advance(change.as_of, record)
        if change.entity == "customer":
            self.state.open_journeys = _without(self.state.open_journeys, change.id)
            return
        kept = self.state.open_journeys.get(change.id)
        if kept is not None and kept[0] > change.version:
            return
        if change.payload is None:
            self.state.open_journeys.pop(change.id, None)
        else:
            self.state.open_journeys[change.id] = change.version, change.payload.intent, change.payload.closes_at

    def _take_signal(self, record: Record) -> None:
        if record.value is None:
            return
        change = _signal(record.value)
        self._advance(change.as_of, record)
        if change.entity == "customer":
            self.state.signals = _without(self.state.signals, change.id)
        elif change.erased:
            self.state.signals.pop(change.id, None)
        signal = change.payload
        if signal is None or change.id in self.state.signals or self._is_past(signal.at, record):
            return
        self.state.signals[change.id] = signal.at
        come_from, to = self._channels(signal.from_channel), self._channels(signal.to_channel)
        cause = self._causes(signal.cause)
        if signal.kind == "channel_switch":
            self._count("journey_switches", come_from, to, cause)
        elif signal.kind == "repeat_contact":
            self._count("journey_repeats", to, cause)
        elif signal.kind == "redial":
            self._count("journey_redials", come_from, cause)
        elif signal.kind == "sentiment_drop":
            self._count("journey_sentiment_drops", to)
        elif signal.kind == "survey_score":
            self._count("journey_survey_scores", cause)
            self._count("journey_survey_points", cause, by=float(signal.details.get("score", 0)))
        elif signal.kind == "emerging_cause":
            event, dimension = (str(signal.details.get(name, "")) for name in ("event", "dimension"))
            self._count("journey_emerging_causes", self._events(event), self._dimensions(dimension))
        elif signal.kind == "likely_switch":
            self._count("journey_likely_switches", come_from, to)

    def _take_cause(self, record: Record) -> None:
        if record.value is None:
            return
        change = _cause(record.value)
        self._advance(change.as_of, record)
        if change.payload is not None and self._is_past(change.payload.day + DAY_MS, record):
            return
        _keep(self.state.causes, change.id, change.version, change.payload)

    def _take_next(self, record: Record) -> None:
        if record.value is None:
            return
        about = _about(record.value)  # most are predictions, of which only the time is of use here
        self._advance(about.as_of, record)
        if about.entity == "score":
            change = _score(record.value)
            _keep(self.state.scores, change.id, change.version, change.payload)

    def _take_staffing(self, record: Record) -> None:
        if record.value is None:
            return
        change = _staffing(record.value)
        self._advance(change.as_of, record)
        if change.payload is not None and not self._is_past(change.as_of, record):
            self.state.staffing.take(change.id, change.version, change.payload, change.as_of)

    def _take_backfill(self, record: Record) -> None:
        if record.value and record.value.isdigit():
            self.state.backfills = sorted({*self.state.backfills, int(record.value)})

    def _take_dead_letter(self, record: Record) -> None:
        headers = dict(record.headers)
        if BACKFILLED in headers:
            return
        reason = headers.get("__connect.errors.exception.class.name", b"").decode(errors="replace")
        self._count("journey_dead_letters", self._reasons(reason or "unknown"))

    def _advance(self, as_of: int, record: Record) -> None:
        if as_of > self.state.newest_at and not self._is_past(as_of, record):
            self.state.newest_at = as_of

    def _is_past(self, at: int, record: Record) -> bool:
        """Whether what happened at ``at`` (ms) is of a backfill, and so no part of now. What was written before a
        backfill began is none of its doing."""
        began = bisect_right(self.state.backfills, record.timestamp)
        return began > 0 and at < self.state.backfills[began - 1] - BACKFILL_MARGIN_MS

    def _as_of(self) -> int:
        """The newest event's time, which no journey that is open has passed."""
        backfills = self.state.backfills
        return max(self.state.newest_at, backfills[-1] - BACKFILL_MARGIN_MS) if backfills else self.state.newest_at

    def _count(self, metric: str, *labels: str, by: float = 1) -> None:
        counts = self.state.counts.setdefault(metric, {})
        key = "\0".join(label.replace("\0", "") for label in labels)
        counts[key] = counts.get(key, 0) + by


def _keep(held: dict[str, tuple[int, Payload | None]], key: str, version: int, payload: Payload | None) -> None:
    kept = held.get(key)
    if kept is None or version >= kept[0]:
        held[key] = version, payload


def _time(figures: QueueNow | QueueInterval | AgentNow | AgentInterval) -> int:
    """Until when they tell what happened (ms)."""
    if isinstance(figures, QueueInterval | AgentInterval):
        return figures.starts_at + figures.interval_s * 1000
    return figures.as_of


def _without(held: dict[str, Payload], customer: str) -> dict[str, Payload]:
    """Those of whose ids a customer who is to be forgotten is no part."""
    return {key: value for key, value in held.items() if not is_of_customer(key, value, customer)}


class Snapshot:
    """The state on disk: written beside the old one and put in its place, so that a crash leaves one of the two."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> State:
        """The state kept, an empty one where there is none or it cannot be read."""
        try:
            return msgspec.msgpack.decode(self._path.read_bytes(), type=State)
        except FileNotFoundError:
            return State()
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s: cannot be read, so the figures are made anew from the topics: %s", self._path, error)
            return State()

    def write(self, encoded: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(".new")
        with beside.open("wb") as file:
            file.write(encoded)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


class Metrics:
    """Reads the topics as ``GROUP`` and answers /metrics on ``port`` (0: a free one) until ``stop``.

    One process is enough for a cluster: it reads every partition, and a second one would show the same.
    """

    def __init__(
        self,
        bootstrap: str,
        snapshot: Path,
        port: int = 0,
        host: str = "127.0.0.1",
        group: str = GROUP,
        security: Mapping[str, Any] | None = None,
    ) -> None:
        """``security``: what Kafka's clients are given beside the address (producers/connection.py)."""
        self._security = security or {}
        self._bootstrap = bootstrap
        self._snapshot = Snapshot(snapshot)
        self._address = host, port
        self._group = group
        self._stopping = asyncio.Event()
        self.figures = Figures(self._snapshot.read())
        self.registry = CollectorRegistry()
        self.registry.register(self.figures)
        self.port = 0
        """The port in use, once it answers."""

    def stop(self) -> None:
        """Keep a snapshot, then end ``run``."""
        self._stopping.set()

    async def run(self) -> None:
        """Raises ``OSError`` if the port is taken, ``KafkaError`` if no broker can be reached at the start."""
        runner, self.port = await expose(self.registry, *self._address)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._group,
            client_id=self._group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=30_000,
            **self._security,
        )
        try:
            await consumer.start()
            try:
                if await self._assign(consumer):
                    await self._read(consumer)
            finally:
                await consumer.stop()
        finally:
            await runner.cleanup()

    async def _assign(self, consumer: AIOKafkaConsumer) -> bool:
        """All partitions, each from where the state ends. False if stopped before the topics were there."""
        topics = self.figures.topics
        while set(topics) - await consumer.topics():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1)
                return False
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, **self._security)
        try:
            await admin.start()
            consumer.assign(await places(admin, topics))
        finally:
            await admin.close()
        await self._read_backfills(consumer)
        ends = await consumer.end_offsets(consumer.assignment())
        for place in consumer.assignment():
            offset = self.figures.state.offsets.get(f"{place.topic}/{place.partition}")
            if offset is None:
                await consumer.seek_to_beginning(place)
            elif offset > ends[place]:
                log.warning("%s/%d is shorter than it was: read from its beginning", *place)
                await consumer.seek_to_beginning(place)
            else:
                consumer.seek(place, offset)
        return True

    async def _read_backfills(self, consumer: AIOKafkaConsumer) -> None:
        """Before all else, for they say how the rest is to be taken."""
        every = consumer.assignment()
        told = [place for place in every if place.topic == BACKFILLS]
        consumer.pause(*(every - set(told)))
        await consumer.seek_to_beginning(*told)
        ends = await consumer.end_offsets(told)
        while not self._stopping.is_set() and any([await consumer.position(place) < ends[place] for place in told]):
            for records in (await consumer.getmany(*told, timeout_ms=200)).values():
                for record in records:
                    self.figures.take(record)
        consumer.resume(*(every - set(told)))

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        figures = self.figures
        kept_at = time.monotonic()
        ends = await consumer.end_offsets(consumer.assignment())
        while not self._stopping.is_set():
            found = await consumer.getmany(timeout_ms=200, max_records=2_000)
            for records in found.values():
                for record in records:
                    figures.take(record)
            await asyncio.sleep(0)  # records at hand are given without giving way, to a scrape for one
            await self._note_positions(consumer, ends)
            if time.monotonic() - kept_at > SNAPSHOT_EVERY_S:
                await self._keep(consumer)
                kept_at = time.monotonic()
                if self._grown(consumer):
                    log.warning("the topics have more partitions than they had: those are read from now on, too")
                    await self._assign(consumer)
        await self._keep(consumer)

    def _grown(self, consumer: AIOKafkaConsumer) -> bool:
        """Whether there are partitions that are not read."""
        there = {
            TopicPartition(topic, number)
            for topic in self.figures.topics
            for number in consumer.partitions_for_topic(topic) or ()
        }
        return not there <= consumer.assignment()

    async def _note_positions(self, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> None:
        lag = 0
        ready = True
        for place in consumer.assignment():
            position = await consumer.position(place)
            self.figures.state.offsets[f"{place.topic}/{place.partition}"] = position
            ready = ready and position >= ends[place]
            lag += max(0, (consumer.last_stable_offset(place) or 0) - position)
        self.figures.lag = lag
        self.figures.ready = self.figures.ready or ready

    async def _keep(self, consumer: AIOKafkaConsumer) -> None:
        self.figures.tidy()
        encoded = msgspec.msgpack.encode(self.figures.state)
        positions = {place: await consumer.position(place) for place in consumer.assignment()}
        await asyncio.to_thread(self._snapshot.write, encoded)
        try:  # for those who watch the group's lag; where to go on is in the snapshot
            await consumer.commit(positions)
        except KafkaError as error:
            log.warning("offsets not committed: %s", error)
