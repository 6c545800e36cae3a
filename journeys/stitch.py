"""From the contacts of one customer to journeys, each contact in its place, and the signals in them."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

import msgspec

from journeys import surveys
from journeys.contact import Contact
from journeys.drop_off import drops_off_at
from journeys.effort import effort, with_friction
from journeys.journey import Friction, Journey, Signal, Stitched, intent_of, journeys_of
from journeys.repeats import Follows, Redials, window_ends
from journeys.sessions import merge, sessions
from journeys.settings import Settings
from journeys.stages import joined, seconds
from journeys.switching import step, switches

_IN_ORDER = attrgetter("started_at", "contact_id")


class Stitching(NamedTuple):
    stitched: list[Stitched]
    journeys: list[Journey]
    signals: list[Signal]


def stitch(customer: str, contacts: Iterable[Contact], settings: Settings) -> Stitching:
    """All that follows from ``contacts``, which are all the contacts of ``customer``, in any order."""
    contacts = sorted(contacts, key=_IN_ORDER)
    if len(contacts) == 1 and not surveys.is_survey(contacts[0]) and contacts[0].channel not in settings.feedback:
        return _alone(customer, contacts[0], settings)
    groups = sessions(contacts, settings)
    visits = {group[0].contact_id: group for group in groups if len(group) > 1}
    leading = [merge(group) for group in groups]
    feedback = settings.feedback
    talks, about = leading, dict[str, tuple[str, str]]()
    if any(contact.channel in feedback or surveys.is_survey(contact) for contact in leading):
        talks = [contact for contact in leading if contact.channel not in feedback]
        leaders = {part.contact_id: name for name, group in visits.items() for part in group}
        about = surveys.joins(leading, leaders, settings)
    windows = window_ends(talks, settings)
    any_intent, same_intent = _follows(talks, windows)
    redials = Redials(talks, settings) if any(contact.outcome == "abandoned" for contact in talks) else None

    result = Stitching([], [], [])
    for journey in journeys_of(leading, settings):
        journey_id = f"{customer}/{journey[0].contact_id}"
        own = []
        repeats = 0
        felt = False
        for contact in journey:
            if contact.channel in feedback:
                placed = Stitched(contact, customer, journey_id)
            else:
                same = same_intent[contact.intent]
                placed = _place(contact, customer, journey_id, any_intent, same, redials, windows, settings)
            if contact.contact_id in about:
                survey_of, joined_by = about[contact.contact_id]
                placed = msgspec.structs.replace(placed, survey_of=survey_of, survey_joined_by=joined_by)
            repeats += bool(placed.repeat_of_same)
            felt |= bool(contact.friction)
            own.append(placed)
            if visits:
                result.stitched.extend(
                    Stitched(part, customer, journey_id, part_of=contact.contact_id)
                    for part in visits.get(contact.contact_id, ())[1:]
                )
            if placed.repeat_of_any or placed.redial or contact.scores or contact.mood is not None:
                result.signals.extend(_signals(placed))
        if repeats or len(journey) > 1:
            alone, own = own, with_friction(own, settings)
            felt |= own is not alone
        result.stitched.extend(own)
        switched = _switched(customer, journey_id, journey, settings) if len(journey) > 1 else []
        result.signals.extend(switched)
        friction = effort(own, settings.weights) if felt else ()
        result.journeys.append(_journey(customer, journey_id, journey, len(switched), repeats, friction, settings))
    return result


def _alone(customer: str, contact: Contact, settings: Settings) -> Stitching:
    """The same of the one contact of a customer, as most have no other: nothing comes before it or after it."""
    journey_id = f"{customer}/{contact.contact_id}"
    ends = window_ends((contact,), settings)[contact.contact_id] if contact.attempt != "none" else ()
    redial_until = None
    if contact.outcome == "abandoned" and contact.direction == "inbound":
        redial_until = contact.ended_at + settings.journeys.redial_window.ms
    placed = Stitched(
        contact,
        customer,
        journey_id,
        window_days=settings.repeat_windows if ends else (),
        window_ends=ends,
        redial_until=redial_until,
    )
    friction = effort([placed], settings.weights) if contact.friction else ()
    journey = _journey(customer, journey_id, [contact], 0, 0, friction, settings)
    return Stitching([placed], [journey], _drops(placed) if contact.mood is not None and contact.mood.drops else [])


def _follows(leading: list[Contact], windows: dict[str, tuple[int, ...]]) -> tuple[Follows, dict[str, Follows]]:
    """Who follows whom with any intent, and by intent."""
    if len(leading) == 1:  # most customers
        return _NOBODY, {leading[0].intent: _NOBODY}
    any_intent = Follows(leading, windows)
    by_intent: dict[str, list[Contact]] = {}
    for contact in leading:
        by_intent.setdefault(contact.intent, []).append(contact)
    if len(by_intent) == 1:
        return any_intent, dict.fromkeys(by_intent, any_intent)
    return any_intent, {intent: Follows(those, windows) for intent, those in by_intent.items()}


_NOBODY = Follows((), {})


def _place(
    contact: Contact,
    customer: str,
    journey_id: str,
    any_intent: Follows,
    same_intent: Follows,
    redials: Redials | None,
    windows: dict[str, tuple[int, ...]],
    settings: Settings,
) -> Stitched:
    same = other = again_same = again_any = redial_until = None
    ends = windows.get(contact.contact_id, ())
    if ends:
        again_same = same_intent.first_after(contact, ends[-1])
        again_any = any_intent.first_after(contact, ends[-1])
    if contact.direction == "inbound":
        same, other = same_intent.repeat_of(contact), any_intent.repeat_of(contact)
    redial = None
    if redials is not None and contact.outcome == "abandoned" and contact.direction == "inbound":
        redial, redial_until = redials.after(contact), redials.until(contact)
    return Stitched(
        contact,
        customer,
        journey_id,
        "",
        again_same.started_at if again_same else None,
        again_any.started_at if again_any else None,
        same.contact_id if same else "",
        other.contact_id if other else "",
        redial[0].started_at if redial else None,
        redial[0].contact_id if redial else "",
        redial[1] if redial else "",
        window_days=settings.repeat_windows if ends else (),
        window_ends=ends,
        redial_until=redial_until,
    )


def _signals(placed: Stitched) -> list[Signal]:
    contact = placed.contact
    found = []
    if contact.scores:
        found.extend(_answers(placed))
    if contact.mood is not None and contact.mood.drops:
        found.extend(_drops(placed))
    if placed.repeat_of_any:
        same = bool(placed.repeat_of_same)
        found.append(
            Signal(
                signal_id=f"repeat_contact:{placed.customer}/{contact.contact_id}",
                kind="repeat_contact",
                customer=placed.customer,
                journey_id=placed.journey_id,
                at=contact.started_at,
                contact_id=contact.contact_id,
                previous_id=placed.repeat_of_same or placed.repeat_of_any,
                to_channel=contact.channel,
                cause="same_intent" if same else "any_intent",
            )
        )
    if placed.redial:
        assert placed.redial_at is not None
        found.append(
            Signal(
                signal_id=f"redial:{placed.customer}/{contact.contact_id}",
                kind="redial",
                customer=placed.customer,
                journey_id=placed.journey_id,
                at=placed.redial_at,
                contact_id=placed.redial_id,
                previous_id=contact.contact_id,
                from_channel=contact.channel,
                cause=placed.redial,
            )
        )
    return found


def _answers(placed: Stitched) -> list[Signal]:
    contact = placed.contact
    return [
        Signal(
            signal_id=f"survey_score:{placed.customer}/{contact.contact_id}/{kind}",
            kind="survey_score",
            customer=placed.customer,
            journey_id=placed.journey_id,
            at=contact.started_at,
            contact_id=contact.contact_id,
            previous_id=placed.survey_of,
            to_channel=contact.channel,
            cause=kind,
            details={"score": score},
        )
        for kind, score in contact.scores
    ]


def _drops(placed: Stitched) -> list[Signal]:
    contact, mood = placed.contact, placed.contact.mood
    assert mood is not None
    return [
        Signal(
            signal_id=f"sentiment_drop:{placed.customer}/{contact.contact_id}/{at}",
            kind="sentiment_drop",
            customer=placed.customer,
            journey_id=placed.journey_id,
            at=at,
            contact_id=contact.contact_id,
            to_channel=contact.channel,
            details={"before": before, "after": after},
        )
        for at, before, after in mood.drops
    ]


def _switched(customer: str, journey_id: str, journey: list[Contact], settings: Settings) -> list[Signal]:
    return [
        Signal(
            signal_id=f"channel_switch:{customer}/{switch.after.contact_id}",
            kind="channel_switch",
            customer=customer,
            journey_id=journey_id,
            at=switch.after.started_at,
            contact_id=switch.after.contact_id,
            previous_id=switch.before.contact_id,
            from_channel=switch.before.channel,
            to_channel=switch.after.channel,
            cause=switch.cause,
            details={
                "seconds": switch.seconds,
                "invited": switch.after.invited,
                "step": step(switch.before, switch.after, settings),
            },
        )
        for switch in switches(journey, settings)
    ]


def _journey(
    customer: str,
    journey_id: str,
    journey: list[Contact],
    switched: int,
    repeats: int,
    friction: tuple[Friction, ...],
    settings: Settings,
) -> Journey:
    intent = intent_of(journey)
    first, last = journey[0], journey[-1]
    channels: tuple[str, ...] = (first.channel,)
    path, last_at, references = first.path, first.ended_at, first.references
    if len(journey) > 1:
        path = joined([contact.path for contact in journey])
        last_at = max([contact.ended_at for contact in journey])
        channels = tuple(dict.fromkeys([contact.channel for contact in journey]))
        references = tuple(sorted({reference for contact in journey for reference in contact.references}))
    return Journey(
        journey_id=journey_id,
        customer=customer,
        intent=intent,
        opened_at=first.started_at,
        last_at=last_at,
        contacts=len(journey),
        channels=channels,
        switches=switched,
        repeats=repeats,
        first_channel=first.channel,
        last_channel=last.channel,
        references=references,
        closes_at=last_at + settings.gap_ms(intent),
        path=path,
        drops_off_at=drops_off_at(journey, path, settings.goals),
        friction=friction,
        long_wait_points=settings.weights["long_wait"],
        stage_s=seconds(path, last_at, hours) if (hours := settings.hours_for("stages", "")) is not None else (),
    )
