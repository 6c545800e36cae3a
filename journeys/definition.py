"""The plain batch definition of everything: slow, obvious, and what the stages are held against.

A function of the *set* of accepted touchpoints and of the as-of time, so neither the order of arrival nor a duplicate
can change it. Nothing here is shared with the incremental way but how one contact and one interval are read; the
relations between contacts are written down as they are defined, pair by pair.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from itertools import count, groupby, pairwise, takewhile
from zoneinfo import ZoneInfo

import msgspec

from journeys import next_step, queue, switching
from journeys.agents import AgentEvent
from journeys.causes import EVENTS
from journeys.contact import Contact, QueueVisit, fold
from journeys.facts import IDENTIFY, verdicts
from journeys.identifiers import cleaned
from journeys.identity import Owner, Seen, Verdict, customer_of, identifiers_of, is_identified, itself, owners_of
from journeys.journey import UNKNOWN
from journeys.repeats import DAY
from journeys.service import Service, services
from journeys.sessions import merge
from journeys.settings import DEFAULTS, Settings
from journeys.touchpoint import FACTS, Touchpoint
from journeys.workload import AgentInterval


class Relations(msgspec.Struct, frozen=True):
    """What holds of one contact because of the customer's others. Ids and ms, as in ``journey.Stitched``."""

    customer: str
    journey_id: str
    part_of: str
    first_repeat_same_at: int | None = None
    first_repeat_any_at: int | None = None
    repeat_of_same: str = ""
    repeat_of_any: str = ""
    redial_at: int | None = None
    redial_id: str = ""
    redial: str = ""
    survey_of: str = ""
    survey_joined_by: str = ""
    window_ends: tuple[int, ...] = ()
    redial_until: int | None = None
    friction: tuple[str, ...] = ()


class Told(msgspec.Struct, frozen=True):
    """The way of a contact, or of a journey, through the stages (entered at, ms), and what went wrong in which."""

    path: tuple[tuple[str, int], ...]
    friction: Counter[tuple[str, str]]
    """(stage, kind)"""
    points: float = 0.0
    drops_off_at: str = ""
    stage_s: tuple[float, ...] = ()
    """Of a journey, where stages are measured by working time."""


class Fcr(msgspec.Struct, frozen=True):
    broken: int
    confirmed: int
    pending: int


Counted = list[tuple[int, int, int, int]]
"""By event of ``causes.EVENTS``: contacts exposed, contacts that it happened to, ms that it cost, customers."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """All figures as of ``as_of`` (ms UTC)."""

    as_of: int
    contacts: dict[str, Contact]
    relations: dict[str, Relations] = {}
    visits: dict[str, QueueVisit]
    journeys: dict[str, tuple[str, ...]] = {}
    """Journey id to its contacts in their order."""
    intents: dict[str, str] = {}
    switches: set[tuple[str, str, str]] = set()
    """(before, after, cause)"""
    drops: set[tuple[str, int, float, float]] = set()
    """(contact, when, from, to): where sentiment fell suddenly"""
    intervals: dict[tuple[str, str, int], queue.QueueInterval]
    fcr: dict[tuple[int, str, str], Fcr] = {}
    """(window in days, same_intent or any_intent, attempt) to the counts over identified customers' ended attempts."""
    agent_intervals: dict[tuple[str, int], AgentInterval]
    """(agent, start of the interval in ms UTC)"""
    contacts_told: dict[str, Told] = {}
    """By contact, what it shows by itself."""
    journeys_told: dict[str, Told] = {}
    tallies: dict[tuple[int, str, str, str, str], Counted] = {}
    """(hour, dimension, cause, intent, way) to what came after it: root causes."""
    trials: dict[str, next_step.Trial] = {}
    """Contacts at rest, and what came of them: what next steps are learned from, whatever was foretold."""


def reference(
    touchpoints: Iterable[Touchpoint],
    as_of: int | None = None,
    settings: Settings = DEFAULTS,
    agents: Iterable[AgentEvent] = (),
) -> Reference:
    """What ``touchpoints`` add up to as of ``as_of`` (ms UTC; unless given, the newest of their times), with the states
    that ``agents`` told."""
    facts: dict[str, Touchpoint] = {}
    for touchpoint in touchpoints:
        if touchpoint.id not in facts or touchpoint.revision >= facts[touchpoint.id].revision:
            facts[touchpoint.id] = touchpoint
    if as_of is None:
        as_of = max((touchpoint.at for touchpoint in facts.values()), default=0)
    by_contact: dict[str, list[Touchpoint]] = defaultdict(list)
    for touchpoint in sorted(facts.values(), key=lambda fact: (fact.at, fact.id)):
        if touchpoint.type not in FACTS:
            by_contact[touchpoint.contact_id].append(touchpoint)

    contacts: dict[str, Contact] = {}
    visits: dict[str, QueueVisit] = {}
    served: list[Service] = []
    by_customer: dict[str, list[Contact]] = defaultdict(list)
    for own in by_contact.values():
        contact, stays = fold(own, settings)
        contacts[contact.contact_id] = contact
        visits.update((visit.visit_id, visit) for visit in stays)
        served += services(contact, stays, settings)
    lookup = _owners(contacts.values(), facts.values(), settings).__getitem__ if settings.identity.resolve else itself
    for contact in contacts.values():
        by_customer[customer_of(contact, lookup, settings)].append(contact)

    result = Reference(
        as_of=as_of,
        contacts=contacts,
        visits=visits,
        intervals=_intervals(visits.values(), settings),
        agent_intervals=_agent_intervals(list(agents), served, settings),
    )
    counts: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for customer, own_contacts in by_customer.items():
        _customer(customer, sorted(own_contacts, key=_order), result, counts, settings)
    result.fcr.update((key, Fcr(*three)) for key, three in counts.items())
    _tell(by_contact, result, settings)
    return result


def _owners(contacts: Iterable[Contact], facts: Iterable[Touchpoint], settings: Settings) -> dict[str, Owner]:
    """To whom every identifier belongs, by what contacts and explicit facts say."""
    seen = [Seen(identifiers_of(contact.identifiers), contact.started_at) for contact in contacts]
    known: dict[str, dict[str, Verdict]] = defaultdict(dict)
    for fact in (cleaned(fact, settings) for fact in facts if fact.type in FACTS):
        if fact.type == IDENTIFY:
            seen.append(Seen(identifiers_of(fact.identifiers.items()), fact.at))
        else:
            for one, other, verdict in verdicts(fact, settings):
                known[one][other] = max(known[one].get(other, verdict), verdict)
    return owners_of(seen, known, settings)


def _order(contact: Contact) -> tuple[int, str]:
    return contact.started_at, contact.contact_id


def _silence(one: Contact, two: Contact) -> int:
    """Milliseconds between two contacts; 0 if they overlap."""
    first, second = sorted((one, two), key=_order)
    return max(0, second.started_at - first.ended_at)


def _customer(
    customer: str,
    contacts: list[Contact],
    result: Reference,
    counts: dict[tuple[int, str, str], list[int]],
    settings: Settings,
) -> None:
    visits = _visits(contacts, settings)
    leading = [merge(group) for group in visits]
    for contact in leading:  # what a visit adds up to stands under its first touch's id
        result.contacts[contact.contact_id] = contact
    talks = [contact for contact in leading if contact.channel not in settings.contacts.feedback_channels]
    inbound = [contact for contact in talks if contact.direction == "inbound"]
    attempts = [contact for contact in talks if contact.attempt != "none"]
    windows = {attempt.contact_id: _window_ends(attempt, settings) for attempt in attempts}

    def repeats(contact: Contact, attempt: Contact) -> bool:
        within = attempt.ended_at <= contact.started_at <= max(windows[attempt.contact_id].values())
        return contact is not attempt and within

    for journey in _journeys(leading, settings):
        journey_id = f"{customer}/{journey[0].contact_id}"
        result.journeys[journey_id] = tuple(contact.contact_id for contact in journey)
        result.intents[journey_id] = next((contact.intent for contact in journey if contact.intent), UNKNOWN)
        for before, after in pairwise(contact for contact in journey if contact in talks):
            late = after.started_at - before.ended_at > settings.journeys.switch_window.ms
            if before.channel != after.channel and not late:
                cause = switching.cause(before, settings)
                result.switches.add((before.contact_id, after.contact_id, cause))
        for contact in journey:
            drops = contact.mood.drops if contact.mood is not None else ()
            result.drops.update((contact.contact_id, *drop) for drop in drops)
            later = [other for other in inbound if contact in attempts and repeats(other, contact)]
            earlier = [other for other in attempts if contact in inbound and repeats(contact, other)]
            same_later = [other for other in later if other.intent == contact.intent]
            same_earlier = [other for other in earlier if other.intent == contact.intent]
            redial_at, redial_id, redial = _redial(contact, talks, settings)
            result.relations[contact.contact_id] = Relations(
                customer,
                journey_id,
                "",
                min((other.started_at for other in same_later), default=None),
                min((other.started_at for other in later), default=None),
                max(same_earlier, key=lambda other: (other.ended_at, other.contact_id)).contact_id
                if same_earlier
                else "",
                max(earlier, key=lambda other: (other.ended_at, other.contact_id)).contact_id if earlier else "",
                redial_at,
                redial_id,
                redial,
                *_survey(contact, visits, talks, settings),
                tuple(end for _, end in sorted(windows.get(contact.contact_id, {}).items())),
                contact.ended_at + settings.journeys.redial_window.ms
                if contact in inbound and contact.outcome == "abandoned"
                else None,
                _friction_among(contact, journey, bool(same_earlier), settings),
            )
            if contact in attempts and is_identified(customer):
                _count(
                    contact,
                    result.relations[contact.contact_id],
                    windows[contact.contact_id],
                    result.as_of,
                    counts,
                )
        if is_identified(customer):
            _trials(journey, inbound, result, settings)
    if is_identified(customer):
        _tally(talks, result)
    for group in visits:
        for part in group[1:]:
            leader = group[0].contact_id
            result.relations[part.contact_id] = Relations(customer, result.relations[leader].journey_id, leader)


def _trials(journey: list[Contact], inbound: list[Contact], result: Reference, settings: Settings) -> None:
    def counts(contact: Contact) -> bool:
        return settings.kinds.get(contact.channel, "other") != "other"

    for contact in filter(counts, journey):
        if not next_step.at_rest(contact, settings):
            continue
        earlier = [other for other in journey if counts(other) and _order(other) < _order(contact)]
        last = max(earlier, key=_order, default=None)
        context = next_step.context_of(contact, contact.intent or UNKNOWN, last, len(earlier), settings)
        later = [other for other in inbound if counts(other) and other is not contact]
        soon = [other for other in later if 0 <= other.started_at - contact.ended_at <= DAY]
        first = min(soon, key=_order, default=None)
        came = next_step.NOT_YET
        if first is not None:
            came = sum(first.started_at - contact.ended_at > edge for edge in next_step.EDGES)
        trial = next_step.Trial(contact.ended_at, context, came, first.channel if first is not None else "")
        result.trials[contact.contact_id] = trial


def _visits(contacts: list[Contact], settings: Settings) -> list[list[Contact]]:
    """Touches of one channel without a contact id, with less than the gap between them, read as one visit; what the
    customer says after what we sent begins another."""
    groups: list[list[Contact]] = []
    for contact in contacts:
        mine = [
            group
            for group in groups
            if contact.lone
            and contact.channel in settings.contacts.visit_channels
            and group[0].lone
            and group[0].channel == contact.channel
        ]
        if (
            mine
            and any(contact.started_at - other.ended_at < settings.contacts.visit_gap.ms for other in mine[-1])
            and (contact.direction, mine[-1][0].direction) != ("inbound", "outbound")
        ):
            mine[-1].append(contact)
        else:
            groups.append([contact])
    return groups


def _journeys(contacts: list[Contact], settings: Settings) -> list[list[Contact]]:
    anchored = [contact for contact in contacts if contact.intent or contact.references]
    strays = [contact for contact in contacts if not contact.intent and not contact.references]

    def linked(one: Contact, two: Contact) -> bool:
        silence = _silence(one, two)
        if set(one.references) & set(two.references):
            return silence <= max(settings.gap_ms(one.intent), settings.gap_ms(two.intent))
        return bool(one.intent) and one.intent == two.intent and silence <= settings.gap_ms(one.intent)

    groups = _components(anchored, linked)
    joined: list[list[Contact]] = [[] for _ in groups]
    homeless = []
    for stray in strays:
        within = []
        for group, joining in zip(groups, joined, strict=True):
            intent = next((contact.intent for contact in group if contact.intent), "")
            distance = min(_silence(stray, contact) for contact in group)
            if distance <= settings.gap_ms(intent):
                within.append((-distance, _order(group[0]), joining))
        if within:
            max(within, key=lambda found: found[:2])[2].append(stray)
        else:
            homeless.append(stray)
    found = [sorted(group + joining, key=_order) for group, joining in zip(groups, joined, strict=True)]
    return found + _components(homeless, lambda one, two: _silence(one, two) <= settings.gap_ms(""))


def _components(contacts: list[Contact], linked: Callable[[Contact, Contact], bool]) -> list[list[Contact]]:
    """What is connected through links, by spreading from each contact until nothing is added."""
    left = list(contacts)
    groups = []
    while left:
        group = [left.pop(0)]
        for member in group:
            near = [other for other in left if linked(member, other)]
            group.extend(near)
            left = [other for other in left if other not in near]
        groups.append(sorted(group, key=_order))
    return groups


def _survey(survey: Contact, visits: list[list[Contact]], talks: list[Contact], settings: Settings) -> tuple[str, str]:
    """Which contact a survey is about, and how that is known."""
    if not survey.scores and survey.channel != "survey":
        return "", ""
    others = [contact for contact in talks if contact.contact_id != survey.contact_id]
    known = [group[0].contact_id for group in visits for part in group if part.contact_id == survey.about]
    named = known[0] if known else survey.about
    asked = [g[0].contact_id for g in visits if g[0].channel in settings.contacts.feedback_channels]
    bearing = [c for c in others if set(c.references) & set(survey.references) and _order(c) < _order(survey)]
    ended = [
        contact
        for contact in others
        if contact.outcome in ("answered", "self_service")
        and contact.ended_at <= survey.started_at <= contact.ended_at + settings.surveys.window.ms
    ]
    alike = [contact for contact in ended if contact.intent and contact.intent == survey.intent]
    if named not in ("", survey.contact_id, *asked):
        return named, "reference"
    if survey in talks:
        return survey.contact_id, "contact"
    if bearing:
        return max(bearing, key=_order).contact_id, "reference"
    if ended:
        return max(alike or ended, key=lambda contact: (contact.ended_at, contact.contact_id)).contact_id, "time"
    return "", ""


def _redial(contact: Contact, contacts: list[Contact], settings: Settings) -> tuple[int | None, str, str]:
    if contact.outcome != "abandoned" or contact.direction != "inbound" or contact not in contacts:
        return None, "", ""
    soon = [
        other
        for other in contacts
        if other is not contact
        and 0 <= other.started_at - contact.ended_at <= settings.journeys.redial_window.ms
        and (other.direction == "inbound" or other.outcome == "answered")
    ]
    if not soon:
        return None, "", ""
    # At the same moment the customer's own contact counts before the call-back.
    first = min(soon, key=lambda other: (other.started_at, other.direction == "outbound", other.contact_id))
    if first.direction == "outbound":
        return first.started_at, first.contact_id, "called_back"
    outcome = {"answered": "recovered", "open": ""}.get(first.outcome, "lost")
    return first.started_at, first.contact_id, outcome


def _window_ends(attempt: Contact, settings: Settings) -> dict[int, int]:
    """Days to when the window of so many ends: in working days, day by day, where FCR is measured in them."""
    wanted = settings.journeys.repeat_windows_days
    site = settings.site_of(attempt.queue)
    if not site or "fcr" not in settings.calendar.working_time:
        return {days: attempt.ended_at + days * DAY for days in wanted}
    zone, hours = ZoneInfo(settings.sites[site].time_zone), settings.hours[site]
    yesterday = datetime.fromtimestamp(attempt.ended_at / 1000, zone).date() - timedelta(days=1)
    shifts = (shift for number in count() for shift in hours.shifts(yesterday + timedelta(days=number)))
    first = next(shift for shift in shifts if attempt.ended_at < shift.closes_at)
    begins = datetime.fromtimestamp(max(attempt.ended_at, first.opens_at) / 1000, zone).replace(tzinfo=None)
    elapsed = begins - datetime.combine(first.day, time())
    working_days: list[date] = []
    while len(working_days) < max(wanted):
        day = (working_days or [first.day])[-1] + timedelta(days=1)
        while not hours.shifts(day):
            day += timedelta(days=1)
        working_days.append(day)
    return {days: hours.when(datetime.combine(working_days[days - 1], time()) + elapsed) for days in wanted}


def _count(
    attempt: Contact,
    relations: Relations,
    windows: dict[int, int],
    as_of: int,
    counts: dict[tuple[int, str, str], list[int]],
) -> None:
    if not attempt.closed and as_of < attempt.times_out_at:
        return
    for days, closes_at in windows.items():
        for scope, repeat_at in (
            ("same_intent", relations.first_repeat_same_at),
            ("any_intent", relations.first_repeat_any_at),
        ):
            broken = repeat_at is not None and repeat_at <= closes_at
            counts[days, scope, attempt.attempt][0 if broken else 1 if closes_at <= as_of else 2] += 1


def _tally(contacts: list[Contact], result: Reference) -> None:
    """Adds this customer's part of what came before repeats, switches, escalations and transfers."""
    inbound = [contact for contact in contacts if contact.direction == "inbound"]
    by_id = {contact.contact_id: contact for contact in contacts}
    met: set[tuple[int, int, str, str]] = set()
    for contact in sorted(inbound, key=lambda one: (one.ended_at, one.contact_id)):
        if not contact.closed and contact.attempt != "self_service":
            continue
        repeats = [one for one in inbound if one is not contact and 0 <= one.started_at - contact.ended_at <= DAY]
        repeat = min(repeats, key=_order) if repeats and contact.attempt != "none" else None
        switch = next((by_id[after] for before, after, _ in result.switches if before == contact.contact_id), None)
        served = contact.outcome == "answered"
        onward = round(contact.onward_s * 1000)
        happened = [  # whether it could, whether it did, and what it cost
            (contact.attempt != "none", repeat is not None, _cost(repeat)),
            (True, switch is not None, _cost(switch)),
            (served or contact.escalations > 0, contact.escalations > 0, onward),
            (served or contact.transfers > 0, contact.transfers > 0, onward),
            (
                contact.attempt == "self_service" or contact.containment_failed,
                contact.attempt == "self_service" and contact.resolution == "failed",
                contact.ended_at - contact.started_at,
            ),
        ]
        hour = contact.ended_at // 3_600_000
        for dimension, cause, way in _causes(contact, result):
            place = hour, dimension, cause, contact.intent, way
            counted = result.tallies.setdefault(place, [(0, 0, 0, 0)] * len(happened))
            for event, (could, did, cost) in enumerate(happened):
                if not could or (dimension == "transfer_path" and EVENTS[event] == "transfer"):
                    continue
                first = did and (hour // 24, event, dimension, cause) not in met
                if did:
                    met.add((hour // 24, event, dimension, cause))
                exposed, count, spent, customers = counted[event]
                counted[event] = exposed + 1, count + did, spent + cost * did, customers + first


def _cost(contact: Contact | None) -> int:
    if contact is None:
        return 0
    return sum(round(seconds * 1000) for seconds in (contact.wait_s, contact.talk_s, contact.hold_s, contact.wrap_s))


def _causes(contact: Contact, result: Reference) -> Iterator[tuple[str, str, str]]:
    """Dimension, cause (empty: any) and the way in on which it is comparable."""
    journey = result.journeys[result.relations[contact.contact_id].journey_id]
    yield "intent", contact.intent, contact.channel
    yield "first_channel", result.contacts[journey[0]].channel, contact.channel
    for article in {"", *contact.articles} if contact.articles else ():
        yield "article", article, contact.channel
    for node in {"", *contact.nodes} if contact.nodes else ():
        yield "node", node, "menu" if contact.channel in ("ivr", "voice") else contact.channel
    for first in contact.queues[:1]:
        yield "queue", first, contact.channel
    for path in {f"{one}>{two}" for one, two in pairwise(contact.queues)}:
        yield "transfer_path", path, contact.channel
    for team in {"", contact.teams[0]} if contact.teams else ():
        yield "team", team, contact.queues[0] if contact.queues else contact.channel


def _intervals(visits: Iterable[QueueVisit], settings: Settings) -> dict[tuple[str, str, int], queue.QueueInterval]:
    own: dict[tuple[str, str, int], list[QueueVisit]] = defaultdict(list)
    for visit in visits:
        own[queue.interval_of(visit, settings)].append(visit)
    interval_s = round(settings.times.interval)
    return {key: queue.figures(*key, interval_s, those) for key, those in own.items()}


def _agent_intervals(
    told: list[AgentEvent], served: list[Service], settings: Settings
) -> dict[tuple[str, int], AgentInterval]:
    """By agent and interval: every moment at which something begins or ends cuts time, and each piece is looked at."""
    found: dict[tuple[str, int], AgentInterval] = {}
    for agent in {event.agent for event in told} | {service.agent for service in served}:
        states = {event.id: event for event in told if event.agent == agent and event.type == "agent_state_changed"}
        own = [service for service in served if service.agent == agent]
        if states or own:
            found.update(((agent, row.starts_at), row) for row in _agent(agent, list(states.values()), own, settings))
    return found


def _agent(agent: str, states: list[AgentEvent], served: list[Service], settings: Settings) -> Iterator[AgentInterval]:
    longest, length = settings.agents.longest.ms, settings.times.interval.ms

    def over(service: Service) -> int | None:
        """When it ended, a forgotten one after the longest time; none while it runs."""
        return None if service.ended_at is None else min(service.ended_at, service.connected_at + longest)

    newest = max(
        [event.at for event in states]
        + [service.connected_at for service in served]
        + [end for service in served if (end := over(service)) is not None]
    )

    def in_hand(service: Service) -> tuple[int, int, int]:
        """From when to when, and since when in wrap-up."""
        start, end = service.connected_at, over(service)
        if end is None:
            last = max(start, min(newest, start + longest, service.times_out_at))
            return start, last, last
        return start, min(end + round(service.wrap_s * 1000), start + longest), end

    def lasted(event: AgentEvent) -> tuple[int, int]:
        later = [other.at for other in states if (other.at, other.id) > (event.at, event.id)]
        return event.at, min(min(later, default=newest), event.at + longest)

    begun_or_ended = {at for service in served for at in in_hand(service)} | {at for e in states for at in lasted(e)}
    lasting = [in_hand(service)[:2] for service in served] + [lasted(event) for event in states]
    for starts_at in sorted({at for one, two in lasting for at in range(one // length * length, two + 1, length)}):
        ends_at = starts_at + length
        staffed = available = busy = acw = slot = load = 0
        last: AgentEvent | None = None
        cuts = sorted({starts_at, ends_at} | {at for at in begun_or_ended if starts_at < at < ends_at})
        for one, two in pairwise(cuts):
            mine = [service for service in served if in_hand(service)[0] <= one < in_hand(service)[1]]
            wrapping = [service for service in mine if in_hand(service)[2] <= one]
            state = next((event for event in states if lasted(event)[0] <= one < lasted(event)[1]), None)
            last = state or last
            name = state.state if state else "offline"
            slots = settings.agents.slots | (state.slots if state else {})
            working = bool(mine) or name in ("on_contact", "busy", "after_contact_work")
            by_channel = Counter(service.channel for service in mine)
            parts = [number * 720_720 // max(1, slots.get(channel, 1)) for channel, number in by_channel.items()]
            staffed += (name != "offline") * (two - one)
            available += (name == "available" and not working) * (two - one)
            busy += working * (two - one)
            acw += (bool(wrapping) or name == "after_contact_work") * (two - one)
            slot += working * max(1, len(mine)) * (two - one)
            load += working * (min(720_720, sum(parts)) if mine else 720_720) * (two - one)
        got = [service for service in served if starts_at <= service.connected_at < ends_at]
        run = _hard_run(served, over, starts_at, ends_at)
        if not (staffed or busy or got or run):
            continue
        channels = sorted({service.channel for service in got})
        yield AgentInterval(
            agent,
            starts_at,
            length // 1000,
            team=last.team if last else "",
            site=last.site if last else "",
            name=last.name if last and settings.agents.names else "",
            channels=tuple(channels),
            by_channel=tuple(len([service for service in got if service.channel == channel]) for channel in channels),
            handled=len([service for service in got if service.ended_at is not None]),
            talk_s=sum(round(service.talk_s * 1000) for service in got) / 1000,
            hold_s=sum(round(service.hold_s * 1000) for service in got) / 1000,
            wrap_s=sum(round(service.wrap_s * 1000) for service in got) / 1000,
            holds=sum(service.holds or (1 if service.hold_s else 0) for service in got),
            transfers_in=len([service for service in got if service.transferred_in]),
            transfers_out=len([service for service in got if service.transferred_out]),
            escalations=len([service for service in got if service.escalated]),
            conferences=len([service for service in got if service.conferenced]),
            resolved=len([service for service in got if service.resolved]),
            hard=len([service for service in got if service.hard]),
            hard_run=run,
            staffed_s=staffed / 1000,
            available_s=available / 1000,
            busy_s=busy / 1000,
            acw_s=acw / 1000,
            slot_s=slot / 1000,
            load_s=load / 720_720_000,
        )


def _hard_run(served: list[Service], over: Callable[[Service], int | None], starts_at: int, ends_at: int) -> int:
    """The longest row of hard ones, of those that ended on this day (UTC), whose last one ended in the interval."""
    day = starts_at // DAY
    ended = [(end, one.service_id, one.hard) for one in served if (end := over(one)) is not None and end // DAY == day]
    ended.sort()
    longest = 0
    for number, (end, _, _) in enumerate(ended):
        if starts_at <= end < ends_at:
            run = list(takewhile(bool, (hard for _, _, hard in reversed(ended[: number + 1]))))
            longest = max(longest, len(run))
    return longest


def _friction_among(
    contact: Contact, journey: list[Contact], repeats_same: bool, settings: Settings
) -> tuple[str, ...]:
    """What went wrong with ``contact`` that only the customer's others show."""
    journey_intent = next((one.intent for one in journey if one.intent), UNKNOWN)
    earlier = journey[: journey.index(contact)]

    def to_people(one: Contact) -> bool:
        return one.direction == "inbound" and settings.kinds.get(one.channel) == "assisted"

    def is_answered(one: Contact) -> bool:
        return one.outcome == "answered" and bool(one.agents)

    found = []
    if repeats_same and contact.intent and to_people(contact):
        found.append("repeat")
    about = contact.intent or journey_intent
    told = [one for one in earlier if is_answered(one) and (one.intent or journey_intent) == about]
    if is_answered(contact) and told and contact.agents[0] not in told[-1].agents:
        found.append("repeated_explanation")
    for reference in contact.references if to_people(contact) else ():
        said = [one for one in earlier if reference in one.references and (to_people(one) or one.resolution)]
        if said and said[-1].resolution == "resolved":
            found.append("reopened")
            break
    return tuple(found)


def _tell(by_contact: dict[str, list[Touchpoint]], result: Reference, settings: Settings) -> None:
    """Stages, friction and effort of each contact that leads, and of each journey."""
    for journey_id, contact_ids in result.journeys.items():
        journey = [result.contacts[contact_id] for contact_id in contact_ids]
        friction: Counter[tuple[str, str]] = Counter()
        for contact in journey:
            parts = [key for key, one in result.relations.items() if one.part_of == contact.contact_id]
            told = result.contacts_told[contact.contact_id] = _told(
                contact, [(touchpoint, key) for key in (contact.contact_id, *parts) for touchpoint in by_contact[key]],
                {key: next((t.intent for t in reversed(by_contact[key]) if t.intent), "")
                 for key in (contact.contact_id, *parts)}, settings,
            )  # fmt: skip
            friction += told.friction
            friction.update((told.path[0][0], kind) for kind in result.relations[contact.contact_id].friction)
        entered = [step for one in journey for step in result.contacts_told[one.contact_id].path]
        path = _collapsed(sorted(entered, key=lambda step: step[1]))
        points = sum(settings.weights[kind] * count for (_, kind), count in friction.items())
        last_words = [
            one.resolution == "resolved" if one.resolution else one.outcome == "answered"
            for one in journey
            if one.resolution or one.outcome in ("answered", "abandoned", "self_service")
        ]
        well = any(stage in settings.stages.goals for stage, _ in path) or last_words[-1:] == [True]
        last_at = max(contact.ended_at for contact in journey)
        open_s = _open_seconds(path, last_at, settings) if "stages" in settings.calendar.working_time else ()
        result.journeys_told[journey_id] = Told(path, friction, points, "" if well else path[-1][0], open_s)


def _open_seconds(path: tuple[tuple[str, int], ...], last_at: int, settings: Settings) -> tuple[float, ...]:
    """In each stage, the seconds in which the calendar's site was open, shift by shift."""
    site = settings.calendar.site
    if not site:
        return ()
    found = []
    for (_, start), (_, end) in pairwise([*path, ("", last_at)]):
        day = datetime.fromtimestamp(start / 1000, ZoneInfo(settings.sites[site].time_zone)).date() - timedelta(days=2)
        days = range((end - start) // DAY + 5 if end > start else 0)
        shifts = [shift for number in days for shift in settings.hours[site].shifts(day + timedelta(days=number))]
        found.append(sum(max(0, min(end, one.closes_at) - max(start, one.opens_at)) for one in shifts) / 1000)
    return tuple(found)


def _told(contact: Contact, touches: list[tuple[Touchpoint, str]], intents: dict[str, str], settings: Settings) -> Told:
    touches.sort(key=lambda touch: (touch[0].at, touch[0].id))
    stages = [_stage(touchpoint, touchpoint.intent or intents[key], settings) for touchpoint, key in touches]
    path = _collapsed((stage, touchpoint.at) for stage, (touchpoint, _) in zip(stages, touches, strict=True))
    friction: Counter[tuple[str, str]] = Counter()
    for stage, (touchpoint, _) in zip(stages, touches, strict=True):
        if touchpoint.type == "transferred":
            friction[stage, "transfer"] += 1
        if touchpoint.type == "escalated":
            friction[stage, "escalation"] += 1
        if touchpoint.type == "opted_out":
            friction[stage, "ivr_opt_out"] += 1
        if touchpoint.type == "searched" and touchpoint.attributes.get("results") in (0, "0"):
            friction[stage, "failed_search"] += 1
    self_service_failed = contact.outcome == "self_service" and contact.resolution in ("failed", "unresolved")
    attributes = [touchpoint.attributes for touchpoint, _ in touches]
    for kind, is_so in (
        ("abandonment", contact.outcome == "abandoned"),
        ("containment_failure", contact.containment_failed),
        ("self_service_failed", self_service_failed),
        ("failed_article", self_service_failed and any("article" in one for one in attributes)),
        ("ivr_dead_end", self_service_failed and any("node" in one for one in attributes)),
    ):
        if is_so:
            friction[stages[-1], kind] += 1
    return Told(path, friction)


def _stage(touchpoint: Touchpoint, intent: str, settings: Settings) -> str:
    """The stage of the first rule of which everything matches."""
    given = touchpoint.attributes
    score = ""
    for name, high in (("ces", 6), ("nps", 9), ("csat", 4)):
        if isinstance(given.get(name), (int, float)):
            score = "high" if given[name] >= high else "low"
    values = {"channel": touchpoint.channel, "type": touchpoint.type, "intent": intent, "score": score}
    values |= {name: str(given.get(name, "")) for name in ("page", "topic", "order_state")}
    for rule in settings.stage_rules:
        if all(fnmatchcase(value.lower(), getattr(rule, name).lower()) for name, value in values.items()):
            return rule.stage
    return UNKNOWN


def _collapsed(steps: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Of steps into one stage after another, the first."""
    return tuple(next(same) for _, same in groupby(steps, key=lambda step: step[0]))
