"""Contacts and queue visits: what the touchpoints that share a contact id add up to (M5)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Literal

import msgspec

from journeys import sentiment, surveys
from journeys.friction import TROUBLED, UNSETTLED, in_ending, in_touchpoint
from journeys.identifiers import telling
from journeys.mood import Mood, mood
from journeys.settings import Settings
from journeys.touchpoint import Touchpoint
from journeys.visits import Reading, Stay

Attempt = Literal["answered", "self_service", "none"]


class Contact(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One call, chat, thread or session. Times in ms since the epoch (UTC), durations in seconds."""

    contact_id: str
    channel: str
    started_at: int
    ended_at: int
    """End of service, else of waiting, else the last event so far (``closed`` tells which)."""
    closed: bool
    times_out_at: int
    """When it counts as ended though no event said so."""
    identifiers: tuple[tuple[str, str], ...]
    intent: str = ""
    references: tuple[str, ...] = ()
    direction: Literal["inbound", "outbound"] = "inbound"
    outcome: str = "open"
    """answered, abandoned, self_service, ended, or open while none of these is known."""
    attempt: Attempt = "none"
    resolution: str = ""
    """resolved, unresolved or failed, as the last event that says so has it."""
    wait_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_s: float = 0.0
    transfers: int = 0
    conferences: int = 0
    escalations: int = 0
    agents: tuple[str, ...] = ()
    queue: str = ""
    """The last queue that it was in."""
    containment_failed: bool = False
    """It began in self-service (an IVR) and left for a queue."""
    invited: bool = False
    lone: bool = False
    """Its one touchpoint named no contact."""
    touchpoints: int = 1
    queues: tuple[str, ...] = ()
    """Those of its visits, in their order; two of one after another are one."""
    teams: tuple[str, ...] = ()
    """Of its agents, in the order in which they took it."""
    articles: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    """Of the menu or IVR, in the order in which they were first chosen."""
    path: tuple[tuple[str, int], ...] = ()
    """Stages of the journey, each with when it was entered (ms); two of one after another are one."""
    friction: tuple[str, ...] = ()
    """What went wrong in it, a word for each time."""
    mood: Mood | None = None
    scores: tuple[tuple[str, float], ...] = ()
    """Of surveys: csat, nps, ces or qa, and the score."""
    about: str = ""
    """The contact that its survey says it is about."""
    resolved_by: str = ""
    """The agent who had it last, if it was resolved."""
    passed_on: tuple[str, ...] = ()
    """The agents who transferred it."""
    friction_stages: tuple[str, ...] = ()
    """In which stage each of ``friction`` was."""
    onward_s: float = 0.0
    """Waiting and service after the first agent's, of the visits that followed."""
    entered: tuple[str, int] | None = None
    """The channel of the first of its queue visits, and when that began (ms)."""


class QueueVisit(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One stay of a contact in one queue."""

    visit_id: str
    """The id of the touchpoint that opened it, so that it never changes queue or time of entry."""
    contact_id: str
    queue: str
    channel: str
    direction: str
    entered_at: int
    left_at: int | None = None
    """When it left the queue, to an agent or otherwise."""
    ended_at: int | None = None
    """When the agent's service ended, or the wait where there was none; none while either lasts."""
    outcome: str = "waiting"
    """waiting, answered, abandoned, transferred or called_back."""
    wait_s: float | None = None
    """Seconds until it left the queue; none while it waits."""
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_s: float = 0.0
    agent: str = ""
    target_s: float = 20.0
    short_s: float = 5.0
    times_out_at: int = 0
    """When it counts as over though no event said so."""
    holds: int = 0
    passed_on: bool = False
    """The agent transferred it."""
    escalated: bool = False
    """While the agent had it; so with the next."""
    conferenced: bool = False


_RESOLUTIONS = frozenset({"resolved", "unresolved", "failed"})
_NOTED = _RESOLUTIONS | TROUBLED.keys() | {"conferenced"}
_nothing_in = (surveys.KINDS | {"team", "article", "node", "sentiment", "about"}).isdisjoint
"""Of a contact's attributes; most have a page alone."""


def fold(touchpoints: Sequence[Touchpoint], settings: Settings) -> tuple[Contact, list[QueueVisit]]:
    """The contact that ``touchpoints`` (all of one contact id, sorted by (at, id), no id twice) add up to.

    Raises ``ValueError`` if there are none. The words are defined in docs/definitions.md.
    """
    if not touchpoints:
        raise ValueError("a contact has at least one touchpoint")
    kinds = settings.kinds
    reading = Reading(settings)
    channel = intent = direction = outcome = resolution = ""
    identifiers: set[tuple[str, str]] = set()
    references: set[str] = set()
    agents: dict[str, None] = {}
    transfers = conferences = escalations = 0
    invited = False
    teams: dict[str, None] = {}
    articles: dict[str, None] = {}
    nodes: dict[str, None] = {}
    sounded: list[tuple[int, float]] = []
    scores: dict[str, float] = {}
    about = ""
    troubled: list[Touchpoint] = []
    for touchpoint in touchpoints:
        kind = touchpoint.type
        if not channel and kinds.get(touchpoint.channel) == "assisted":
            channel = touchpoint.channel
        if touchpoint.identifiers:
            identifiers.update(touchpoint.identifiers.items())
        if touchpoint.intent:
            intent = touchpoint.intent
        if touchpoint.reference:
            references.add(touchpoint.reference)
        if touchpoint.agent:
            agents[touchpoint.agent] = None
        if touchpoint.direction and not direction:
            direction = touchpoint.direction
        if touchpoint.outcome:
            outcome = touchpoint.outcome
            if outcome in _RESOLUTIONS:
                resolution = outcome
        if touchpoint.invited:
            invited = True
        if (attributes := touchpoint.attributes) and not _nothing_in(attributes):
            for named, found in (("team", teams), ("article", articles), ("node", nodes)):
                value = attributes.get(named)
                if value is not None and value != "":
                    found[str(value)] = None
            if "sentiment" in attributes and (score := sentiment.felt(attributes)) is not None:
                sounded.append((touchpoint.at, score))
            if not surveys.KINDS.isdisjoint(attributes):
                scores.update(surveys.scores(attributes))
            if "about" in attributes:
                about = str(attributes["about"] or about)
        if kind in _NOTED:
            if kind == "transferred":
                transfers += 1
            elif kind == "conferenced":
                conferences += 1
            elif kind == "escalated":
                escalations += 1
            elif kind in _RESOLUTIONS:
                resolution = kind
            if kind in TROUBLED:
                troubled.append(touchpoint)
        reading.take(touchpoint)
    first, last = touchpoints[0], touchpoints[-1]
    channel = channel or first.channel
    self_service = kinds.get(channel) == "self_service"
    way: Literal["inbound", "outbound"] = "outbound" if direction == "outbound" else "inbound"
    times_out_at = last.at + settings.time_out_ms(channel)
    end = reading.end
    result = _outcome(reading, outcome, self_service)
    before = reading.before
    wait_s, talk_s, hold_s, wrap_s = before.wait_s or 0.0, before.talk_s, before.hold_s, before.wrap_s
    for stay in reading.stays:
        wait_s += stay.wait_s or 0.0
        talk_s += stay.talk_s
        hold_s += stay.hold_s
        wrap_s += stay.wrap_s
    containment_failed = bool(reading.stays) and kinds.get(first.channel) == "self_service"
    stages = settings.stage_map
    path = stages.path(touchpoints, intent)
    friction: tuple[str, ...] = ()
    friction_stages: tuple[str, ...] = ()
    if containment_failed or result == "abandoned" or resolution in UNSETTLED:
        friction = in_ending(result, resolution, containment_failed, articles, nodes)
        friction_stages = (path[-1][0],) * len(friction)
    for one in reversed(troubled):
        if trouble := in_touchpoint(one):
            friction, friction_stages = (trouble, *friction), (stages.of(one, intent), *friction_stages)
    contact = Contact(
        contact_id=first.contact_id,
        channel=channel,
        started_at=first.at,
        ended_at=last.at if end is None else end,
        closed=end is not None,
        times_out_at=times_out_at,
        identifiers=telling(identifiers, settings) if identifiers else (),
        intent=intent,
        references=tuple(sorted(references)),
        direction=way,
        outcome=result,
        attempt=_attempt(result) if way == "inbound" and channel not in settings.feedback else "none",
        resolution=resolution,
        wait_s=wait_s,
        talk_s=talk_s,
        hold_s=hold_s,
        wrap_s=wrap_s,
        transfers=transfers,
        conferences=conferences,
        escalations=escalations,
        agents=tuple(agents),
        queue=reading.stays[-1].queue if reading.stays else "",
        containment_failed=containment_failed,
        invited=invited,
        lone=first.contact_id == first.id,
        touchpoints=len(touchpoints),
        queues=tuple(queue for queue, _ in groupby(stay.queue for stay in reading.stays)) if reading.stays else (),
        teams=tuple(teams),
        articles=tuple(articles),
        nodes=tuple(nodes),
        mood=mood(sounded, settings.sentiment) if sounded else None,
        scores=tuple(sorted(scores.items())) if scores else (),
        about=about,
        resolved_by=reading.stays[-1].agent if resolution == "resolved" and reading.stays else "",
        passed_on=_passed_on(reading.stays) if transfers else (),
        path=path,
        friction=friction,
        friction_stages=friction_stages,
        onward_s=_onward(reading.stays) if len(reading.stays) > 1 else 0.0,
        entered=(reading.stays[0].channel or channel, reading.stays[0].entered_at) if reading.stays else None,
    )
    return contact, [_visit(stay, contact, settings) for stay in reading.stays]


def _passed_on(stays: Sequence[Stay]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stay.agent for stay in stays if stay.passed_on and stay.agent))


def _outcome(reading: Reading, reported: str, self_service: bool) -> str:
    if reading.connected or reported == "answered":
        return "answered"
    if reading.abandoned_at is not None or reported == "abandoned":
        return "abandoned"
    if self_service and not reading.stays:
        return "self_service"
    return "open" if reading.end is None else "ended"


def _onward(stays: Sequence[Stay]) -> float:
    """Waiting and service in the visits after the first one that an agent took."""
    first = next((number for number, stay in enumerate(stays) if stay.agent or stay.outcome == "answered"), len(stays))
    return sum((stay.wait_s or 0.0) + stay.talk_s + stay.hold_s + stay.wrap_s for stay in stays[first + 1 :])


def _attempt(outcome: str) -> Attempt:
    """What kind of attempt an inbound contact with ``outcome`` is."""
    if outcome == "answered":
        return "answered"
    return "self_service" if outcome == "self_service" else "none"


def _visit(stay: Stay, contact: Contact, settings: Settings) -> QueueVisit:
    queue = settings.queue_of(stay.queue)
    return QueueVisit(
        visit_id=stay.visit_id,
        contact_id=contact.contact_id,
        queue=stay.queue,
        channel=stay.channel or contact.channel,
        direction=contact.direction,
        entered_at=stay.entered_at,
        left_at=stay.left_at,
        ended_at=stay.ended_at,
        outcome=stay.outcome,
        wait_s=stay.wait_s,
        talk_s=stay.talk_s,
        hold_s=stay.hold_s,
        wrap_s=stay.wrap_s,
        agent=stay.agent,
        target_s=float(queue.target),
        short_s=float(queue.short_abandon),
        times_out_at=stay.entered_at + settings.time_out_ms(contact.channel),
        holds=stay.holds,
        passed_on=stay.passed_on,
        escalated=stay.escalated,
        conferenced=stay.conferenced,
    )
