from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.meaning import bank, next_step


def test_skill_and_calibration_of_known_predictions() -> None:
    came = np.array([1.0] * 8 + [0.0] * 2 + [1.0] * 2 + [0.0] * 8)
    base = np.full(20, 0.5)
    right = np.array([0.8] * 10 + [0.2] * 10)
    found = next_step.figures(right, base, came)
    assert found.skill == pytest.approx(1 - 0.16 / 0.25)
    assert found.calibration == pytest.approx(0)
    bold = next_step.figures(np.array([0.95] * 10 + [0.05] * 10), base, came)
    assert bold.calibration == pytest.approx(0.15)
    assert bold.skill < found.skill


def test_a_small_centre_is_foretold_better_than_by_its_base_rate() -> None:
    day = next_step.run(1, 150, lambda text: None)
    assert day.foretold > 0.9 * day.trials > 300
    predictions = day.predictions["1 h"]
    found = next_step.figures(*(np.array(column, float) for column in zip(*predictions, strict=True)))
    assert found.skill > 0.1
    assert found.calibration < 0.1


def test_the_bank_says_what_it_wants() -> None:
    from typer import Typer

    app = Typer()
    app.command()(bank.main)
    shown = CliRunner().invoke(app, ["--help"])
    assert "Example: python -m benchmarks.meaning.bank" in " ".join(shown.output.split())
