"""What open journeys are about to bring (M8, M18): contacts that are over and whose customers have not come back.

Kept is how many there are, by the quarter of an hour in which they ended and by what they were like: whole numbers, and
a function of the contacts. What they are about to bring is worked out by the model of the moment when it is told, at
most every few seconds (``[staffing] every``). After an abandonment comes a redial, which is no new demand in the queue
that it was in: these are left out, here and in what is usual. To another queue it is demand like any.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from journeys.change import Change, encode
from journeys.next_step import SEPARATOR, Foresight
from journeys.settings import Settings
from journeys.staffing.situation import KEY, Bringing, Brought
from streams import topics
from streams.batch import Batch

QUARTER_MS = 15 * 60_000
KEPT = 4
"""Full quarters beside the one under way: those who come within an hour of the end come from these."""
LEAST = 5
"""Of fewer contacts it is not said to which queues those like them go."""
_ANYWHERE = {"": 1.0}
_HEAD = b"next|open"
_ENTRY = b"next|open%d"
_WORDS = 4
"""Of a context: how it ended, the kind of channel, the channel and the intent. The queue stands after them."""


class Head(msgspec.Struct, array_like=True):
    quarters: list[int] = []
    """Those that there are entries of."""
    newest: int = 0
    """The time of the newest event."""
    told_at: int = 0


_Way: TypeAlias = tuple[str, str, str, str | None]
"""Of which channel they were, to which they come, about what, and the queue to which none does."""

_pack = msgspec.msgpack.Encoder().encode
_head = msgspec.msgpack.Decoder(Head).decode
_counts = msgspec.msgpack.Decoder(dict[str, int]).decode


class Open:
    """Collects what a batch changes, and tells what comes of it. Cheap where nothing does: most is done at the end."""

    def __init__(self, batch: Batch, settings: Settings) -> None:
        self._batch = batch
        self._every = settings.staffing.every.ms
        self._changed: dict[tuple[int, str], int] = {}

    def count(self, ended_at: int, context: str, queue: str, sign: int) -> None:
        """A contact of ``context`` which had been in ``queue`` (empty: in none) is open from here on, or no more."""
        key = ended_at // QUARTER_MS, open_as(context, queue)
        self._changed[key] = self._changed.get(key, 0) + sign

    def close(self, foresight: Foresight) -> None:
        batch = self._batch
        raw = batch.load((_HEAD,)).get(_HEAD)
        head = Head() if raw is None else _head(raw)
        newest = max(batch.newest_at or 0, head.newest)
        oldest = newest // QUARTER_MS - KEPT
        fresh = self._by_quarter(oldest)
        tells = newest >= head.told_at + self._every and bool(fresh or head.quarters)
        if not fresh and not tells:
            if newest > head.newest:
                head.newest = newest
                batch.save(_HEAD, _pack(head))
            return
        there = sorted({*head.quarters, *fresh})
        known = batch.load([_ENTRY % quarter for quarter in there])
        counts = {quarter: _counts(known[_ENTRY % quarter]) if _ENTRY % quarter in known else {} for quarter in there}
        for quarter, changed in fresh.items():
            own = counts[quarter]
            for context, more in changed.items():
                own[context] = own.get(context, 0) + more
            counts[quarter] = {context: n for context, n in own.items() if n > 0}
        for quarter in there:
            gone = quarter < oldest or not counts[quarter]
            if quarter in fresh or gone:
                batch.save(_ENTRY % quarter, None if gone else _pack(counts[quarter]))
        head.quarters = [quarter for quarter in there if quarter >= oldest and counts[quarter]]
        head.newest = newest
        if tells:
            head.told_at = newest
            self._tell({quarter: counts[quarter] for quarter in head.quarters}, foresight, newest)
        batch.save(_HEAD, _pack(head))

    def _by_quarter(self, oldest: int) -> dict[int, dict[str, int]]:
        found: dict[int, dict[str, int]] = {}
        for (quarter, context), more in self._changed.items():
            if more and quarter >= oldest:
                own = found.setdefault(quarter, {})
                own[context] = own.get(context, 0) + more
        return found

    def _tell(self, counts: dict[int, dict[str, int]], foresight: Foresight, as_of: int) -> None:
        batch = self._batch
        told = Brought(batch.partition, as_of, brought(counts, foresight))
        news = Change("brought", str(batch.partition), batch.next_version(), told, as_of=as_of)
        batch.emit(topics.FLOORS, KEY, encode(news))


def open_as(context: str, queue: str) -> str:
    """By what open contacts are counted together."""
    return SEPARATOR.join((*context.split(SEPARATOR)[:_WORDS], queue))


def brought(counts: dict[int, dict[str, int]], foresight: Foresight) -> list[Bringing]:
    """What the open contacts of each quarter bring to each queue and channel. A contact about something goes where
    those in that channel about the same have been lately, of the contacts that are open themselves."""
    usual = foresight.usual()
    if usual is None:
        return []
    queues = _queues(counts)
    found = []
    for quarter, contexts in sorted(counts.items()):
        to_channels: dict[_Way, list[float]] = {}
        contacts: dict[str, int] = {}
        for context, n in contexts.items():
            *words, been = context.split(SEPARATOR)
            if (soon := foresight.soon(SEPARATOR.join(words))) is None:
                continue
            ended, _, of, intent = words
            contacts[of] = contacts.get(of, 0) + n
            for number, one in ((0, soon), (2, usual)):
                for channel, share in one.shares.items():
                    # After an abandonment those who come the same way again are redials.
                    way = of, channel, intent, been if ended == "abandoned" and of == channel else None
                    own = to_channels.get(way)
                    if own is None:
                        own = to_channels[way] = [0.0] * 4
                    own[number] += n * one.p_15m * share
                    own[number + 1] += n * one.p_1h * share
        sums: dict[tuple[str, str, str], list[float]] = {}
        for (of, channel, intent, been_in), brings in to_channels.items():
            for queue, part in queues.get((channel, intent), _ANYWHERE).items():
                if been_in is not None and queue in ("", been_in):
                    continue
                own = sums.setdefault((of, channel, queue), [0.0] * 4)
                for number, more in enumerate(brings):
                    own[number] += more * part
        for (of, channel, queue), (p_15m, p_1h, base_15m, base_1h) in sorted(sums.items()):
            ended_at = quarter * QUARTER_MS
            found.append(Bringing(channel, ended_at, contacts[of], p_15m, p_1h, base_15m, base_1h, queue, of))
    return found


def _queues(counts: dict[int, dict[str, int]]) -> dict[tuple[str, str], dict[str, float]]:
    """By channel and intent, the shares of the queues."""
    been: dict[tuple[str, str], dict[str, int]] = {}
    for contexts in counts.values():
        for context, n in contexts.items():
            *_, channel, intent, queue = context.split(SEPARATOR)
            if queue:
                own = been.setdefault((channel, intent), {})
                own[queue] = own.get(queue, 0) + n
    return {
        key: {queue: n / sum(own.values()) for queue, n in own.items()}
        for key, own in been.items()
        if sum(own.values()) >= LEAST
    }
