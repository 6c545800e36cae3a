"""No payload makes an adapter raise; ``python -m tests.producers.adapters.fuzz`` tries as many as one has time for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.payload import Fields, Made, adapter
from producers.adapters.registry import BUILT_IN
from tests.producers.adapters.fuzz import run, surely

CASES = 300


@pytest.mark.parametrize("vendor", sorted(BUILT_IN))
def test_whatever_comes_is_taken_or_refused(vendor: str) -> None:
    counts = run(vendor, CASES, start=1)
    assert counts["cases"] >= CASES * 0.9
    assert counts["touchpoints"] + counts["agent_events"] > 0
    assert counts["refused"] > 0


def test_an_adapter_that_fails_is_found_out() -> None:
    @adapter("hasty")
    def hasty(fields: Fields, how: How) -> Iterator[Made]:
        yield Touchpoint(fields.value["at"], "1", "message", "chat", "c")

    with pytest.raises(AssertionError, match="KeyError"):
        surely(hasty, b"{}", How())
