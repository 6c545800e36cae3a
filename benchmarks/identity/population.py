"""A year of touchpoints of people who share things, and whose each one is.

It is the generator of the design note on identity, draw for draw: a seed gives the same data as there, so figures can
be held against the note's. Households share a landline, a PC and sometimes a mailbox; ten shop tablets are everybody's;
a quarter have no customer_id; one in twenty gives up a number, which somebody else gets; cookies are cleared; and of
what is typed one in a hundred is mistyped, three in ten of these into what is somebody else's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from journeys.touchpoint import Touchpoint

DAY_MS = 86_400_000
START = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000)
NEVER = 10**9
MEANS = {"web": 40, "pc": 15, "call": 20, "mail": 10, "social": 5, "store": 10}
CHANNELS = {"web": "web", "pc": "web", "call": "voice", "mail": "email", "social": "social", "store": "store"}
TABLETS = 10

Identifiers = dict[str, str]
"""Value by kind."""


THINGS = {
    "phone:land": "a household's landline",
    "phone:+9723": "a household's landline",
    "device:pc": "a household's PC",
    "cookie:kh": "a household's PC",
    "cookie:ck-home": "a household's PC",
    "email:fam": "a household's mailbox",
    "device:tablet": "a shop's tablet",
}
"""What is shared, by how its identifiers begin, here and in the simulator."""


class Population(NamedTuple):
    touchpoints: list[Touchpoint]
    """Dated by the day; those that share a session share a contact id, every other is a contact of its own."""
    person_of: dict[str, int]
    """The truth: touchpoint id to person."""


@dataclass
class Household:
    number: int
    landline: str | None
    mailbox: str | None


@dataclass
class Person:
    number: int
    home: Household
    customer_id: str | None
    mails: list[str]
    mobile: str
    social: str | None
    cleared: list[int]
    """The days on which the cookies were."""
    next_mobile: str | None = None
    changes_on: int = NEVER
    """The last day of `mobile`; from the next on it is `next_mobile`."""


def population(seed: int, people: int = 2000, days: int = 365) -> Population:
    """``people`` over ``days``, with 5 to 35 sessions each. The same arguments give the same."""
    rng = random.Random(seed)
    everyone = _settle(rng, people, days)
    _change_numbers(rng, everyone)
    touchpoints: list[Touchpoint] = []
    person_of: dict[str, int] = {}
    sessions = 0
    for person in everyone:
        for _ in range(rng.randint(5, 35)):
            sessions += 1
            day = rng.randint(0, days)
            means = rng.choices(list(MEANS), list(MEANS.values()))[0]
            for identifiers in _session(rng, person, day, means, f"z{sessions}", everyone):
                name = f"e{len(touchpoints)}"
                contact = identifiers.get("session", name)
                at = START + day * DAY_MS
                touchpoints.append(Touchpoint(at, name, "visited", CHANNELS[means], contact, identifiers))
                person_of[name] = person.number
    return Population(touchpoints, person_of)


def thing(identifier: str) -> str:
    """What ``identifier``, "kind:value", stands for."""
    for beginning, name in THINGS.items():
        if identifier.startswith(beginning):
            return name
    return f"any other {identifier.partition(':')[0]}"


def _settle(rng: random.Random, people: int, days: int) -> list[Person]:
    everyone: list[Person] = []
    homes = 0
    while len(everyone) < people:
        size = min(rng.choice([1, 1, 2, 2, 3, 4]), people - len(everyone))
        landline = f"land{homes}" if rng.random() < 0.5 else None
        mailbox = f"fam{homes}" if size > 1 and rng.random() < 0.1 else None
        home = Household(homes, landline, mailbox)
        homes += 1
        everyone += [
            Person(
                number,
                home,
                customer_id=f"C{number}" if rng.random() < 0.75 else None,
                mails=[f"m{number}.{x}" for x in range(rng.choice([1, 1, 2]))],
                mobile=f"mob{number}",
                social=f"s{number}" if rng.random() < 0.3 else None,
                cleared=sorted(rng.randint(0, days) for _ in range(rng.choice([0, 0, 1, 3]))),
            )
            for number in range(len(everyone), len(everyone) + size)
        ]
    return everyone


def _change_numbers(rng: random.Random, everyone: list[Person]) -> None:
    """One in twenty gets a new number; a month later somebody else gets the old one."""
    for person in everyone:
        if rng.random() < 0.05:
            person.changes_on, person.next_mobile = rng.randint(60, 300), f"new{person.number}"
            heir = rng.choice(everyone)
            heir.next_mobile, heir.changes_on = person.mobile, person.changes_on + 30


def _session(
    rng: random.Random, person: Person, day: int, means: str, session: str, everyone: list[Person]
) -> Iterator[Identifiers]:
    """What each touchpoint of one session carries. The order of the draws is part of the definition."""
    customer = person.customer_id
    signs_in = customer is not None and rng.random() < 0.45
    signed: Identifiers = {"customer_id": customer} if customer is not None else {}
    mobile = person.next_mobile if person.next_mobile and day > person.changes_on else person.mobile

    def mail() -> Identifiers:
        return {"email": _typed(rng, "email", rng.choice(person.mails), everyone)}

    def phone() -> Identifiers:
        return {"phone": _typed(rng, "phone", mobile, everyone)}

    if means in ("web", "pc"):
        if means == "web":
            clearings = sum(day > cleared for cleared in person.cleared)
            base = {"device": f"d{person.number}", "cookie": f"k{person.number}.{clearings}", "session": session}
        else:
            base = {"device": f"pc{person.home.number}", "cookie": f"kh{person.home.number}", "session": session}
        pages = rng.randint(1, 4)
        telling = rng.randrange(pages)
        for page in range(pages):
            if signs_in and page >= telling:
                yield base | signed
            elif page == telling and rng.random() < 0.3:
                typed = mail()
                yield base | typed | (phone() if rng.random() < 0.5 else {})
            else:
                yield base
    elif means == "call":
        landline = person.home.landline
        called = {"phone": landline if landline and rng.random() < 0.3 else mobile}
        if signs_in:
            yield called | signed
        else:
            yield called | (mail() if rng.random() < 0.2 else {})
    elif means == "mail":
        mailbox = person.home.mailbox
        sent = {"email": mailbox if mailbox and rng.random() < 0.4 else rng.choice(person.mails)}
        told = signed if customer is not None and rng.random() < 0.3 else {}
        yield sent | told | (phone() if rng.random() < 0.2 else {})
    elif means == "social":
        yield ({"social": person.social} if person.social else {"email": person.mails[0]}) | (
            signed if signs_in else {}
        )
    else:
        base = {"device": f"tablet{rng.randrange(TABLETS)}", "session": session}
        yield base
        if signs_in:
            yield base | signed
        else:
            yield base | (mail() if rng.random() < 0.5 else {})


def _typed(rng: random.Random, kind: str, value: str, everyone: list[Person]) -> str:
    """``value`` as an agent or a customer types it."""
    if rng.random() >= 0.01:
        return value
    if rng.random() < 0.7:
        return f"typo{rng.random()}"
    other = rng.choice(everyone)
    return other.mobile if kind == "phone" else other.mails[0]
