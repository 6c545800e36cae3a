"""Payloads of each vendor, in the shape in which it sends them: fixtures/VENDOR/*, read by tests and by the fuzzer.

What is called ``mapping.*`` there is the mapping that goes with the others.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from journeys.agents import AgentEvent
from journeys.touchpoint import Touchpoint
from producers.adapters.adapter import How
from producers.adapters.registry import adapter

FIXTURES = Path(__file__).parent / "fixtures"
EXPECTED = Path(__file__).parent / "expected"
ZONE = "Europe/Zurich"
RECEIVED = "2026-03-02T16:00:00Z"


class Fixture(NamedTuple):
    name: str
    raw: bytes
    how: How


def fixtures(vendor: str) -> list[Fixture]:
    """All of ``vendor``, by name."""
    files = sorted(path for path in (FIXTURES / vendor).iterdir() if path.is_file())
    mappings = [path.read_text() for path in files if path.stem == "mapping"]
    how = How(time_zone=ZONE, received=RECEIVED, mapping=mappings[0] if mappings else "")
    return [Fixture(path.name, path.read_bytes(), how) for path in files if path.stem != "mapping"]


def shown(event: Touchpoint | AgentEvent) -> str:
    """One line: when (UTC), what, and every field that says something; of unmapped fields, their names."""
    words = [datetime.fromtimestamp(event.at / 1000, UTC).strftime("%d.%m. %H:%M:%S.%f")[:-3].removesuffix(".000")]
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if (
            name in ("at", "source")
            or value is False
            or value in ("", None, {}, ())
            or (name == "revision" and not value)
        ):
            continue
        if name == "contact_id" and isinstance(event, Touchpoint) and value == event.id:
            continue
        if name == "attributes":
            words += [_attribute(*one) for one in value.items()]
        elif isinstance(value, dict):
            words += [f"{name}.{kind}={one}" for kind, one in sorted(value.items())]
        else:
            words.append(str(value) if name in ("type", "channel") else f"{name}={value}")
    return " ".join(words)


def _attribute(name: str, value: Any) -> str:
    return f"{name}:{','.join(sorted(value))}" if isinstance(value, dict) else f"{name}:{value}"


def told(vendor: str, fixture: Fixture) -> str:
    """All that a fixture becomes, a line each: what is expected of it, in ``expected/VENDOR/NAME.txt``."""
    adapted = adapter(vendor)(fixture.raw, fixture.how)
    lines = [shown(event) for event in (*adapted.touchpoints, *adapted.agent_events)]
    lines += [f"not mapped: {kind}: {count}" for kind, count in sorted(adapted.unmapped.items())]
    lines += [f"refused, {invalid.reason}: {invalid}" for invalid in adapted.refused]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":  # writes what is expected of VENDOR's fixtures as they are read now; look at the difference
    for vendor in sys.argv[1:]:
        (EXPECTED / vendor).mkdir(parents=True, exist_ok=True)
        for fixture in fixtures(vendor):
            (EXPECTED / vendor / f"{fixture.name}.txt").write_text(told(vendor, fixture))
