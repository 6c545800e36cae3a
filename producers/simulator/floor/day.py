"""One day on the simulated floor, as far as somebody lets it go: ``advance``, look, give orders, ``advance`` again.

Events lie in a heap and are worked off in the order of their times. Contacts are served first come, first served, by
whoever of the queue's agents has the fewest in hand and has been free for longest. What is in hand is finished first,
whatever is ordered: a break, the end of a shift, a move to another queue.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple, Protocol

from producers.simulator.floor.centre import CLOSES_S, MAIL_CLOSES_S, After, Centre
from producers.simulator.floor.needs import ATTEMPTS, Luck, Need, luck, needs
from producers.simulator.floor.roster import Person
from producers.simulator.floor.surges import (
    INCIDENT_AFTER,
    INCIDENT_RESOLVED,
    SICK,
    SICK_OVER_S,
    Kind,
    Surge,
)

OBEYED_AFTER_S = (120.0, 360.0)
"""People do what they are told so long after it was said: somebody reads it, decides, walks over."""
_REDIAL_S = 3600.0
SOONEST_S = 20.0
"""Nobody gets in touch again sooner."""


class Contact:
    """One contact, which is one visit to one queue. Times are seconds since midnight; None: has not happened."""

    __slots__ = (
        "agent", "answered_s", "attempt", "channel", "ended_s", "entered_s", "follows", "left_s", "luck", "need",
        "number", "queue", "resolved", "talk_s", "wrap_s", "wrapped_s",
    )  # fmt: skip

    def __init__(
        self, number: int, need: Need, attempt: int, queue: str, channel: str, entered_s: float, luck: Luck,
        follows: Contact | None,
    ) -> None:  # fmt: skip
        self.number = number
        self.need = need
        self.attempt = attempt
        self.queue = queue
        self.channel = channel
        self.entered_s = entered_s
        self.luck = luck
        self.follows = follows
        """The one before it about the same need."""
        self.left_s: float | None = None
        self.answered_s: float | None = None
        self.ended_s: float | None = None
        """End of the talk, or of the wait of who gave up."""
        self.wrapped_s: float | None = None
        self.agent = ""
        self.talk_s = self.wrap_s = 0.0
        self.resolved = False

    @property
    def abandoned(self) -> bool:
        return self.left_s is not None and self.answered_s is None

    @property
    def redials(self) -> bool:
        """docs/definitions.md: within an hour of the end of one that was abandoned."""
        before = self.follows
        if before is None or not before.abandoned or before.ended_s is None:
            return False
        return self.entered_s - before.ended_s <= _REDIAL_S

    @property
    def wait_s(self) -> float | None:
        return None if self.left_s is None else self.left_s - self.entered_s


class Agent:
    """One at work. ``going``, ``leaving``: once nothing is in hand."""

    __slots__ = ("free_since", "going", "leaving", "order", "person", "queue", "since", "state", "taken", "talking")

    def __init__(self, person: Person) -> None:
        self.person = person
        self.state = "offline"
        self.queue = person.queue
        self.since = 0.0
        self.free_since = 0.0
        self.taken = 0
        """Slots, wrap-up included."""
        self.talking = 0
        self.going = ""
        self.leaving = ""
        self.order = 0
        """The last one given; 0: none is under way."""


class Order(NamedTuple):
    """So many agents, from one queue to another, until then. Those named, else whoever can best be spared."""

    giver: str
    taker: str
    agents: int
    until_s: float
    named: tuple[str, ...] = ()


class Witness(Protocol):
    """Is told what happens, when it happens; ``at_s`` is now."""

    def entered(self, contact: Contact, at_s: float) -> None: ...

    def connected(self, contact: Contact, at_s: float) -> None: ...

    def ended(self, contact: Contact, at_s: float) -> None: ...

    def wrapped_up(self, contact: Contact, at_s: float) -> None: ...

    def abandoned(self, contact: Contact, at_s: float) -> None: ...

    def changed(self, agent: Agent, at_s: float) -> None:
        """State or queue; contacts tell of themselves."""


class Day:
    """The day of ``seed``: its people, its customers, what is planted in it."""

    def __init__(
        self, centre: Centre, people: Sequence[Person], seed: int, surge: Surge | None = None, weekday: int = 2,
        witnesses: Sequence[Witness] = (), obeyed_after_s: tuple[float, float] = OBEYED_AFTER_S,
    ) -> None:  # fmt: skip
        self.centre = centre
        self.surge = surge or Surge()
        self.now = 0.0
        self.contacts: list[Contact] = []
        """All so far, in the order in which they entered."""
        self.waiting: dict[str, deque[Contact]] = {name: deque() for name in centre.queues}
        self.agents = {person.key: Agent(person) for person in people}
        self._there: dict[str, dict[str, Agent]] = {name: {} for name in centre.queues}
        self._seed = seed
        self.witnesses = witnesses
        self._agenda: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._entries = 0
        self._orders = 0
        self._obedience = Random(f"{seed} obedience")
        self._obeyed_after_s = obeyed_after_s
        absent, sick = Random(f"{seed} absent"), Random(f"{seed} sick")
        for person in people:
            self._rostered(person, absent.random() < centre.absent, sick.random() < SICK, sick.random())
        self.needs = needs(centre, self.surge, seed, weekday)
        for need in self.needs:
            self._at(need.at_s, self._arrives, need, 0, need.channel, None)

    # For who runs the floor.

    def advance(self, to_s: float) -> None:
        """Let happen what happens up to then."""
        agenda = self._agenda
        while agenda and agenda[0][0] <= to_s:
            self.now, _, action, arguments = heapq.heappop(agenda)
            action(*arguments)
        if to_s < math.inf:
            self.now = to_s

    def move(self, order: Order) -> tuple[str, ...]:
        """Order it; returns who was told, fewer than asked for if there are no more who could go."""
        if order.taker not in self.centre.queues:
            raise ValueError(f"taker: expected one of {', '.join(self.centre.queues)} (got {order.taker!r})")
        able = [
            agent
            for agent in self.agents.values()
            if agent.queue == order.giver
            and agent.state != "offline"
            and agent.leaving != "offline"
            and not agent.going
            and order.taker in agent.person.skills
            and (not order.named or agent.person.key in order.named)
        ]
        able.sort(
            key=lambda agent: (
                agent.order != 0,
                agent.person.ends_s < order.until_s,
                agent.state != "available",
                agent.taken,
                agent.person.key,
            )
        )
        told = able[: order.agents]
        for agent in told:
            self._orders += 1
            agent.order = self._orders
            delay = self._obedience.uniform(*self._obeyed_after_s)
            self._at(self.now + delay, self._goes, agent, order.taker, self._orders)
            self._at(max(order.until_s, self.now + delay), self._goes, agent, agent.person.queue, self._orders)
        return tuple(agent.person.key for agent in told)

    def recall(self, keys: Sequence[str]) -> None:
        """Those go back to where they sit, as soon as they have heard of it."""
        for agent in map(self.agents.__getitem__, keys):
            if agent.order:
                delay = self._obedience.uniform(*self._obeyed_after_s)
                self._at(self.now + delay, self._goes, agent, agent.person.queue, agent.order)

    # The agenda.

    def _at(self, moment: float, action: Callable[..., None], *arguments: Any) -> None:
        self._entries += 1  # keeps equal times in the order in which they were entered
        heapq.heappush(self._agenda, (moment, self._entries, action, arguments))

    # Agents.

    def _rostered(self, person: Person, absent: bool, sick: bool, when: float) -> None:
        ends = person.ends_s
        if self.surge.kind is Kind.SICK and person.queue == self.surge.queue and sick:
            falls_ill = self.surge.from_s + when * SICK_OVER_S
            absent = absent or person.starts_s >= self.surge.from_s
            ends = min(ends, falls_ill)
        if absent or ends <= person.starts_s:
            return
        agent = self.agents[person.key]
        self._at(person.starts_s, self._comes, agent)
        for begins, until in person.breaks:
            if begins < ends:
                self._at(begins, self._wants, agent, "break")
                self._at(min(until, ends), self._comes, agent)
        self._at(ends, self._wants, agent, "offline")

    def _comes(self, agent: Agent) -> None:
        """To work, or back from a break, even if there was no time for it."""
        if agent.leaving == "offline" or (agent.state == "offline" and self.now > agent.person.starts_s):
            return
        agent.leaving = ""
        if agent.state != "available":
            if agent.going:
                agent.queue, agent.going = agent.going, ""
            self._is(agent, "available")
            self._there[agent.queue][agent.person.key] = agent
        self._takes_more(agent)

    def _wants(self, agent: Agent, state: str) -> None:
        """To be away, or to go home."""
        if agent.state == "offline":
            return
        agent.leaving = state
        self._lets_go(agent)

    def _goes(self, agent: Agent, queue: str, order: int) -> None:
        if order != agent.order or agent.state == "offline":
            return
        if queue == agent.person.queue:
            agent.order = 0
        agent.going = "" if queue == agent.queue else queue
        if agent.going:
            self._lets_go(agent)
        else:
            self._takes_more(agent)

    def _lets_go(self, agent: Agent) -> None:
        """Do what was put off until nothing is in hand, if nothing is."""
        if agent.taken:
            return
        if agent.leaving:
            self._there[agent.queue].pop(agent.person.key, None)
            state, agent.leaving = agent.leaving, ""
            self._is(agent, state)
            if state == "offline":
                agent.order = 0
        if agent.going and agent.state != "offline":
            self._there[agent.queue].pop(agent.person.key, None)
            agent.queue, agent.going = agent.going, ""
            if agent.state != "break":
                self._there[agent.queue][agent.person.key] = agent
            self._is(agent, agent.state)
        self._takes_more(agent)

    def _is(self, agent: Agent, state: str) -> None:
        if agent.state != state:
            agent.since = self.now
        agent.state = state
        agent.free_since = self.now
        for witness in self.witnesses:
            witness.changed(agent, self.now)

    def _is_free(self, agent: Agent) -> bool:
        return (
            agent.state not in ("offline", "break")
            and not agent.leaving
            and not agent.going
            and agent.taken < self.centre.queues[agent.queue].slots
        )

    def _takes_more(self, agent: Agent) -> None:
        while self._is_free(agent) and (contact := self._next(agent.queue)) is not None:
            self._connect(contact, agent)

    # Contacts.

    def _arrives(self, need: Need, attempt: int, channel: str, follows: Contact | None) -> None:
        name = self.centre.intents[need.intent].queues[channel]
        queue = self.centre.queues[name]
        drawn = luck(self._seed, need.number, attempt, queue.spread)
        contact = Contact(len(self.contacts) + 1, need, attempt, name, channel, self.now, drawn, follows)
        self.contacts.append(contact)
        for witness in self.witnesses:
            witness.entered(contact, self.now)
        able = [agent for agent in self._there[name].values() if self._is_free(agent)]
        if able:
            self._connect(contact, min(able, key=lambda agent: (agent.taken, agent.free_since, agent.person.key)))
            return
        self.waiting[name].append(contact)
        if queue.patience_s < math.inf:
            self._at(self.now + drawn.patience * queue.patience_s, self._gives_up, contact)

    def _next(self, name: str) -> Contact | None:
        return self.waiting[name].popleft() if self.waiting[name] else None

    def _gives_up(self, contact: Contact) -> None:
        if contact.left_s is not None:
            return
        contact.left_s = contact.ended_s = self.now
        self.waiting[contact.queue].remove(contact)
        for witness in self.witnesses:
            witness.abandoned(contact, self.now)
        self._perhaps_again(contact, self.centre.after_abandoned.get(contact.channel, ()))

    def _connect(self, contact: Contact, agent: Agent) -> None:
        queue = self.centre.queues[contact.queue]
        contact.left_s = contact.answered_s = self.now
        contact.agent = agent.person.key
        contact.talk_s = queue.talk_s * contact.luck.talk * (1 + queue.slower * agent.taken)
        contact.wrap_s = queue.wrap_s * contact.luck.wrap
        agent.taken += 1
        agent.talking += 1
        for witness in self.witnesses:
            witness.connected(contact, self.now)
        self._at(self.now + contact.talk_s, self._ends, contact, agent)

    def _ends(self, contact: Contact, agent: Agent) -> None:
        contact.ended_s = self.now
        hindered = self.surge.hinders(contact.need.intent, contact.channel, self.now)
        resolves = INCIDENT_RESOLVED if hindered else self.centre.resolved[contact.channel]
        contact.resolved = contact.luck.settled < resolves
        agent.talking -= 1
        if agent.taken == 1 and contact.wrap_s:
            self._is(agent, "after_contact_work")
        for witness in self.witnesses:
            witness.ended(contact, self.now)
        self._at(self.now + contact.wrap_s, self._wraps_up, contact, agent)
        if not contact.resolved and self.centre.after_unresolved:
            after = INCIDENT_AFTER if hindered else self.centre.after_unresolved.get(contact.channel, ())
            self._perhaps_again(contact, after)

    def _wraps_up(self, contact: Contact, agent: Agent) -> None:
        contact.wrapped_s = self.now
        agent.taken -= 1
        agent.free_since = self.now
        for witness in self.witnesses:
            witness.wrapped_up(contact, self.now)
        if agent.state == "after_contact_work":
            self._is(agent, "available")
        if agent.taken:
            self._takes_more(agent)
        else:
            self._lets_go(agent)

    def _perhaps_again(self, contact: Contact, after: Sequence[After]) -> None:
        """The same customer, about the same need, here or elsewhere, later on this day."""
        chance = contact.luck.next
        for channel, probability, mean_s in after:
            if chance < probability:
                when = self.now + SOONEST_S + contact.luck.delay * mean_s
                closes = MAIL_CLOSES_S if channel == "email" else CLOSES_S
                known = channel in self.centre.intents[contact.need.intent].queues
                if known and when < closes and contact.attempt + 1 < ATTEMPTS:
                    self._at(when, self._arrives, contact.need, contact.attempt + 1, channel, contact)
                return
            chance -= probability
