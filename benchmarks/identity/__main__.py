"""The quality of identity: the shipped rule and what it is held against, on populations whose truth is known."""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.identity import ways
from benchmarks.identity.population import Population, population
from benchmarks.identity.score import Score, Truth, mean_and_interval
from benchmarks.identity.simulated import simulated
from benchmarks.identity.strangers import strangers
from journeys.settings import Identity, Settings

POPULATIONS: dict[str, Callable[[int, int], Population]] = {"note": population, "simulator": simulated}
"""The design note's, and the simulator's, from a seed and a number of people."""
RULE = "the rule"
RULE_SETTINGS = Identity()
PHONE_FIRST = ("customer_id", "phone", "email", "social", "device", "cookie", "session")
ABLATIONS: dict[str, Identity] = {
    RULE: RULE_SETTINGS,
    "share 0.8": msgspec.structs.replace(RULE_SETTINGS, share=0.8),
    "share 1: one slip shares": msgspec.structs.replace(RULE_SETTINGS, share=1.0),
    "least 0: the known go first": msgspec.structs.replace(RULE_SETTINGS, least=0.0),
    "least 1/3": msgspec.structs.replace(RULE_SETTINGS, least=1 / 3),
    "least 1/2": msgspec.structs.replace(RULE_SETTINGS, least=0.5),
    "least 2/3": msgspec.structs.replace(RULE_SETTINGS, least=2 / 3),
    "least 0.9": msgspec.structs.replace(RULE_SETTINGS, least=0.9),
    "phone before email": msgspec.structs.replace(RULE_SETTINGS, ranks=PHONE_FIRST),
}
TITLES = {"precision": "precision", "recall": "recall", "f1": "F1", "linkable": "linkable", "largest": "largest/true",
          "second": "second person"}  # fmt: skip


class Size(NamedTuple):
    """What a seed gave."""

    touchpoints: int
    contacts: int
    pairs: int
    linkable_pairs: int


class Results(NamedTuple):
    """What the seeds of one population gave."""

    sizes: dict[int, Size]
    scores: dict[str, list[Score]]
    """By way, in the order of the seeds."""
    misled: Counter[str]


class Measured(NamedTuple):
    size: Size
    scores: dict[str, Score]
    strangers: Counter[str]
    """Touchpoints with another person's customer, by what said so; none for ablations."""


class Which(StrEnum):
    NOTE = "note"
    SIMULATOR = "simulator"
    BOTH = "both"


def main(
    seeds: Annotated[str, typer.Option(help="Populations: numbers and ranges, as in 1,2,11-15.")] = "11-15",
    people: Annotated[int, typer.Option(min=2, help="People in each.")] = 2000,
    which: Annotated[Which, typer.Option("--population", help="The design note's, the simulator's.")] = Which.BOTH,
    ablate: Annotated[bool, typer.Option("--ablate", help="The rule with one idea changed, not its rivals.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON instead of tables.")] = False,
) -> None:
    """Score the identity rule that ships on populations with known truth: pairs of touchpoints put together rightly.

    The design note's population is a year of people who share things; the simulator's is two months of its centre.
    In both, the rule was found on seeds 1 to 9; 11 to 15 were held out, and are scored unless others are asked for.

    Example: python -m benchmarks.identity --population simulator --seeds 11-15 --people 2000
    """
    chosen = seeds_of(seeds)
    results = {name: score(name, chosen, people, ablate) for name in POPULATIONS if which in (Which.BOTH, Which(name))}
    if as_json:
        json.dump({"people": people} | {name: told(found) for name, found in results.items()}, sys.stdout, indent=2)
        print()
        return
    console = Console(width=max(Console().width, 150))
    for name, found in results.items():
        console.print(table(found.scores, f"identity, {name}: {people:,} people, mean ± 95 % over seeds {seeds}"))
        console.print(by_seed(found.sizes, found.scores[RULE]))
        if found.misled:
            console.print(strangers_table(found.misled, sum(size.touchpoints for size in found.sizes.values())))


def score(name: str, seeds: Sequence[int], people: int, ablate: bool) -> Results:
    """All ``seeds`` of the population ``name``."""
    progress = Console(stderr=True)
    results = Results({}, {}, Counter())
    for seed in seeds:
        progress.print(f"{name}, seed {seed}: {people:,} people")
        found = measure(POPULATIONS[name](seed, people), ablate)
        results.sizes[seed] = found.size
        results.misled.update(found.strangers)
        for way, own in found.scores.items():
            results.scores.setdefault(way, []).append(own)
    return results


def measure(people: Population, ablate: bool) -> Measured:
    """One population: the rule and its rivals, or its ablations."""
    touchpoints, person_of = people
    contacts = ways.contacts_of(touchpoints)
    truth = Truth(touchpoints, person_of)
    size = Size(len(touchpoints), len(contacts), truth.pairs, truth.linkable)
    if ablate:
        return Measured(
            size, {name: truth.score(_under(rule, contacts)) for name, rule in ABLATIONS.items()}, Counter()
        )
    owners = ways.owners(contacts)
    customers = ways.shipped(contacts, owners)
    scores = {
        RULE: truth.score(customers),
        "the note's rule, per contact": truth.score(ways.note_per_contact(contacts)),
        "the note's rule, per touchpoint": truth.score(ways.note_per_touchpoint(touchpoints)),
        "connected components": truth.score(ways.components(touchpoints)),
        "last writer wins": truth.score(ways.last_writer(touchpoints)),
    }
    return Measured(size, scores, strangers(contacts, owners, customers, person_of))


def _under(rule: Identity, contacts: Sequence[ways.Folded]) -> ways.Customers:
    settings = Settings(identity=rule)
    return ways.shipped(contacts, ways.owners(contacts, settings), settings)


def seeds_of(text: str) -> list[int]:
    """ "1,2,11-13" as [1, 2, 11, 12, 13]."""
    found: dict[int, None] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not match or int(match[2] or match[1]) < int(match[1]):
            raise typer.BadParameter(f"--seeds: expected numbers and ranges such as 1,2,11-15 (got {text!r})")
        found |= dict.fromkeys(range(int(match[1]), int(match[2] or match[1]) + 1))
    return list(found)


def table(scores: Mapping[str, Sequence[Score]], title: str) -> Table:
    """One row a way, over all seeds."""
    printed = Table(title=title)
    printed.add_column("", no_wrap=True)
    for heading in TITLES.values():
        printed.add_column(heading, justify="right", no_wrap=True)
    for name, own in scores.items():
        cells = []
        for measure_name in TITLES:
            mean, interval = mean_and_interval([getattr(score, measure_name) for score in own])
            digits = 1 if measure_name == "second" or mean >= 100 else 4
            cells.append(f"{mean:.{digits}f}" + ("" if math.isnan(interval) else f" ± {interval:.{digits}f}"))
        printed.add_row(name, *cells)
    return printed


def by_seed(sizes: Mapping[int, Size], scores: Sequence[Score]) -> Table:
    """The rule, seed by seed: a mean can hide a miss."""
    printed = Table(title=f"{RULE}, seed by seed")
    for heading in ("seed", "touchpoints", "contacts", "true pairs", "linkable pairs", *TITLES.values()):
        printed.add_column(heading, justify="right", no_wrap=True)
    for (seed, size), score in zip(sizes.items(), scores, strict=True):
        ratios = [f"{value:.4f}" for value in score[:-1]]
        printed.add_row(str(seed), *(f"{count:,}" for count in size), *ratios, f"{score.second:.0f}")
    return printed


def strangers_table(misled: Counter[str], touchpoints: int) -> Table:
    """What fools the rule, over all seeds."""
    all_of_them = misled.total()
    printed = Table(title=f"with another person's customer: {all_of_them / touchpoints:.1%}")
    for heading in ("what said so", "touchpoints", "of these"):
        printed.add_column(heading, justify="left" if heading == "what said so" else "right", no_wrap=True)
    for name, count in misled.most_common():
        printed.add_row(name, f"{count:,}", f"{count / all_of_them:.1%}")
    return printed


def told(found: Results) -> dict[str, object]:
    """The same as plain data. An interval over one seed is null."""
    results = {}
    for name, own in found.scores.items():
        measures = {}
        for key in TITLES:
            values = [getattr(score, key) for score in own]
            mean, interval = mean_and_interval(values)
            measures[key] = {"mean": mean, "interval": None if math.isnan(interval) else interval, "by_seed": values}
        results[name] = measures
    described = {seed: size._asdict() for seed, size in found.sizes.items()}
    return {"seeds": described, "results": results, "strangers": dict(found.misled.most_common())}


if __name__ == "__main__":
    typer.run(main)
