"""What a partition's model foretells is worked out once for an hour, unless much changes within it."""

from __future__ import annotations

from journeys.next_step import BINS, Count
from journeys.settings import DEFAULTS
from streams.stages.next_steps import Foresights


def _model(trials: int) -> dict[str, Count]:
    return {"": Count([trials] * BINS, {"voice": [trials // 10] * BINS})}


def test_within_an_hour_it_goes_on_with_what_it_worked_out() -> None:
    foresights = Foresights()
    first = foresights.of(0, 7, _model(10_000), DEFAULTS)
    again = foresights.of(0, 7, _model(10_050), DEFAULTS)
    assert again is first
    foreseen = again.of("")
    assert foreseen is not None
    assert foreseen.trials == 10_050


def test_the_next_hour_begins_anew() -> None:
    foresights = Foresights()
    first = foresights.of(0, 7, _model(10_000), DEFAULTS)
    assert foresights.of(0, 8, _model(10_000), DEFAULTS) is not first


def test_it_begins_anew_when_much_has_changed() -> None:
    foresights = Foresights()
    first = foresights.of(0, 7, _model(1_000), DEFAULTS)
    assert foresights.of(0, 7, _model(1_011), DEFAULTS) is not first
    assert foresights.of(0, 7, {}, DEFAULTS).of("") is None


def test_each_partition_has_its_own() -> None:
    foresights = Foresights()
    assert foresights.of(1, 7, _model(10_000), DEFAULTS) is not foresights.of(0, 7, _model(10_000), DEFAULTS)
