"""What others printed, to the digits that they printed."""

from __future__ import annotations

import numpy as np
import pytest

from journeys.staffing.erlang import erlang_a, erlang_b, erlang_c
from journeys.staffing.required import Target, required, to_schedule

BLOCKING = (0.0001, 0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.007, 0.008, 0.009, 0.01, 0.02, 0.03, 0.04, 0.05)
ERLANGS = {
    2: (0.0, 0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4),
    3: (0.1, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.4, 0.4, 0.4, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    4: (0.2, 0.4, 0.4, 0.5, 0.6, 0.7, 0.7, 0.7, 0.8, 0.8, 0.8, 0.9, 1.1, 1.3, 1.4, 1.5),
    5: (0.5, 0.6, 0.8, 0.9, 1.0, 1.1, 1.1, 1.2, 1.2, 1.3, 1.3, 1.4, 1.7, 1.9, 2.1, 2.2),
    6: (0.7, 1.0, 1.1, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.8, 1.9, 1.9, 2.3, 2.5, 2.8, 3.0),
    7: (1.1, 1.4, 1.6, 1.8, 1.9, 2.1, 2.2, 2.2, 2.3, 2.4, 2.4, 2.5, 2.9, 3.2, 3.5, 3.7),
    8: (1.4, 1.8, 2.1, 2.3, 2.5, 2.6, 2.7, 2.8, 2.9, 3.0, 3.1, 3.1, 3.6, 4.0, 4.3, 4.5),
    9: (1.8, 2.3, 2.6, 2.9, 3.1, 3.2, 3.3, 3.4, 3.5, 3.6, 3.7, 3.8, 4.3, 4.7, 5.1, 5.4),
}


@pytest.mark.parametrize("lines", ERLANGS)
def test_erlang_b_table_of_a_handbook(lines: int) -> None:
    """Carrier Grade Voice Over IP, 2nd edition, appendix A, "Table of Erlang B": erlangs that so many channels carry.

    https://www.globalspec.com/reference/55139/203279/appendix-a-table-of-erlang-b. The blocking of the printed load, to
    half its last digit, lies on either side of the column's.
    """
    printed = np.array(ERLANGS[lines])
    assert np.all(erlang_b(np.maximum(printed - 0.05001, 0), lines) <= BLOCKING)
    assert np.all(erlang_b(printed + 0.05001, lines) >= BLOCKING)


def test_erlang_b_example_of_a_vendor_s_manual() -> None:
    """15 lines that lose one call in a hundred carry 8.108 erlangs.

    Westbay, https://erlang.com/calculatormanual/howmuchtrafficcanatrunkgrouphandle.htm.
    """
    assert erlang_b(8.1075, 15) < 0.01 < erlang_b(8.1085, 15)


def test_erlang_c_example_of_an_r_package() -> None:
    """ErlangC 0.1.0 on CRAN, README: https://stat.ethz.ch/CRAN/web/packages/ErlangC/readme/README.html."""
    got = erlang_a(100, 30 * 60, 180, 14, within_s=20)
    assert f"{got.p_wait:.7f}" == "0.1741319"
    assert f"{got.service_level:.5f}" == "0.88835"
    assert got.asa_s == pytest.approx(7.83593701177724, abs=2e-14)
    assert f"{1 - got.p_wait:.7f}" == "0.8258681"
    assert f"{got.occupancy:.7f}" == "0.7142857"
    assert required(100, 30 * 60, 180, Target(0.8, 20, occupancy=0.85)) == 14
    with_11 = erlang_a(100, 30 * 60, 180, 11, within_s=20)  # the first row of its $process
    assert (f"{with_11.p_wait:.7f}", f"{with_11.service_level:.7f}") == ("0.6821182", "0.3896138")


def test_erlang_c_example_of_a_python_package() -> None:
    """pyworkforce 0.2.1: https://pypi.org/project/pyworkforce/0.2.1/; the last digits are each one's rounding."""
    got = erlang_a(100, 30, 3, 14, within_s=20 / 60)
    assert got.service_level == pytest.approx(0.8883500191794669, abs=1e-15)
    assert got.p_wait == pytest.approx(0.1741319335950498, abs=1e-15)
    assert got.occupancy == pytest.approx(0.7142857142857143, abs=1e-15)
    assert np.ceil(to_schedule(required(100, 30, 3, Target(0.8, 20 / 60, occupancy=0.85)), 0.3)) == 20


def test_erlang_c_example_of_a_consultant() -> None:
    """360 calls of 4 minutes in half an hour, 55 agents, 15 seconds, as worked through at mitan.co.uk.

    https://web.archive.org/web/20181209042241/http://www.mitan.co.uk/erlang/elgcmath.htm; these digits are those of a
    worksheet that found the page's again with Maxima ("Expected Waiting Time Formulas in Maxima", as it is in
    https://huggingface.co/datasets/nvidia/Nemotron-CC-Math-v1).
    """
    got = erlang_a(360, 1800, 240, 55, within_s=15)
    assert f"{got.p_wait:.4f}" == "0.2387"
    assert f"{got.asa_s:.3f}" == "8.184"
    assert f"{got.service_level:.4f}" == "0.8459"


def test_erlang_c_example_of_another_python_package() -> None:
    """call-center-tools 1.0.0, docstring of erlang_c: https://pypi.org/project/call-center-tools/1.0.0/."""
    assert erlang_c(123, 132) == pytest.approx(0.3211161792617074, abs=1e-14)


def test_agents_of_a_perl_module() -> None:
    """Math::Telephony::ErlangC, "Test data" in its tests: 34 servers for 27.083 erlangs of calls of 150 s.

    Both for a mean wait of 5 s and for 94 % within 20 s; https://metacpan.org/pod/Math::Telephony::ErlangC.
    """
    assert required(27.083, 150, 150, Target(0, asa_s=5)) == 34
    assert required(27.083, 150, 150, Target(0.94, 20)) == 34


def test_agents_of_a_ruby_gem() -> None:
    """0.01 calls a second of 300 s, within 20 s: 6 agents; https://rubygems.org/gems/erlang_c_calculator.

    Its page does not say of how many; of 80 % as of 90 % they are 6. It follows G. Koole, "Call center mathematics".
    """
    assert required(0.01, 1, 300, Target([0.8, 0.9], 20)) == pytest.approx([6, 6])


def test_erlang_a_example_of_an_r_package() -> None:
    """erlangR, README, "The model in one chunk" and "Scheduling helpers": https://github.com/chjacamp/erlangR.

    Its figures come from the states' probabilities, not from Palm's formula.
    """
    got = erlang_a(120, 3600, 280, 12, patience_s=100)
    assert f"{got.abandonment:.5f}" == "0.05563"
    assert f"{got.p_wait:.4f}" == "0.1882"
    assert f"{got.mean_wait_s:.3f}" == "5.563"
    assert f"{got.occupancy:.4f}" == "0.7345"
    printed = "0.17955929 0.12735028 0.08627226 0.05563469 0.03407010 0.01978727 0.01089631"
    abandonment = erlang_a(120, 3600, 280, np.arange(9, 16), patience_s=100).abandonment
    assert " ".join(f"{each:.8f}" for each in abandonment) == printed
    assert required(170, 3600, 280, Target(0, abandonment=0.02), 100) == 19
    assert np.ceil(to_schedule(16, 0.3)) == 23
