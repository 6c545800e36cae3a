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
    journey_intent = intent_of([placed.contact for placed in journey])
    told: dict[str, tuple[str, ...]] = {}  # intent -> the agents to whom it was told last
    settled: dict[str, bool] = {}  # reference -> whether the last word was resolved
    result = []
    for placed in journey:
        contact = placed.contact
        found = []
        to_people = contact.direction == "inbound" and settings.kinds.get(contact.channel) == "assisted"
        if to_people and placed.repeat_of_same and contact.intent:
            found.append("repeat")
        if contact.outcome == "answered" and contact.agents:
            intent = contact.intent or journey_intent
            if contact.agents[0] not in told.get(intent, contact.agents):
                found.append("repeated_explanation")
            told[intent] = contact.agents
        if contact.references:
            if to_people and any(settled.get(reference) for reference in contact.references):
                found.append("reopened")
            if to_people or contact.resolution:
                settled |= dict.fromkeys(contact.references, contact.resolution == "resolved")
        result.append(replace(placed, friction=tuple(found)) if found else placed)
    return result


def effort(journey: Sequence[Stitched], weights: Mapping[str, float]) -> tuple[Friction, ...]:
    """All friction of a journey by stage and kind, with the points that it adds to the effort score."""
    counts: dict[tuple[str, str], int] = {}
    for placed in journey:
        contact = placed.contact
        for key in zip(contact.friction_stages, contact.friction, strict=True) if contact.friction else ():
            counts[key] = counts.get(key, 0) + 1
        for kind in placed.friction:  # the contact came with it, so it is in the stage that the contact began in
            key = contact.path[0][0] if contact.path else UNKNOWN, kind
            counts[key] = counts.get(key, 0) + 1
    if not counts:
        return ()
    return tuple(Friction(*key, count, weights[key[1]] * count) for key, count in sorted(counts.items()))
