"""What open journeys are about to bring (M8, M18): contacts that are over and whose customers have not come back.

Kept is how many there are, by the quarter of an hour in which they ended and by what they were like: whole numbers, and
a function of the contacts. What they are about to bring is worked out by the model of the moment when it is told, at
most every few seconds (``[staffing] every``). After an abandonment comes a redial, which is no new demand: these are
left out, here and in what is usual.
"""

from __future__ import annotations

import msgspec

from journeys.change import Change, encode
from journeys.next_step import SEPARATOR, Foresight, Soon
from journeys.settings import Settings
from journeys.staffing.situation import KEY, Bringing, Brought
from streams import topics
from streams.batch import Batch

QUARTER_MS = 15 * 60_000
KEPT = 4
"""Full quarters beside the one under way: those who come within an hour of the end come from these."""
_HEAD = b"next|open"
_ENTRY = b"next|open%d"
_WORDS = 4
"""Of a context: how it ended, the kind of channel, the channel and the intent."""


class Head(msgspec.Struct, array_like=True):
    quarters: list[int] = []
    """Those that there are entries of."""
    newest: int = 0
    """The time of the newest event."""
    told_at: int = 0


_pack = msgspec.msgpack.Encoder().encode
_head = msgspec.msgpack.Decoder(Head).decode
_counts = msgspec.msgpack.Decoder(dict[str, int]).decode


class Open:
    """Collects what a batch changes, and tells what comes of it. Cheap where nothing does: most is done at the end."""

    def __init__(self, batch: Batch, settings: Settings) -> None:
        self._batch = batch
        self._every = settings.staffing.every.ms
        self._changed: dict[tuple[int, str], int] = {}

    def count(self, ended_at: int, context: str, sign: int) -> None:
        """A contact of ``context`` is open from here on, or no more."""
        key = ended_at // QUARTER_MS, context
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
                short = SEPARATOR.join(context.split(SEPARATOR)[:_WORDS])
                own = found.setdefault(quarter, {})
                own[short] = own.get(short, 0) + more
        return found

    def _tell(self, counts: dict[int, dict[str, int]], foresight: Foresight, as_of: int) -> None:
        batch = self._batch
        told = Brought(batch.partition, as_of, brought(counts, foresight))
        news = Change("brought", str(batch.partition), batch.next_version(), told, as_of=as_of)
        batch.emit(topics.FLOORS, KEY, encode(news))


def brought(counts: dict[int, dict[str, int]], foresight: Foresight) -> list[Bringing]:
    """What the open contacts of each quarter bring to each channel."""
    usual = foresight.usual()
    if usual is None:
        return []
    found = []
    for quarter, contexts in sorted(counts.items()):
        sums: dict[str, list[float]] = {}
        contacts = 0
        for context, n in contexts.items():
            if context.partition(SEPARATOR)[0] == "abandoned" or (soon := foresight.soon(context)) is None:
                continue
            contacts += n
            _bring(sums, 0, n, soon)
        if contacts:
            _bring(sums, 2, contacts, usual)
        for channel, (p_15m, p_1h, base_15m, base_1h) in sorted(sums.items()):
            one_channel = Bringing(channel, quarter * QUARTER_MS, contacts, p_15m, p_1h, base_15m, base_1h)
            found.append(one_channel)
    return found


def _bring(sums: dict[str, list[float]], place: int, contacts: int, one: Soon) -> None:
    """Adds what so many contacts bring, each as ``one`` says, to each channel's two sums from ``place`` on."""
    p_15m, p_1h = contacts * one.p_15m, contacts * one.p_1h
    for channel, share in one.shares.items():
        own = sums.get(channel)
        if own is None:
            own = sums[channel] = [0.0] * 4
        own[place] += p_15m * share
        own[place + 1] += p_1h * share
