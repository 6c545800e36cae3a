"""What a journey cost the customer (M11): the friction between its contacts, and the effort of all of it, 0 to 100.

That what customers have to do to get something settled says more of loyalty than delight does, is what Dixon, Freeman
and Toman found ("Stop Trying to Delight Your Customers", Harvard Business Review, July 2010): repeat contacts,
transfers, repeated explanations and changes of channel are what they list. They ask customers; we count what happened,
and the weights are ours, and settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from journeys.journey import Friction, Stitched, intent_of
from journeys.settings import Settings
from journeys.stages import UNKNOWN


def with_friction(journey: list[Stitched], settings: Settings) -> list[Stitched]:
    """``journey``, sorted by (start, id), each contact with what only the others show (docs/definitions.md)."""
    journey_intent = None
    told: dict[str, tuple[str, ...]] = {}  # intent -> the agents to whom it was told last
    settled: dict[str, bool] = {}  # reference -> whether the last word was resolved
    felt = {}
    kinds = settings.kinds
    for index, placed in enumerate(journey):
        contact = placed.contact
        found: tuple[str, ...] = ()
        to_people = contact.direction == "inbound" and kinds.get(contact.channel) == "assisted"
        if to_people and placed.repeat_of_same and contact.intent:
            found = ("repeat",)
        if contact.agents and contact.outcome == "answered":
            intent = contact.intent
            if not intent:
                intent = journey_intent = journey_intent or intent_of([one.contact for one in journey])
            if contact.agents[0] not in told.get(intent, contact.agents):
                found += ("repeated_explanation",)
            told[intent] = contact.agents
        if contact.references:
            if to_people and any(settled.get(reference) for reference in contact.references):
                found += ("reopened",)
            if to_people or contact.resolution:
                settled |= dict.fromkeys(contact.references, contact.resolution == "resolved")
        if found:
            felt[index] = replace(placed, friction=found)
    return [felt.get(index, placed) for index, placed in enumerate(journey)] if felt else journey


def effort(journey: Sequence[Stitched], weights: Mapping[str, float]) -> tuple[Friction, ...]:
    """All friction of a journey by stage and kind, with the points that it adds to the effort score."""
    felt: list[tuple[str, str]] = []
    for placed in journey:
        contact = placed.contact
        if contact.friction:
            felt += zip(contact.friction_stages, contact.friction, strict=True)
        if placed.friction:  # the contact came with it, so it is in the stage that the contact began in
            began = contact.path[0][0] if contact.path else UNKNOWN
            felt += [(began, kind) for kind in placed.friction]
    if len(felt) == 1:
        [(stage, kind)] = felt
        return (Friction(stage, kind, 1, weights[kind]),)
    counts = dict.fromkeys(sorted(felt), 0)
    for key in felt:
        counts[key] += 1
    return tuple([Friction(stage, kind, count, weights[kind] * count) for (stage, kind), count in counts.items()])
