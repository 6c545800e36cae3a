"""What an agent's day is made of (M14): figures by agent and interval, and what an agent does now.

What is counted of a contact (and the seconds that its source reports of it: talk, hold, wrap-up) stands in the interval
in which the agent got it, as in the queue figures, so that both add up to the same. What is measured by the wall clock
(staffed, available, busy, after-contact work, slots) is split over the intervals in which it passed.

At any moment of an agent:

- *in hand*: services that run, each from being connected to its end, and on until its wrap-up is over. One that never
  ended lasts until the agent's newest event, its time-out, or ``[agents] longest``, whichever comes first.
- *busy*: something in hand, or in the state on_contact (busy) or after_contact_work.
- *available*: in the state available, and not busy. Amazon Connect's agent idle time.
- *slots used*: the number in hand; one while busy with none in hand, as the agent's own state says.
- *load*: the part of the agent that is taken: for each contact in hand one over the slots that the agent has for its
  channel, 1 at most; 1 while busy with none in hand.

Occupancy by the wall clock is busy / (busy + available), which is Amazon Connect's ("agent on contact" over that and
"agent idle time": https://docs.aws.amazon.com/connect/latest/adminguide/metrics-definitions.html, Occupancy). It says
100 % of whoever has one chat of three. Weighted by slots it is load / (busy + available): the same for one contact at
a time, and less by the slots that were free. Concurrency is slots used / busy. More in docs/decisions/agents.md.

Sums are whole milliseconds, and whole parts of a load, so that they are the same in whatever pieces they are added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import NamedTuple

import msgspec

from journeys.agents import AFTER_CONTACT_WORK, AVAILABLE, OFFLINE, ON_CONTACT, STATE_CHANGED, AgentEvent
from journeys.service import Service
from journeys.settings import Settings

DAY_MS = 86_400_000
SEEN_MS = 30 * 60_000
"""Who tells no state is there for so long after its last contact, as far as anybody can see."""
WHOLE = 720_720
"""A load of 1, in parts: a number that all slots up to 16 divide."""
_WORKING = ON_CONTACT | {AFTER_CONTACT_WORK}
_IN_ORDER = attrgetter("at", "id")
_BY_END = itemgetter(0, 1)


class AgentInterval(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="interval"):
    """One agent in one interval (``starts_at``, ms UTC). Durations are sums in seconds."""

    agent: str
    starts_at: int
    interval_s: int
    team: str = ""
    """As its last state in the interval says, as do the next two."""
    site: str = ""
    name: str = ""
    channels: tuple[str, ...] = ()
    by_channel: tuple[int, ...] = ()
    """For each of ``channels``, how many contacts it got in the interval; all counts up to ``hard`` are of these."""
    handled: int = 0
    """Of those, how many are over for this agent."""
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_s: float = 0.0
    holds: int = 0
    transfers_in: int = 0
    transfers_out: int = 0
    escalations: int = 0
    conferences: int = 0
    resolved: int = 0
    hard: int = 0
    hard_run: int = 0
    """The longest row of hard contacts, in the order of their ends and since the day (UTC) began, that one which ended
    in this interval was the last of."""
    staffed_s: float = 0.0
    """In any state but offline."""
    available_s: float = 0.0
    busy_s: float = 0.0
    acw_s: float = 0.0
    """In the state after_contact_work, or in a contact's wrap-up; once where both say so."""
    slot_s: float = 0.0
    """Slots used, over time."""
    load_s: float = 0.0

    @property
    def contacts(self) -> int:
        return sum(self.by_channel)


class AgentNow(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="figures", tag="now"):
    """One agent as its newest event (``as_of``, ms UTC) has it."""

    agent: str
    as_of: int
    state: str = ""
    """Empty if none is known, or the last one has lasted too long."""
    since: int = 0
    until: int = 0
    """When the state counts as over though no event said so."""
    slots: dict[str, int] = {}
    in_hand: dict[str, int] = {}
    """Per channel, the contacts that it has."""
    queues: tuple[str, ...] = ()
    """That it takes contacts from; if no state is known, those that it served within ``SEEN_MS``."""
    team: str = ""
    site: str = ""
    skills: tuple[str, ...] = ()


class Span(NamedTuple):
    """A service by the wall clock, in ms: it is in hand from ``start`` to ``end``, from ``served`` on in wrap-up."""

    start: int
    served: int
    end: int
    channel: str


class State(NamedTuple):
    """A state by the wall clock, in ms."""

    start: int
    end: int
    event: AgentEvent


def kept(event: AgentEvent, settings: Settings) -> AgentEvent:
    """What may be kept of ``event``."""
    return msgspec.structs.replace(event, name="") if event.name and not settings.agents.names else event


def newest(events: Iterable[AgentEvent], services: Iterable[Service], settings: Settings) -> int:
    """The time of an agent's newest event, among them the beginnings and ends of its services; 0 if it has none."""
    longest = settings.longest_ms
    found = max([event.at for event in events], default=0)
    for service in services:
        at = service.connected_at
        if service.ended_at is not None:
            at = max(at, min(service.ended_at, at + longest))
        if at > found:
            found = at
    return found


def day_of(at: int) -> int:
    """The number of the day (UTC) of ``at``."""
    return at // DAY_MS


def figures(
    agent: str,
    day: int,
    events: Iterable[AgentEvent],
    services: Collection[Service],
    until: int,
    settings: Settings,
    since: int = 0,
) -> dict[int, AgentInterval]:
    """The figures of one ``day`` by the start of their interval, of those intervals that end after ``since`` (ms).

    ``events`` and ``services`` are those that began on that day or on the one before (no state and no service counts
    for longer than a day), ``until`` is the time of the agent's newest event.
    """
    length = settings.interval_ms
    begin = day * DAY_MS
    end = begin + DAY_MS
    start = max(begin, since // length * length)
    rows: dict[int, _Sums] = {}
    if start < end:
        late = [
            one
            for one in services
            if one.connected_at < end and (one.ended_at is None or one.ended_at + one.wrap_s * 1000 >= start)
        ]
        spans = [span for one in late if (span := _span(one, until, settings)).end > start and span.start < end]
        states = [state for state in _states(events, until, settings) if state.end > start and state.start < end]
        for piece in _pieces(start, end, spans, states, length):
            _measure(rows, piece, length, settings)
    for service in services:
        if start <= service.connected_at < end:
            _at(rows, service.connected_at, length).served.append(service)
    if any(service.hard for service in services):
        run = 0
        for ended_at, service in _over(services, begin, end, settings):
            run = run + 1 if service.hard else 0
            if run and ended_at >= start:
                row = _at(rows, ended_at, length)
                row.hard_run = max(row.hard_run, run)
    return {at: _interval(agent, at, row, settings) for at, row in rows.items() if row}


def now(
    agent: str, events: Iterable[AgentEvent], services: Iterable[Service], until: int, settings: Settings
) -> AgentNow:
    """What ``agent`` does at ``until``, the time of its newest event; of the last two days, everything is given."""
    last = max((event for event in events if event.type == STATE_CHANGED), key=_IN_ORDER, default=None)
    in_hand = Counter(
        service.channel
        for service in services
        if service.ended_at is None and min(service.times_out_at, service.connected_at + settings.longest_ms) > until
    )
    if last is None or last.at + settings.longest_ms <= until:
        lately = {one.queue for one in services if max(one.connected_at, one.ended_at or 0) > until - SEEN_MS}
        return AgentNow(agent, until, in_hand=dict(sorted(in_hand.items())), queues=tuple(sorted(lately)))
    return AgentNow(
        agent,
        until,
        last.state,
        last.at,
        last.at + settings.longest_ms,
        last.slots,
        dict(sorted(in_hand.items())),
        last.queues,
        last.team,
        last.site,
        last.skills,
    )


class _Sums:
    """An interval in the making, in ms."""

    __slots__ = ("acw", "available", "busy", "event", "hard_run", "load", "served", "slot", "staffed")

    def __init__(self) -> None:
        self.staffed = self.available = self.busy = self.acw = self.slot = self.load = self.hard_run = 0
        self.served: list[Service] = []
        self.event: AgentEvent | None = None

    def __bool__(self) -> bool:
        return bool(self.served or self.hard_run or self.staffed or self.busy)


class _Piece(NamedTuple):
    """A stretch of time in which nothing changes."""

    start: int
    end: int
    in_hand: Mapping[str, int]
    held: int
    """All of them."""
    wrapping: int
    event: AgentEvent | None


def _pieces(start: int, end: int, spans: list[Span], states: list[State], length: int) -> Iterator[_Piece]:
    """From ``start`` to ``end``, cut where an interval, a service, its wrap-up or a state begins or ends; without those
    in which there is nothing to measure."""
    changes: list[tuple[int, int, int, str]] = []  # when, how many more in hand and in wrap-up, of which channel
    for span in spans:
        changes.append((span.start, 1, 0, span.channel))
        changes.append((span.end, -1, 0, span.channel))
        if span.served < span.end:
            changes.append((span.served, 0, 1, span.channel))
            changes.append((span.end, 0, -1, span.channel))
    changes.sort()
    found = {change[0] for change in changes}
    for state in states:
        found.update((state.start, state.end))
    cuts = {min(max(start, at), end) for at in found}
    if not cuts:
        return
    first, last = min(cuts), max(cuts)
    cuts.update(range(first // length * length + length, last, length))
    in_hand: dict[str, int] = {}
    held = wrapping = done = past = 0
    for one, two in pairwise(sorted(cuts)):
        while done < len(changes) and changes[done][0] <= one:
            _, more, wrapped, channel = changes[done]
            in_hand[channel] = in_hand.get(channel, 0) + more
            held += more
            wrapping += wrapped
            done += 1
        while past < len(states) and states[past].end <= one:
            past += 1
        there = past < len(states) and states[past].start <= one
        if held or there:
            yield _Piece(one, two, in_hand, held, wrapping, states[past].event if there else None)


def _measure(rows: dict[int, _Sums], piece: _Piece, length: int, settings: Settings) -> None:
    event = piece.event
    state = event.state if event is not None else OFFLINE
    held = piece.held
    busy = held > 0 or state in _WORKING
    lasted = piece.end - piece.start
    row = _at(rows, piece.start, length)
    row.event = event or row.event
    if state != OFFLINE:
        row.staffed += lasted
    if piece.wrapping or state == AFTER_CONTACT_WORK:
        row.acw += lasted
    if busy:
        row.busy += lasted
        row.slot += lasted * max(1, held)
        row.load += lasted * (load(piece.in_hand, event, settings) if held else WHOLE)
    elif state == AVAILABLE:
        row.available += lasted


def load(in_hand: Mapping[str, int], event: AgentEvent | None, settings: Settings) -> int:
    """What part of an agent with these contacts is taken, of ``WHOLE``."""
    told = event.slots if event is not None else {}
    given = settings.agents.slots
    taken = 0
    for name, number in in_hand.items():
        if number:
            taken += number * WHOLE // max(1, told.get(name, given.get(name, 1)))
    return min(WHOLE, taken)


def _states(events: Iterable[AgentEvent], until: int, settings: Settings) -> list[State]:
    ordered = sorted((event for event in events if event.type == STATE_CHANGED), key=_IN_ORDER)
    ends = [event.at for event in ordered[1:]] + [until]
    return [
        State(event.at, min(end, event.at + settings.longest_ms), event)
        for event, end in zip(ordered, ends, strict=False)
        if end > event.at
    ]


def _span(service: Service, until: int, settings: Settings) -> Span:
    start = service.connected_at
    longest = start + settings.longest_ms
    ended_at = _end(service, settings)
    if ended_at is None:
        end = max(start, min(until, service.times_out_at, longest))
        return Span(start, end, end, service.channel)
    return Span(start, ended_at, min(longest, ended_at + round(service.wrap_s * 1000)), service.channel)


def _end(service: Service, settings: Settings) -> int | None:
    return None if service.ended_at is None else min(service.ended_at, service.connected_at + settings.longest_ms)


def _over(services: Iterable[Service], begin: int, end: int, settings: Settings) -> Iterator[tuple[int, Service]]:
    """Those that ended in that time, and when, in the order in which they did."""
    longest = settings.longest_ms
    ended = [
        (min(one.ended_at, one.connected_at + longest), one.service_id, one)
        for one in services
        if one.ended_at is not None and one.ended_at >= begin and one.connected_at < end
    ]
    for at, _, service in sorted(ended, key=_BY_END):
        if begin <= at < end:
            yield at, service


def _at(rows: dict[int, _Sums], at: int, length: int) -> _Sums:
    starts_at = at // length * length
    row = rows.get(starts_at)
    if row is None:
        row = rows[starts_at] = _Sums()
    return row


def _interval(agent: str, starts_at: int, row: _Sums, settings: Settings) -> AgentInterval:
    event = row.event
    channels: dict[str, int] = {}
    handled = talk = hold = wrap = holds = 0
    transfers_in = transfers_out = escalations = conferences = resolved = hard = 0
    for one in row.served:
        channels[one.channel] = channels.get(one.channel, 0) + 1
        handled += one.ended_at is not None
        talk += round(one.talk_s * 1000)
        hold += round(one.hold_s * 1000)
        wrap += round(one.wrap_s * 1000)
        holds += max(one.holds, one.hold_s > 0)
        transfers_in += one.transferred_in
        transfers_out += one.transferred_out
        escalations += one.escalated
        conferences += one.conferenced
        resolved += one.resolved
        hard += one.hard
    names = sorted(channels)
    return AgentInterval(
        agent,
        starts_at,
        round(settings.times.interval),
        team=event.team if event else "",
        site=event.site if event else "",
        name=event.name if event else "",
        channels=tuple(names),
        by_channel=tuple(channels[name] for name in names),
        handled=handled,
        talk_s=talk / 1000,
        hold_s=hold / 1000,
        wrap_s=wrap / 1000,
        holds=holds,
        transfers_in=transfers_in,
        transfers_out=transfers_out,
        escalations=escalations,
        conferences=conferences,
        resolved=resolved,
        hard=hard,
        hard_run=row.hard_run,
        staffed_s=row.staffed / 1000,
        available_s=row.available / 1000,
        busy_s=row.busy / 1000,
        acw_s=row.acw / 1000,
        slot_s=row.slot / 1000,
        load_s=row.load / (1000 * WHOLE),
    )
