"""What a planner is told of the simulated floor at each minute: made by the same functions as in the stream.

Visits and agents' states go in as the stages have them; sums by slot and interval, the floor's figures and what open
journeys are about to bring come out of journeys/staffing and journeys/next_step. What is left out is Kafka.
"""

from __future__ import annotations

from collections import defaultdict

from benchmarks.staffing.centre import midnight, places
from benchmarks.staffing.world import World, context, demand_of, place_of, redials_there
from journeys.next_step import Foresight
from journeys.queue import Live
from journeys.queue import live as live_of
from journeys.staffing.crew import crew, manned, work_on
from journeys.staffing.figures import Floor
from journeys.staffing.live import LATELY_MS, SLOT_MS, Book, Redial, Slot, Stay, floor, present, stay
from journeys.staffing.situation import Bringing, Demand, Place, Situation
from journeys.workload import AgentNow
from producers.simulator.floor.day import Contact
from producers.simulator.floor.seen import Seen, visit_of
from streams.stages.bringing import KEPT, QUARTER_MS, brought, open_as


class View(Seen):
    """A witness of the day that is scored; ``situation`` is what is known at a minute."""

    def __init__(self, world: World, journeys: bool = True) -> None:
        super().__init__(world.centre, midnight())
        self._world = world
        self._journeys = journeys
        self._foresight = Foresight(world.counts, world.settings)
        self._books = {place: Book(world.settings.interval_ms) for place in places(world.centre)}
        self._known: dict[int, Stay] = {}
        self._live: dict[Place, dict[int, Live]] = {place: {} for place in self._books}
        channel_of = dict(places(world.centre))
        self._agents_now = {
            person.key: AgentNow(
                person.key,
                self._origin,
                "offline",
                slots={channel_of[person.queue]: world.centre.queues[person.queue].slots},
                queues=(person.queue,),
                team=person.team,
                site=person.site,
            )
            for person in world.people
        }
        """Whoever has not come yet was told of when they went home."""
        self._changed: dict[int, Contact] = {}
        self._open: dict[int, dict[str, int]] = defaultdict(dict)

    # As things happen.

    def entered(self, contact: Contact, at_s: float) -> None:
        self._changed[contact.number] = contact
        if redials_there(contact):
            place = place_of(contact)
            at = _ms(self._origin, contact.entered_s)
            self._books[place].redial(Redial(str(contact.number), *place, at))
        if contact.follows is not None:
            self._count_open(contact.follows, -1)

    def connected(self, contact: Contact, at_s: float) -> None:
        self._changed[contact.number] = contact

    def ended(self, contact: Contact, at_s: float) -> None:
        self._changed[contact.number] = contact
        self._count_open(contact, 1)

    def wrapped_up(self, contact: Contact, at_s: float) -> None:
        self._changed[contact.number] = contact

    def abandoned(self, contact: Contact, at_s: float) -> None:
        self._changed[contact.number] = contact
        self._count_open(contact, 1)

    def _count_open(self, contact: Contact, sign: int) -> None:
        if contact.ended_s is None:
            return
        short = open_as(context(contact, self._world.settings), contact.queue)
        counts = self._open[_ms(self._origin, contact.ended_s) // QUARTER_MS]
        counts[short] = counts.get(short, 0) + sign

    # When somebody looks.

    def situation(self, at_s: float) -> Situation:
        as_of = _ms(self._origin, at_s)
        self._take()
        world = self._world
        agents = crew(self._agents_now.values(), as_of, world.settings)
        demand: dict[Place, dict[int, Demand]] = {}
        floors: list[Floor] = []
        for place, kept in self._books.items():
            demand[place] = world.demand[place] | demand_of(kept)
            lately = (as_of - LATELY_MS) // SLOT_MS
            slots = {number: Slot(*counts) for number, counts in kept.slots.items() if number >= lately}
            there = present(self._live[place].values(), as_of)
            floors.append(floor(*place, as_of, there, slots, demand[place], world.settings))
        floors = manned(floors, agents, work_on(floors))
        return Situation(as_of, floors, agents, demand, self._brings(as_of), world.schedule)

    def _take(self) -> None:
        """What has changed, into the sums."""
        for number, contact in self._changed.items():
            place = place_of(contact)
            before = self._known.get(number)
            if before is not None:
                self._books[place].count(before, -1)
            visit = visit_of(contact, self._world.centre, self._origin)
            now = stay(visit)
            self._books[place].count(now)
            self._known[number] = now
            live = live_of(visit)
            if live is None:
                self._live[place].pop(number, None)
            else:
                self._live[place][number] = live
        self._changed.clear()
        for one in self.agents():
            self._agents_now[one.agent] = one

    def _brings(self, as_of: int) -> list[Bringing]:
        if not self._journeys:
            return []
        now = as_of // QUARTER_MS
        counts = {
            quarter: {context: n for context, n in own.items() if n > 0}
            for quarter, own in self._open.items()
            if now - KEPT <= quarter <= now
        }
        return brought(counts, self._foresight)


def _ms(origin: int, at_s: float) -> int:
    return origin + round(at_s * 1000)
