"""What customers answer when asked how it was, and what an evaluator gives a call: scores that follow from what
happened, with a person's scatter. Weights are plausible, not measured anywhere.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

INVITED = 0.22
"""How often a conversation is followed by an invitation."""
ANSWERED = 0.45
"""How many of the invited answer, within hours."""
TELLS_ABOUT = 0.65
"""How many answers say which contact they are about; the others only carry who answers."""
ASKED = {"csat": 80, "nps": 12, "ces": 8}
EVALUATED = 0.02
"""How many calls an evaluator listens to."""


class Experience(NamedTuple):
    """What a customer went through in a contact, and before it for the same need."""

    resolved: bool
    waited_s: float
    transfers: int = 0
    escalated: bool = False
    turned_angry: bool = False
    earlier: int = 0
    """Contacts before it."""

    def grievances(self) -> int:
        """How many things there are to be cross about when the conversation begins."""
        return (self.waited_s > 120) + self.transfers + min(2, self.earlier)

    def satisfaction(self) -> float:
        """From 1 to 5, before a person's scatter."""
        lost = 0.0 if self.resolved else 1.4
        lost += min(1.0, self.waited_s / 300) + 0.5 * self.transfers + 0.4 * self.escalated
        lost += 0.8 * self.turned_angry + 0.3 * min(4, self.earlier)
        return max(1.0, 5.1 - lost)


def answer(random: Random, experience: Experience) -> dict[str, int]:
    """One question's answer: csat 1 to 5, nps 0 to 10, or ces 1 to 7 (7: it was easy)."""
    asked = random.choices(list(ASKED), list(ASKED.values()))[0]
    felt = experience.satisfaction() + random.gauss(0, 0.7)
    if asked == "csat":
        return {"csat": _whole(felt, 1, 5)}
    if asked == "nps":
        return {"nps": _whole((felt - 1) * 2.5, 0, 10)}
    return {"ces": _whole(1 + (felt - 1) * 1.5, 1, 7)}


def evaluation(random: Random, experience: Experience) -> int:
    """Of the agent's part in a call, 0 to 100."""
    return _whole(88 - 12 * (not experience.resolved) - 6 * experience.transfers + random.gauss(0, 7), 0, 100)


def _whole(value: float, least: int, most: int) -> int:
    return max(least, min(most, round(value)))
