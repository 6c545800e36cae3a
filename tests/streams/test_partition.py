"""How often a stage is given a batch."""

from __future__ import annotations

import pytest

from journeys.settings import DEFAULTS
from streams.partition import rest_s
from streams.stages.cause import CauseStage
from streams.stages.queue import QueueStage


def test_a_stage_that_lingers_for_seconds_takes_a_twentieth_of_the_loop() -> None:
    assert rest_s(CauseStage(DEFAULTS), 0.4) == pytest.approx(8.0)


def test_it_never_rests_for_longer_than_ten_seconds() -> None:
    assert rest_s(CauseStage(DEFAULTS), 60.0) == 10.0


def test_a_stage_whose_work_hangs_on_what_comes_does_not_rest() -> None:
    assert rest_s(QueueStage(DEFAULTS), 0.4) == 0.0
