"""Which dashboards there are, and how one leads to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TAG: Final = "touchpath"
FLOOR: Final = "touchpath-floor"
JOURNEYS: Final = "touchpath-journeys"
SWITCHES: Final = "touchpath-switches"
CAUSES: Final = "touchpath-causes"
STAFFING: Final = "touchpath-staffing"
AGENTS: Final = "touchpath-agents"
VOICE: Final = "touchpath-voice"
PIPELINE: Final = "touchpath-pipeline"


def to(uid: str, fields: Mapping[str, str] | None = None, time: bool = True) -> str:
    """The address of a dashboard, with the time as it is and variables set.

    ``fields``: by variable, the column of the row that was clicked, which has its value.
    """
    parts = ["${__url_time_range}"] if time else []
    parts += [f'var-{name}=${{__data.fields["{field}"]:percentencode}}' for name, field in (fields or {}).items()]
    return f"/d/{uid}" + (f"?{'&'.join(parts)}" if parts else "")
