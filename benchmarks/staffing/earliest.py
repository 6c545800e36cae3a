"""How early any honest page could come: what a watcher sees who knows the surge's shape, but not whether one began.

Of an incident and a marketing e-mail it sees each contact that enters a queue, and about what; of chats that end, how
many are settled. It knows what is usual at each minute of this very day, and how a surge grows in each of these, minute
by minute (the mean of all days that it is judged on): more than any detector could know. From the likelihood ratio of
that shape, begun at any minute so far, it pages by the procedure of Shiryaev and Roberts (A. Shiryaev, "On optimum
methods in quickest detection problems", Theory of Probability and its Applications 8, 1963; S. Roberts, "A comparison
of some control chart procedures", Technometrics 8, 1966), with the lowest threshold that keeps it to so many false
pages a calm day. Of staff who go home sick there is nothing to be learned before the first goes; on calm days nobody
does. It pages because something began; that a queue will be short of agents for it is one more thing to be sure of.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated, NamedTuple, TypeAlias

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.seeds import Seeds
from benchmarks.staffing.counted import falls
from benchmarks.staffing.lived import STILL_S
from benchmarks.staffing.seeds import NUMBERS
from producers.simulator.floor.centre import CENTRE, CLOSES_S, OPENS_S
from producers.simulator.floor.day import Agent, Contact, Day
from producers.simulator.floor.needs import factors
from producers.simulator.floor.roster import roster
from producers.simulator.floor.surges import Kind, Surge, planted

Array: TypeAlias = NDArray[np.float64]

MINUTES = round((CLOSES_S - OPENS_S) / 60)
LASTS = 45
"""Minutes of a surge that are looked at."""
SMOOTH = 31
"""What is usual is a mean over so many minutes, and all days."""
LEAST = 0.08
"""A cell in which a surge never brings a fifth more tells nothing, nor a minute in which it brings less than this."""
TELLS = 0.2
FALSE_PAGES = (0.1, 0.33, 1.0)
"""A calm day."""
GONE = (1, 2, 3)
_WEDNESDAY = 2


class Lived(NamedTuple):
    """One day that nobody managed."""

    counts: Array
    """By cell and minute: contacts by queue and intent, and chats that ended settled or not."""
    gone: list[float]
    """When agents of the struck queue went home before their time."""
    from_s: float
    fall_s: float | None
    falls: dict[str, int]
    """By queue, how often the service level over 15 minutes fell below target, on calm days."""


class Leavers:
    """A witness of who goes home before their time."""

    def __init__(self, surge: Surge) -> None:
        self._surge = surge
        self.at: list[float] = []

    def entered(self, contact: Contact, at_s: float) -> None:
        return

    connected = ended = wrapped_up = abandoned = entered

    def changed(self, agent: Agent, at_s: float) -> None:
        early = self._surge.from_s <= at_s < agent.person.ends_s - 60
        if agent.state == "offline" and agent.person.queue == self._surge.queue and early:
            self.at.append(at_s)


CELLS = [
    *((queue, name) for name, intent in CENTRE.intents.items() for queue in intent.queues.values()),
    *((ended, name) for name in CENTRE.intents for ended in ("settled", "unsettled")),
]
_NUMBER = {cell: number for number, cell in enumerate(CELLS)}


def lived(kind: Kind, seed: int) -> Lived:
    surge = planted(kind, seed)
    leavers = Leavers(surge)
    day = Day(CENTRE, roster(CENTRE), seed, surge, witnesses=[leavers])
    day.advance(float("inf"))
    counts = np.zeros((len(CELLS), MINUTES))

    def count(cell: tuple[str, str], at_s: float) -> None:
        minute = int((at_s - OPENS_S) // 60)
        if 0 <= minute < MINUTES:
            counts[_NUMBER[cell], minute] += 1

    for contact in day.contacts:
        count((contact.queue, contact.need.intent), contact.entered_s)
        if contact.channel == "chat" and contact.answered_s is not None and contact.ended_s is not None:
            count(("settled" if contact.resolved else "unsettled", contact.need.intent), contact.ended_s)
    if not surge.queue:
        often = {queue: _times(np.array(falls(day.contacts, CENTRE, queue))) for queue in CENTRE.queues}
        return Lived(counts, [], surge.from_s, None, often)
    low = falls(day.contacts, CENTRE, surge.queue)
    return Lived(counts, leavers.at, surge.from_s, next((at for at in low if at >= surge.from_s), None), {})


def _times(at_s: Array) -> int:
    """How many there are, if those within a quarter of an hour of the one before are the same."""
    return int((np.diff(at_s) > STILL_S).sum()) + 1 if at_s.size else 0


def _smooth(values: Array, width: int) -> Array:
    ends = np.pad(values, ((0, 0), (width // 2, width // 2)), mode="edge")
    return np.array([np.convolve(row, np.ones(width) / width, "valid") for row in ends])


def _usual(calm: dict[int, Lived]) -> dict[int, Array]:
    """By seed, what is usual on that very day."""
    busy = {seed: factors(CENTRE, seed, _WEDNESDAY) for seed in calm}
    scale = {seed: np.array([own[intent] for _, intent in CELLS])[:, None] for seed, own in busy.items()}
    mean = _smooth(np.mean([day.counts / scale[seed] for seed, day in calm.items()], axis=0), SMOOTH)
    return {seed: np.maximum(mean * scale[seed], 1e-3) for seed in calm}


def _minute(at_s: float) -> int:
    return int((at_s - OPENS_S) // 60)


def _shape(surges: dict[int, Lived], calm: dict[int, Lived], usual: dict[int, Array]) -> Array:
    """By cell and minute since it began, what a surge brings in parts of the usual; below 0: takes away."""
    more, base = np.zeros((len(CELLS), LASTS)), np.zeros((len(CELLS), LASTS))
    for seed, day in surges.items():
        those = slice(_minute(day.from_s), _minute(day.from_s) + LASTS)
        more += (day.counts - calm[seed].counts)[:, those]
        base += usual[seed][:, those]
    shape = _smooth(more / base, 5)
    shape[np.abs(shape) < LEAST] = 0
    shape[np.abs(shape).max(axis=1) < TELLS] = 0
    return np.maximum(shape, -0.95)


def _evidence(counts: Array, usual: Array, shape: Array) -> Array:
    """By minute, the logarithm of the sum of likelihood ratios over all minutes at which a surge may have begun."""
    of_each = np.tensordot(counts, np.log1p(shape), (0, 0)) - np.tensordot(usual, shape, (0, 0))  # minute, age
    found = np.zeros(MINUTES)
    ratios = np.full(LASTS, -np.inf)
    """By age."""
    for minute in range(MINUTES):
        ratios[1:] = ratios[:-1].copy()
        ratios[0] = 0.0
        ratios += of_each[minute]
        found[minute] = np.logaddexp.reduce(ratios)
    return found


def _pages(evidence: Array, threshold: float) -> int:
    return _times(60.0 * np.flatnonzero(evidence > threshold))


def _threshold(calm: Sequence[Array], most: float) -> float:
    found = max(float(each.max()) for each in calm)
    while np.mean([_pages(each, found - 0.05) for each in calm]) <= most:
        found -= 0.05
    return found


def main(
    seeds: Annotated[Seeds, typer.Option("--seeds", help="Which: benchmarks/staffing/seeds.py.")] = Seeds.BUILDING,
    first: Annotated[int | None, typer.Option("--first", min=2, help="Only the first so many of the seeds.")] = None,
) -> None:
    """Print how long before the fall such a watcher would page, at the median, and on how many days 10 min before.

    Example: python -m benchmarks.staffing.earliest --first 10
    """
    chosen = list(NUMBERS[seeds])[:first]
    days: dict[Kind, dict[int, Lived]] = {}
    for kind in Kind:
        print(f"{time.strftime('%H:%M:%S')} living {len(chosen)} days, {kind}", file=sys.stderr)
        days[kind] = {seed: lived(kind, seed) for seed in chosen}
    usual = _usual(days[Kind.CALM])
    printed = Table(title="the earliest page: minutes from it to the fall below target over 15 min")
    for heading in ("scenario", "watches", "false pages a calm day", "days", "median lead, min", "10 min and more"):
        printed.add_column(heading, justify="right" if "min" in heading or heading == "days" else "left", no_wrap=True)

    def add(kind: str, watches: str, most: str, leads: Sequence[float]) -> None:
        early = np.mean(np.array(leads) >= 10)
        printed.add_row(kind, watches, most, str(len(leads)), f"{np.median(leads):.1f}", f"{early:.2f}")

    best: dict[float, list[float]] = {most: [] for most in FALSE_PAGES}
    for kind in (Kind.INCIDENT, Kind.MARKETING):
        shape = _shape(days[kind], days[Kind.CALM], usual)
        calm = [_evidence(days[Kind.CALM][seed].counts, usual[seed], shape) for seed in chosen]
        for most in FALSE_PAGES:
            pages = partial(_first_over, threshold=_threshold(calm, most))
            leads = _leads(
                {s: (day, pages(_evidence(day.counts, usual[s], shape), day)) for s, day in days[kind].items()}
            )
            best[most] += leads
            add(kind, "contacts and what became of chats", f"{most:g}", leads)
    for number in GONE:
        leads = _leads(
            {
                seed: (day, day.gone[number - 1] if len(day.gone) >= number else CLOSES_S)
                for seed, day in days[Kind.SICK].items()
            }
        )
        add(Kind.SICK, f"{number} gone home", "0", leads)
        if number == 2:
            for all_leads in best.values():
                all_leads += leads
    for most, leads in best.items():
        add("all three", "all of these, 2 gone home", f"{most:g} for each", leads)
    console = Console(width=max(Console().width, 140))
    console.print(printed)
    calm_days = days[Kind.CALM].values()
    often = {queue: np.mean([day.falls[queue] for day in calm_days]) for queue in CENTRE.queues}
    told = ", ".join(f"{queue} {mean:.1f}" for queue, mean in often.items())
    console.print(f"falls below target over 15 min by chance, a calm day: {told}; together {sum(often.values()):.1f}")


def _first_over(evidence: Array, day: Lived, threshold: float) -> float:
    """When the first page begins, or goes on, from the planted time on."""
    over = np.flatnonzero(evidence[_minute(day.from_s) :] > threshold)
    return OPENS_S + 60.0 * (_minute(day.from_s) + int(over[0]) + 1) if over.size else CLOSES_S


def _leads(paged: dict[int, tuple[Lived, float]]) -> list[float]:
    return [(day.fall_s - at) / 60 for day, at in paged.values() if day.fall_s is not None]


if __name__ == "__main__":
    typer.run(main)
