"""The next step (M8): whether a customer will make contact again within 15 min, 1 h and 1 d, and in which channel.

A *trial* is a contact of an identified customer that is over or at rest; its outcome is when, after its end, the
customer's next inbound contact starts, and where. What is learned is counted by *context* (what the contact was like),
from the general to the special, and an estimate for a special context leans on that of the more general one as far as
its own trials are few: a Dirichlet prior centred on the parent, as D. MacKay and L. Peto, "A hierarchical Dirichlet
language model", Natural Language Engineering 1(3), 1995, have it for back-off models of words.

Time is cut into bins, and what is counted in each is the hazard: of those that had not come back before it and whose
bin is over, how many came back in it (J. Singer and J. Willett, "It's about time: using discrete-time survival
analysis", Journal of Educational Statistics 18(2), 1993). So trials that are still pending bias nothing. A bin counts
for all trials of an hour at once, when it is over for the last of them.

What is counted is a function of the set of contacts; a prediction is a judgement of its moment. docs/definitions.md.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import msgspec

from journeys.contact import Contact
from journeys.journey import UNKNOWN, Stitched
from journeys.settings import Settings

MINUTE = 60_000
HOUR = 60 * MINUTE

EDGES = (15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, 24 * HOUR)
"""Ends of the bins, in ms after the end of the contact; the start of the next one lies in a bin if it is no later."""
BINS = len(EDGES)
NOT_YET = -1
"""Instead of a bin: the customer has not come back within a day, as far as is known."""
HORIZONS = {"15m": 1, "1h": 2, "1d": BINS}
"""What is foretold, and how many bins that is."""
_SOON = HORIZONS["1h"]
KINDS = ("assisted", "self_service")
"""Of channels in which there are trials."""

UNIT = 10_000
"""Probabilities are told and scored in so many parts."""
UNSAID = -1

SEPARATOR = "\x1f"
_LEVELS = (0, 2, 3, 4, 7)
"""How many words of a context each level has, from all trials to the most special ones."""

Tallies = dict[str, list[int]]
"""Channel of the next contact, and how many came back in each bin."""


class Trial(NamedTuple):
    """One contact at rest, and what came of it."""

    ended_at: int
    context: str
    bin: int = NOT_YET
    channel: str = ""

    @property
    def hour(self) -> int:
        return self.ended_at // HOUR


class Names(Protocol):
    """What stands for a name."""

    def __getitem__(self, name: str, /) -> str: ...


class Count(msgspec.Struct, array_like=True):
    """Trials of one context: those of an hour all count; for a model, by bin, those at risk in it."""

    trials: list[int] = msgspec.field(default_factory=lambda: [0] * BINS)
    """At risk by bin; of an hour, how many there were stands in the first."""
    back: Tallies = {}

    def returned(self, bins: int = BINS) -> int:
        return sum(sum(by_bin[:bins]) for by_bin in self.back.values())

    def came_back(self, channel: str, bin_: int, n: int) -> None:
        by_bin = self.back.setdefault(channel, [0] * BINS)
        by_bin[bin_] += n
        if not any(by_bin):
            del self.back[channel]

    def add(self, other: Count) -> None:
        self.trials = [one + more for one, more in zip(self.trials, other.trials, strict=True)]
        for channel, by_bin in other.back.items():
            own = self.back.get(channel)
            self.back[channel] = by_bin if own is None else [one + more for one, more in zip(own, by_bin, strict=True)]

    def negative(self) -> Count:
        return Count([-n for n in self.trials], {channel: [-n for n in own] for channel, own in self.back.items()})

    def __bool__(self) -> bool:
        return any(self.trials) or bool(self.back)


class NextStep(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag_field="figures", tag="next_step"):
    """What is to be expected after a contact; a judgement as of ``as_of``. Probabilities are from 0 to 1."""

    contact_id: str
    customer: str
    journey_id: str
    at: int
    """The contact's end."""
    from_channel: str
    p_15m: float | None
    p_1h: float | None
    p_1d: float | None
    """None, as the others, until enough is known of what comes within that time."""
    base_15m: float | None
    """The same of all contacts."""
    base_1h: float | None
    base_1d: float | None
    channel: str
    """Where the next contact is most likely to come, if one comes; empty while none ever came."""
    share: float
    """How likely that channel then is."""
    p_switch: float
    """That one comes within an hour, and in another channel."""
    reasons: tuple[str, ...]
    as_of: int
    learned_until: int
    """Trials that ended before this (ms) count for the shortest horizon."""
    trials: int
    """How many that is."""


class Sums(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Of the trials that were foretold and whose horizon has passed: losses, in millionths."""

    scored: int = 0
    brier: int = 0
    brier_base: int = 0
    log_loss: int = 0
    log_loss_base: int = 0


FIGURES = len(Sums.__struct_fields__)


class Score(msgspec.Struct, frozen=True, tag_field="figures", tag="score"):
    """How good one partition's predictions were, over those of its window that are decided."""

    partition: int
    as_of: int
    trials: int
    """In the model, at risk in its first bin."""
    pending: int
    """Trials of the last day whose customers have not come back yet."""
    horizons: dict[str, Sums]


def at_rest(contact: Contact, settings: Settings) -> bool:
    """Whether nobody waits or talks in it: it is over, or we sent something, or it is a visit (whose last word any
    touchpoint may be), or self-service said how it ended."""
    kind = settings.kinds.get(contact.channel, "other")
    if kind == "other":
        return False
    if contact.closed:
        return True
    if contact.direction == "outbound":
        return contact.outcome == "open" and not contact.queues
    if contact.outcome != "self_service":
        return False
    return bool(contact.resolution) or contact.channel in settings.contacts.visit_channels


def is_over(contact: Contact) -> bool:
    """Whether it has had its last word, as far as anybody can tell."""
    return contact.closed or bool(contact.resolution)


def ending(contact: Contact) -> str:
    """How it ended, in a word."""
    if contact.outcome == "abandoned":
        word = "abandoned"
    else:
        word = contact.resolution or {"self_service": "left", "open": "sent"}.get(contact.outcome, contact.outcome)
    return f"outbound {word}" if contact.direction == "outbound" else word


def context_of(contact: Contact, intent: str, before: Contact | None, contacts: int, settings: Settings) -> str:
    """The words that say what ``contact`` was like, the most general first.

    ``before``: the journey's contact that came before it; ``contacts``: how many came before it.
    """
    rough = contact.transfers or contact.escalations or contact.friction
    return SEPARATOR.join(
        (
            ending(contact),
            settings.kinds.get(contact.channel, "other"),
            contact.channel,
            intent,
            str(min(contacts, 4)),
            "" if before is None else _silence(contact.started_at - before.ended_at),
            "rough" if rough else "",
        )
    )


def _silence(ms: int) -> str:
    return "soon" if ms <= HOUR else "day" if ms <= 24 * HOUR else "late"


def bin_of(ms: int) -> int:
    """The bin of a contact that started ``ms`` after the end of another."""
    found = bisect_left(EDGES, ms)
    return found if found < BINS else NOT_YET


def trials(stitched: Iterable[Stitched], settings: Settings, intents: Names | None = None) -> dict[str, Trial]:
    """By contact id, the trials among one customer's contacts, journey by journey as ``stitch`` gives them.

    ``intents``: what stands for an intent in the context; without it, itself.
    """
    kinds = settings.kinds
    placed = [one for one in stitched if not one.part_of and kinds.get(one.contact.channel, "other") != "other"]
    resting = [at_rest(one.contact, settings) for one in placed]
    if not any(resting):
        return {}
    if len(placed) == 1:  # most customers: nothing comes before it or after it
        contact = placed[0].contact
        context = context_of(contact, _known_as(contact, intents), None, 0, settings)
        return {contact.contact_id: Trial(contact.ended_at, context)}
    inbound = sorted(
        (one.contact.started_at, one.contact.contact_id, one.contact.channel)
        for one in placed
        if one.contact.direction == "inbound"
    )
    found: dict[str, Trial] = {}
    journey_id, contacts = "", 0
    before: Contact | None = None
    for one, rests in zip(placed, resting, strict=True):
        contact = one.contact
        if one.journey_id != journey_id:
            journey_id, contacts, before = one.journey_id, 0, None
        if rests:
            context = context_of(contact, _known_as(contact, intents), before, contacts, settings)
            found[contact.contact_id] = Trial(contact.ended_at, context, *_next(contact, inbound))
        before = contact
        contacts += 1
    return found


def _known_as(contact: Contact, intents: Names | None) -> str:
    intent = contact.intent or UNKNOWN
    return intent if intents is None else intents[intent]


def _next(contact: Contact, inbound: Sequence[tuple[int, str, str]]) -> tuple[int, str]:
    """The bin and the channel of the first of ``inbound`` (sorted) that starts at or after the end of ``contact``."""
    index = bisect_left(inbound, (contact.ended_at, "", ""))
    if index < len(inbound) and inbound[index][1] == contact.contact_id:  # it took no time at all
        index += 1
    if index == len(inbound):
        return NOT_YET, ""
    started_at, _, channel = inbound[index]
    bin_ = bin_of(started_at - contact.ended_at)
    return bin_, channel if bin_ != NOT_YET else ""


@lru_cache(maxsize=10_000)
def levels(context: str) -> tuple[str, ...]:
    """``context`` and all that is more general, the most general first."""
    words = context.split(SEPARATOR)
    return tuple(SEPARATOR.join(words[:length]) for length in _LEVELS)


def matured(hour: int, now: int) -> int:
    """How many bins are over for all trials that ended in ``hour``, as of the start of the hour ``now``."""
    return bisect_right(EDGES, (now - hour - 1) * HOUR)


class Counts(Protocol):
    """By level of contexts; a dict is one."""

    def get(self, level: str, /) -> Count | None: ...

    def __setitem__(self, level: str, count: Count, /) -> None: ...

    def __delitem__(self, level: str, /) -> None: ...


class Known(Protocol):
    """Counts to be read."""

    def get(self, level: str, /) -> Count | None: ...


def book(counts: Counts, contexts: Mapping[str, Count], first: int, last: int, sign: int = 1) -> None:
    """Add what ``contexts`` (of an hour) say of the bins from ``first`` up to ``last`` to each of their levels."""
    for level, more in _by_level(contexts, first, last).items():
        count = counts.get(level)
        new = count is None
        if count is None:
            count = Count()
        for bin_ in range(first, last):
            count.trials[bin_] += sign * more.trials[bin_]
        for channel, by_bin in more.back.items():
            for bin_ in range(first, last):
                if by_bin[bin_]:
                    count.came_back(channel, bin_, sign * by_bin[bin_])
        if count:
            counts[level] = count
        elif not new:
            del counts[level]


def _by_level(contexts: Mapping[str, Count], first: int, last: int) -> dict[str, Count]:
    """At risk and come back in these bins, by level."""
    found: dict[str, Count] = {}
    for context, counted in contexts.items():
        left = counted.trials[0] - counted.returned(first) if first else counted.trials[0]
        own = found[context] = Count()
        for bin_ in range(first, last):
            own.trials[bin_] = left
            left -= sum([by_bin[bin_] for by_bin in counted.back.values()])
        for channel, by_bin in counted.back.items():
            if any(by_bin[first:last]):
                own.back[channel] = [n if first <= bin_ < last else 0 for bin_, n in enumerate(by_bin)]
    below = found
    for depth in range(len(_LEVELS) - 2, -1, -1):  # each level is the sum of the one below, which has fewer and fewer
        above: dict[str, Count] = {}
        for level, count in below.items():
            name = levels(level)[depth]
            there = above.get(name)
            if there is None:
                there = above[name] = Count()
            there.add(count)
        found = found | above
        below = above
    return found


def add(count: Count, trial: Trial, sign: int = 1) -> None:
    """``trial`` to, or from, an hour's count of its context."""
    count.trials[0] += sign
    if trial.bin != NOT_YET:
        count.came_back(trial.channel, trial.bin, sign)


class Foreseen(NamedTuple):
    """What a context's trials say: probabilities in parts of ``UNIT``, by horizon, of it and of all."""

    said: tuple[int, ...]
    """By horizon; then those of all."""
    probabilities: tuple[float | None, ...]
    """The same from 0 to 1; none where too little is known."""
    channel: str
    share: float
    p_switch: float
    """That a contact comes within an hour, and in another channel."""
    to_channel: str
    """Which that most likely is."""
    reasons: tuple[str, ...]
    trials: int
    """All that were at risk in the first bin."""


class Soon(NamedTuple):
    """How likely another contact comes soon after one, and in which channels."""

    p_15m: float
    p_1h: float
    shares: dict[str, float]
    """Of those who come within an hour."""


class _Seen(NamedTuple):
    """What one level says, leaning on those that are more general."""

    level: str
    hazards: tuple[float, ...]
    """By bin."""
    soon: dict[str, float]
    """Shares of the channels of those who came back within an hour."""
    ever: dict[str, float]
    """Of all who came back."""
    reasons: tuple[str, ...]
    """The most special first; the first is of the level itself."""


class Foresight:
    """Predictions by ``counts`` as they are now; what was worked out for a level is kept."""

    def __init__(self, counts: Known, settings: Settings) -> None:
        self._counts = counts
        self._rule = settings.next_step
        self._seen: dict[str, _Seen] = {}
        self._foreseen: dict[str, Foreseen] = {}
        self._soon: dict[str, Soon] = {}
        self._everyone = everyone = counts.get("")
        if everyone is not None:
            hazards = self._look("", None).hazards
            self._ripe = [self._is_ripe(everyone.trials, hazards, bins) for bins in HORIZONS.values()]
            self._base = _said(hazards, self._ripe)

    def go_on(self, counts: Known) -> None:
        """What was worked out stands, and what is asked for the first time is seen in ``counts``, which are to be much
        the same."""
        self._counts = counts
        self._everyone = counts.get("")

    def of(self, context: str) -> Foreseen | None:
        """What is to be expected in ``context``; none while too few trials are known."""
        if self._everyone is None or self._everyone.trials[0] < self._rule.least:
            return None
        foreseen = self._foreseen.get(context)
        if foreseen is None:
            own = self._seen_of(context)
            foreseen = self._foreseen.get(own.level)
            if foreseen is None:
                foreseen = self._foreseen[own.level] = self._foresee(own, self._everyone)
            self._foreseen[context] = foreseen
        return foreseen

    def soon(self, context: str) -> Soon | None:
        """What is to be expected in ``context`` within an hour; none while too little is known of that."""
        if not self._knows_soon():
            return None
        found = self._soon.get(context)
        if found is None:
            found = self._soon[context] = _soon(self._seen_of(context))
        return found

    def usual(self) -> Soon | None:
        """The same of all contacts but those that were abandoned, after which customers redial."""
        if self._everyone is None or not self._knows_soon():
            return None
        rest = Count()
        rest.add(self._everyone)
        for kind in KINDS:
            abandoned = self._counts.get(f"abandoned{SEPARATOR}{kind}")
            if abandoned is not None:
                rest.add(abandoned.negative())
        return _soon(_lean("", rest, None, 0.0))

    def _knows_soon(self) -> bool:
        return self._everyone is not None and self._everyone.trials[0] >= self._rule.least and all(self._ripe[:_SOON])

    def _seen_of(self, context: str) -> _Seen:
        own = self._look("", None)
        for level in levels(context)[1:]:
            own = self._look(level, own)
        return own

    def _foresee(self, own: _Seen, everyone: Count) -> Foreseen:
        channel, share = _most_likely(own.ever)
        from_channel = (*own.level.split(SEPARATOR), "", "")[2]
        elsewhere = {to: likely for to, likely in own.soon.items() if to != from_channel}
        p_switch = _within(own.hazards, _SOON) * sum(elsewhere.values()) if self._ripe[1] else 0.0
        said = (*_said(own.hazards, self._ripe), *self._base)
        return Foreseen(
            said,
            tuple(None if p == UNSAID else p / UNIT for p in said),
            channel,
            round(share, 4),
            round(p_switch, 4),
            _most_likely(elsewhere)[0],
            _chosen(own.reasons),
            everyone.trials[0],
        )

    def _is_ripe(self, at_risk: Sequence[int], hazards: Sequence[float], bins: int) -> bool:
        """Whether enough trials have passed all the bins of a horizon, and not only those of some hours of the day."""
        stayed = at_risk[0] * (1 - _within(hazards, bins - 1))
        return at_risk[bins - 1] >= max(self._rule.least, _PASSED * stayed)

    def _look(self, level: str, above: _Seen | None) -> _Seen:
        found = self._seen.get(level)
        if found is None:
            count = self._counts.get(level)
            if above is None or (count is not None and count.trials[0] >= _FEWEST):
                assert count is not None, "something is known of all"
                found = _lean(level, count, above, self._rule.smoothing if above else 0.0)
            else:
                found = above
            self._seen[level] = found
        return found


def _lean(level: str, count: Count, above: _Seen | None, weight: float) -> _Seen:
    """What ``count`` says, with what is said ``above`` counting for ``weight`` trials."""
    back = [sum(by_bin) for by_bin in zip(*count.back.values(), strict=True)] or [0] * BINS
    hazards = tuple(
        (came + weight * prior) / (at_risk + weight) if at_risk > 0 else prior
        for came, at_risk, prior in zip(back, count.trials, above.hazards if above else (0.0,) * BINS, strict=True)
    )
    soon = _shares(count, _SOON, above.soon if above else {}, weight)
    ever = _shares(count, BINS, above.ever if above else {}, weight)
    reasons = above.reasons if above else ()
    if level.count(SEPARATOR) != 1 and (not level or count.trials[_SOON - 1] >= _FEWEST):
        reasons = (_reason(level, back, count.trials), *reasons)
    return _Seen(level, hazards, soon, ever, reasons)


def _soon(seen: _Seen) -> Soon:
    return Soon(_within(seen.hazards, 1), _within(seen.hazards, _SOON), seen.soon)


def _shares(count: Count, bins: int, above: Mapping[str, float], weight: float) -> dict[str, float]:
    back = {channel: came for channel, by_bin in count.back.items() if (came := sum(by_bin[:bins]))}
    if not back:
        return dict(above)
    weight = weight if above else 0.0
    total = sum(back.values()) + weight
    shares = {channel: weight * share / total for channel, share in above.items()}
    for channel, came in back.items():
        shares[channel] = shares.get(channel, 0.0) + came / total
    return shares


def _said(hazards: Sequence[float], ripe: Sequence[bool]) -> tuple[int, ...]:
    return tuple(
        min(max(round(UNIT * _within(hazards, bins)), 1), UNIT - 1) if enough else UNSAID
        for bins, enough in zip(HORIZONS.values(), ripe, strict=True)
    )


def _most_likely(shares: Mapping[str, float]) -> tuple[str, float]:
    return max(shares.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0.0))


def _within(hazards: Sequence[float], bins: int) -> float:
    return 1 - math.prod([1 - hazard for hazard in hazards[:bins]])


_PASSED = 0.45
"""Of the trials known, how many have to have passed a horizon before it is foretold. When a model is young, those that
have are of the night and the morning alone, after which customers come back otherwise than after an afternoon's."""
_FEWEST = 5
"""A context of fewer trials says nothing by itself, and is no reason."""
_MOST_REASONS = 3


def _chosen(reasons: Sequence[str]) -> tuple[str, ...]:
    """The most special one, the most general ones."""
    return tuple(dict.fromkeys((*reasons[:1], *reasons[1:][-(_MOST_REASONS - 1) :])))


def _reason(level: str, back: Sequence[int], at_risk: Sequence[int]) -> str:
    """What the trials of one level say by themselves."""
    stayed = 1.0
    for came, trials in zip(back[:_SOON], at_risk, strict=False):
        stayed *= 1 - came / trials if trials else 1
    return f"{_words(level)}: {round(100 - 100 * stayed)} of 100 came back within an hour (of {at_risk[0]:,})"


_NTH = ("first", "second", "third", "fourth", "fifth or later")
_AFTER = {"soon": "within an hour of the one before", "day": "within a day of the one before", "late": "days after"}


def _words(level: str) -> str:
    """A level in words: "unresolved in chat about billing, second contact of the journey, transferred"."""
    if not level:
        return "all"
    word, _, channel, *more = level.split(SEPARATOR)
    intent, contacts, silence, rough = (*more, *[""] * (4 - len(more)))
    text = f"{word} in {channel}"
    if intent:
        text += f" about {intent}" if intent != UNKNOWN else ""
    if contacts:
        text += f", {_NTH[int(contacts)]} contact of the journey"
    if silence:
        text += f", {_AFTER[silence]}"
    return text + (", after friction" if rough else "")


def losses(said: tuple[int, ...], bin_: int) -> tuple[int, ...]:
    """What predictions (of it, then of all) cost once the trial's outcome is ``bin_``: by horizon, one after the
    other, the fields of ``Sums``; 0 where none was made."""
    found: list[int] = []
    for bins, mine, its in zip(HORIZONS.values(), said, said[len(HORIZONS) :], strict=False):
        came = 0 <= bin_ < bins
        if mine == UNSAID:
            found += [0] * FIGURES
        else:
            found += [1, _brier(mine, came), _brier(its, came), _log(mine, came), _log(its, came)]
    return tuple(found)


def _brier(p: int, came: bool) -> int:
    """G. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78(1), 1950."""
    return (p - UNIT * came) ** 2 * 1_000_000 // UNIT**2


def _log(p: int, came: bool) -> int:
    return round(-1e6 * math.log(max(p if came else UNIT - p, 1) / UNIT))
