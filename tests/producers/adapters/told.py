"""Fixtures of what vendors send (of our own making, in their shape), and what became of them in a form to compare."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import Adapted, How
from producers.adapters.registry import adapter

FIXTURES = Path(__file__).parent / "fixtures"
SHARED = Path(__file__).parents[4] / "shared" / "payloads"
"""What vendors really send, where somebody has put it beside the repository; it is not part of it."""


def adapted(vendor: str, name: str, how: How | None = None) -> Adapted:
    """What a fixture becomes."""
    return adapter(vendor)((FIXTURES / vendor / name).read_bytes(), how or How())


def shared(name: str) -> bytes:
    """A shared file; skips the test where there is none."""
    if not SHARED.is_dir():
        pytest.skip("no shared payloads beside the repository")
    return (SHARED / name).read_bytes()


def told(touchpoint: Touchpoint) -> dict[str, Any]:
    """All that ``touchpoint`` says, without what is empty, its source, and the contact id that a lone one has."""
    found = {name: getattr(touchpoint, name) for name in touchpoint.__struct_fields__}
    del found["source"]
    if found["contact_id"] == found["id"]:
        del found["contact_id"]
    found["at"] = datetime.fromtimestamp(touchpoint.at / 1000, UTC).isoformat().replace("+00:00", "Z")
    empty = {"invited": False, "revision": 0}
    return {
        name: value for name, value in found.items() if value is not None and value not in ("", {}, empty.get(name, ""))
    }


def brief(adapted: Adapted) -> list[tuple[str, str, str]]:
    """Type, channel and time of the day of each touchpoint."""
    return [
        (one.type, one.channel, datetime.fromtimestamp(one.at / 1000, UTC).strftime("%H:%M:%S"))
        for one in adapted.touchpoints
    ]


def says(adapted: Adapted) -> list[str]:
    """What was refused, and why."""
    return [str(invalid) for invalid in adapted.refused]
