"""How good the next steps are that the stream foretells: skill and calibration on days that go on while it learns.

Each seed is four simulated days: one to learn from, two that are scored, one in which the last of these come true.
What counts is what was told when the contact was over (no later than 15 min after its end by the simulated clock);
what came true is read off the contacts as they are in the end, pair by pair, not off the counts of the model.

Skill: 1 - Brier / Brier of the base rate, the base rate being the share of all contacts that the stream knew at the
same moment. Calibration: the expected calibration error over ten equal bins (M. Naeini, G. Cooper, M. Hauskrecht,
"Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015; C. Guo and others, "On calibration of
modern neural networks", ICML 2017).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.meaning.floor import DAY, followed, slices
from benchmarks.meaning.proportions import wilson
from journeys.contact import Contact
from journeys.journey import Stitched
from journeys.next_step import NextStep, Score
from journeys.settings import DEFAULTS, Settings
from producers.simulator import simulate
from streams import topics

DAYS, FIRST, LAST = 4, 1, 3
"""Simulated days, and which of them are scored: from the second up to the fourth."""
DAY_MS = 86_400_000
LATEST_MS = 15 * 60_000
HORIZONS = {"15 min": (15 * 60_000, "15m"), "1 h": (3_600_000, "1h"), "1 d": (DAY_MS, "1d")}
RESAMPLES = 400


class Prediction(NamedTuple):
    p: float
    base: float
    came: bool


class Figures(NamedTuple):
    skill: float
    calibration: float


def figures(p: np.ndarray, base: np.ndarray, came: np.ndarray) -> Figures:
    """Of predictions of one horizon."""
    skill = 1 - float(np.mean((p - came) ** 2)) / float(np.mean((base - came) ** 2))
    bins = np.minimum((p * 10).astype(int), 9)
    gaps = np.bincount(bins, p - came, minlength=10)
    return Figures(skill, float(np.abs(gaps).sum()) / len(p))


def score(seeds: Sequence[int], size: int, say: Callable[[object], None]) -> None:
    console = Console(stderr=True)
    every: dict[str, list[Prediction]] = defaultdict(list)
    trials = foretold = warned = switched = 0
    for seed in seeds:
        day = run(seed, size, lambda text, seed=seed: console.print(f"next step, seed {seed}: {text}"))
        trials += day.trials
        foretold += day.foretold
        warned += day.warned
        switched += day.switched
        for horizon, predictions in day.predictions.items():
            every[horizon].extend(predictions)
            found = figures(*_columns(predictions))
            console.print(
                f"seed {seed}, {horizon}: skill {found.skill:.3f}, calibration error {found.calibration:.4f}, "
                f"n {len(predictions):,}"
            )
    table = Table(title=f"next step, {len(seeds)} seeds, {size:,} needs a day, days {FIRST + 1} to {LAST}")
    for heading in ("within", "n", "came", "skill", "95 %", "calibration error", "95 % "):
        table.add_column(heading, justify="right")
    for horizon, predictions in every.items():
        columns = _columns(predictions)
        found = figures(*columns)
        spread = _resampled(*columns)
        table.add_row(
            horizon,
            f"{len(predictions):,}",
            f"{np.mean(columns[2]):.3f}",
            f"{found.skill:.3f}",
            _between([one.skill for one in spread]),
            f"{found.calibration:.4f}",
            _between([one.calibration for one in spread], 4),
        )
    say(table)
    say(f"foretold in time: {foretold:,} of {trials:,} contacts that came to rest ({foretold / max(trials, 1):.3f})")
    low, high = wilson(switched, warned)
    say(f"likely switches: {switched:,} of {warned:,} came true within 1 h ({low:.3f} to {high:.3f}, Wilson 95 %)")


class Day(NamedTuple):
    predictions: dict[str, list[Prediction]]
    trials: int
    foretold: int
    warned: int
    switched: int


def run(seed: int, size: int, follow: Callable[[str], None], settings: Settings = DEFAULTS) -> Day:
    """The days of ``seed`` through the stages, and what was foretold beside what came."""
    first: dict[tuple[str, int], NextStep] = {}
    stitched: dict[str, Stitched] = {}
    warned: set[str] = set()
    pieces = slices(simulate(seed, DAY, size, days=DAYS), settings)
    origin = None
    for piece in followed(pieces, follow, "days"):
        origin = piece.begins if origin is None else origin
        for change in piece.changes(topics.STITCHED, "stitched", Stitched):
            if change.payload is None:
                stitched.pop(change.id, None)
            else:
                stitched[change.id] = change.payload
        for change in piece.changes(topics.NEXT, "next_step", NextStep | Score):  # type: ignore[arg-type]
            step = change.payload
            if isinstance(step, NextStep) and piece.begins <= step.at + LATEST_MS:
                first.setdefault((step.contact_id, step.at), step)
        for record in piece.records.get(topics.SIGNALS, ()):
            if b'"likely_switch' in (record.value or b""):
                warned.add(_signalled(record.value or b""))
    assert origin is not None, "a day has touchpoints"
    origin -= origin % DAY_MS
    return _held(first, stitched.values(), warned, origin + FIRST * DAY_MS, origin + LAST * DAY_MS, settings)


def _held(
    first: dict[tuple[str, int], NextStep],
    stitched: Iterable[Stitched],
    warned: set[str],
    begins: int,
    ends: int,
    settings: Settings,
) -> Day:
    by_customer: dict[str, list[Contact]] = defaultdict(list)
    for placed in stitched:
        if not placed.part_of and settings.kinds.get(placed.contact.channel, "other") != "other":
            by_customer[placed.customer].append(placed.contact)
    found: dict[str, list[Prediction]] = {horizon: [] for horizon in HORIZONS}
    trials = foretold = warnings = switched = 0
    for contacts in by_customer.values():
        inbound = sorted(
            (one.started_at, one.contact_id, one.channel) for one in contacts if one.direction == "inbound"
        )
        for contact in contacts:
            if not begins <= contact.ended_at < ends:
                continue
            later = inbound[bisect_left(inbound, (contact.ended_at, "", "")) :]
            after = next((one for one in later if one[1] != contact.contact_id), None)
            silence = after[0] - contact.ended_at if after else ends
            if contact.contact_id in warned:
                warnings += 1
                switched += bool(after) and silence <= HORIZONS["1 h"][0] and after[2] != contact.channel
            step = first.get((contact.contact_id, contact.ended_at))
            trials += contact.closed or bool(contact.resolution)
            if step is None:
                continue
            foretold += contact.closed or bool(contact.resolution)
            for horizon, (span, name) in HORIZONS.items():
                p, base = getattr(step, f"p_{name}"), getattr(step, f"base_{name}")
                if p is not None:
                    found[horizon].append(Prediction(p, base, silence <= span))
    return Day(found, trials, foretold, warnings, switched)


def _signalled(value: bytes) -> str:
    """The contact that a signal is about; its id ends in it."""
    import msgspec

    from journeys.change import Change
    from journeys.journey import Signal

    change = msgspec.json.decode(value, type=Change[Signal])
    return change.payload.contact_id if change.payload is not None else ""


def _columns(predictions: Sequence[Prediction]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    p, base, came = (np.array(column, dtype=float) for column in zip(*predictions, strict=True))
    return p, base, came


def _resampled(p: np.ndarray, base: np.ndarray, came: np.ndarray) -> list[Figures]:
    """Figures of samples drawn with replacement."""
    random = np.random.default_rng(0)
    drawn = (random.integers(0, len(p), len(p)) for _ in range(RESAMPLES))
    return [figures(p[those], base[those], came[those]) for those in drawn]


def _between(values: Sequence[float], digits: int = 3) -> str:
    low, high = np.percentile(values, (2.5, 97.5))
    return f"{low:.{digits}f} to {high:.{digits}f}"
