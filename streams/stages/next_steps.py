"""What is to be expected after each contact, learned in the journey stage from its customers (journeys/next_step.py).

A partition's customers are a random sample of all, so each partition has a model of its own. It lies in the stage's
state, in entries of three kinds, and changes in the same transactions as what it is made of:

- per hour, what the trials that ended in it were and what came of them, by context, and how well they were foretold.
  A customer keeps what each contact gave to its hour; a change takes that back and gives the new;
- per ending and channel, the sums of those bins of the hours that are over, of which predictions are made;
- the model's clock: which hour it is, and which hours are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from journeys.change import Change, encode
from journeys.contact import Contact
from journeys.identity import is_identified
from journeys.journey import Signal, Stitched
from journeys.next_step import (
    BINS,
    FIGURES,
    HORIZONS,
    HOUR,
    NOT_YET,
    SEPARATOR,
    Count,
    Foreseen,
    Foresight,
    Known,
    NextStep,
    Score,
    Sums,
    Trial,
    book,
    ending,
    is_over,
    losses,
    matured,
    trials,
)
from journeys.settings import Settings
from streams import topics
from streams.batch import Batch
from streams.stages.bringing import Open

if TYPE_CHECKING:
    from streams.stages.journey import Kept

MOST_INTENTS = 100
"""So many intents are told apart; the others are one."""
OTHER = "other"

_CLOCK = b"next"
_HOUR = b"next|h%d"
_SUMS = b"next|s"
_DAY = 24
_SCORES = FIGURES * len(HORIZONS)
# A contact may move to another customer, in another partition: the version of its row is the one that its own writer
# gave it, followed by how often it was told on from here under that one.
VERSION_BITS = 16
LIKELY_SWITCH = "likely_switch"


class Telling(Protocol):
    """Emits changes of one customer."""

    next_version: Callable[[], int]
    customer: str
    as_of: int
    erasing: bool

    def __call__(
        self, topic: str, entity: str, entity_id: str, version: int, payload: bytes | None, erased: bool = False
    ) -> None: ...


class Foretold(msgspec.Struct, array_like=True, gc=False):
    """A trial as it was counted, and what was foretold of it."""

    ended_at: int
    context: str
    bin: int
    channel: str
    said: tuple[int, ...] = ()
    """As it is to be scored; empty where it was foretold too late for that, or not at all."""
    told: bool = False
    warned: bool = False
    queue: str = ""
    """That it entered first; empty: none."""

    @property
    def hour(self) -> int:
        return self.ended_at // HOUR

    def shown(self, over: int) -> tuple[int, str]:
        """What the first ``over`` bins show of it: where it came back."""
        return (self.bin, self.channel) if self.bin < over else (NOT_YET, "")


class Hour(msgspec.Struct, array_like=True):
    """The trials that ended in one hour, by context."""

    contexts: dict[str, Count] = {}
    foretold: dict[tuple[int, ...], list[int]] = {}
    """What was said, and how many then came back in each bin; the last: not yet."""

    def count(self, one: Foretold, sign: int) -> None:
        """Add or take away a trial."""
        count = self.contexts.get(one.context)
        if count is None:
            count = self.contexts[one.context] = Count()
        count.trials[0] += sign
        if one.bin != NOT_YET:
            count.came_back(one.channel, one.bin, sign)
        if not count:
            del self.contexts[one.context]
        if one.said:
            outcomes = self.foretold.get(one.said)
            if outcomes is None:
                outcomes = self.foretold[one.said] = [0] * (BINS + 1)
            outcomes[one.bin] += sign
            if not any(outcomes):
                del self.foretold[one.said]


class Clock(msgspec.Struct, array_like=True):
    now: int = 0
    """The hour (since the epoch) that the newest event lies in."""
    hours: list[int] = []
    """Those that there are entries of."""
    intents: list[str] = []
    """Those that are told apart."""
    scores: list[int] = msgspec.field(default_factory=lambda: [0] * _SCORES)
    """Of the hours for all of whose trials the horizon is over."""


_encode = msgspec.msgpack.Encoder().encode
_payload = msgspec.json.Encoder().encode
_hour = msgspec.msgpack.Decoder(Hour)
_clock = msgspec.msgpack.Decoder(Clock)
_counts = msgspec.msgpack.Decoder(dict[str, Count])


class Foresights:
    """What each partition's model foretells, by the partition: worked out once for an hour of its clock.

    Hardly anything changes within one, as a bin counts when it is over; what trials that come late add to it shows in
    the next hour, or when all trials are a hundredth more or fewer. After a restart it is worked out anew: what is
    foretold is a judgement of its moment.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, int, Foresight]] = {}

    def of(self, partition: int, hour: int, model: Known, settings: Settings) -> Foresight:
        everyone = model.get("")
        trials = everyone.trials[0] if everyone is not None else 0
        then, had, foresight = self._known.get(partition, (-1, 0, None))
        if foresight is None or then != hour or abs(trials - had) * 100 > had:
            foresight = Foresight(model, settings)
            self._known[partition] = hour, trials, foresight
        else:
            foresight.go_on(model)
        return foresight


class NextSteps:
    """The model of one partition during one batch. Predictions are made of what was known before it: predict, then
    learn (J. Gama, R. Sebastiao, P. Rodrigues, "On evaluating stream learning algorithms", Machine Learning 90, 2013).
    """

    def __init__(self, batch: Batch, settings: Settings, foresights: Foresights) -> None:
        self._batch = batch
        self._settings = settings
        self._window = round(settings.next_step.window * 1000) // HOUR
        raw = batch.load((_CLOCK,)).get(_CLOCK)
        self._clock = Clock() if raw is None else _clock.decode(raw)
        self._intents = _Intents(self._clock.intents)
        self._model = _Model(batch)
        self._hours: dict[int, Hour] = {}
        self._touched: set[int] = set()
        self._late: dict[int, Hour] = {}
        """By how many bins are over, what changed of hours of which they are booked already."""
        self._oldest = self._clock.now - self._window
        self._foresight = foresights.of(batch.partition, self._clock.now, self._model, settings)
        self._open = Open(batch, settings)

    def take(
        self, kept: Kept, stitched: list[Stitched], changes: dict[str, Change[Contact]], told: Telling, forgotten: bool
    ) -> None:
        """Brings what is kept of one customer's trials up to date, and tells what is to be expected."""
        before = kept.foretold
        if told.erasing:
            for contact_id, change in changes.items():
                if change.erased and contact_id not in before:  # forgotten here, and perhaps told long ago
                    told(topics.NEXT, "next_step", contact_id, change.version << VERSION_BITS, None, True)
        if forgotten:  # all that was told of them is gone
            for known in kept.contacts.values():
                known.foretold = 0
            for was in before.values():
                was.told = was.warned = False
        there = stitched and is_identified(stitched[0].customer)
        found = trials(stitched, self._settings, self._intents) if there else {}
        if before:
            for contact_id in before.keys() - found.keys():
                self._withdraw(kept, contact_id, changes.get(contact_id), stitched, told)
        if not found:
            return
        for one in stitched:
            trial = found.get(one.contact.contact_id)
            if trial is None or one.part_of:
                continue
            if trial.hour >= self._oldest:
                self._expect(kept, one, trial, told)
            elif one.contact.contact_id in before:  # its hour is out of the window
                aged = before[one.contact.contact_id]
                self._count(aged, None)
                aged.ended_at = trial.ended_at

    def _expect(self, kept: Kept, placed: Stitched, trial: Trial, told: Telling) -> None:
        contact_id = placed.contact.contact_id
        queue = placed.contact.queues[0] if placed.contact.queues else ""
        was = kept.foretold.get(contact_id)
        if was is None:
            now, same, settled = Foretold(*trial, queue=queue), False, False
        else:
            same = was.ended_at == trial.ended_at and was.context == trial.context
            settled = was.bin != NOT_YET or (was.told and same)
            same = same and was.bin == trial.bin and was.channel == trial.channel and was.queue == queue
            if same and settled:
                return
            now = Foretold(*trial, was.said, was.told, was.warned, queue)
        kept.foretold[contact_id] = now
        this_hour = self._clock.now
        if not settled and now.hour > this_hour - _DAY and (foreseen := self._foresight.of(trial.context)):
            if now.hour >= this_hour - 1:
                now.said = foreseen.said
            if trial.bin == NOT_YET:
                known = kept.contacts[contact_id]
                known.foretold += 1
                version = (known.version << VERSION_BITS) + known.foretold
                step = self._next_step(placed, foreseen, told.as_of)
                told(topics.NEXT, "next_step", contact_id, version, _payload(step))
                now.told = True
                self._warn(placed, now, step, foreseen, told)
        if was is None or not same or was.said != now.said:
            self._count(was, now)

    def _withdraw(
        self, kept: Kept, contact_id: str, change: Change[Contact] | None, stitched: list[Stitched], told: Telling
    ) -> None:
        """What is no trial any more leaves the counts, and what was told of it is taken back."""
        was = kept.foretold.pop(contact_id)
        self._count(was, None)
        known = kept.contacts.get(contact_id)
        erased = change is not None and change.erased
        if was.told:
            if known is not None:
                known.foretold += 1
                version = (known.version << VERSION_BITS) + known.foretold
            else:
                version = change.version << VERSION_BITS if change is not None else 0
            told(topics.NEXT, "next_step", contact_id, version, None, erased)
        if was.warned:
            told(
                topics.SIGNALS,
                "signal",
                f"{LIKELY_SWITCH}:{told.customer}/{contact_id}",
                told.next_version(),
                None,
                erased,
            )

    def _next_step(self, placed: Stitched, foreseen: Foreseen, as_of: int) -> NextStep:
        contact = placed.contact
        p_15m, p_1h, p_1d, base_15m, base_1h, base_1d = foreseen.probabilities
        return NextStep(
            contact_id=contact.contact_id,
            customer=placed.customer,
            journey_id=placed.journey_id,
            at=contact.ended_at,
            from_channel=contact.channel,
            p_15m=p_15m,
            p_1h=p_1h,
            p_1d=p_1d,
            base_15m=base_15m,
            base_1h=base_1h,
            base_1d=base_1d,
            channel=foreseen.channel,
            share=foreseen.share,
            p_switch=foreseen.p_switch,
            reasons=foreseen.reasons,
            as_of=max(as_of, contact.ended_at, self._clock.now * HOUR),
            learned_until=(self._clock.now - 1) * HOUR,
            trials=foreseen.trials,
        )

    def _warn(self, placed: Stitched, now: Foretold, step: NextStep, foreseen: Foreseen, told: Telling) -> None:
        """Once for each contact, if it is over."""
        contact = placed.contact
        if now.warned or step.p_switch < self._settings.next_step.threshold or not is_over(contact):
            return
        now.warned = True
        signal = Signal(
            signal_id=_signal_id(placed.customer, contact.contact_id),
            kind=LIKELY_SWITCH,
            customer=placed.customer,
            journey_id=placed.journey_id,
            at=contact.ended_at,
            contact_id=contact.contact_id,
            from_channel=contact.channel,
            to_channel=foreseen.to_channel,
            cause=ending(contact),
            details={"p": step.p_switch, "horizon": "1h", "reasons": "; ".join(step.reasons)},
        )
        told(topics.SIGNALS, "signal", signal.signal_id, told.next_version(), _payload(signal))

    # What is learned.

    def _hour(self, hour: int) -> Hour:
        found = self._hours.get(hour)
        if found is None:
            key = _HOUR % hour
            raw = self._batch.load((key,)).get(key)
            found = self._hours[hour] = Hour() if raw is None else _hour.decode(raw)
        return found

    def _count(self, was: Foretold | None, now: Foretold | None) -> None:
        """Takes back what a contact gave, and adds what it gives now."""
        late: list[tuple[int, Foretold, int]] = []
        for one, sign in ((was, -1), (now, 1)):
            if one is None or (number := one.ended_at // HOUR) < self._oldest:  # it went with its hour
                continue
            self._touched.add(number)
            (self._hours.get(number) or self._hour(number)).count(one, sign)
            if one.bin == NOT_YET:
                self._open.count(one.ended_at, one.context, one.queue, sign)
            if over := matured(number, self._clock.now):
                late.append((over, one, sign))
        if late and not _same(late):
            for over, one, sign in late:
                self._late.setdefault(over, Hour()).count(one, sign)

    def _book(self, hour: Hour, first: int, last: int, sign: int) -> None:
        """Into the sums goes what an hour says of the bins from ``first`` up to ``last``."""
        book(self._model, hour.contexts, first, last, sign)
        decided = [first < bins <= last for bins in HORIZONS.values()]
        if not any(decided):
            return
        scores = self._clock.scores
        for said, outcomes in hour.foretold.items():
            for bin_, n in enumerate(outcomes):
                if n:
                    for place, loss in enumerate(losses(said, bin_ if bin_ < BINS else NOT_YET)):
                        if decided[place // FIGURES]:
                            scores[place] += sign * n * loss

    def close(self) -> None:
        """Brings the clock up to the newest event of the batch, and keeps what changed."""
        clock = self._clock
        before = clock.now
        self._open.close(self._foresight)
        for over, hour in self._late.items():
            self._book(hour, 0, over, 1)
        clock.now = max(before, (self._batch.newest_at or 0) // HOUR)
        self._oldest = clock.now - self._window
        hours = sorted(self._touched.union(clock.hours))
        if clock.now > before:
            hours = [hour for hour in hours if self._advance(hour, before)]
        for number in self._touched:
            hour = self._hours[number]
            there = number >= self._oldest and bool(hour.contexts)
            self._batch.save(_HOUR % number, _encode(hour) if there else None)
            if not there and number in hours:
                hours.remove(number)
        self._model.save()
        if clock.now > before or hours != clock.hours or self._touched:
            clock.hours, clock.intents = hours, self._intents.known
            self._batch.save(_CLOCK, _encode(clock))
        if clock.now > before:
            self._tell_score()

    def _advance(self, number: int, before: int) -> bool:
        """What the clock's step from ``before`` makes of an hour: more of its bins are over, or it leaves the window;
        whether it stays."""
        clock = self._clock
        was, over = matured(number, before), matured(number, clock.now)
        stays = number >= self._oldest
        if stays and was == over:
            return True
        hour = self._hour(number)
        first, last, sign = (was, over, 1) if stays else (0, was, -1)
        self._book(hour, first, last, sign)
        if not stays:
            self._batch.save(_HOUR % number, None)
        return stays

    def _tell_score(self) -> None:
        clock = self._clock
        everyone = self._model.get("")
        pending = sum(
            count.trials[0] - count.returned()
            for number in clock.hours
            if matured(number, clock.now) < BINS
            for count in self._hour(number).contexts.values()
        )
        score = Score(
            self._batch.partition,
            clock.now * HOUR,
            everyone.trials[0] if everyone is not None else 0,
            pending,
            {
                horizon: Sums(*clock.scores[number * FIGURES : (number + 1) * FIGURES])
                for number, horizon in enumerate(HORIZONS)
            },
        )
        told = Change(
            "score", str(score.partition), self._batch.next_version(), score, as_of=self._batch.newest_at or 0
        )
        self._batch.emit(topics.NEXT, b"score", encode(told), self._batch.partition)


class _Model:
    """The sums of the hours' bins that are over, by context: an entry for each ending and channel, and one for all that
    is more general. Those that are asked for are read, those that change are written."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._entries: dict[bytes, dict[str, Count]] = {}
        self._changed: set[bytes] = set()

    def get(self, level: str) -> Count | None:
        return self._entry(_entry_of(level)).get(level)

    def __setitem__(self, level: str, count: Count) -> None:
        key = _entry_of(level)
        self._entry(key)[level] = count
        self._changed.add(key)

    def __delitem__(self, level: str) -> None:
        key = _entry_of(level)
        del self._entry(key)[level]
        self._changed.add(key)

    def save(self) -> None:
        for key in sorted(self._changed):
            entry = self._entries[key]
            self._batch.save(key, _encode(entry) if entry else None)

    def _entry(self, key: bytes) -> dict[str, Count]:
        found = self._entries.get(key)
        if found is None:
            raw = self._batch.load((key,)).get(key)
            found = self._entries[key] = {} if raw is None else _counts.decode(raw)
        return found


def _entry_of(level: str) -> bytes:
    words = level.split(SEPARATOR, 3)
    return _SUMS if len(words) < 3 else _SUMS + SEPARATOR.join(words[:3]).encode()


class _Intents:
    """Stands for an intent what it is counted as: itself, or "other" beyond the first ``MOST_INTENTS``."""

    def __init__(self, known: list[str]) -> None:
        self.known = known
        self._names = {intent: intent for intent in known}

    def __getitem__(self, intent: str) -> str:
        found = self._names.get(intent)
        if found is None:
            found = intent.replace(SEPARATOR, " ")
            if found not in self._names:
                if len(self.known) >= MOST_INTENTS:
                    return OTHER
                self.known.append(found)
                self._names[found] = found
            self._names[intent] = found
        return found


def _same(late: list[tuple[int, Foretold, int]]) -> bool:
    """Whether two that are booked differ only in what bins show that are not over."""
    if len(late) < 2:
        return False
    (over, was, _), (_, now, _) = late
    return (
        was.hour == now.hour
        and was.context == now.context
        and was.said == now.said
        and was.shown(over) == now.shown(over)
    )


def _signal_id(customer: str, contact_id: str) -> str:
    return f"{LIKELY_SWITCH}:{customer}/{contact_id}"
