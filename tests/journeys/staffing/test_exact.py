"""Erlang A to 11 digits: against its series, in decimals of 60 digits; and its integrals by another library."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.integrate import quad

from journeys.staffing.erlang import erlang_a, erlang_b


def _integral(z: Decimal, y: Decimal) -> tuple[Decimal, Decimal]:
    """Of e^(y(1 - e^-s) - zs) over s from 0, by the series y^j / (z(z + 1) ... (z + j)); and minus its slope in z."""
    term, inverses = 1 / z, 1 / z
    whole, slope = term, term * inverses
    j = 0
    while term * inverses > whole * Decimal(10) ** -40:
        j += 1
        term *= y / (z + j)
        inverses += 1 / (z + j)
        whole += term
        slope += term * inverses
    return whole, slope


def _by_the_series(rate: float, aht_s: float, agents: int, patience_s: float, within_s: float) -> tuple[float, ...]:
    with localcontext() as context:
        context.prec = 60
        rate_, aht, patience, within = (Decimal(each) for each in (rate, aht_s, patience_s, within_s))
        load = rate_ * aht
        lost = Decimal(1)
        for n in range(1, agents + 1):
            lost = load * lost / (n + load * lost)
        x, y, t = agents * patience / aht, rate_ * patience, within / patience
        still = (-t).exp()
        all_waits, answered_all = _integral(x, y)[0], _integral(x + 1, y)
        p_wait = x * all_waits * lost / (1 - lost + x * all_waits * lost)
        density = p_wait / all_waits
        from_t = (y * (1 - still) - x * t).exp() * density
        in_time = 1 - p_wait + density * answered_all[0] - from_t * still * _integral(x + 1, y * still)[0]
        longer = from_t * still * _integral(x, y * still)[0]
        abandonment = p_wait - density * answered_all[0]
        figures = (
            in_time / (in_time + longer),
            patience * density * answered_all[1] / (1 - abandonment),
            patience * abandonment,
            abandonment,
            load * (1 - abandonment) / agents,
            p_wait,
        )
        return tuple(float(figure) for figure in figures)


def _random() -> list[tuple[float, float, int, float, float]]:
    generator = np.random.default_rng(17)
    cases = []
    for _ in range(60):
        agents, aht = round(10 ** generator.uniform(0, 2.5)), 10 ** generator.uniform(0, 3)
        patience = aht * 10 ** generator.uniform(-3, 1)
        load = agents * 10 ** generator.uniform(-0.5, 0.5)
        cases.append((load / aht, aht, agents, patience, patience * 10 ** generator.uniform(-3, 1)))
    return cases


@pytest.mark.parametrize(
    "case",
    [
        *_random(),
        (32.0, 300.0, 10_000, 300.0, 20.0),
        (33.5, 300.0, 10_000, 900.0, 20.0),
        (60.0, 300.0, 10_000, 60.0, 20.0),
        (1e-6, 300.0, 1, 3e5, 20.0),
        (5.0, 300.0, 1, 30.0, 5.0),
    ],
    ids=str,
)
def test_all_figures_are_the_series(case: tuple[float, float, int, float, float]) -> None:
    rate, aht_s, agents, patience_s, within_s = case
    got = erlang_a(rate, 1, aht_s, agents, patience_s, within_s)
    assert tuple(got) == pytest.approx(_by_the_series(*case), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize(
    ("rate", "aht", "agents", "patience", "within"),
    [(0.1, 200, 18, 90, 25), (0.05, 300, 20, 600, 10), (0.2, 60, 9, 30, 60)],
)
def test_answered_within_t_is_the_integral_of_the_waits(
    rate: float, aht: float, agents: int, patience: float, within: float
) -> None:
    """Of Baccelli and Hebuterne's density, normalised here: no Palm's A, no incomplete gamma function."""

    def density(t: float) -> float:
        return math.exp(rate * patience * -math.expm1(-t / patience) - agents / aht * t)

    whole = quad(density, 0, np.inf, epsabs=1e-13)[0]
    lost = erlang_b(rate * aht, agents)
    free = (1 - lost) / lost / (agents / aht)  # in that density's measure
    answered = quad(lambda t: density(t) * math.exp(-t / patience), 0, within, epsabs=1e-13)[0]
    later = math.exp(-within / patience) * quad(density, within, np.inf, epsabs=1e-13)[0]
    got = erlang_a(rate, 1, aht, agents, patience, within)
    assert got.p_wait == pytest.approx(whole / (free + whole), rel=1e-8)
    assert got.service_level == pytest.approx((free + answered) / (free + answered + later), rel=1e-8)
