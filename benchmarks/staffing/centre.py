"""The simulated centre as its own settings and planners have it: what a pipeline would be told of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from journeys.calendar import Site
from journeys.settings import Duration, Queue, Settings, Staffing
from journeys.staffing.situation import Place, Schedule, Shift
from producers.simulator.floor.centre import Centre
from producers.simulator.floor.roster import Person

DAY = date(2026, 3, 4)
"""A Wednesday; the day that is scored."""


def midnight(day: date = DAY) -> int:
    """ms UTC; the centre keeps UTC."""
    return round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def settings_of(centre: Centre, people: Sequence[Person]) -> Settings:
    """Shrinkage is what the schedule does not have: who is absent; breaks stand in it. The cap on occupancy is out of
    the way: what is scored is how many are answered in time."""
    weekday = ("08:00-20:00",)
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), weekday) | {"sat": (), "sun": ()}
    return Settings(
        queues={
            name: Queue(
                target=Duration(queue.target_s),
                service_level=queue.service_level,
                site=queue.site,
                due=Duration(queue.target_s if queue.channel == "email" else 86_400),
                occupancy=0.97,
                shrinkage=centre.absent,
            )
            for name, queue in centre.queues.items()
        },
        sites={queue.site: Site(opening=hours) for queue in centre.queues.values()},
        staffing=Staffing(skills={person.key: person.skills for person in people}),
    )


def places(centre: Centre) -> list[Place]:
    return [(name, queue.channel) for name, queue in centre.queues.items()]


def schedule_of(people: Sequence[Person], origin: int) -> Schedule:
    """Shifts, and the breaks in them, as they would be uploaded; who then comes is another matter."""
    shifts = []
    for person in people:
        shifts.append(Shift(person.key, _ms(origin, person.starts_s), _ms(origin, person.ends_s), "work"))
        shifts += [Shift(person.key, _ms(origin, begin), _ms(origin, end), "break") for begin, end in person.breaks]
    return Schedule(tuple(shifts))


def _ms(origin: int, at_s: float) -> int:
    return origin + round(at_s * 1000)
