"""How a customer sounds in a conversation: a mood from -1 to 1 that drifts a little from one thing said to the next,
and now and then falls suddenly. Figures are plausible, not measured anywhere.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

from producers.simulator.phrases import Tone, agent_says, customer_says

RECORDED = {"voice": 0.09, "chat": 0.24, "messenger": 0.18, "sms": 0.18, "social": 0.18, "email": 0.18}
"""How often what is said in a conversation comes with it: as text, or for calls as the sentiment that the source's
analysis of speech gives for each of the customer's turns (as Amazon Connect's Contact Lens does)."""
DROPS = 0.08
"""How often a mood falls suddenly in a conversation that is long enough for it, and begins well enough."""
DRIFT = 0.07
"""Standard deviation of a mood's step, otherwise."""
NOISE = 0.08
"""Of a source's sentiment."""
LEAST_BEFORE = 2
"""Things said before a sudden drop; as many at least come from it on."""
PLEASED, NEUTRAL, ANNOYED = 0.35, -0.2, -0.6
"""Down to which mood the text has which tone; below the last, angry."""


class Line(NamedTuple):
    place: float
    """In the conversation, from 0 to 1."""
    attributes: dict[str, Any]
    drop: bool = False
    """The customer's mood falls suddenly here, from pleasant or neutral to clearly angry, and stays there."""


def tone_of(mood: float) -> Tone:
    if mood >= PLEASED:
        return "pleased"
    if mood >= NEUTRAL:
        return "neutral"
    return "annoyed" if mood >= ANNOYED else "angry"


def conversation(random: Random, channel: str, intent: str, grievances: int) -> list[Line]:
    """What is said in it, in order; empty for most, of which nothing is recorded.

    A customer begins the worse the more ``grievances`` (waits, transfers, failed attempts) there were.
    """
    if random.random() >= RECORDED.get(channel, 0.0):
        return []
    spoken = channel == "voice"
    count = 2 if channel == "email" else random.randint(4, 6)
    places = sorted(random.uniform(0.03, 0.97) for _ in range(count))
    mood = max(-0.9, min(0.9, random.gauss(0.25 - 0.15 * grievances, 0.22)))
    falls = mood > 0 and count >= 2 * LEAST_BEFORE and random.random() < DROPS
    falls_at = random.randint(LEAST_BEFORE, count - LEAST_BEFORE) if falls else count
    lines = []
    for number, place in enumerate(places):
        if number == falls_at:
            mood = random.uniform(-0.95, -0.75)
        elif number > falls_at:
            mood = max(-1.0, min(-0.65, mood + random.gauss(0, 0.05)))
        elif number:
            mood = max(-0.05 if falls else -1.0, min(1.0, mood + random.gauss(0.0, DRIFT)))
        if spoken:
            heard = max(-1.0, min(1.0, mood + random.gauss(0, NOISE)))
            attributes: dict[str, Any] = {"speaker": "customer", "sentiment": round(heard, 2)}
        else:
            attributes = {"speaker": "customer", "text": customer_says(random, tone_of(mood), intent)}
        lines.append(Line(place, attributes, number == falls_at))
        if not spoken and number % 3 == 0:
            until = places[number + 1] if number + 1 < count else 1.0
            said = {"speaker": "agent", "text": agent_says(random, intent)}
            lines.append(Line(place + (until - place) / 2, said))
    return lines
