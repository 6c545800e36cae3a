"""A real call centre: will a customer who was answered call again within a day? The bank's fortnight, learned from the
contacts that ended on its first days, whose labels are complete by the eve of the days that are scored.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from journeys.contact import fold
from journeys.journey import Stitched
from journeys.next_step import BINS, HORIZONS, UNIT, Count, Foresight, Trial, add, book, trials
from journeys.settings import DEFAULTS
from journeys.stitch import stitch
from journeys.touchpoint import Touchpoint
from producers.formats import anonymous_bank

LEARNED, SCORED = range(1, 10), range(11, 14)
"""Days of the month: contacts that ended up to day 9 have labels by day 10."""
_LAST = len(HORIZONS) - 1
RESAMPLES = 2_000


def main(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The fortnight, tab-separated.")],
) -> None:
    """Print the log loss of the next step within a day after an answered call, and that of the base rate.

    Example: python -m benchmarks.meaning.bank anonymous_bank_1999-02-01_14.tsv
    """
    with file.open("rb") as lines:
        found = list(answered(anonymous_bank.read(lines, lambda bad: None)))
    learned = [trial for day, trial in found if day in LEARNED]
    scored = [trial for day, trial in found if day in SCORED]
    counts: dict[str, Count] = {}
    by_context: dict[str, Count] = defaultdict(Count)
    for trial in learned:
        add(by_context[trial.context], trial)
    book(counts, by_context, 0, BINS)
    foresight = Foresight(counts, DEFAULTS)
    losses = []
    for trial in scored:
        foreseen = foresight.of(trial.context)
        assert foreseen is not None, "nine days teach enough"
        came = trial.bin >= 0
        mine, base = (foreseen.said[place] / UNIT for place in (_LAST, _LAST + len(HORIZONS)))
        losses.append((_loss(mine, came), _loss(base, came), (mine - came) ** 2, (base - came) ** 2))
    mine, base, brier, brier_base = (np.array(column) for column in zip(*losses, strict=True))
    gain = base - mine
    random = np.random.default_rng(0)
    means = [float(np.mean(random.choice(gain, len(gain)))) for _ in range(RESAMPLES)]
    low, high = np.percentile(means, (2.5, 97.5))
    came = np.mean([trial.bin >= 0 for trial in scored])
    print(f"learned from {len(learned):,} answered contacts, days {LEARNED.start} to {LEARNED.stop - 1}")
    print(f"scored on {len(scored):,}, days {SCORED.start} to {SCORED.stop - 1}; {came:.4f} called again within 1 day")
    print(f"log loss: {np.mean(mine):.4f}; base rate {np.mean(base):.4f}")
    print(f"gain {np.mean(gain):.4f}, 95 % by bootstrap {low:.4f} to {high:.4f}")
    print(f"Brier: {np.mean(brier):.4f}; base rate {np.mean(brier_base):.4f}")


def answered(touchpoints: Iterable[Touchpoint]) -> Iterable[tuple[int, Trial]]:
    """The inbound contacts of known customers that were answered: the day of the month on which each ended, and what
    came of it."""
    own: dict[str, list[Touchpoint]] = defaultdict(list)
    for touchpoint in touchpoints:
        own[touchpoint.contact_id].append(touchpoint)
    by_customer = defaultdict(list)
    for those in own.values():
        contact, _ = fold(sorted(those, key=lambda touchpoint: (touchpoint.at, touchpoint.id)), DEFAULTS)
        if contact.identifiers:
            by_customer[contact.identifiers[0][1]].append(contact)
    for customer, contacts in by_customer.items():
        placed: list[Stitched] = stitch(f"customer_id:{customer}", contacts, DEFAULTS).stitched
        found = trials(placed, DEFAULTS)
        for one in placed:
            contact = one.contact
            if contact.outcome == "answered" and contact.direction == "inbound" and contact.contact_id in found:
                trial = found[contact.contact_id]
                moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=trial.ended_at)
                yield moment.astimezone(anonymous_bank.TIME_ZONE).day, trial


def _loss(p: float, came: bool) -> float:
    return -math.log(p if came else 1 - p)


if __name__ == "__main__":
    typer.run(main)
