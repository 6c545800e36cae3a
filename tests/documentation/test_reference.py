"""docs/reference says what the code says."""

from __future__ import annotations

import pytest

from docs.making.reference import DIRECTORY, PAGES


@pytest.mark.parametrize("page", PAGES)
def test_it_is_current(page: str) -> None:
    assert (DIRECTORY / page).read_text(encoding="utf-8") == PAGES[page](), "run `make reference`"
