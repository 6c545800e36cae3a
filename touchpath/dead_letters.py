"""Dead letters: which there are, what lies under their seals, and settling them, by replaying or by discarding.

Where they are is the store; what was decided about them is the topic ``journey.settled_letters``, since the store hears
of it a moment later. A letter's event and the note that it was replayed are written in one transaction, so that a
replay which is killed, or done twice, sends nothing twice.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError as ReaderError

from journeys import agents
from journeys.partition import partition_of
from journeys.pseudonyms import Pseudonyms
from journeys.sentiment import Scorer, rewritten
from journeys.touchpoint import Invalid, decode
from producers.connection import secured
from sinks import settlements
from sinks.settlements import How
from sinks.store import literal
from streams import topics
from streams.dead_letters import Letter, Seal, Unopened
from touchpath.problem import Problem
from touchpath.queries import Queries
from touchpath.vendor_letters import Rereading, source_of, vendor_of

TOUCHPOINTS = (topics.TOUCHPOINTS, topics.ROUTED)
AGENTS = (topics.AGENTS, topics.AGENTS_ROUTED)
SINK = "sink"
"""The stage of rows that the sink could not read: those are under no seal, and no event."""
TRANSACTIONAL_ID = "touchpath-dlq"
_AT_ONCE = 200
_TIMEOUT_S = 30.0

One = TypeVar("One")


class Choice(msgspec.Struct, frozen=True):
    """Which letters are meant; what is empty chooses all."""

    reasons: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """The CloudEvents sources of the events, which lie under the seal."""
    ids: tuple[str, ...] = ()
    since: int | None = None
    """By when the record came (ms)."""
    until: int | None = None
    state: str = ""

    @property
    def condition(self) -> str:
        """As SQL; without the sources, which no column has."""
        conditions = [
            f"{column} IN ({', '.join(map(literal, values))})"
            for column, values in (
                ("reason", self.reasons),
                ("stage", self.stages),
                ("topic", self.topics),
                ("letter_id", self.ids),
            )
            if values
        ]
        if self.state:
            conditions.append(f"state = {literal(self.state)}")
        if self.since is not None:
            conditions.append(f"at >= fromUnixTimestamp64Milli(toInt64({self.since}), 'UTC')")
        if self.until is not None:
            conditions.append(f"at < fromUnixTimestamp64Milli(toInt64({self.until}), 'UTC')")
        return " AND ".join(conditions) or "1"


class Found(NamedTuple):
    """A letter's row, of which ``letter_id`` is enough to discard it, and what lies under its seal; None if no key at
    hand opens it."""

    row: dict[str, Any]
    letter: Letter | None

    @property
    def source(self) -> str:
        """The CloudEvents source of its event; empty where it says none that can be read."""
        if self.letter and vendor_of(self.row):
            return source_of(self.row, self.letter)
        try:
            return str(_sourced.decode(self.letter.value or b"").source) if self.letter else ""
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""


class _Sourced(msgspec.Struct):
    source: str = ""


_sourced = msgspec.json.Decoder(_Sourced)


def counts(store: Queries, choice: Choice) -> list[dict[str, Any]]:
    """How many there are by reason, stage and topic, the most first. Raises ``StoreError``."""
    return store.query(
        "SELECT reason, stage, topic, countIf(state = 'open') AS open, countIf(state = 'replayed') AS replayed, "
        "countIf(state = 'discarded') AS discarded, min(at) AS first, max(at) AS last "
        f"FROM v_dead_letters WHERE {choice.condition} GROUP BY reason, stage, topic ORDER BY count() DESC, reason"
    ).dicts()


def letters(store: Queries, choice: Choice, seal: Seal, limit: int | None = None) -> Iterator[Found]:
    """Those of ``choice``, newest first, ``limit`` of them. Raises ``StoreError``."""
    told = f"SELECT letter_id FROM v_dead_letters WHERE {choice.condition} ORDER BY at DESC, letter_id"
    names = [name for (name,) in store.query(told).rows]
    given = 0
    for some in _some(names):
        rows = store.query(
            "SELECT letter_id, state, at, topic, partition, offset, stage, reason, message, key, value, value_bytes "
            f"FROM v_dead_letters WHERE letter_id IN ({', '.join(map(literal, some))}) ORDER BY at DESC, letter_id"
        ).dicts()
        for row in rows:
            found = Found(row, _opened(seal, row))
            if choice.sources and found.source not in choice.sources:
                continue
            if limit is not None and given >= limit:
                return
            given += 1
            yield found


def _opened(seal: Seal, row: dict[str, Any]) -> Letter | None:
    if row["stage"] == SINK:
        return Letter(row["key"].encode(), row["value"].encode(), (), row["message"])
    try:
        return seal.open(row["value"])
    except Unopened:
        return None


class Sendable(NamedTuple):
    """An event as it is sent again."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Again:
    """What of a letter can be sent again: an event that would not be refused as it stands, without clear identifiers
    and text, as it would leave our own publisher; and what a vendor's payload becomes now."""

    def __init__(self, pseudonyms: Pseudonyms, vendors: Rereading) -> None:
        self._pseudonyms = pseudonyms
        self._scorer = Scorer(pseudonyms.settings)
        self._vendors = vendors

    def events(self, found: Found) -> Iterator[Sendable]:
        """Raises ``Invalid``, whose reason is a word to count by; what it gave until then can be sent all the same."""
        row, letter = found
        vendor = vendor_of(row)
        if not vendor and row["topic"] not in TOUCHPOINTS + AGENTS:
            raise Invalid("internal", "topic", row["topic"], "a message between stages is not sent again")
        if letter is None:
            raise Invalid("sealed", "", row["letter_id"], "none of the keys opens it")
        if row["value_bytes"]:
            raise Invalid("cut", "", row["value_bytes"], "too large to be kept whole")
        if vendor:
            for record in self._vendors.records(row, letter):
                yield Sendable(record.topic, record.key, record.value, ())
        elif row["topic"] in AGENTS:
            raw = letter.value or b""
            yield Sendable(topics.AGENTS, agents.decode(raw).agent.encode(), raw, letter.headers)
        else:
            yield self._touchpoint(letter)

    def _touchpoint(self, letter: Letter) -> Sendable:
        raw = letter.value or b""
        shown = decode(raw)
        if "text" in shown.attributes and (scored := self._scorer.scored(shown)) is not shown:
            raw, shown = rewritten(raw, scored), scored
        if self._pseudonyms.hide(shown) is not shown:
            raw = self._pseudonyms.hide_event(raw)
        headers = letter.headers if raw is letter.value else ()  # a header may repeat what had to be hidden
        return Sendable(topics.TOUCHPOINTS, shown.contact_id.encode(), raw, headers)


class Settlement(NamedTuple):
    """How a replay or a discarding went."""

    settled: int
    before: int
    """Settled already, though the store has not heard of it yet."""
    left: Counter[str]
    """Those that cannot be sent again, by the word for why."""


def settle(bootstrap: str, partitions: int, found: Iterable[Found], how: How, again: Again | None = None) -> Settlement:
    """Settle those that are not settled yet; ``again``: what sends them once more.

    Raises ``Problem``; what was settled until then stays so.
    """
    return asyncio.run(_settle(bootstrap, partitions, found, how, again))


async def _settle(bootstrap: str, partitions: int, found: Iterable[Found], how: How, again: Again | None) -> Settlement:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=TRANSACTIONAL_ID,
        transactional_id=TRANSACTIONAL_ID,
        transaction_timeout_ms=int(_TIMEOUT_S * 1000),
        acks="all",
        **secured(),
    )
    settled = before = 0
    left: Counter[str] = Counter()
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await producer.start()  # whoever else is at it is fenced, and what they left open settled
        done = await asyncio.to_thread(settled_already, bootstrap, partitions)
        for some in _some(found):
            new = [one for one in some if one.row["letter_id"] not in done]
            before += len(some) - len(new)
            outputs: list[Sendable] = []
            for one in new:
                name = one.row["letter_id"]
                if again is not None:
                    try:
                        for output in again.events(one):
                            outputs.append(output)  # noqa: PERF402 (what came before it raises is kept)
                    except Invalid as invalid:
                        left[invalid.reason] += 1
                        continue
                outputs.append(Sendable(settlements.TOPIC, *settlements.message(name, how), ()))
                done.add(name)
                settled += 1
            if outputs:
                async with asyncio.timeout(_TIMEOUT_S), producer.transaction():
                    await asyncio.gather(*[await _send(producer, partitions, output) for output in outputs])
    except ProducerFenced:
        raise Problem("another touchpath dlq began meanwhile; what is settled until now is settled") from None
    except (KafkaError, ReaderError, TimeoutError, OSError) as error:
        raise Problem(
            f"--bootstrap {bootstrap}: {error or type(error).__name__}; the same command may be run again"
        ) from None
    finally:
        await _stop(producer)
    return Settlement(settled, before, left)


async def _send(producer: AIOKafkaProducer, partitions: int, output: Sendable) -> Any:
    return await producer.send(
        output.topic,
        output.value,
        output.key,
        partition=partition_of(output.key, partitions),
        headers=list(output.headers),
    )


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(5):
            await producer.stop()
    except (KafkaError, TimeoutError):  # what is open is settled by the next one of its id
        pass


def settled_already(bootstrap: str, partitions: int) -> set[str]:
    """The ids of all letters that the topic calls settled. Raises ``Problem``, and kafka-python's errors."""
    places = [TopicPartition(settlements.TOPIC, number) for number in range(partitions)]
    done: set[str] = set()
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap.split(","),
        isolation_level="read_committed",
        enable_auto_commit=False,
        metrics_enabled=False,
        **secured(),
    )
    try:
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning(*places)
        deadline = time.monotonic() + _TIMEOUT_S
        while any(consumer.position(place) < ends[place] for place in places):
            found = consumer.poll(timeout_ms=200)
            for records in found.values():
                done.update(settlements.read(record.key, record.value)[0] for record in records)
            if found:
                deadline = time.monotonic() + _TIMEOUT_S
            elif time.monotonic() > deadline:
                raise Problem(f"{settlements.TOPIC} cannot be read to its end: a transaction is open there")
    finally:
        consumer.close(timeout_ms=1000)
    return done


def _some(every: Iterable[One]) -> Iterator[list[One]]:
    """``every``, a few at a time."""
    rest = iter(every)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
