"""Causes planted in the simulated centre, so that what looks for causes can be held against the truth.

Written down, with their strengths, before anything that detects them was scored; nobody measured these strengths
anywhere. From ``from_hour`` on:

- **a broken article**: who reads it and tries to settle the need without help fails in ``ARTICLE_FAILS`` of the visits
  (otherwise as often as the intent's visits do, some half), then turns to another channel as after any failed visit.
- **a bad node** of the IVR: ``NODE_FAILS`` of its callers end in a dead end (``failed``, and the call is over) instead
  of reaching a queue, and turn elsewhere within minutes (``AFTER_DEAD_END``); who rings again asks for a human at once
  (``opted_out``) and gets through.
- **a team that transfers too much**: it passes on ``TEAM_TRANSFERS`` of its callers, ``TO_OWN_QUEUE`` of these to
  colleagues of its own queue (others transfer a tenth, to another queue). Of those whom it passed on, agents settle
  ``PASSED_ON_RESOLVED`` (others: 0.78), ``PASSED_ON_ESCALATED`` ask for a supervisor (others: 0.025), and who is left
  with the need tries again within minutes (``AFTER_PASSED_ON``), not the next day.

The floor's manager puts on ``RELIEF`` times the agents, so that the causes show and not only the queues they make.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from producers.simulator.centre import INTENTS, NODES, QUEUES, TEAMS, Moves, articles_of, team_of

ARTICLE_FAILS = 0.97
NODE_FAILS = 0.92
TEAM_TRANSFERS = 0.6
TO_OWN_QUEUE = 0.8
PASSED_ON_RESOLVED = 0.3
PASSED_ON_ESCALATED = 0.3
RELIEF = 1.12
AFTER_DEAD_END: Moves = (("chat", 38, 120), ("voice", 36, 240), ("messenger", 10, 300), ("email", 6, 900), ("", 10, 0))
AFTER_PASSED_ON: Moves = (("voice", 58, 360), ("chat", 24, 300), ("email", 4, 900), ("", 14, 0))


@dataclass(frozen=True)
class Scenario:
    """What goes wrong from ``from_hour`` (hours since midnight of the first day) on; an empty name: nothing of that."""

    broken_article: str = ""
    bad_node: str = ""
    transferring_team: str = ""
    from_hour: float = 10.0

    def __post_init__(self) -> None:
        for name, known in (("broken_article", ARTICLES), ("bad_node", ALL_NODES), ("transferring_team", VOICE_TEAMS)):
            value = getattr(self, name)
            if value and value not in known:
                raise ValueError(f"{name}: expected one of {', '.join(known)} (got {value!r})")

    @property
    def plants(self) -> bool:
        return bool(self.broken_article or self.bad_node or self.transferring_team)


ARTICLES = tuple(article for intent in INTENTS for article in articles_of(intent))
ALL_NODES = tuple(node for nodes in NODES.values() for node in nodes)
VOICE_TEAMS = tuple(
    team_of(name, place) for name, queue in QUEUES.items() if queue.channel == "voice" for place in range(TEAMS)
)


def planted(seed: int, from_hour: float = 10.0) -> Scenario:
    """One of each, drawn by ``seed`` from where it hurts: an article of the two intents that bring most visitors among
    those that self-service settles half of; a node of the three intents that bring most callers; any voice team.
    """
    random = Random(f"{seed} planted")
    worth_breaking = [name for name, intent in INTENTS.items() if intent.contained >= 0.5]
    visited = sorted(worth_breaking, key=lambda name: -_brings(name, ("web", "ad")))[:2]
    called = sorted(INTENTS, key=lambda name: -_brings(name, ("voice",)))[:3]
    return Scenario(
        broken_article=random.choice([article for intent in visited for article in articles_of(intent)]),
        bad_node=random.choice([node for intent in called for node in NODES[intent]]),
        transferring_team=random.choice(VOICE_TEAMS),
        from_hour=from_hour,
    )


def _brings(intent: str, channels: tuple[str, ...]) -> float:
    """The share of needs that begin with ``intent`` in ``channels``."""
    first = INTENTS[intent].first
    return INTENTS[intent].weight * sum(first.get(channel, 0) for channel in channels) / sum(first.values())
