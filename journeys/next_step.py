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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from journeys.contact import Contact
from journeys.journey import UNKNOWN, Stitched
from journeys.settings import Settings

MINUTE = 60_000
HOUR = 60 * MINUTE

EDGES = (15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR, 24 * HOUR)
"""Ends of the bins, in ms after the end of the contact; the start of the next one lies in a bin if it is no later."""
BINS = len(EDGES)
NOT_YET = -1
"""Instead of a bin: the customer has not come back within a day, as far as is known."""
HORIZONS = {"15m": 1, "1h": 2, "1d": BINS}
"""What is foretold, and how many bins that is."""
_SOON = HORIZONS["1h"]

UNIT = 10_000
"""Probabilities are told and scored in so many parts."""
UNSAID = -1

SEPARATOR = "\x1f"
_LEVELS = (0, 2, 3, 4, 5, 7)
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

    def __bool__(self) -> bool:
        return any(self.trials) or bool(self.back)


class NextStep(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="next_step"):
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

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(mine + its for mine, its in zip(_five(self), _five(other), strict=True)))

    def __neg__(self) -> Sums:
        return Sums(*(-mine for mine in _five(self)))


class Score(msgspec.Struct, frozen=True, tag_field="figures", tag="score"):
    """How good one partition's predictions were, over those of its window that are decided."""

    partition: int
    as_of: int
    trials: int
    """In the model, at risk in its first bin."""
    pending: int
    """Trials of the last day whose customers have not come back yet."""
    horizons: dict[str, Sums]


def _five(sums: Sums) -> tuple[int, int, int, int, int]:
    return sums.scored, sums.brier, sums.brier_base, sums.log_loss, sums.log_loss_base


NOTHING = Sums()


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
            intent = contact.intent or UNKNOWN
            if intents is not None:
                intent = intents[intent]
            context = context_of(contact, intent, before, contacts, settings)
            found[contact.contact_id] = Trial(contact.ended_at, context, *_next(contact, inbound))
        before = contact
        contacts += 1
    return found


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


def levels(context: str) -> list[str]:
    """``context`` and all that is more general, the most general first."""
    words = context.split(SEPARATOR)
    return [SEPARATOR.join(words[:length]) for length in _LEVELS]


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


def book(counts: Counts, context: str, counted: Count, first: int, last: int, sign: int = 1) -> None:
    """Add what ``counted`` (of an hour) says of the bins from ``first`` up to ``last`` to each level of ``context``."""
    at_risk = [counted.trials[0] - counted.returned(bin_) for bin_ in range(first, last)]
    for level in levels(context):
        count = counts.get(level)
        new = count is None
        if count is None:
            count = Count()
        for bin_, n in enumerate(at_risk, first):
            count.trials[bin_] += sign * n
        for channel, by_bin in counted.back.items():
            for bin_ in range(first, last):
                if by_bin[bin_]:
                    count.came_back(channel, bin_, sign * by_bin[bin_])
        if count:
            counts[level] = count
        elif not new:
            del counts[level]


def add(count: Count, trial: Trial, sign: int = 1) -> None:
    """``trial`` to, or from, an hour's count of its context."""
    count.trials[0] += sign
    if trial.bin != NOT_YET:
        count.came_back(trial.channel, trial.bin, sign)


def counted(trial: Trial) -> Count:
    """``trial`` as an hour of its own."""
    count = Count()
    add(count, trial)
    return count


class Foreseen(NamedTuple):
    """What a context's trials say: probabilities in parts of ``UNIT``, by horizon, of it and of all."""

    said: tuple[int, ...]
    base: tuple[int, ...]
    channel: str
    share: float
    p_switch: float
    """That a contact comes within an hour, and in another channel."""
    to_channel: str
    """Which that most likely is."""
    reasons: tuple[str, ...]
    trials: int
    """All that were at risk in the first bin."""


def foresee(context: str, counts: Known, settings: Settings) -> Foreseen | None:
    """What is to be expected in ``context`` by ``counts``, which have all its levels that were ever seen; none while
    too few trials are known."""
    rule = settings.next_step
    known = [found for level in levels(context) if (found := counts.get(level)) is not None]
    if not known or known[0].trials[0] < rule.least:
        return None
    everyone = known[0]
    base = _hazards(known[:1], 0.0)
    own = _hazards(known, rule.smoothing)
    ripe = [everyone.trials[bins - 1] >= rule.least for bins in HORIZONS.values()]
    said, based = (
        tuple(
            min(max(round(UNIT * _within(hazards, bins)), 1), UNIT - 1) if enough else UNSAID
            for bins, enough in zip(HORIZONS.values(), ripe, strict=True)
        )
        for hazards in (own, base)
    )
    from_channel = context.split(SEPARATOR)[2]
    soon, ever = _channels(known, _SOON, rule.smoothing), _channels(known, BINS, rule.smoothing)
    channel, share = _most_likely(ever)
    elsewhere = 1 - soon.pop(from_channel, 0.0) if soon else 0.0
    p_switch = _within(own, _SOON) * elsewhere if ripe[1] else 0.0
    return Foreseen(
        said, based, channel, round(share, 4), round(p_switch, 4), _most_likely(soon)[0],
        tuple(_reasons(context, counts)), everyone.trials[0],
    )  # fmt: skip


def _most_likely(shares: Mapping[str, float]) -> tuple[str, float]:
    return max(shares.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0.0))


def _hazards(counts: Sequence[Count], smoothing: float) -> list[float]:
    """By bin, backing off from the last of ``counts`` to the first."""
    hazards = [0.0] * BINS
    for number, count in enumerate(counts):
        weight = smoothing if number else 0.0
        for bin_ in range(BINS):
            if (at_risk := count.trials[bin_]) > 0:
                back = sum(by_bin[bin_] for by_bin in count.back.values())
                hazards[bin_] = (back + weight * hazards[bin_]) / (at_risk + weight)
    return hazards


def _channels(counts: Sequence[Count], bins: int, smoothing: float) -> dict[str, float]:
    """Shares of the channels in which those came back who did within ``bins``."""
    shares: dict[str, float] = {}
    for number, count in enumerate(counts):
        weight = smoothing if number else 0.0
        back = {channel: sum(by_bin[:bins]) for channel, by_bin in count.back.items()}
        if (total := sum(back.values())) > 0:
            shares = {
                channel: (back.get(channel, 0) + weight * shares.get(channel, 0.0)) / (total + weight)
                for channel in shares.keys() | back.keys()
            }
    return shares


def _within(hazards: Sequence[float], bins: int) -> float:
    return 1 - math.prod(1 - hazard for hazard in hazards[:bins])


_TOLD_FROM = 5
"""A context of fewer trials is no reason."""


def _reasons(context: str, counts: Known) -> Iterator[str]:
    """What the contexts that were looked at say themselves, the most special first, and what all say."""
    named = levels(context)
    everyone = counts.get("")
    assert everyone is not None, "nothing is foretold where nothing is known"
    bins, span = (_SOON, "an hour") if everyone.trials[_SOON - 1] >= _TOLD_FROM else (1, "15 minutes")
    told = ""
    for level in reversed((named[0], *named[2:])):
        count = counts.get(level)
        if count is None or (level and count.trials[bins - 1] < _TOLD_FROM):
            continue
        hundred = round(100 * _within(_hazards([count], 0.0), bins))
        words = _words(level)
        if words != told:
            yield f"{words}: {hundred} of 100 came back within {span} (of {count.trials[0]:,})"
        told = words


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


def losses(said: Sequence[int], base: Sequence[int], bin_: int) -> list[Sums]:
    """By horizon, what predictions cost once the trial's outcome is ``bin_``; nothing where none was made."""
    found = []
    for bins, mine, its in zip(HORIZONS.values(), said, base, strict=True):
        came = 0 <= bin_ < bins
        lost = Sums(1, _brier(mine, came), _brier(its, came), _log(mine, came), _log(its, came))
        found.append(NOTHING if mine == UNSAID else lost)
    return found


def _brier(p: int, came: bool) -> int:
    """G. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78(1), 1950."""
    return (p - UNIT * came) ** 2 * 1_000_000 // UNIT**2


def _log(p: int, came: bool) -> int:
    return round(-1e6 * math.log(max(p if came else UNIT - p, 1) / UNIT))
