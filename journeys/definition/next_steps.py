"""The trials that next steps are learned from."""

from __future__ import annotations

from journeys import next_step
from journeys.contact import Contact
from journeys.definition.figures import Reference
from journeys.definition.order import order
from journeys.journey import UNKNOWN
from journeys.repeats import DAY
from journeys.settings import Settings


def trials(journey: list[Contact], inbound: list[Contact], result: Reference, settings: Settings) -> None:
    def counts(contact: Contact) -> bool:
        return settings.kinds.get(contact.channel, "other") != "other"

    for contact in filter(counts, journey):
        if not next_step.at_rest(contact, settings):
            continue
        earlier = [other for other in journey if counts(other) and order(other) < order(contact)]
        last = max(earlier, key=order, default=None)
        context = next_step.context_of(contact, contact.intent or UNKNOWN, last, len(earlier), settings)
        later = [other for other in inbound if counts(other) and other is not contact]
        soon = [other for other in later if 0 <= other.started_at - contact.ended_at <= DAY]
        first = min(soon, key=order, default=None)
        came = next_step.NOT_YET
        if first is not None:
            came = sum(first.started_at - contact.ended_at > edge for edge in next_step.EDGES)
        trial = next_step.Trial(contact.ended_at, context, came, first.channel if first is not None else "")
        result.trials[contact.contact_id] = trial
