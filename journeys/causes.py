"""Root causes (M10): what came before repeats, switches, escalations, transfers and failures, counted for comparison.

Each contact that is over is exposed to five events, and has causes: its intent, the channel that its journey began
in, the articles that it read, the menu nodes that it chose, its first queue and team, and the way that it was passed
on. A tally counts, for one cause among comparable contacts, how many were exposed to each event and to how many it
happened, with the time that it cost and the customers that it met. Tallies are sums of what each customer contributes,
so that a change takes the old contributions out and puts the new ones in (docs/definitions.md: root causes).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

import msgspec

from journeys.contact import Contact
from journeys.identity import is_identified
from journeys.repeats import DAY
from journeys.settings import Settings
from journeys.stitch import Stitching

HOUR_MS = 3_600_000
HOURS_A_DAY = 24
KEPT_HOURS = 9 * HOURS_A_DAY
"""What a day's causes are may change so long after it, and what is usual is seen from so many hours."""
EVENTS = ("repeat", "switch", "escalation", "transfer", "failure")
"""What may come of a contact. A failure is self-service that failed by its own account: the soonest to be seen, and
without knowing who it was that came back."""
REPEAT, SWITCH, ESCALATION, TRANSFER, FAILURE = range(len(EVENTS))
DIMENSIONS = ("intent", "first_channel", "article", "node", "queue", "team", "transfer_path")
"""What a cause may be a value of."""
GENERAL = frozenset({"intent", "first_channel", "queue", "transfer_path"})
"""Dimensions whose values differ by nature, not by fault: faults bring more repeats than orders do."""
APART = "\x1f"
"""Stands between the parts of a place's name (ASCII's unit separator)."""

_EXPOSED, _COUNT, _MS, _CUSTOMERS = range(0, 4 * len(EVENTS), len(EVENTS))
WIDTH = 4 * len(EVENTS)
Tally = list[int]
"""Four numbers an event: contacts exposed, contacts that it happened to, ms that it cost, customers that it met."""


class Place(NamedTuple):
    """What a tally is about: a cause, among the contacts of one intent that came in by one way."""

    dimension: str
    cause: str
    """Empty: of all contacts that have a cause in this dimension, each counted once."""
    intent: str
    way: str

    @classmethod
    def named(cls, name: str) -> Place:
        parts = name.split(APART)
        return cls(parts[0], APART.join(parts[1:-2]), *parts[-2:])


class Kind(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What contacts have in common that count alike."""

    hour: int
    """In which it ended, counted from the epoch."""
    intent: str
    channel: str
    first_channel: str
    articles: tuple[str, ...]
    nodes: tuple[str, ...]
    queues: tuple[str, ...]
    team: str
    exposed: int
    """A bit for each event that could happen to it."""
    happened: int


class Exposure(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One contact as its causes and events see it."""

    kind: Kind
    costs: tuple[int, ...] = ()
    """Of each event in ms, so that sums are exact in any order; where any happened."""


class Tallied(msgspec.Struct, array_like=True):
    """Some tallies, as one partition of the journey stage has them now."""

    partition: int
    hours: dict[int, dict[str, Tally]]
    """Hour to tallies by the names of their places; 0 throughout: there is none any more."""


class RootCause(msgspec.Struct, frozen=True, omit_defaults=True):
    """One cause of one event on one day (UTC, by when the contact ended that it came after)."""

    day: int
    """Its beginning, ms."""
    event: str
    dimension: str
    cause: str
    rank: int
    count: int
    exposed: int
    significant: bool
    """More than chance, for all that was compared that day."""
    minutes: float
    customers: int
    base_rate: float | None = None
    """How often it happens to comparable contacts; none where there are none, as with the next three."""
    expected: float | None = None
    lift: float | None = None
    p_value: float | None = None
    """Corrected for all that was compared that day and for looking again and again."""
    excess: float | None = None
    """What count is at least (99 %) beyond what was expected; it ranks by this."""
    as_of: int = 0


_by_end = attrgetter("contact.ended_at", "contact.contact_id")
_by_start = attrgetter("started_at", "contact_id")


def exposures(
    customer: str, stitching: Stitching, settings: Settings, among: Container[str] | None = None
) -> list[Exposure]:
    """Those of ``customer``, in the order of their ends; none of one whom nobody knows.

    ``among``: of these contacts only.
    """
    if not is_identified(customer):
        return []
    feedback = settings.feedback
    over = []
    for placed in stitching.stitched:
        contact = placed.contact
        if (
            (contact.closed or contact.attempt == "self_service")
            and contact.direction == "inbound"
            and not placed.part_of
            and contact.channel not in feedback
            and (among is None or contact.contact_id in among)
        ):
            over.append(placed)
    if not over:
        return []
    if len(over) > 1:
        over.sort(key=_by_end)
    by_id: dict[str, Contact] = {}
    switched: dict[str, str] = {}
    for signal in stitching.signals:
        if signal.kind == "channel_switch":
            switched[signal.previous_id] = signal.contact_id
    first_channels = {journey.journey_id: journey.first_channel for journey in stitching.journeys}
    found = []
    for placed in over:
        contact = placed.contact
        happened = 0
        costs = [0] * len(EVENTS)
        again_at = placed.first_repeat_any_at
        if again_at is not None and again_at - contact.ended_at <= DAY:
            happened = 1 << REPEAT
            costs[REPEAT] = _cost(_repeat(contact, again_at, stitching, settings))
        after = switched.get(contact.contact_id)
        if after is not None:
            if not by_id:
                by_id = {one.contact.contact_id: one.contact for one in stitching.stitched if not one.part_of}
            happened |= 1 << SWITCH
            costs[SWITCH] = _cost(by_id[after])
        if contact.escalations:
            happened |= 1 << ESCALATION
            costs[ESCALATION] = _ms(contact.onward_s)
        if contact.transfers:
            happened |= 1 << TRANSFER
            costs[TRANSFER] = _ms(contact.onward_s)
        exposed = 1 << SWITCH
        if contact.attempt == "self_service":
            exposed |= 1 << FAILURE
            if contact.resolution == "failed":
                happened |= 1 << FAILURE
                costs[FAILURE] = contact.ended_at - contact.started_at
        elif contact.containment_failed:
            exposed |= 1 << FAILURE
        if contact.attempt != "none":
            exposed |= 1 << REPEAT
        if contact.outcome == "answered":
            exposed |= 1 << ESCALATION | 1 << TRANSFER
        found.append(
            Exposure(
                Kind(
                    contact.ended_at // HOUR_MS,
                    contact.intent,
                    contact.channel,
                    first_channels[placed.journey_id],
                    contact.articles,
                    contact.nodes,
                    contact.queues,
                    contact.teams[0] if contact.teams else "",
                    exposed | happened,
                    happened,
                ),
                tuple(costs) if happened else (),
            )
        )
    return found


def _repeat(contact: Contact, again_at: int, stitching: Stitching, settings: Settings) -> Contact:
    """The first inbound contact that starts at ``again_at``, other than ``contact``."""
    starting = [
        placed.contact
        for placed in stitching.stitched
        if placed.contact.started_at == again_at
        and not placed.part_of
        and placed.contact.direction == "inbound"
        and placed.contact.channel not in settings.feedback
        and placed.contact.contact_id != contact.contact_id
    ]
    return min(starting, key=_by_start)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _cost(contact: Contact) -> int:
    """Waiting and service of a contact that need not have been."""
    return _ms(contact.wait_s) + _ms(contact.talk_s) + _ms(contact.hold_s) + _ms(contact.wrap_s)


def places(kind: Kind) -> tuple[tuple[str, int], ...]:
    """The names of the places where ``kind`` counts, each with the events (bits) that it does not speak of."""
    return _places(kind.intent, kind.channel, kind.first_channel, kind.articles, kind.nodes, kind.queues, kind.team)


@lru_cache(maxsize=10_000)
def _places(
    intent: str,
    channel: str,
    first_channel: str,
    articles: tuple[str, ...],
    nodes: tuple[str, ...],
    queues: tuple[str, ...],
    team: str,
) -> tuple[tuple[str, int], ...]:
    within = APART + intent + APART + channel
    found = [("intent" + APART + intent + within, 0), ("first_channel" + APART + first_channel + within, 0)]
    if articles:
        found.append(("article" + APART + within, 0))
        found += [("article" + APART + article + within, 0) for article in articles]
    if nodes:
        # A call that the menu settled and one that it passed on came in by the same way.
        through = APART + intent + APART + ("menu" if channel in _BEHIND_MENUS else channel)
        found.append(("node" + APART + through, 0))
        found += [("node" + APART + node + through, 0) for node in nodes]
    if queues:
        found.append(("queue" + APART + queues[0] + within, 0))
        if len(queues) > 1:
            paths = dict.fromkeys(f"{one}>{two}" for one, two in pairwise(queues))
            found += [("transfer_path" + APART + path + within, 1 << TRANSFER) for path in paths]
    if team:
        served = APART + intent + APART + (queues[0] if queues else channel)
        found += [("team" + APART + served, 0), ("team" + APART + team + served, 0)]
    return tuple(found)


_BEHIND_MENUS = frozenset({"ivr", "voice"})


class Contributions:
    """What a batch's customers change about the tallies.

    Contacts of one kind are counted first, and then go to their places together.
    """

    def __init__(self) -> None:
        self._kinds: dict[Kind, list[int]] = {}
        """How many more there are, and by how much more they cost."""
        self._again: dict[tuple[int, str], list[int]] = {}
        """By hour and place, customers whom an event met before on that day."""

    def change(self, before: Sequence[Exposure], after: Sequence[Exposure]) -> None:
        """One customer's exposures were ``before`` and are ``after``."""
        if len(before) < 2 and len(after) < 2:
            self._count(before, -1)
            self._count(after, 1)
            return
        old, new = _by_day(before), _by_day(after)
        for day in old.keys() | new.keys():
            was, now = old.get(day, []), new.get(day, [])
            if was != now:
                for exposures, sign in ((was, -1), (now, 1)):
                    self._count(exposures, sign)
                    if len(exposures) > 1:
                        self._once(exposures, sign)

    def _count(self, exposures: Iterable[Exposure], sign: int) -> None:
        kinds = self._kinds
        for exposure in exposures:
            counted = kinds.get(exposure.kind)
            if counted is None:
                counted = kinds[exposure.kind] = [0] * (1 + len(EVENTS))
            counted[0] += sign
            for event, cost in enumerate(exposure.costs, 1):
                if cost:
                    counted[event] += sign * cost

    def _once(self, exposures: list[Exposure], sign: int) -> None:
        """Takes the customer out where an event comes a second time on a day; ``exposures`` in the order of ends."""
        met: set[tuple[int, str]] = set()
        for kind in (exposure.kind for exposure in exposures if exposure.kind.happened):
            for name, unspoken in places(kind):
                cause = name[: name.index(APART, name.index(APART) + 1)]
                for event in _BITS[kind.happened & ~unspoken]:
                    if (event, cause) in met:
                        self._again.setdefault((kind.hour, name), [0] * len(EVENTS))[event] += sign
                    met.add((event, cause))

    def hours(self) -> dict[int, dict[str, Tally]]:
        """By hour and place, by how much the tallies change."""
        found: dict[int, dict[str, Tally]] = {}
        for kind, (count, *costs) in self._kinds.items():
            if not count and not any(costs):
                continue
            tallies = found.setdefault(kind.hour, {})
            for name, unspoken in places(kind):
                tally = tallies.get(name)
                if tally is None:
                    tally = tallies[name] = [0] * WIDTH
                for event in _BITS[kind.exposed & ~unspoken]:
                    tally[_EXPOSED + event] += count
                for event in _BITS[kind.happened & ~unspoken]:
                    tally[_COUNT + event] += count
                    tally[_MS + event] += costs[event]
                    tally[_CUSTOMERS + event] += count
        for (hour, name), again in self._again.items():
            tally = found.setdefault(hour, {}).setdefault(name, [0] * WIDTH)
            for event, count in enumerate(again):
                tally[_CUSTOMERS + event] -= count
        return found


_BITS = [[event for event in range(len(EVENTS)) if bits >> event & 1] for bits in range(1 << len(EVENTS))]


def _by_day(exposures: Iterable[Exposure]) -> dict[int, list[Exposure]]:
    days: dict[int, list[Exposure]] = {}
    for exposure in exposures:
        days.setdefault(exposure.kind.hour // HOURS_A_DAY, []).append(exposure)
    return days
