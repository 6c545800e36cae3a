"""What happens in the simulated centre: needs arise, customers try channel after channel, agents serve them."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from random import Random
from typing import Any, TypeAlias

from journeys.agents import AgentEvent
from journeys.touchpoint import Touchpoint
from producers.simulator import scenarios, surveys
from producers.simulator.centre import (
    AFTER_ABANDONED,
    AFTER_FAILED_SELF_SERVICE,
    AFTER_UNRESOLVED,
    AT_TABLET,
    ESCALATED,
    FROM_HOME_COMPUTER,
    FROM_LANDLINE,
    INTENTS,
    NODES,
    NOT_FOUND,
    NOTED,
    OPTS_OUT,
    QUEUES,
    RESOLVED,
    SHOPS,
    SLIPS,
    SOMEBODY_ELSES,
    TRANSFERRED,
    UNKNOWN_AT_TABLET,
    Moves,
    agents_needed,
    needs_per_second,
    roster,
    team_of,
)
from producers.simulator.clock import Clock, Desk, Process, Turn
from producers.simulator.moods import Line, conversation
from producers.simulator.needs import Customer, Drop, Need, Struck
from producers.simulator.scenarios import Scenario
from producers.simulator.states import OnDuty

Part: TypeAlias = Generator["float | Turn", Any, str]
"""A part of a process; returns the outcome: resolved, unresolved, failed or abandoned; where a cause is planted also
dead_end (failed at once) and passed_on (unresolved, after a transfer by the team that transfers too much)."""

DAY_MS = 86_400_000
MOST_ATTEMPTS = 6
_CALL_BACK_WAIT_S = 60.0
_BREAK_S = 1200.0
_ON_BREAK = 12
"""One agent in so many, of those on duty."""


class Simulation:
    """One centre from a seed. ``origin`` is the time (ms UTC) of second 0; needs arise from ``start`` to ``end`` s.

    The same arguments give the same touchpoints. Ids start with ``prefix``.
    """

    def __init__(
        self, seed: int, origin: int, size: int, start: float, end: float, prefix: str,
        on_need: Callable[[Need], None] = lambda need: None, scenario: Scenario | None = None,
        on_state: Callable[[AgentEvent], None] | None = None,
    ) -> None:  # fmt: skip
        self._random = Random(seed)
        self._habits = Random(f"{seed} habits")
        """Draws for what people identify themselves by; apart, so that what happens does not hang on it."""
        self._talk = Random(f"{seed} talk")
        """What is said, and asked afterwards; apart for the same reason."""
        self._menu = Random(f"{seed} menu")
        self._woes = Random(f"{seed} woes")
        """What the scenario does."""
        self._scenario = scenario or Scenario()
        self._origin = origin
        self._size = size
        self._end = end
        self._prefix = prefix
        self._on_need = on_need
        self._needs = 0
        self._contacts = 0
        self._customers = size * 4 + 10
        self._out: list[tuple[Touchpoint, Customer]] = []
        self._surge_hour = self._random.randrange(10, 16)
        self._intents = list(INTENTS)
        self._weights = [intent.weight for intent in INTENTS.values()]
        self.clock = Clock(start)
        self.desks: dict[str, Desk] = {}
        self._teams: dict[str, str] = {}
        self._duty = OnDuty(prefix, self.now_ms, self._teams, on_state)
        for name, queue in QUEUES.items():
            most = max(agents_needed(queue, size, hour) for hour in range(24))
            names = roster(name, math.ceil(most * 1.2), self._random)
            self._teams |= {agent: team_of(name, place) for place, agent in enumerate(names)}
            self.desks[name] = Desk(self.clock, name, names, self._duty.changed)
        self.clock.start(self._shifts())
        self.clock.start(self._breaks())
        self.clock.start(self._arrivals())

    def touchpoints(self) -> Iterator[Touchpoint]:
        """In the order of their times, up to the end; lazily."""
        return (touchpoint for touchpoint, _ in self.attributed())

    def attributed(self) -> Iterator[tuple[Touchpoint, Customer]]:
        """The same, each with the customer who was in truth behind it."""
        out = self._out
        for _ in self.clock.run(self._end):
            if out:
                yield from out
                out.clear()

    # What goes on without customers.

    def _shifts(self) -> Process:
        """Staff for the hour ahead, sometimes too few: that is when queues build up."""
        while True:
            hour = int(self.clock.now // 3600)
            for name, desk in self.desks.items():
                planned = agents_needed(QUEUES[name], self._size, hour)
                relief = scenarios.RELIEF if self._planted() else 1.0
                desk.staff(max(1, round(planned * self._random.uniform(0.86, 1.1) * relief)))
            yield (hour + 1) * 3600 - self.clock.now

    def _breaks(self) -> Process:
        yield _BREAK_S / 2
        while True:
            for desk in self.desks.values():
                desk.relieve(round(desk.on_duty / _ON_BREAK))
            yield _BREAK_S

    def _arrivals(self) -> Process:
        random = self._random
        while True:
            hour = int(self.clock.now // 3600)
            rate = needs_per_second(self._size, hour)
            surge = hour % 24 == self._surge_hour  # something broke
            gap = random.expovariate(rate * 1.25 if surge else rate)
            left = (hour + 1) * 3600 - self.clock.now
            if gap > left:  # the next hour has another rate, and arrivals have no memory
                yield left
                continue
            yield gap
            intent = random.choices(self._intents, self._weights)[0]
            if surge and random.random() < 0.2:
                intent = "fault"
            self.clock.start(self._need(intent))

    # A customer's way.

    def _need(self, intent: str) -> Process:
        random = self._random
        customer = Customer(random.randrange(self._customers), self.now_ms() // DAY_MS)
        self._needs += 1
        number = f"{self._prefix}-n{self._needs}"
        has_reference = intent == "order" or (intent == "fault" and random.random() < 0.6)
        reference = f"{intent.upper()}-{self._prefix}-{self._needs}" if has_reference else ""
        need = Need(number, customer, intent, reference, self.now_ms(), node=self._menu.choice(NODES[intent]))
        self._on_need(need)
        first = INTENTS[intent].first
        channel = random.choices(list(first), list(first.values()))[0]
        for attempt in range(MOST_ATTEMPTS):
            outcome = yield from self._attempt(need, channel, attempt)
            need.attempts += 1
            if outcome == "resolved":
                need.resolved = True
                yield from self._afterwards(need, channel)
                return
            moves: Moves = AFTER_UNRESOLVED
            if outcome == "failed":
                moves = AFTER_FAILED_SELF_SERVICE
            elif outcome == "abandoned":
                moves = AFTER_ABANDONED.get(channel, AFTER_ABANDONED["messenger"])
            elif outcome == "dead_end":
                moves = scenarios.AFTER_DEAD_END
            elif outcome == "passed_on":
                moves = scenarios.AFTER_PASSED_ON
            channel, _, mean = random.choices(moves, [weight for _, weight, _ in moves])[0]
            if not channel:
                return
            yield self._by_day(20 + random.expovariate(1 / mean))

    def _by_day(self, delay: float, random: Random | None = None) -> float:
        """``delay``, or what it takes until the morning: people sleep."""
        hour = (self.clock.now + delay) / 3600 % 24
        if delay > 3600 and not 7.5 <= hour < 21.5:
            return delay + ((8 - hour) % 24) * 3600 + (random or self._random).uniform(0, 10_000)
        return delay

    def _attempt(self, need: Need, channel: str, attempt: int) -> Part:
        if channel == "ad":
            seen = self._open(need, "ad")
            cookie = self._cookie(need.customer)
            seen.say("clicked", {"cookie": cookie}, attributes={"campaign": need.intent})
            yield self._random.uniform(2, 40)
            return (yield from self._web(need, cookie))
        if channel == "web":
            return (yield from self._web(need, self._cookie(need.customer)))
        if channel == "app":
            return (yield from self._app(need))
        if channel == "voice":
            return (yield from self._call(need, attempt))
        if channel == "store":
            return (yield from self._store(need))
        return (yield from self._written(need, channel))

    def _web(self, need: Need, cookie: str, invited: bool = False) -> Part:
        random, customer, intent = self._random, need.customer, need.intent
        contact = self._open(need, "web")
        who = {"cookie": cookie}
        contact.say("viewed", who, attributes={"page": f"/{intent}"}, invited=invited)
        yield random.uniform(5, 40)
        if random.random() < 0.62:
            contact.say("searched", who, intent=intent, attributes={"query": f"{intent} help", "results": self._hits()})
            yield random.uniform(4, 30)
        misled = False
        for _ in range(random.choice((0, 1, 1, 2, 3))):
            article = f"{intent}-{random.randrange(1, 8)}"
            misled |= article == self._scenario.broken_article and self._planted()
            contact.say("article_viewed", who, intent=intent, attributes={"article": article})
            yield random.uniform(10, 120)
        if random.random() < 0.55:
            who = {"cookie": cookie, "customer_id": customer.customer_id}
            contact.say("signed_in", who)
            yield random.uniform(5, 60)
        good = random.random() < INTENTS[intent].contained
        if misled:
            good = self._woes.random() >= scenarios.ARTICLE_FAILS
            self._strike(need, self._scenario.broken_article)
        if good:
            contact.say("resolved", who, intent=intent, reference=need.reference)
            return "resolved"
        if random.random() < 0.8:
            contact.say("failed", who, intent=intent)
        return "failed"

    def _hits(self) -> int:
        """Of a search."""
        return 0 if self._menu.random() < NOT_FOUND else self._menu.randint(1, 20)

    def _app(self, need: Need) -> Part:
        random = self._random
        contact = self._open(need, "app")
        who = {"customer_id": need.customer.customer_id, "device": need.customer.device}
        contact.say("opened", who)
        yield random.uniform(2, 10)
        for _ in range(random.choice((1, 1, 2))):
            contact.say("menu_chosen", who, intent=need.intent, attributes={"node": f"app/{need.node}"})
            yield random.uniform(4, 40)
        good = random.random() < INTENTS[need.intent].contained
        contact.say("resolved" if good else "failed", who, intent=need.intent, reference=need.reference if good else "")
        return "resolved" if good else "failed"

    def _call(self, need: Need, attempt: int) -> Part:
        """The IVR first; who is not helped there queues for an agent."""
        random, customer, intent = self._random, need.customer, need.intent
        contact = self._open(need, "ivr")
        phone = customer.landline if self._habits.random() < FROM_LANDLINE else customer.phone
        who = {"phone": phone}
        contact.say("started", who, direction="inbound")
        yield random.uniform(4, 15)
        if random.random() < 0.88:
            who = {"phone": phone, "customer_id": customer.customer_id}
        dead_end = need.node == self._scenario.bad_node and self._planted()
        if self._menu.random() < OPTS_OUT or (dead_end and attempt > 0):
            contact.say("opted_out", who, intent=intent)
            contact.channel = "voice"
            return (yield from self._served(contact, need, INTENTS[intent].voice))
        contact.say("menu_chosen", who, intent=intent, attributes={"node": need.node})
        yield random.uniform(5, 30)
        if dead_end and self._woes.random() < scenarios.NODE_FAILS:
            self._strike(need, need.node)
            contact.say("failed")
            contact.say("ended")
            return "dead_end"
        chance = random.random()
        if attempt == 0 and chance < INTENTS[intent].contained * 0.3:
            contact.say("resolved")
            contact.say("ended")
            return "resolved"
        if chance > 0.965:
            contact.say("failed")
            contact.say("ended")
            return "failed"
        contact.channel = "voice"
        return (yield from self._served(contact, need, INTENTS[intent].voice))

    def _written(self, need: Need, channel: str) -> Part:
        """Chat, messenger, sms, social and e-mail."""
        customer = need.customer
        contact = self._open(need, channel)
        if channel == "chat":
            known = self._random.random() < 0.8
            who = {"cookie": customer.cookie} | ({"customer_id": customer.customer_id} if known else {})
            queue = "support_chat"
        elif channel == "email":
            who, queue = {"email": customer.email}, "email_desk"
        else:
            who = {"social": customer.social} if channel == "social" else {"phone": customer.phone}
            queue = "messaging_desk"
        contact.say("started", who, intent=need.intent, direction="inbound")
        yield self._random.uniform(1, 20)
        return (yield from self._served(contact, need, queue))

    def _store(self, need: Need) -> Part:
        random = self._random
        contact = self._open(need, "store")
        shop, clerk = random.choice(SHOPS), random.randrange(1, 6)
        who = {"customer_id": need.customer.customer_id}
        if self._habits.random() < AT_TABLET:
            tablet = {"device": f"tablet-{shop}"}
            who = tablet if self._habits.random() < UNKNOWN_AT_TABLET else tablet | who
        contact.say("visited", who, intent=need.intent, direction="inbound")
        yield random.uniform(60, 600)
        contact.say("connected", agent=f"store.{shop}.{clerk}", attributes={"team": f"store-{shop}"})
        talk = random.uniform(120, 900)
        yield talk
        outcome = self._outcome("store")
        contact.say("ended", talk_s=round(talk, 1), outcome=outcome, reference=need.reference)
        return outcome

    # Agents.

    def _served(self, contact: Contact, need: Need, queue: str) -> Part:
        """Queue, be served, perhaps be transferred and queue again."""
        random = self._random
        for visit in range(3):
            desk, figures = self.desks[queue], QUEUES[queue]
            contact.say("queued", intent=need.intent, queue=queue, reference=need.reference if visit == 0 else "")
            entered = self.clock.now
            patience = random.expovariate(1 / figures.patience_s) + 4 if figures.patience_s < math.inf else math.inf
            wants_call_back = contact.channel == "voice" and patience > 240 and random.random() < 0.25
            agent: str | None = yield Turn(desk, _CALL_BACK_WAIT_S if wants_call_back else patience)
            waited = round(self.clock.now - entered, 1)
            contact.waited_s += waited
            if agent is None and wants_call_back:
                contact.say("called_back", queue=queue, wait_s=waited)
                return (yield from self._call_back(need, desk))
            if agent is None:
                contact.say("abandoned", queue=queue, wait_s=waited)
                return "abandoned"
            team = self._teams[agent]
            contact.say("connected", queue=queue, agent=agent, wait_s=waited, attributes={"team": team})
            onward = "support_voice" if queue == "billing_voice" else "billing_voice"
            transfers = TRANSFERRED
            if team == self._scenario.transferring_team and self._planted():
                transfers = scenarios.TEAM_TRANSFERS
            transferred = contact.channel == "voice" and visit < 2 and random.random() < transfers
            if transferred:
                contact.transfers += 1
                if transfers > TRANSFERRED:
                    contact.passed_on = True
                    self._strike(need, team)
                    onward = queue if self._woes.random() < scenarios.TO_OWN_QUEUE else onward
                yield random.uniform(40, 160)
                contact.say("transferred", queue=queue, agent=agent, attributes={"to": onward})
                self.clock.start(self._wrap_up(None, desk, agent, 8))
                queue = onward
                continue
            return (yield from self._conversation(contact, need, desk, agent))
        raise AssertionError("the last visit ends in a conversation")

    def _conversation(self, contact: Contact, need: Need, desk: Desk, agent: str) -> Part:
        random, figures = self._random, QUEUES[desk.name]
        talk = random.lognormvariate(math.log(figures.talk_s) - 0.18, 0.6)
        lines = conversation(self._talk, contact.channel, need.intent, self._experience(contact, need).grievances())
        held = 0.0
        if contact.channel == "voice" and random.random() < 0.18:
            yield from self._talking(contact, need, lines, talk, 0.0, 0.5)
            contact.say("held", agent=agent)
            held = random.expovariate(1 / 45) + 3
            yield held
            contact.say("resumed", agent=agent)
            yield from self._talking(contact, need, lines, talk, 0.5, 1.0)
        else:
            yield from self._talking(contact, need, lines, talk, 0.0, 1.0)
        if random.random() < (scenarios.PASSED_ON_ESCALATED if contact.passed_on else ESCALATED):
            contact.escalated = True
            contact.say("escalated", agent=agent)
            yield random.uniform(20, 120)
        if contact.channel == "voice" and random.random() < 0.012:
            contact.say("conferenced", agent=agent)
            yield random.uniform(30, 180)
        outcome = self._outcome(contact.channel, scenarios.PASSED_ON_RESOLVED if contact.passed_on else None)
        contact.say("ended", agent=agent, talk_s=round(talk, 1), hold_s=round(held, 1), outcome=outcome)
        contact.resolved = outcome == "resolved"
        self.clock.start(self._wrap_up(contact, desk, agent, figures.wrap_s))
        if self._talk.random() < surveys.INVITED:
            self.clock.start(self._survey(contact, need))
        if contact.channel == "voice" and self._talk.random() < surveys.EVALUATED:
            self.clock.start(self._evaluation(contact, need, agent))
        return "passed_on" if contact.passed_on and not contact.resolved else outcome

    def _talking(
        self, contact: Contact, need: Need, lines: Sequence[Line], talk: float, begin: float, end: float
    ) -> Generator[float, None, None]:
        """What is said from ``begin`` to ``end`` (shares of ``talk``), each when it is said."""
        now = begin
        for line in lines:
            if begin <= line.place < end:
                yield (line.place - now) * talk
                now = line.place
                said = contact.say("message", attributes=line.attributes)
                if line.drop:
                    contact.turned_angry = True
                    need.drops.append(Drop(contact.contact_id, said.at, said.id))
        yield (end - now) * talk

    def _wrap_up(self, contact: Contact | None, desk: Desk, agent: str, mean: float) -> Process:
        self._duty.changed(desk.name, agent, "after_contact_work")
        wrap = self._random.expovariate(1 / mean)
        yield wrap
        if contact:
            noted = {"email": self._written_down(contact.customer)} if self._habits.random() < NOTED else {}
            contact.say("wrapped_up", noted, agent=agent, wrap_s=round(wrap, 1))
        desk.free(agent)

    def _written_down(self, customer: Customer) -> str:
        """The address of ``customer`` as an agent types it."""
        habits, email = self._habits, customer.email
        if habits.random() >= SLIPS:
            return email
        if habits.random() < SOMEBODY_ELSES:
            return Customer(habits.randrange(self._customers)).email
        place = habits.randrange(1, 6)  # two letters change places
        return email[:place] + email[place + 1] + email[place] + email[place + 2 :]

    def _call_back(self, need: Need, desk: Desk) -> Part:
        """We ring the customer when an agent has time."""
        yield self._random.uniform(300, 2400)
        agent: str = yield Turn(desk, math.inf)
        contact = self._open(need, "voice")
        customer = need.customer
        who = {"phone": customer.phone, "customer_id": customer.customer_id}
        contact.say("started", who, intent=need.intent, direction="outbound", invited=True)
        yield self._random.uniform(5, 25)
        contact.say("connected", agent=agent, attributes={"team": self._teams[agent]})
        return (yield from self._conversation(contact, need, desk, agent))

    def _outcome(self, channel: str, resolved: float | None = None) -> str:
        return "resolved" if self._random.random() < (resolved or RESOLVED[channel]) else "unresolved"

    # What is planted.

    def _planted(self) -> bool:
        """Whether it is time for what the scenario plants, if it plants anything."""
        return self.clock.now >= self._scenario.from_hour * 3600 and self._scenario.plants

    def _strike(self, need: Need, cause: str) -> None:
        need.struck.append(Struck(cause, need.contacts[-1], self.now_ms()))

    # Afterwards.

    def _afterwards(self, need: Need, channel: str) -> Process:
        """A review, or a message with a link that brings the customer back to the web."""
        random, customer = self._random, need.customer
        who = {"customer_id": customer.customer_id}
        if need.intent in ("order", "fault") and random.random() < 0.4:
            yield self._by_day(random.uniform(600, 20_000))
            message = self._open(need, "sms")
            state = {"order_state": "shipped"} if need.intent == "order" else {}
            message.say(
                "sent",
                who | {"phone": customer.phone},
                direction="outbound",
                reference=need.reference,
                attributes=state,
            )
            if random.random() < 0.35:
                yield random.uniform(30, 1800)
                yield from self._web(need, self._cookie(customer), invited=True)
        elif random.random() < 0.02:
            yield self._by_day(random.uniform(3600, 40_000))
            review = self._open(need, "review")
            review.say("reviewed", {"social": customer.social}, attributes={"stars": random.choice((1, 3, 4, 5, 5))})

    def _experience(self, contact: Contact, need: Need) -> surveys.Experience:
        return surveys.Experience(
            contact.resolved, contact.waited_s, contact.transfers, contact.escalated, contact.turned_angry,
            need.attempts,
        )  # fmt: skip

    def _survey(self, contact: Contact, need: Need) -> Process:
        """An invitation, and the answer if there is one: it need not say which contact it is about."""
        random, customer = self._talk, need.customer
        experience, about = self._experience(contact, need), {"about": contact.contact_id}
        yield random.uniform(60, 900)
        invitation = self._open(need, "survey")
        who = {"customer_id": customer.customer_id}
        invitation.say("sent", who, intent=need.intent, direction="outbound", attributes=about)
        if random.random() >= surveys.ANSWERED:
            return
        yield self._by_day(60 + random.expovariate(1 / 5400), random)
        said = surveys.answer(random, experience) | (about if random.random() < surveys.TELLS_ABOUT else {})
        who = {"email": customer.email} if random.random() < 0.3 else who
        survey = self._open(need, "survey")
        survey.say("surveyed", who, intent=need.intent, direction="inbound", invited=True, attributes=said)

    def _evaluation(self, contact: Contact, need: Need, agent: str) -> Process:
        """Somebody listens to the call and gives the agent's part in it a score."""
        qa = surveys.evaluation(self._talk, self._experience(contact, need))
        yield self._by_day(self._talk.uniform(3600, 30_000), self._talk)
        contact.say("evaluated", agent=agent, attributes={"qa": qa})

    def _cookie(self, customer: Customer) -> str:
        """That of the browser at hand."""
        return customer.home_cookie if self._habits.random() < FROM_HOME_COMPUTER else customer.cookie

    # Writing it down.

    def now_ms(self) -> int:
        return self._origin + int(self.clock.now * 1000)

    def _open(self, need: Need, channel: str) -> Contact:
        self._contacts += 1
        contact = Contact(self, f"{self._prefix}-{self._contacts}", channel, need.customer)
        need.contacts.append(contact.contact_id)
        return contact

    def record(self, touchpoint: Touchpoint, customer: Customer) -> None:
        self._out.append((touchpoint, customer))


class Contact:
    """Writes the touchpoints of one contact; their ids sort in the order in which they happened."""

    __slots__ = (
        "_events", "_simulation", "channel", "contact_id", "customer", "escalated", "passed_on", "resolved",
        "transfers", "turned_angry", "waited_s",
    )  # fmt: skip

    def __init__(self, simulation: Simulation, contact_id: str, channel: str, customer: Customer) -> None:
        self._simulation = simulation
        self._events = 0
        self.contact_id = contact_id
        self.channel = channel
        self.customer = customer
        self.waited_s = 0.0
        self.transfers = 0
        self.escalated = False
        self.turned_angry = False
        self.passed_on = False
        """By the team that is planted to transfer too much."""
        self.resolved = False

    def say(self, what: str, identifiers: dict[str, str] | None = None, /, **more: Any) -> Touchpoint:
        self._events += 1
        simulation = self._simulation
        event = f"{self.contact_id}/{self._events:02d}"
        source = f"simulator/{self.channel}"
        at, who = simulation.now_ms(), identifiers or {}
        made = Touchpoint(at, event, what, self.channel, self.contact_id, who, source=source, **more)
        simulation.record(made, self.customer)
        return made
