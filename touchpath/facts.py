"""What everything else follows from: touchpoints, what agents told, schedules, and whom we were told to forget.

State, journeys and figures are functions of these (the first invariant), so that they can be made anew from them: for
another number of partitions, or in a Kafka that has lost its own. Touchpoints are in the store for as long as it keeps
them; the rest is read out of the stages' changelogs and topics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from journeys.agents import AgentEvent
from journeys.partition import partition_of
from journeys.staffing.situation import KEY
from producers.backfill import HEADER, announce
from producers.bulk import BulkPublisher
from producers.delivery import AGENTS, TOPIC, PublishError
from streams import topics
from streams.stages.agent import events_in
from streams.stages.suppression import is_suppression
from touchpath.problem import Problem
from touchpath.records import Sent, records, send

if TYPE_CHECKING:
    from touchpath.queries import Queries

Tell = Callable[[str], None]
_DAY = timedelta(days=1)
_TELL_EVERY = 100_000


class Fact(NamedTuple):
    """A touchpoint as it was accepted."""

    contact_id: str
    id: str
    raw: bytes


def touchpoints(store: Queries) -> Iterator[Fact]:
    """Those that the store has, a day after the other, in the order of their times. Raises ``StoreError``."""
    ((count, first, last),) = store.query("SELECT count(), min(time), max(time) FROM touchpoints").rows
    if not count:
        return
    import pyarrow as pa

    columns = pa.schema([("contact_id", pa.string()), ("id", pa.string()), ("raw", pa.string())])
    day = _midnight(first)
    while day <= last:
        sql = (
            f"SELECT contact_id, id, raw FROM touchpoints FINAL WHERE time >= {_literal(day)} "
            f"AND time < {_literal(day + _DAY)} ORDER BY time, id"
        )
        nothing = True
        for batch in store.batches(sql, columns):
            nothing = False
            for contact_id, name, raw in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield Fact(contact_id, name, raw.encode())
        day += _DAY
        if nothing and day <= last:  # nothing happened for a while, or for years
            ((after,),) = store.query(f"SELECT min(time) FROM touchpoints WHERE time >= {_literal(day)}").rows
            day = _midnight(after)


def suppressions(bootstrap: str, partitions: int) -> dict[bytes, bytes]:
    """Whom the contact stage was told to forget, as its state has it. Raises ``Problem``."""
    found: dict[bytes, bytes] = {}
    for record in records(bootstrap, topics.changelog("contact"), range(partitions)):
        if record.value is not None and is_suppression(record.key):
            found[record.key] = max(record.value, found.get(record.key, b""))
    return found


def agent_events(bootstrap: str, partitions: int) -> list[AgentEvent]:
    """What agents told, in order, as the agent stage's state has it. Raises ``Problem``."""
    kept: dict[bytes, bytes] = {}
    for record in records(bootstrap, topics.changelog("agent"), range(partitions)):
        if record.value is None:
            kept.pop(record.key, None)
        else:
            kept[record.key] = record.value
    found = {event.id: event for key, value in kept.items() for event in events_in(key, value)}
    return sorted(found.values(), key=lambda event: (event.at, event.id))


def schedules(bootstrap: str, partitions: int) -> list[bytes]:
    """What was uploaded, as far as its topic keeps it, in order. Raises ``Problem``."""
    every = sorted(records(bootstrap, topics.SCHEDULES, range(partitions)), key=lambda one: (one.timestamp, one.offset))
    return list(dict.fromkeys(record.value for record in every))


def suppress(bootstrap: str, partitions: int, known: dict[bytes, bytes]) -> None:
    """Have every partition of the contact stage know whom to forget. Raises ``Problem``."""
    entries = [Sent(key, value, number) for number in range(partitions) for key, value in known.items()]
    send(bootstrap, topics.changelog("contact"), entries)


def publish(
    bootstrap: str,
    partitions: int,
    uploaded: Iterable[bytes],
    told: Iterable[AgentEvent],
    happened: Iterable[Fact],
    tell: Tell = lambda line: None,
) -> int:
    """Publish facts of the past again, as such, and return how many touchpoints. Done twice it changes nothing.

    Raises ``Problem``; what was published until then stays, and does no harm.
    """
    send(bootstrap, topics.SCHEDULES, [Sent(KEY, value, partition_of(KEY, partitions)) for value in uploaded])
    count = 0
    try:
        announce(bootstrap)
        with BulkPublisher(bootstrap, topic=AGENTS, pseudonyms=None, headers=[HEADER]) as publisher:
            for event in told:
                publisher.publish(event)
        with BulkPublisher(bootstrap, topic=TOPIC, pseudonyms=None, headers=[HEADER]) as publisher:
            for fact in happened:
                publisher.republish(*fact)
                count += 1
                if count % _TELL_EVERY == 0:
                    tell(f"{count:,} touchpoints published")
    except PublishError as error:
        raise Problem(str(error)) from None
    return count


def _literal(at: datetime) -> str:
    return f"toDateTime('{at:%Y-%m-%d %H:%M:%S}', 'UTC')"


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
